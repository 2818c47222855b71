"""A person works in the Sheet at the very moments when the program writes into it, over HTTP: nothing of theirs is lost, and the
program's numbers come out right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sheets_server import Book, Seen, SheetsServer, Tab
from workbooks import good

from journey.errors import OutsideError
from journey.problems import Problem
from journey.texts import text
from sheets_sync.google.access import Access
from sheets_sync.google.changing import changes
from sheets_sync.google.client import connect
from sheets_sync.google.reading import FIELDS, state
from sheets_sync.google.sheet import SheetState
from sheets_sync.google.waiting import Waiting
from sheets_sync.google.writing import write_back
from sheets_sync.headers import read_table
from sheets_sync.marks import is_mark, shade, split
from sheets_sync.program_view import CampaignView, LogRow, ProgramView, StageView
from sheets_sync.read.maps import map_rows
from sheets_sync.report import Report
from sheets_sync.tabs import CAMPAIGNS, is_map, spec_of
from sheets_sync.written import for_the_program, written

SEEDS = 30
NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
NUMBERS = {f"C{n:02}": CampaignView("running", "approved", n * 70, n * 3) for n in range(1, 9)}
SHOWN = ProgramView(
    at=NOW,
    zone=ZoneInfo("Asia/Tokyo"),
    version=3,
    campaigns=NUMBERS,
    stages={
        ("ec", stage): StageView(50 + n, (("C01", "running"),)) for n, stage in enumerate(("interest", "first", "dormant"))
    },
    problems=(
        Problem("施策", "F5", "error", text("workbook.active_empty")),
        Problem("施策", "T3", "warning", text("workbook.active_empty")),
        Problem("メッセージ", "H3", "warning", text("workbook.active_empty")),
    ),
    log=(LogRow(NOW, "=cmd", "approve", "C01"),),
)
MAP, TABLE, MESSAGES = "ジャーニー EC", "施策", "メッセージ"


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


def laid(server: SheetsServer, bare: bool) -> Book:
    """Eight campaigns, a column and a formula of somebody's own beside the program's, notes and colours here and there. `bare`: made by
    a person, who drew nothing for the program."""
    tabs = good()
    head, first = tabs[TABLE][:2]
    names = ["状態", "承認", "対象数", "送信", "開封", "クリック", "成果", "リフト"]
    own = [[f"C{n:02}", f"施策{n}", "○", "ec", *first[4:19], f"担当{n}"] for n in range(1, 9)]
    tabs[TABLE] = [[*head[:20], *names, "メモ", "送信率"], *([*row, *[""] * 8, f"メモ{row[0]}", ""] for row in own)]
    tabs[MAP].append(["情報", "a", "b", "c"])
    if bare:
        tabs[TABLE] = [row[:20] for row in tabs[TABLE]]
        tabs[MAP] = [row for row in tabs[MAP] if row[0] not in ("人数", "施策")]
    book = server.create(tuple(tabs))
    for title, rows in tabs.items():
        book.tab(title).format("A1:AC60", "@")
        book.tab(title).type_rows("A1", [["" if value is None else str(value) for value in row] for row in rows])
    table = book.tab(TABLE)
    for row in range(2, 2 if bare else 10):
        table.type(f"AD{row}", f"=X{row}/W{row}")
    for row in (3, 5, 7):
        table.put_note(f"F{row}", f"ask about {row}")
    table.put_colour("F5", "#ffff00")
    table.put_colour("T4", "#0000ff")
    book.tab(MESSAGES).put_note("H3", "Sato checks")
    return book


class Person:
    """Somebody in a hurry. The same is done to a second Sheet, which the program never sees: so it must look in the end."""

    def __init__(self, seed: int, book: Book, untouched: Book, bare: bool) -> None:
        self.bare = bare
        self.books, self.random = (book, untouched), random.Random(seed)
        self.left = 3
        self.moved = False
        self.did: list[str] = []

    def __call__(self, seen: Seen) -> None:
        if seen.kind not in ("read", "write"):
            return
        if self.left and self.random.random() < 0.6:
            self.left -= 1
            self.act()
        self.moved = self.moved and seen.kind != "read"

    def act(self) -> None:
        """One thing. What is typed after a move, and hit before anybody read it, nobody can put back: so no typing then."""
        title = self.random.choice([TABLE, TABLE, TABLE, MAP, MESSAGES])
        rows, columns = {TABLE: (9, 20 if self.bare else 30), MAP: (11, 4), MESSAGES: (4, 11)}[title]
        row, other, column = self.random.randint(2, rows), self.random.randint(2, rows), self.random.randint(3, columns)
        doings: dict[str, Any] = {
            "insert_row": lambda tab: tab.insert_row(row),
            "delete_row": lambda tab: tab.delete_row(row),
            "insert_column": lambda tab: tab.insert_column(column),
            "delete_column": lambda tab: tab.delete_column(column),
            "move_column": lambda tab: tab.move_column(column, max(other, 3)),
        }
        if title != MAP:
            doings["sort"] = lambda tab: tab.sort("B", descending=bool(row % 2))
            doings["move_row"] = lambda tab: tab.move_row(row, other)
        if not self.moved:
            doings["type"] = lambda tab: tab.type(f"C{row}", f"typed {other}")
        doing = self.random.choice(sorted(doings))
        self.did.append(f"{doing} {title} {row} {other} {column}")
        for book in self.books:
            tab: Tab = book.tab(title)
            doings[doing](tab)
        self.moved = self.moved or doing != "type"


def of_people(seen: SheetState) -> dict[Any, Any]:
    """What is a person's: values outside of the program's rows and columns, their part of notes, the colours below the marks."""
    found = {}
    for tab, read in zip(seen.tabs, seen.snapshot.tabs, strict=True):
        if for_the_program(read):
            continue
        rows = {row for key, row in map_rows(read).items() if key in ("customers", "campaigns")} if is_map(read) else set()
        table = read_table(read, CAMPAIGNS, Report("")) if spec_of(read) is CAMPAIGNS else None
        columns = {table.columns[c.key] for c in CAMPAIGNS.columns if c.program and c.key in table.columns} if table else set()
        for at, cell in tab.cells.items():
            note = split(cell.note)
            under = note.former if is_mark(cell.colour) else cell.colour
            if cell.entered is None:
                under = None  # an inserted row takes over the colours of its neighbour, marks as well: those go
            value = None if at[0] in rows or at[1] in columns else cell.entered
            if value or note.own or under:
                found[tab.title, at] = value, note.own, under and shade(under)
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nothing_is_lost_whatever_people_do_meanwhile(seed: int, server: SheetsServer, tmp_path: Path) -> None:
    bare = seed % 4 == 3
    book, untouched = laid(server, bare), laid(server, bare)
    client = connect(Access(server.key_file(tmp_path / "key.json"), server.url), Waiting(5.0))

    def read(of: Book = book) -> SheetState:
        return state(client.spreadsheet(of.id, FIELDS))

    before = read()
    writes = server.count("write")
    person = Person(seed, book, untouched, bare)
    server.before = person
    if seed % 3 == 0:
        server.fail("cut-after" if seed % 2 else "cut", kind="write", nth=1 + seed % 2)
    try:
        write_back(client, book.id, before, SHOWN, read)
    except OutsideError:
        pass
    finally:
        server.before = None
        server.mend()
    assert server.count("write") - writes <= 5
    seen = read()
    for _ in range(2):
        seen = write_back(client, book.id, seen, SHOWN, read)
    told = f"{person.did}"
    mine, kept = of_people(read(untouched)), of_people(seen)
    assert {at: (mine[at], kept.get(at)) for at in mine if kept.get(at) != mine[at]} == {}, told
    if (
        not bare
    ):  # where headers are written over, a line deleted while another was inserted may come back: nothing tells which it was
        assert all(value is None and colour is None for at, (value, _, colour) in kept.items() if at not in mine), told
    assert not changes(seen, written(seen.snapshot, SHOWN)), told
