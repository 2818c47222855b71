"""Data typed into tabs of the workbook: taken in like an uploaded file, once, with what is wrong on its cells."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import Shop, new_shop
from workbooks import CONTEXT, good, snapshot

from journey.facts import FactStore
from journey.model import FieldDef, Workbook
from journey.store.engine import open_store
from journey.texts import Text
from sheets_sync.check import read_workbook
from sheets_sync.data_import import Importer, Refused
from sheets_sync.data_tabs import DataTab, read_data
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Cell, Snapshot, Tab, address
from sheets_sync.tabs import data_kind
from sheets_sync.uploads.result import UploadResult
from sheets_sync.uploads.upload import upload

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
CUSTOMERS = ["顧客ID", "メールアドレス", "姓", "ポイント", "好きな色"]
PURCHASES = ["注文番号", "顧客ID", "注文日時", "金額", "商品"]
Rows = list[list[Any]]


class Book:
    """A workbook in memory with Data tabs; counts how often it was read."""

    name = "book"

    def __init__(self) -> None:
        self.tabs: dict[str, Rows] = {}
        self.reads = 0

    def revision(self) -> str:
        return repr(self.tabs)

    def snapshot(self) -> Snapshot:
        self.reads += 1
        return snapshot(self.tabs, revision=self.revision())

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        return None


class Office:
    """A book, its facts, and a clock that moves with every import."""

    def __init__(self, folder: Path) -> None:
        self.facts = FactStore(folder, open_store(folder))
        self.book = Book()
        self.workbook = Workbook()
        self.now = NOW

    @property
    def importer(self) -> Importer:
        return Importer(self.facts, self.workbook, self.now, "ja")

    def take_in(self) -> list[UploadResult]:
        self.now += timedelta(hours=1)
        found = self.importer.take_in(self.book)
        assert not any(isinstance(one, Refused) for one in found), self.cells()
        return [one for one in found if isinstance(one, UploadResult)]

    def cells(self) -> list[str]:
        return [p.place for p in self.importer.known().problems]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.facts.open()) as con:
            return [tuple(row.values()) for row in con.sql(query).to_arrow_table().to_pylist()]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def counts(results: Sequence[UploadResult]) -> list[tuple[str, int, int, int, int]]:
    return [(r.kind, r.rows, r.accepted, r.unchanged, r.rejected) for r in results]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Data customers", "customers"),
        ("データ 顧客", "customers"),
        ("ﾃﾞｰﾀ　顧客", "customers"),
        ("データ顧客", "customers"),
        ("DATA: Customers", "customers"),
        ("データ 購入", "purchases"),
        ("データ 購買", "purchases"),
        ("Data purchases", "purchases"),
        ("データ：商品", "products"),
        ("Data products", "products"),
        ("データ イベント", "events"),
        ("data events", "events"),
        ("データ 同意", "consents"),
        ("Data consents", "consents"),
        ("データ 結果", None),
        ("データ", None),
        ("データ 予定", None),
        ("顧客", None),
        ("メッセージ", None),
    ],
)
def test_what_a_tab_holds_is_known_by_its_title(title: str, kind: str | None) -> None:
    assert data_kind(Tab(title, {})) == kind


def test_rows_become_facts_and_problems_stand_on_their_cells(office: Office) -> None:
    office.book.tabs["データ 顧客"] = [
        ["お店で聞いた分"],
        [],
        CUSTOMERS,
        ["7", "a@example.com", "青木", "1,200", "赤"],
        ["関東"],
        ["8", "だめ", "石井", "x", ""],
    ]
    [result] = office.take_in()
    assert counts([result]) == [("customers", 2, 1, 0, 1)]
    assert (str(result.file), result.rejected_file) == ("データ 顧客", None)
    assert office.rows('SELECT customer_id, points, "好きな色" FROM customers') == [("7", 1200.0, "赤")]
    assert office.cells() == ["データ 顧客!B6", "データ 顧客!D6"]
    assert {p.row for p in result.problems} == {6}
    assert all(p.severity == "warning" for p in office.importer.known().problems)

    assert office.take_in() == []
    assert office.cells() == ["データ 顧客!B6", "データ 顧客!D6"]

    office.book.tabs["データ 顧客"][5][1] = "b@example.com"
    office.book.tabs["データ 顧客"].insert(1, ["もう一行"])
    assert counts(office.take_in()) == [("customers", 1, 0, 0, 1)]
    assert office.cells() == ["データ 顧客!D7"]

    office.book.tabs["データ 顧客"][6][3] = "5"
    assert counts(office.take_in()) == [("customers", 1, 1, 0, 0)]
    assert office.cells() == []
    assert office.rows("SELECT count(*) FROM customers") == [(2,)]


def test_nothing_is_read_while_the_workbook_is_the_same(office: Office) -> None:
    office.book.tabs["Data customers"] = [CUSTOMERS, ["7", "a@example.com"]]
    office.take_in()
    reads, generation = office.book.reads, office.facts.generation()
    assert office.take_in() == []
    assert office.book.reads == reads
    office.book.tabs["メモ"] = [["別のタブ"]]
    assert office.take_in() == []
    assert office.facts.generation() == generation


def test_a_row_that_was_not_edited_is_not_said_again(office: Office, tmp_path: Path) -> None:
    office.book.tabs["データ 顧客"] = [
        CUSTOMERS,
        ["7", "a@example.com", "青木", "100", "赤"],
        ["8", "b@example.com", "石井", "50"],
    ]
    office.take_in()
    office.book.tabs["データ 購入"] = [PURCHASES, ["A1", "7", "2026-11-30", "1000", "P"]]
    office.take_in()
    newer = tmp_path / "later.csv"
    newer.write_text("顧客ID,姓\n7,青山\n", encoding="utf-8")
    upload(office.facts.engine, office.facts, [newer], now=office.now, zone=ZoneInfo("Asia/Tokyo"))
    at = office.rows("SELECT points_at FROM customers WHERE customer_id = '7'")
    office.book.tabs["データ 顧客"][2][3] = "60"
    assert counts(office.take_in()) == [("customers", 1, 1, 0, 0)]
    office.book.tabs["データ 顧客"].insert(1, office.book.tabs["データ 顧客"].pop())  # sorted by somebody
    assert office.take_in() == []
    assert office.rows("SELECT last_name, points, points_at FROM customers WHERE customer_id = '7'") == [
        ("青山", 100.0, *at[0])
    ]


def test_of_two_rows_of_one_customer_the_later_counts_whichever_is_edited(office: Office) -> None:
    tab = office.book.tabs["データ 顧客"] = [CUSTOMERS, ["7", "a@example.com", "前"], ["7", "a@example.com", "後"]]
    office.take_in()
    tab[1][2] = "まえ"
    office.take_in()
    assert office.rows("SELECT last_name FROM customers") == [("後",)]


def test_purchases_are_taken_as_the_tab_holds_them(office: Office) -> None:
    tab = office.book.tabs["Data purchases"] = [PURCHASES, [None, "7", "2026-11-01", "500", "P"]]
    office.take_in()
    tab.append([None, "7", "2026-11-01", "500", "P"])  # bought twice, with no order id to tell
    assert counts(office.take_in()) == [("purchases", 2, 1, 1, 0)]
    tab.append(["A1", "7", "2026-11-02", "100", "Q"])
    tab.append(["A1", "7", "2026-11-02", "200", "R"])
    office.take_in()
    tab[4][3] = "250"
    office.take_in()
    assert office.rows("SELECT order_id, sum(amount), count(*) FROM purchases GROUP BY 1 ORDER BY 1 NULLS FIRST") == [
        (None, 1000.0, 2),
        ("A1", 350.0, 2),
    ]
    tab.pop()
    assert office.take_in() == []  # taking a row away takes nothing back


def test_an_unreadable_cell_holds_its_row_and_its_order_back(office: Office) -> None:
    broken = Cell("#N/A", None, problem=Text("workbook.formula_error", {"shown": "#N/A"}))
    office.book.tabs["Data purchases"] = [
        PURCHASES,
        ["A1", "7", "2026-11-02", "100", "Q"],
        ["A1", "7", "2026-11-02", broken, "R"],
        ["A2", "7", "2026-11-03", "300", "R"],
    ]
    office.book.tabs["データ 顧客"] = [CUSTOMERS, [datetime(2026, 9, 21), "a@example.com"], ["8", clock(1, 1), "石井"]]  # noqa: DTZ001
    assert counts(office.take_in()) == [("purchases", 3, 1, 0, 2)]
    assert office.cells() == ["Data purchases!D3", "データ 顧客!A2", "データ 顧客!B3"]
    assert office.rows("SELECT order_id FROM purchases") == [("A2",)]


def test_a_header_that_says_too_little_is_a_problem_until_it_says_enough(office: Office) -> None:
    tab = office.book.tabs["データ 購入"] = [["注文番号", "だれ", "いつ", "金額"], ["A1", "7", "2026-11-02", "100"]]
    office.now += timedelta(hours=1)
    [refused] = office.importer.take_in(office.book)
    assert isinstance(refused, Refused) and office.cells() == ["データ 購入!A1"]
    assert "見出しを直してください" in refused.said.say("ja") and "ordered_at" in refused.said.say("en")
    assert office.importer.take_in(office.book) == ()
    tab[0][1:3] = ["顧客ID", "注文日時"]
    assert counts(office.take_in()) == [("purchases", 1, 1, 0, 0)]
    assert office.cells() == []


def test_a_refused_tab_is_tried_again_when_the_fields_tab_names_its_columns(office: Office) -> None:
    office.book.tabs["Data customers"] = [["カード", "姓"], ["7", "青木"]]
    office.importer.take_in(office.book)
    assert office.cells() == ["Data customers!A1"]
    office.workbook = Workbook(fields=(FieldDef("customer_id", "カード", "text"),))
    assert counts(office.take_in()) == [("customers", 1, 1, 0, 0)]


def test_a_tab_that_goes_takes_its_problems_along(office: Office) -> None:
    office.book.tabs["データ 顧客"] = [CUSTOMERS, ["7", "だめ"]]
    office.take_in()
    assert office.cells()
    del office.book.tabs["データ 顧客"]
    assert office.take_in() == []
    assert office.cells() == []


def test_a_crash_before_the_tab_is_ticked_off_changes_nothing_twice(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.book.tabs["Data purchases"] = [
        PURCHASES,
        [None, "7", "2026-11-01", "500", "P"],
        [None, "7", "2026-11-01", "500", "P"],
    ]
    office.book.tabs["データ 顧客"] = [CUSTOMERS, ["7", "a@example.com", "青木", "100"]]

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Importer, "_keep", crash)
        with pytest.raises(KeyboardInterrupt):
            office.take_in()
    assert [r.accepted for r in office.take_in()] == [0, 1]
    assert office.rows("SELECT sum(amount), count(*) FROM purchases") == [(1000.0, 2)]


def test_trying_out_finds_the_same_and_changes_nothing(office: Office) -> None:
    office.book.tabs["データ 顧客"] = [CUSTOMERS, ["7", "だめ"], ["8", "b@example.com"]]
    tried = [p.place for p in office.importer.try_out(office.book.snapshot())]
    assert tried == ["データ 顧客!B2"]
    assert (office.facts.generation(), office.cells()) == (0, [])
    office.take_in()
    assert [p.place for p in office.importer.try_out(office.book.snapshot())] == tried
    office.book.tabs["データ 顧客"][1][1] = "a@example.com"
    assert office.importer.try_out(office.book.snapshot()) == ()
    assert office.cells() == tried


def test_thousands_of_bad_rows_are_all_tried_again(office: Office) -> None:
    tab = office.book.tabs["データ 顧客"] = [CUSTOMERS, *([str(n), "だめ"] for n in range(1_200))]
    office.take_in()
    for row in tab[1:]:
        row[1] = f"c{row[0]}@example.com"
    assert counts(office.take_in()) == [("customers", 1_200, 1_200, 0, 0)]
    assert office.cells() == []


WORDS = [
    "",
    " ",
    "=1+1",
    "'=x",
    '"',
    'a"b',
    "a,b;c|d\te",
    "行\n改行",
    "\r\n",
    "👩‍👩‍👧",
    "\u202eabc",
    "\x00",
    "a\x00b",
    "0901234567",
]
NASTY = st.one_of(
    st.sampled_from([*WORDS, "１２", "x" * 40_000, "\ud800", "NaN", "1e999", "\ufeff"]),
    st.text(max_size=8),
    st.integers(-(10**18), 10**18),
    st.floats(),
    st.booleans(),
    st.dates(),
)


@settings(max_examples=15)
@given(
    st.lists(st.lists(NASTY, min_size=0, max_size=5), max_size=6),
    st.sampled_from(["顧客", "購入", "商品", "イベント", "同意"]),
    st.booleans(),
)
def test_nothing_that_stands_in_a_tab_ends_in_more_than_a_problem(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, kind: str, headed: bool
) -> None:
    office = Office(tmp_path_factory.mktemp("office"))
    headers = {
        "顧客": CUSTOMERS,
        "購入": PURCHASES,
        "商品": ["商品", "商品名", "価格"],
        "イベント": ["イベント", "顧客ID", "日時"],
        "同意": ["顧客ID", "チャネル", "状態"],
    }
    title = f"データ {kind}"
    office.book.tabs[title] = [headers[kind], *rows] if headed else rows
    office.now += timedelta(hours=1)
    for result in office.importer.take_in(office.book):
        if isinstance(result, UploadResult):
            assert result.rows == result.accepted + result.unchanged + result.rejected
    found = office.importer.known().problems
    assert all(p.tab == title and p.severity == "warning" and p.cell for p in found)
    assert office.importer.take_in(office.book) == ()
    assert office.importer.known().problems == found


ADDRESS = st.sampled_from(["ok", "bad", "divider", "blank", "lines"])


@settings(max_examples=15)
@given(st.lists(ADDRESS, max_size=12), st.integers(0, 3), st.integers(0, 3))
def test_a_problem_names_its_own_cell_whatever_stands_around(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], above: int, left: int
) -> None:
    office = Office(tmp_path_factory.mktemp("office"))
    made: Rows = [[None] * left + [["表"], [], ["二行\nの題"]][n % 3] for n in range(above)]
    made.append([None] * left + ["顧客ID", "姓", "メール\nアドレス"])
    wrong, fine = [], []
    for n, kind in enumerate(kinds):
        row = {
            "ok": [str(n), "青木", f"c{n}@example.com"],
            "bad": [str(n), "青木", f"c{n}"],
            "divider": ["関東"],
            "blank": [],
            "lines": [str(n), "青\n木", f"c{n}@example.com"],
        }[kind]
        made.append([None] * left + row)
        if kind == "bad":
            wrong.append(f"Data customers!{address(len(made), left + 3)}")
        elif kind in ("ok", "lines"):
            fine.append((str(n),))
    office.book.tabs["Data customers"] = made
    office.take_in()
    assert office.cells() == wrong
    assert sorted(office.rows("SELECT customer_id FROM customers")) == sorted(fine)


def read(rows: Rows, title: str = "データ 顧客") -> DataTab:
    tab = snapshot({title: rows}).tabs[0]
    kind = data_kind(tab)
    assert kind is not None
    found = read_data(tab, kind, ())
    assert found is not None
    return found


def test_cells_become_the_text_that_a_file_would_hold() -> None:
    values = [
        (Cell("0901234567", 901234567), "0901234567"),
        (Cell("1,234,567", 1234567), "1234567"),
        (Cell("12%", 0.12), "0.12"),
        (Cell("0.5", 0.5), "0.5"),
        (Cell("2026/1/5", datetime(2026, 1, 5)), "2026-01-05"),  # noqa: DTZ001
        (Cell("1/5 9:30", datetime(2026, 1, 5, 9, 30)), "2026-01-05 09:30:00"),  # noqa: DTZ001
        (Cell("9:30", clock(9, 30)), "09:30:00"),
        (Cell("TRUE", True), "true"),
        (Cell("００７", "００７"), "００７"),
        (Cell("=SUM(A1)", "=SUM(A1)"), "=SUM(A1)"),
    ]
    headers = [f"項目{n}" for n in range(len(values))]
    [row] = read([["顧客ID", *headers], ["7", *(cell for cell, _ in values)]]).rows
    assert row.cells[1:] == tuple(text for _, text in values)


def test_a_date_that_is_shown_as_a_number_is_that_date() -> None:
    [row] = read([["顧客ID", "登録日", "誕生日", "好きな数"], [46027, 46027.5, 20260105, 46027]]).rows
    assert row.cells == ("46027", "2026-01-05 12:00:00", "20260105", "46027")


def test_half_a_row_waits_but_not_where_one_column_is_all(office: Office) -> None:
    assert [row.number for row in read([CUSTOMERS, ["7"], ["8", "b@example.com"], ["関東の店"]]).rows] == [3]
    assert [row.number for row in read([["メールアドレス"], ["a@example.com"], ["b@example.com"]]).rows] == [2, 3]


def test_results_cannot_be_uploaded_yet_and_say_so(tmp_path: Path) -> None:
    found = read_workbook(snapshot({**good(), "データ 結果": [["配信ID", "結果"], ["1", "つながった"]]}), CONTEXT)
    assert [(p.place, p.said.key) for p in found.problems if p.severity == "error"] == [
        ("データ 結果!A2", "workbook.not_yet_tab")
    ]
    empty = read_workbook(snapshot({**good(), "データ 結果": [["配信ID", "結果"]]}), CONTEXT)
    assert not empty.blocked


def write(shop: Shop, tab: str, rows: Rows) -> None:
    path = shop.folder / "journey.xlsx"
    book = openpyxl.load_workbook(path)
    if tab in book.sheetnames:
        del book[tab]
    sheet = book.create_sheet(tab)
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_the_whole_way_over_the_command_line(tmp_path: Path) -> None:
    shop = new_shop(tmp_path / "shop", "2026-11-20T10:00:00+09:00")
    write(shop, "データ 顧客", [CUSTOMERS, ["7", "a@example.com", "青木", 100, "赤"], ["8", "だめ", "石井"]])
    shop.edit("施策", "C01", "きっかけ", "まいにち")  # the workbook blocks: its data does not
    place = {"tab": "データ 顧客", "cell": "B3", "severity": "warning"}

    checked = shop.json("check", code=1)["problems"]
    assert place in [{k: p[k] for k in place} for p in checked]
    assert shop.json("customers") == []

    ticked = shop.json("tick", code=1)
    assert [(u["file"], u["kind"], u["accepted"], u["rejected"]) for u in ticked["uploads"]] == [
        ("データ 顧客", "customers", 1, 1)
    ]
    assert [c["id"] for c in shop.json("customers", "--unmask")] == ["7"]
    assert place in [{k: p[k] for k in place} for p in shop.json("problems")]

    status = openpyxl.load_workbook(shop.folder / "journey.status.xlsx")
    said = status["データ 顧客"]["B3"].comment
    assert said is not None and "メールアドレス" in said.text
    assert any("データ 顧客!B3" in str(c.value) for row in status["状況"].iter_rows() for c in row)

    shop.edit("施策", "C01", "きっかけ", "ステージに入ったら")
    shop.edit("データ 顧客", "8", "メールアドレス", "b@example.com")
    synced = shop.json("sync")
    assert synced["problems"] == []
    assert [(u["rows"], u["accepted"]) for u in synced["uploads"]] == [(1, 1)]
    assert len(shop.json("customers")) == 2
    assert shop.json("tick")["uploads"] == []
    assert shop.json("sync")["uploads"] == []


def test_an_upload_tab_is_no_edit_of_the_version(tmp_path: Path) -> None:
    shop = new_shop(tmp_path / "shop", "2026-11-20T10:00:00+09:00")
    assert shop.json("sync")["version"] == 1
    write(shop, "Data events", [["event", "customer_id", "at"], ["visit", "7", "2026-11-19 10:00"]])
    synced = shop.json("sync")
    assert (synced["version"], synced["changed"]) == (1, False)
    assert synced["uploads"][0]["accepted"] == 1
