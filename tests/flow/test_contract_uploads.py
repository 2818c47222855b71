"""uploads.md through the command line: consents in every order, the same file in another dress, rows that come back and go in again."""

import gzip
from pathlib import Path

import pytest
from contract_book import Book, member
from shop import CUSTOMERS, PURCHASES, Shop, new_shop

NOW = "2026-06-01T10:00:00+09:00"
SAID = ["顧客ID", "チャネル", "状態", "日時", "取得元"]

Step = tuple[str, ...]
"""A customer file's consent cell, or status, time and source of a row of a consents file."""

ORDERS: dict[str, tuple[bool, list[Step]]] = {
    "no-then-customer-yes": (False, [("",), ("no", "2026-05-01", ""), ("○",)]),
    "customer-no-then-customer-yes": (False, [("×",), ("○",)]),
    "yes-after-no-with-source": (True, [("○",), ("no", "2026-05-01", ""), ("yes", "2026-05-10", "店頭")]),
    "yes-after-no-without-source": (False, [("○",), ("no", "2026-05-01", ""), ("yes", "2026-05-10", "")]),
    "yes-before-no": (False, [("○",), ("no", "2026-05-10", ""), ("yes", "2026-05-01", "店頭")]),
    "older-no-after-newer-yes": (True, [("",), ("yes", "2026-05-10", "店頭"), ("no", "2026-05-01", "")]),
    "customer-no-then-customer-time": (False, [("×",), ("2026-05-20 10:00",)]),
    "customer-time": (True, [("2026-05-20 10:00",)]),
    "yes-then-empty": (True, [("○",), ("",)]),
    "yes-then-no": (False, [("○",), ("×",)]),
    "untimed-yes-after-no": (False, [("×",), ("yes", "", "店頭")]),
    "untimed-no": (False, [("○",), ("no", "", "")]),
    "coming-yes": (False, [("",), ("yes", "2026-07-01", "店頭")]),
    "coming-no": (False, [("○",), ("no", "2026-07-01", "電話")]),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return new_shop(Path(tmp_path_factory.mktemp("uploads")) / "shop", NOW)


def test_a_yes_stands_only_where_the_rules_say_so(shop: Shop) -> None:
    book = Book(shop)
    book.campaigns({"ID": "X", "きっかけ": "一度だけ 2026-06-01 10:00"})
    book.save()
    for round_ in range(3):
        steps = {name: steps[round_] for name, (_, steps) in ORDERS.items() if len(steps) > round_}
        people = [member(name, consent=step[0]) for name, step in steps.items() if len(step) == 1]
        said = [[name, "メール", *step] for name, step in steps.items() if len(step) == 3]
        if people:
            shop.run("upload", shop.file(f"c{round_}.csv", CUSTOMERS, people))
        if said:
            (result,) = shop.json("upload", shop.file(f"s{round_}.csv", SAID, said), code=None)
            assert result["rejected"] == ("coming-yes" in steps and round_ == 1)
    shop.run("sync")
    shop.run("assign")
    shop.run("approve", "X")
    shop.run("tick")
    got = {d["customer"] for d in shop.deliveries(state="accepted")}
    assert got == {name for name, (granted, _) in ORDERS.items() if granted}


def counts(shop: Shop, path: Path, code: int = 0) -> tuple[int, int, int, int]:
    (result,) = shop.json("upload", str(path), code=code)
    assert result["rows"] == result["accepted"] + result["unchanged"] + result["rejected"]
    return result["accepted"], result["unchanged"], result["rejected"], result["guests"]


def test_the_same_rows_in_another_dress_change_nothing(shop: Shop) -> None:
    text = "注文番号,顧客ID,注文日時,商品,単価,数量\nO1,髙橋1,2026/5/1,T1,100,3\nO1,髙橋1,2026/5/1,T2,￥５０,1\nO2,,2026-05-02,T1,1,1\n"
    first = shop.folder / "p.csv"
    first.write_bytes(text.encode("cp932"))
    assert counts(shop, first) == (3, 0, 0, 1)
    turned = shop.folder / "turned.csv.gz"
    lines = [line.split(",")[::-1] for line in reversed(text.splitlines()[1:])]
    header = "quantity,unit_price,Product,Ordered At,customer_id,order_id"
    turned.write_bytes(gzip.compress("\n".join([header, *(",".join(line) for line in lines)]).encode()))
    assert counts(shop, turned) == (0, 3, 0, 0)


def test_rows_without_an_order_id_merge_by_multiplicity(shop: Shop) -> None:
    row = ["K", "2026-05-25", "T1", "100"]
    assert counts(shop, Path(shop.file("m1.csv", PURCHASES[1:], [row, row]))) == (2, 0, 0, 0)
    assert counts(shop, Path(shop.file("m2.csv", PURCHASES[1:], [row, row, row]))) == (1, 2, 0, 0)
    assert counts(shop, Path(shop.file("m3.csv", PURCHASES[1:], [row]))) == (0, 1, 0, 0)


def test_rejected_rows_come_back_are_mended_and_go_in(shop: Shop) -> None:
    rows = [
        ["R1", "K", "2026-05-01", "T", "100"],
        ["R2", "K", "2026-05-99", "T", "100"],
        ["R3", "K", "2026-05-03", "T", "百円"],
    ]
    (result,) = shop.json("upload", shop.file("bad.csv", PURCHASES, rows), code=1)
    assert [(p["row"], p["column"]) for p in result["problems"]] == [(3, "注文日時"), (4, "金額")]
    back = Path(result["rejected_file"])
    back.write_text(back.read_text("utf-8-sig").replace("05-99", "05-09").replace("百円", "100円"), "utf-8-sig")
    assert counts(shop, back) == (2, 0, 0, 0)


def test_a_dry_run_changes_nothing(shop: Shop) -> None:
    path = shop.file("dry.csv", ["会員", "買った日", "いくら"], [["K", "2026-05-27", "100"]])
    how = ("--as", "purchases", "--map", "customer_id=会員", "--map", "注文日時=買った日", "--map", "amount=いくら")
    assert [r["accepted"] for r in shop.json("upload", path, *how, "--dry-run")] == [1]
    assert [r["accepted"] for r in shop.json("upload", path, *how)] == [1]
    assert [r["unchanged"] for r in shop.json("upload", path, *how)] == [1]
