"""The examples of conditions.md as audiences, on customers whose answers are worked out by hand."""

from pathlib import Path

import pytest
from contract_book import Book
from shop import Shop, new_shop

NOW = "2026-06-30T10:00:00+09:00"

PEOPLE = [
    "顧客ID",
    "姓",
    "メールアドレス",
    "登録日",
    "メール配信同意",
    "都道府県",
    "生年月日",
    "ポイント",
    "好きな色",
    "メール(携帯)",
]
A = ["A", "山田", "a@example.jp", "2026-05-31", "○", "東京都", "1990-12-05", "100", "赤", "a@docomo.example"]
B = ["B", "鈴木", "b@example.jp", "2026-05-30", "○", "神奈川県", "1991-12-31", "", "青", ""]
C = ["C", "", "c@example.jp", "2026-06-20 23:59", "○", "大阪府", "", "50", "", "c@au.example"]
D = ["D", "佐藤", "d@example.jp", "2024-01-01", "×", "", "2000-06-30", "1000", "赤", ""]

LINES = ["注文番号", "顧客ID", "注文日時", "商品", "カテゴリ", "金額", "数量"]
BOUGHT = [
    ["1", "A", "2026-06-01 10:00", "商品A", "茶", "60000", "1"],
    ["2", "A", "2026-05-31 10:00", "商品B", "茶", "50000", "1"],  # exactly 30 × 24 hours ago: no longer in (30日)
    ["3", "B", "2026-03-31 23:59", "商品A", "器", "2999", "1"],
    ["4", "B", "2026-04-01 00:00", "商品C", "器", "3000", "1"],  # 90 local days ago
    ["5", "D", "2025-06-30 10:00", "商品C", "器", "100000", "1"],  # exactly 365 × 24 hours ago
    ["6", "D", "2026-06-29 10:00", "商品C", "器", "3000", "1"],
    ["6", "D", "2026-06-30 09:00", "商品C", "器", "-3000", "-1"],  # returned whole: no order
    ["7", "A", "2026-07-15 10:00", "商品Z", "茶", "999999", "1"],  # still to come
    ["8", "", "2026-06-10 10:00", "商品A", "茶", "777", "1"],  # a guest
    ["9", "B", "2026-06-20", "商品A", "茶", "-500", "-1"],  # only a return: no order, but less revenue
]
HAPPENED = [
    ["カート追加", "C", "2026-06-25 10:00"],
    ["カート追加", "A", "2026-06-23 10:00"],  # exactly 7 × 24 hours ago
    ["カート追加", "A", "2026-06-23 10:00:01"],
    ["カート追加", "D", "2026-07-01"],  # still to come
]

AUDIENCES = {
    "購入回数 >= 2 かつ 最終購入からの日数 <= 90": "A B",
    "購入回数が2回以上5回未満": "A B",
    "購入金額(365日) が 10万円以上": "A",
    'orders(30d) = 0 and 都道府県 in ("大阪府", "東京都")': "C",
    '購入あり("商品A", 30日)': "A",
    '購入あり("器")': "B D",
    "購入回数(30日) = 1": "A",
    "購入金額 between 5000 and 6000": "B",
    'イベント("カート追加", 7日) >= 1 かつ 購入回数(7日) = 0': "A C",
    'イベント("カート追加", 7日) >= 2': "",
    'セグメント("首都圏") または 都道府県 in ("大阪府")': "A B C",
    "登録日 >= 今日 - 30日 かつ 誕生月 = 12": "A",
    "ポイント が 空": "B",
    "ポイント >= 100 でない": "C",
    '好きな色 != "赤"': "B",
    "[メール(携帯)] が 空": "B D",
    "購入回数 = 0": "C",
    "最終購入からの日数 = 90": "B",
    "最終購入からの日数 > 90": "D",
    "初回購入日 < 2026-01-01": "D",
    "年齢 = 26": "D",
    "ポイント 50〜100": "A C",
    "購入回数 ≧ 2 かつ （都道府県 ＝ ”東京都” または 都道府県＝「神奈川県」）": "A B",
    '経過日数("カート追加") = 5': "C",
    '[メール(携帯)] 含む "docomo"': "A",
    '都道府県 始まる "東"': "A",
    '都道府県 が "県" を含む': "B",
    'ステージ = "休眠"': "D",
    "登録日 >= 2026-06-20 かつ 登録日 <= 2026-06-20": "C",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = new_shop(Path(tmp_path_factory.mktemp("conditions")) / "shop", NOW)
    shop.run(
        "upload",
        shop.file("c.csv", PEOPLE, [A, B, C, D]),
        shop.file("p.csv", LINES, BOUGHT),
        shop.file("e.csv", ["イベント", "顧客ID", "日時"], HAPPENED),
    )
    book = Book(shop)
    book.campaigns(
        *(
            {"ID": f"A{number:02d}", "きっかけ": "一度だけ 2026-06-30 11:00", "対象": audience}
            for number, audience in enumerate(AUDIENCES)
        )
    )
    book.save()
    shop.run("sync")
    shop.run("assign")
    return shop


def test_every_example_of_the_language_reaches_whom_it_describes(shop: Shop) -> None:
    sizes = {c["id"]: c["audience"] for c in shop.json("campaigns")}
    wrong = {
        audience: sizes[f"A{number:02d}"]
        for number, (audience, expected) in enumerate(AUDIENCES.items())
        if sizes[f"A{number:02d}"] != len(expected.split())
    }
    assert wrong == {}
