"""Whole uploads into a real store: counts, rules of merging, rejected rows, dry runs, crashes."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from journey.consents import granted
from journey.errors import InputError
from journey.facts import FactStore
from journey.model import FieldDef
from journey.store.engine import open_store, reading
from journey.store.tables import uploads
from sheets_sync.uploads.result import UploadResult
from sheets_sync.uploads.upload import upload

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 1, 10, 3, 0, tzinfo=UTC)


class House:
    """A store and a folder of files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = open_store(folder)
        self.facts = FactStore(folder / "facts", self.engine)

    def write(self, content: str | bytes, name: str = "file.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    def up(self, *content: str | bytes | Path, now: datetime = NOW, **options: Any) -> UploadResult:
        paths = [c if isinstance(c, Path) else self.write(c, f"file{i}.csv") for i, c in enumerate(content)]
        results = upload(self.engine, self.facts, paths, now=now, zone=TOKYO, **options)
        for r in results:
            assert r.rows == r.accepted + r.unchanged + r.rejected
            assert 0 <= r.guests <= r.accepted
        return results[-1]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.facts.open() as con:
            return [tuple(r.values()) for r in con.sql(query).to_arrow_table().to_pylist()]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def counts(r: UploadResult) -> tuple[int, int, int, int]:
    return (r.accepted, r.unchanged, r.rejected, r.guests)


PURCHASES = (
    "注文番号,顧客ID,注文日時,金額,数量,商品\n1,A,2026-01-05 09:30,1000,1,P1\n"
    + "1,A,2026-01-05 09:30,500,2,P2\n2,,2026/1/6,¥300,1,P1\n"
)


def test_the_same_file_twice_changes_nothing(house: House) -> None:
    assert counts(house.up(PURCHASES)) == (3, 0, 0, 1)
    generation = house.facts.generation()
    assert counts(house.up(PURCHASES, now=NOW + timedelta(days=1))) == (0, 3, 0, 0)
    assert house.facts.generation() == generation
    assert house.rows(
        "SELECT customer_id, order_id, line, ordered_at, amount, product FROM purchases ORDER BY order_id, line"
    ) == [
        ("A", "1", 1, datetime(2026, 1, 5, 0, 30, tzinfo=UTC), 1000.0, "P1"),
        ("A", "1", 2, datetime(2026, 1, 5, 0, 30, tzinfo=UTC), 500.0, "P2"),
        (None, "2", 1, datetime(2026, 1, 5, 15, 0, tzinfo=UTC), 300.0, "P1"),
    ]
    assert house.rows("SELECT customer_id, first_seen_at FROM customers") == [("A", NOW)]


def test_a_later_file_replaces_an_order_whole(house: House) -> None:
    house.up(PURCHASES)
    later = "注文番号,顧客ID,注文日時,金額,数量,商品\n1,A,2026-01-05 09:30,900,1,P1\n"
    assert counts(house.up(later)) == (1, 0, 0, 0)
    assert house.rows("SELECT order_id, amount FROM purchases ORDER BY order_id") == [("1", 900.0), ("2", 300.0)]


def test_a_line_that_is_refused_takes_its_order_with_it_and_the_mended_file_works(house: House) -> None:
    broken = "order_id,customer_id,ordered_at,amount,note\n1,A,2026-01-05,100,=1+1\n1,A,2026-01-05,abc,x\n2,B,2026-01-05,-7,y\n"
    result = house.up(broken)
    assert counts(result) == (1, 0, 2, 0)
    assert [(p.row, p.column) for p in result.problems] == [(2, "order_id"), (3, "amount")]
    assert result.rejected_file is not None
    raw = result.rejected_file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    back = list(csv.reader(raw.decode("utf-8-sig").splitlines()))
    assert [r[:5] for r in back[1:]] == [["1", "A", "2026-01-05", "100", "'=1+1"], ["1", "A", "2026-01-05", "abc", "x"]]
    assert all(r[5] for r in back)
    mended = house.write(raw.replace(b"abc", b"50"), "mended.csv")
    again = house.up(mended)
    assert counts(again) == (2, 0, 0, 0)
    assert house.rows("SELECT order_id, sum(amount) FROM purchases GROUP BY 1 ORDER BY 1") == [("1", 150.0), ("2", -7.0)]


def test_dry_run_says_the_same_and_changes_nothing(house: House) -> None:
    customers = "customer_id,email,email_consent\nA,a@example.com,○\nB,b@@example.com,○\n"
    both = (house.write(customers, "c.csv"), house.write("email,ordered_at,amount\na@example.com,2026-01-01,5\n", "p.csv"))
    dry = upload(house.engine, house.facts, both, now=NOW, zone=TOKYO, dry_run=True)
    assert house.facts.generation() == 0
    assert house.rows("SELECT * FROM customers") == []
    assert not list((house.folder / "facts" / "segments").iterdir())
    with reading(house.engine) as connection:
        assert granted(connection, ["A"]) == {}
        assert connection.execute(select(uploads)).all() == []
    assert not list(house.folder.glob("*.rejected*"))
    wet = upload(house.engine, house.facts, both, now=NOW, zone=TOKYO)
    assert [counts(r) for r in dry] == [counts(r) for r in wet] == [(1, 0, 1, 0), (1, 0, 0, 0)]
    assert house.rows("SELECT customer_id FROM purchases") == [("A",)]


def test_customers_keep_the_columns_a_file_does_not_have_and_empty_cells_empty(house: House) -> None:
    house.up("顧客ID,氏名,都道府県,会員種別\nA,山田,東京都,法人\nB,佐藤,大阪府,個人\n")
    result = house.up("顧客ID,都道府県\nA,\nB,大阪府\n", now=NOW + timedelta(hours=1))
    assert counts(result) == (1, 1, 0, 0)
    assert house.rows("SELECT customer_id, name, prefecture, 会員種別, changed_at FROM customers ORDER BY 1") == [
        ("A", "山田", None, "法人", NOW + timedelta(hours=1)),
        ("B", "佐藤", "大阪府", "個人", NOW),
    ]


def test_of_two_rows_for_one_customer_the_later_wins(house: House) -> None:
    result = house.up("customer_id,name\nA,古い\nA,新しい\n")
    assert counts(result) == (2, 0, 0, 0)
    assert house.rows("SELECT name FROM customers") == [("新しい",)]
    assert any(note.key == "uploads.doubles" for note in result.notes)
    assert counts(house.up("customer_id,name\nA,古い\nA,新しい\n")) == (0, 2, 0, 0)


def test_custom_attributes_are_typed_widen_to_text_and_follow_the_fields_tab(house: House) -> None:
    house.up('customer_id,お気に入り数,来店日,購入回数,コード\nA,"1,200",2026/1/5,3,007\n')
    assert {f.key: f.type for f in house.facts.attributes()} == {
        "お気に入り数": "number",
        "来店日": "date",
        "購入回数(取込)": "number",
        "コード": "text",
    }
    assert house.rows("SELECT お気に入り数, 来店日::VARCHAR, コード FROM customers") == [(1200.0, "2026-01-05", "007")]
    house.up("customer_id,お気に入り数\nB,たくさん\n")
    assert house.rows("SELECT お気に入り数 FROM customers ORDER BY customer_id") == [("1,200",), ("たくさん",)]
    listed = [FieldDef("visited", "来店日", "date"), FieldDef("vip", "VIP", "yes_no", ("優待",))]
    house.up("customer_id,優待,来店日\nB,はい,2026年2月3日\n", fields=listed)
    with house.facts.open(fields=listed) as con:
        found = con.sql("SELECT visited::VARCHAR AS v, vip FROM customers ORDER BY customer_id").fetchall()
    assert found == [("2026-01-05", None), ("2026-02-03", True)]


def test_points_are_the_truth_as_of_their_upload(house: House) -> None:
    first = "customer_id,points\nA,100\n"
    house.up(first)
    later = NOW + timedelta(days=3)
    assert counts(house.up(first, now=later)) == (0, 1, 0, 0)
    assert house.rows("SELECT points, points_at FROM customers") == [(100.0, NOW)]
    house.up("customer_id,points,name\nA,100,山田\n", now=later)
    assert house.rows("SELECT points, points_at FROM customers") == [(100.0, later)]


def test_an_address_finds_its_customer_or_makes_one(house: House) -> None:
    house.up("customer_id,email,phone\nA,Taro@Example.com,090-1111-2222\n")
    result = house.up(
        "email,phone,ordered_at,amount\nTARO@example.com,,2026-01-01,1\n"
        ",+81 90 1111 2222,2026-01-01,2\nNew@x.jp,,2026-01-01,3\n,,2026-01-01,4\n"
    )
    assert counts(result) == (4, 0, 0, 1)
    assert house.rows("SELECT customer_id FROM purchases ORDER BY amount") == [("A",), ("A",), ("new@x.jp",), (None,)]
    assert house.rows("SELECT customer_id FROM customers ORDER BY 1") == [("A",), ("new@x.jp",)]


def test_a_customer_named_later_takes_over_what_their_address_did(house: House) -> None:
    bought = "email,ordered_at,amount\na@example.jp,2026-01-01,5\nb@example.jp,2026-01-01,7\n"
    house.up(bought)
    house.up("event,email,at\nvisit,a@example.jp,2026-01-02\n")
    house.up("email,channel,status,at\na@example.jp,email,no,2026-01-03\n")
    house.up("customer_id,email,email_consent\nK001,A@example.jp,○\n")
    assert counts(house.up(bought)) == (0, 2, 0, 0)
    assert house.rows("SELECT customer_id FROM customers ORDER BY 1") == [("K001",), ("b@example.jp",)]
    assert house.rows("SELECT customer_id, amount FROM purchases ORDER BY 2") == [("K001", 5.0), ("b@example.jp", 7.0)]
    assert house.rows("SELECT customer_id FROM events") == [("K001",)]
    with reading(house.engine) as connection:
        assert granted(connection, ["K001"]) == {("K001", "email"): False}


def test_events_count_once_by_message_id_and_by_multiplicity_without(house: House) -> None:
    file = (
        "event,customer_id,at,message_id,page\nview,A,2026-01-01,m1,top\nview,A,2026-01-01,m1,top\n"
        "view,A,2026-01-01,,top\nview,A,2026-01-01,,top\n"
    )
    assert counts(house.up(file)) == (3, 1, 0, 0)
    assert counts(house.up(file)) == (0, 4, 0, 0)
    assert house.rows("SELECT properties, count(*) FROM events GROUP BY 1") == [('{"page": "top"}', 3)]
    assert counts(house.up("event,customer_id,at\nview,,2026-01-01\n,A,2026-01-01\n")) == (0, 0, 2, 0)


def test_consent_of_customer_files_never_takes_back_a_no(house: House) -> None:
    yes = "customer_id,メール配信同意,sms_consent\nA,○,2025-01-01\n"

    def standing() -> dict[tuple[str, str], bool]:
        with reading(house.engine) as connection:
            return granted(connection, ["A"])

    assert counts(house.up(yes)) == (1, 0, 0, 0)
    assert standing() == {("A", "email"): True, ("A", "sms"): True}
    no = "customer_id,channel,status,at,source\nA,メール,no,2026-01-05,電話\n"
    assert counts(house.up(no)) == (1, 0, 0, 0)
    assert counts(house.up(no)) == (0, 1, 0, 0)
    assert counts(house.up(yes)) == (0, 1, 0, 0)
    assert standing()["A", "email"] is False
    house.up("customer_id,channel,status,at\nA,email,yes,2026-01-06\n")
    house.up("customer_id,channel,status,source\nA,email,yes,店頭\n")
    house.up("customer_id,channel,status,at,source\nA,email,yes,2026-01-04,店頭\n")
    assert standing()["A", "email"] is False
    assert counts(house.up("customer_id,channel,status,at,source\nA,email,yes,2026-01-06 10:00,店頭\n")) == (1, 0, 0, 0)
    assert standing()["A", "email"] is True


def test_a_consent_without_any_time_or_word_is_said(house: House) -> None:
    result = house.up("customer_id,email_consent\nA,\nB,たぶん\nC,2099-01-01\n")
    assert counts(result) == (1, 0, 2, 0)
    with reading(house.engine) as connection:
        assert granted(connection, ["A", "B", "C"]) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(house: House, encoding: str, end: str) -> None:
    content = f'顧客ID,住所{end}A,"東京都{end}千代田区"{end}{end}B,x{end}C{end}'
    result = house.up(content.encode(encoding))
    assert counts(result) == (2, 0, 1, 0)
    assert [p.row for p in result.problems] == [5]
    assert house.rows("SELECT address FROM customers ORDER BY customer_id") == [(f"東京都{end}千代田区",), ("x",)]


def test_double_marks_tabs_semicolons_and_packing(house: House) -> None:
    marks = b"\xef\xbb\xbf\xef\xbb\xbf"
    assert counts(house.up(marks + "商品,価格\nP1,100\n".encode())) == (1, 0, 0, 0)
    assert counts(house.up("商品\t価格\nP1\t100\n")) == (0, 1, 0, 0)
    assert counts(house.up("商品;価格\nP1;200\n")) == (1, 0, 0, 0)
    assert counts(house.up(gzip.compress(b"product,price\nP1,200"))) == (0, 1, 0, 0)
    assert counts(house.up(pa.compress(b"product,price\nP2,200\n", codec="zstd", asbytes=True))) == (1, 0, 0, 0)


def test_workbooks_and_parquet(house: House) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["顧客ID", "注文日時", "金額"],
        [17850, datetime(2026, 1, 5, 9, 30), 100],  # noqa: DTZ001  # as Excel has it
        [],
        ["007", 45992.5, 2.5],
        ["A", "x", 1],
    ):
        sheet.append(row)
    path = house.folder / "orders.xlsx"
    book.save(path)
    result = house.up(path)
    assert counts(result) == (2, 0, 1, 0)
    assert [p.row for p in result.problems] == [5]
    assert house.rows("SELECT customer_id, ordered_at FROM purchases ORDER BY 1") == [
        ("007", datetime(2025, 12, 1, 3, 0, tzinfo=UTC)),
        ("17850", datetime(2026, 1, 5, 0, 30, tzinfo=UTC)),
    ]
    frame = pd.DataFrame(
        {"customer_id": [17850.0, None], "ordered_at": pd.to_datetime(["2026-01-07", "2026-01-08"]), "amount": [1.5, 2]}
    )
    frame.to_parquet(house.folder / "more.parquet")
    assert counts(house.up(house.folder / "more.parquet")) == (2, 0, 0, 1)
    assert house.rows("SELECT sum(amount) FROM purchases WHERE customer_id = '17850'") == [(101.5,)]


HOSTILE: Sequence[tuple[str, bytes]] = (
    ("empty", b""),
    ("empty", b"\xef\xbb\xbf"),
    ("nul", b"customer_id,name\nA,\x00\n"),
    ("encoding", b"customer_id,name\nA,\xff\xfe\xfa\n"),
    ("header_twice", b"customer_id,name,Name\nA,b,c\n"),
    ("header_empty", b"\nA,b\n"),
    ("no_header", b"1,2,3\n4,5,6\n"),
    ("kind_unclear", b"customer_id,amount\nA,1\n"),
    ("results_not_yet", b"delivery_id,result\n1,ok\n"),
    ("not_a_workbook", b"PK\x03\x04 nothing"),
    ("unreadable", b"PAR1 nothing"),
    ("unreadable", b"\x1f\x8b nothing"),
    ("old_excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("too_many_columns", b",".join(b"c%d" % i for i in range(1001)) + b"\n"),
)


@pytest.mark.parametrize(("key", "content"), HOSTILE)
def test_what_is_no_table_gets_a_sentence(house: House, key: str, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        house.up(content)
    assert caught.value.said.key in (f"uploads.{key}", "uploads.unreadable")
    assert caught.value.said.say("ja")
    assert caught.value.said.say("en")
    assert house.facts.generation() == 0


def test_folders_and_missing_files_get_a_sentence(house: House) -> None:
    for path, key in ((house.folder, "uploads.folder"), (house.folder / "none.csv", "uploads.not_found")):
        with pytest.raises(InputError) as caught:
            house.up(path)
        assert caught.value.said.key == key


def test_row_problems_never_stop_the_rest(house: House) -> None:
    long = "x" * 40_000
    result = house.up(
        f'customer_id,email,birthday\n1.2E+11,,\nA,"a@b.co, c@d.co",\n'
        f'B,b@b.co,0026-01-01\nC,{long},\n,c@c.co,\nD,d@d.co,S56.4.29\nE,"e,\nF,f@f.co,\n'
    )
    assert counts(result) == (1, 0, 6, 0)
    assert house.rows("SELECT customer_id, birthday::VARCHAR FROM customers") == [("D", "1981-04-29")]
    assert sorted({p.row for p in result.problems}) == [2, 3, 4, 5, 6, 8]
    for problem in result.as_json("ja")["problems"]:  # type: ignore[attr-defined]
        assert problem["text"]


def test_mapping_names_columns_and_is_checked(house: House) -> None:
    file = "誰,いつ,いくら\nA,2026-01-01,5\n"
    chosen = {"customer_id": "誰", "注文日時": "いつ", "amount": "いくら"}
    assert counts(house.up(file, mapping=chosen)) == (1, 0, 0, 0)
    with pytest.raises(InputError) as caught:
        house.up(file, kind="purchases", mapping={**chosen, "ammount": "いくら"})
    assert "amount" in caught.value.said.say("en")
    with pytest.raises(InputError) as caught:
        house.up(file, kind="purchases", mapping={**chosen, "amount": "いくつら"})
    assert "いくら" in caught.value.said.say("ja")


def test_a_crash_while_merging_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.up(PURCHASES)
    before = (house.facts.generation(), sorted(p.name for p in (house.folder / "facts" / "segments").iterdir()))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sheets_sync.uploads.upload._result", crash)
    with pytest.raises(KeyboardInterrupt):
        house.up(PURCHASES.replace("1000", "2000"))
    assert (house.facts.generation(), sorted(p.name for p in (house.folder / "facts" / "segments").iterdir())) == before
    assert not list((house.folder / "facts" / "scratch").iterdir())


def test_an_earlier_now_is_refused(house: House) -> None:
    house.up(PURCHASES)
    with pytest.raises(InputError) as caught:
        house.up(PURCHASES, now=NOW - timedelta(days=1))
    assert caught.value.said.key == "store.earlier"


Line = tuple[str, str, int]
FILES = st.lists(
    st.lists(st.tuples(st.sampled_from(["", "1", "2", "3"]), st.sampled_from(["", "A", "B"]), st.integers(1, 2)), max_size=7),
    min_size=1,
    max_size=4,
)


@settings(max_examples=8)
@given(files=FILES)
def test_merging_is_what_the_rules_say(files: list[list[Line]], tmp_path_factory: pytest.TempPathFactory) -> None:
    house = House(tmp_path_factory.mktemp("house"))
    orders: dict[str, Counter[Line]] = {}
    loose: Counter[Line] = Counter()
    for lines in [*files, files[0], files[0]]:
        text = "order_id,customer_id,ordered_at,amount\n" + "".join(f"{o},{c},2026-01-01,{a}\n" for o, c, a in lines)
        result = house.up(text)
        mine: dict[str, Counter[Line]] = {}
        for line in lines:
            if line[0]:
                mine.setdefault(line[0], Counter())[line] += 1
        bare = Counter(line for line in lines if not line[0])
        news = sum(sum(m.values()) for o, m in mine.items() if orders.get(o) != m) + sum((bare - loose).values())
        orders |= mine
        loose |= bare
        assert result.accepted == news
        assert result.rejected == 0
    held = Counter((o or "", c or "", int(a)) for o, c, a in house.rows("SELECT order_id, customer_id, amount FROM purchases"))
    assert held == sum(orders.values(), Counter()) + loose
    known = {c for lines in files for _, c, _ in lines if c}
    assert {c for (c,) in house.rows("SELECT customer_id FROM customers")} == known
