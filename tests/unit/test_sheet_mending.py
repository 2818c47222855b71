"""People sort, insert, delete and move at the very moment of writing: nothing of theirs is lost, and the numbers come out right."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import pytest
from sheet_fake import FakeSheet, FakeTab, fake, place
from test_sheet_changes import entered, problem, view
from workbooks import good

from journey.errors import InputError, OutsideError
from journey.texts import text
from sheets_sync.google.aligning import Moved
from sheets_sync.google.changing import changes
from sheets_sync.google.formulas import relocated
from sheets_sync.google.sheet import SheetState
from sheets_sync.google.writing import write_back
from sheets_sync.headers import read_table
from sheets_sync.marks import is_mark, shade, split
from sheets_sync.program_view import CampaignView, StageView
from sheets_sync.read.maps import map_rows
from sheets_sync.report import Report
from sheets_sync.snapshot import Tab
from sheets_sync.tabs import CAMPAIGNS, is_map, spec_of
from sheets_sync.written import for_the_program, written

MANY = {f"C{number:02}": CampaignView("running", "approved", number * 7, number) for number in range(1, 13)}
STAGES = {("ec", stage): StageView(50 + at, (("C01", "running"),)) for at, stage in enumerate(("interest", "first", "dormant"))}


def shop() -> FakeSheet:
    """Twelve campaigns, a column of somebody's own on each side of the program's, notes and colours here and there."""
    tabs = good()
    campaigns = tabs["施策"]
    campaigns[0] = [
        *campaigns[0][:20],
        "状態",
        "承認",
        "対象数",
        "送信",
        "開封",
        "クリック",
        "成果",
        "リフト",
        "メモ",
        "開封率",
    ]
    row = campaigns[1]
    mine = [[f"C{n:02}", f"施策{n}", "○", "ec", *row[4:19], f"担当{n}"] for n in range(1, 13)]
    campaigns[1:] = [[*cells, *[None] * 8, f"メモ{n}", f"=X{n + 1}/W{n + 1}"] for n, cells in enumerate(mine, 1)]
    tabs["ジャーニー EC"].append(["情報", "a", "b", "c"])
    sheet = fake(tabs)
    tab = sheet.tab("施策")
    for number in (3, 5, 8):
        tab.cells[place(f"F{number}")]["note"] = f"ask about {number}"
    tab.cells[place("F5")]["userEnteredFormat"] = {"backgroundColor": {"red": 1.0, "green": 1.0}}
    tab.cells[place("T4")]["userEnteredFormat"] = {"backgroundColor": {"blue": 1.0}}
    sheet.tab("メッセージ").cells[place("H3")]["note"] = "Sato checks"
    return sheet


SHOWN = view(campaigns=MANY, stages=STAGES, problems=(problem("施策", "F5"), problem("メッセージ", "H3", "warning")))

SEEDS = 8


class Meddler:
    """Somebody at the Sheet, and beside it the same Sheet as it would be if the program never wrote."""

    def __init__(self, sheet: FakeSheet, seed: int, busy: float) -> None:
        self.sheet, self.busy, self.random = sheet, busy, random.Random(seed)
        self.shadow = copy.deepcopy(sheet)
        self.moved = False
        self.left = 4
        self.did: list[str] = []

    def __call__(self, call: str) -> None:
        if self.left and self.random.random() < self.busy:
            self.left -= 1
            self.meddle(call)
        if call == "read":
            self.moved = False

    def meddle(self, call: str) -> None:
        """One thing. What was typed after a move that nobody read yet could be hit unseen: so no typing then; nor does anybody write
        a note on the very cell that the program marks, in the very moment."""
        title = self.random.choice(["施策", "施策", "施策", "ジャーニー EC", "メッセージ"])
        kinds = ["sort", "insert_row", "delete_row", "insert_column", "delete_column", "move_row"]
        kinds += ["type"] if not self.moved else []
        kinds += ["note"] if call == "read" else []
        kind = self.random.choice(kinds)
        if title == "ジャーニー EC" and kind in ("sort", "move_row"):
            kind = "insert_row"
        rows, columns = {"施策": (13, 30), "ジャーニー EC": (13, 4), "メッセージ": (4, 11)}[title]
        row, column = self.random.randint(2, rows), self.random.randint(2, columns)
        self.did.append(f"{kind} {title} {row} {column}")
        order = list(range(2, rows + 1))
        self.random.shuffle(order)
        word = f"typed {self.random.randint(0, 999)}"
        for sheet in (self.sheet, self.shadow):
            self._do(sheet.tab(title), kind, row, column, order, word)
        self.moved = self.moved or kind not in ("type", "note")

    def _do(self, tab: FakeTab, kind: str, row: int, column: int, order: list[int], word: str) -> None:
        if kind == "sort":
            to = {old: new for new, old in enumerate(order, 2)}
            tab.move(lambda r: to.get(r, r), lambda c: c)
        elif kind == "insert_row":
            tab.move(lambda r: r + (r >= row), lambda c: c)
            tab.rows += 1
        elif kind == "delete_row":
            tab.move(lambda r: None if r == row else r - (r > row), lambda c: c)
            tab.rows -= 1
        elif kind == "insert_column":
            tab.move(lambda r: r, lambda c: c + (c >= column))
            tab.columns += 1
        elif kind == "delete_column":
            tab.move(lambda r: r, lambda c: None if c == column else c - (c > column))
            tab.columns -= 1
        elif kind == "move_row":
            tab.move(lambda r: 2 if r == row else r + (2 <= r < row), lambda c: c)
        elif kind == "type":
            tab.put((row, column), word)
        else:
            tab.cells.setdefault((row, column), {})["note"] = word


def of_people(state: SheetState) -> Any:
    """What is a person's: values outside of the program's rows and columns, their part of notes, the colours below the marks."""
    found = {}
    for tab, read in zip(state.tabs, state.snapshot.tabs, strict=True):
        if for_the_program(read):
            continue
        rows, columns = program_lines(read)
        for at, cell in tab.cells.items():
            parts = split(cell.note)
            under = parts.former if is_mark(cell.colour) else cell.colour
            value = None if at[0] in rows or at[1] in columns else cell.entered
            if value or parts.own or under:
                told = "formula" if value and "formulaValue" in value else value
                found[tab.title, at] = told, parts.own, under and shade(under)
    return found


def program_lines(read: Tab) -> tuple[set[int], set[int]]:
    """The program's rows of a map, its columns of the campaigns."""
    if is_map(read):
        return {row for key, row in map_rows(read).items() if key in ("customers", "campaigns")}, set()
    table = read_table(read, CAMPAIGNS, Report("")) if spec_of(read) is CAMPAIGNS else None
    return set(), {table.columns[c.key] for c in CAMPAIGNS.columns if c.program and c.key in table.columns} if table else set()


@pytest.mark.parametrize("block", range(10))
def test_whatever_people_do_meanwhile(block: int) -> None:
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        sheet = shop()
        write_back(sheet, "x", sheet.state(), view(campaigns={k: v for k, v in MANY.items() if k != "C07"}), sheet.state)
        meddler = Meddler(sheet, seed, busy=0.5)
        state = sheet.state()
        sheet.before, sheet.writes = meddler, 0
        state = write_back(sheet, "x", state, SHOWN, sheet.read)
        sheet.before = lambda _: None
        for _ in range(3):  # whoever meddled to the last is followed by the next write-back
            state = write_back(sheet, "x", state, SHOWN, sheet.read)
        told = f"seed {seed}: {meddler.did}"
        mine, kept = of_people(meddler.shadow.state()), of_people(state)
        assert {at: (mine[at], kept.get(at)) for at in mine if kept.get(at) != mine[at]} == {}, told
        assert all(value is None and colour is None for at, (value, _, colour) in kept.items() if at not in mine), told
        assert not changes(state, written(state.snapshot, SHOWN)), told


def test_a_formula_that_was_hit_comes_back_and_means_the_same_cells() -> None:
    sheet = shop()
    state = sheet.state()

    def delete_the_stage(call: str) -> None:
        if call == "put_values":  # now the formula's column is the program's last but one
            tab = sheet.tab("施策")
            tab.move(lambda r: r, lambda c: None if c in (5, 6) else c - 2 * (c > 6))
            for row in range(2, 14):
                tab.put((row, 28), f"=V{row}/U{row}")
            sheet.before = lambda _: None

    sheet.before = delete_the_stage
    write_back(sheet, "x", state, view(campaigns={k: replace(v, lift="+2%") for k, v in MANY.items()}), sheet.read)
    assert [entered(sheet.tab("施策"), f"AB{row}") for row in (2, 13)] == ["=V2/U2", "=V13/U13"]
    assert entered(sheet.tab("施策"), "Z2") == "+2%"


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("=X2/W2", "=Z3/Y3"),
        ("=SUM($A$1:B2, 'X2'!X2, X2) & \"X2\"", "=SUM($A$1:B3, 'X2'!X2, Z3) & \"X2\""),
        ("=A:A + total", "=A:A + total"),
        ("=C1", "=#REF!"),
        ('="unclosed', '="unclosed'),
        ("=", "="),
    ],
)
def test_references_follow_their_cells(formula: str, moved: str) -> None:
    rows, columns = {1: 1, 2: 3}, {1: 1, 2: 2, 23: 25, 24: 26}
    assert relocated(formula, Moved(rows, columns)) == moved


class Refusing(FakeSheet):
    """A Sheet that refuses some writes."""

    refuse: Any = None

    def change(self, spreadsheet_id: str, requests: Any) -> dict[str, Any]:
        if self.refuse:
            raise self.refuse.pop(0) if isinstance(self.refuse, list) else self.refuse
        return super().change(spreadsheet_id, requests)


def test_a_refused_write_is_told_at_once_where_nothing_changed() -> None:
    sheet = Refusing(shop().tabs)
    sheet.refuse = InputError(text("sync.no_problems"))
    with pytest.raises(InputError):
        write_back(sheet, "x", sheet.state(), SHOWN, sheet.read)
    assert sheet.writes == 0


def test_a_write_refused_because_a_tab_grew_smaller_is_made_anew() -> None:
    sheet = Refusing(shop().tabs)
    state = sheet.state()
    sheet.tab("メッセージ").put((4, 1), "M3")
    sheet.refuse = [InputError(text("sync.no_problems"))]
    state = write_back(sheet, "x", state, SHOWN, sheet.read)
    assert not changes(state, written(state.snapshot, SHOWN))


class Cut(FakeSheet):
    """A Sheet where somebody inserts a column before the first values arrive, whose answer then never comes."""

    def put_values(self, spreadsheet_id: str, data: Any) -> None:
        first = self.writes < 2
        if first:
            self.tab("施策").move(lambda r: r, lambda c: c + (c >= 3))
        super().put_values(spreadsheet_id, data)
        if first:
            raise OutsideError(text("sync.no_problems"))


def test_a_write_that_failed_after_it_hit_something_is_mended_all_the_same() -> None:
    sheet = Cut(shop().tabs)
    before = of_people(sheet.state())
    state = write_back(sheet, "x", sheet.state(), SHOWN, sheet.read)
    moved = {(tab, (row, column + (tab == "施策" and column >= 3))): was for (tab, (row, column)), was in before.items()}
    assert of_people(state) == moved
