"""The same workbook on a person's desk, by each kind of source: what a person types, and what they see of the program."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from sheets_server import Book, SheetsServer
from workbooks import Tabs, save

from sheets_sync.google.access import Access, spreadsheet_id
from sheets_sync.google.client import SheetsClient, connect
from sheets_sync.google.reading import FIELDS, state
from sheets_sync.google.sheet import SheetState
from sheets_sync.google.source import GoogleSource
from sheets_sync.google.waiting import Waiting
from sheets_sync.source import WorkbookSource
from sheets_sync.xlsx import XlsxSource, status_path

REAL_SHEET, REAL_KEY = "TABIJI_TEST_SHEET", "TABIJI_TEST_CREDENTIALS"
"""Environment: the address of a Google Sheet whose contents may be destroyed, and the key file of an account it is shared with."""


class Desk(Protocol):
    """One workbook. Cells are named `F7`; what a person types is text."""

    source: WorkbookSource

    def another(self) -> WorkbookSource:
        """The same workbook as another process opens it."""
        ...

    def lay(self, tabs: Tabs) -> None:
        """Makes the workbook what `tabs` say, whatever it was."""
        ...

    def type(self, tab: str, cell: str, typed: str) -> None:
        """A person types into a cell."""
        ...

    def note(self, tab: str, cell: str, said: str) -> None:
        """A person puts a note on a cell."""
        ...

    def seen(self, tab: str, cell: str) -> str:
        """What a person sees in the cell once the program has written."""
        ...

    def seen_note(self, tab: str, cell: str) -> str:
        """The cell's note then."""
        ...


@dataclass
class XlsxDesk:
    """A local file; the program writes into another beside it."""

    path: Path

    def __post_init__(self) -> None:
        self.source: WorkbookSource = XlsxSource(self.path)

    def another(self) -> WorkbookSource:
        return XlsxSource(self.path)

    def lay(self, tabs: Tabs) -> None:
        save(tabs, self.path)
        self._change(self._as_text)

    def type(self, tab: str, cell: str, typed: str) -> None:
        self._change(lambda book: self._set(book[tab][cell], typed))

    def note(self, tab: str, cell: str, said: str) -> None:
        self._change(lambda book: setattr(book[tab][cell], "comment", Comment(said, "me")))

    def seen(self, tab: str, cell: str) -> str:
        value = load_workbook(status_path(self.path))[tab][cell].value
        return "" if value is None else str(value)

    def seen_note(self, tab: str, cell: str) -> str:
        comment = load_workbook(status_path(self.path))[tab][cell].comment
        return comment.text if comment else ""

    @staticmethod
    def _set(cell: Any, typed: str) -> None:
        cell.value = typed or None
        cell.data_type = "s" if typed else "n"

    def _as_text(self, book: Any) -> None:
        for cell in (cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            self._set(cell, cell.value)

    def _change(self, change: Any) -> None:
        book = load_workbook(self.path)
        change(book)
        book.save(self.path)


class LocalSheetDesk:
    """A Sheet on the local server, with the person at its keyboard."""

    def __init__(self, server: SheetsServer, folder: Path) -> None:
        self.server = server
        self.book: Book = server.create()
        self.access = Access(server.key_file(folder / "service-account.json"), server.url)
        self.source: WorkbookSource = self.another()

    def another(self) -> WorkbookSource:
        return GoogleSource(lambda: connect(self.access, Waiting(2.0)), self.book.id, self.book.url)

    def lay(self, tabs: Tabs) -> None:
        old = self.book.titles
        for title, rows in tabs.items():
            if title in old:
                self.book.delete_tab(title)
            tab = self.book.add_tab(title)
            tab.format("A1:AD60", "@")
            tab.type_rows("A1", [["" if v is None else str(v) for v in row] for row in rows])
        for title in old:
            if title not in tabs:
                self.book.delete_tab(title)

    def type(self, tab: str, cell: str, typed: str) -> None:
        self.book.tab(tab).type(cell, typed)

    def note(self, tab: str, cell: str, said: str) -> None:
        self.book.tab(tab).put_note(cell, said)

    def seen(self, tab: str, cell: str) -> str:
        return self.book.tab(tab).value(cell)

    def seen_note(self, tab: str, cell: str) -> str:
        return self.book.tab(tab).note(cell)


class RemoteSheetDesk:
    """A Sheet at the other end of a line, typed into over the API: a real one, or, so that this desk is tried, the local server's."""

    def __init__(self, access: Access, sheet: str) -> None:
        self.access, self.id = access, sheet
        self.source: WorkbookSource = self.another()
        self._hand: SheetsClient = connect(access, Waiting(60.0))

    def another(self) -> WorkbookSource:
        return GoogleSource(lambda: connect(self.access, Waiting(60.0)), self.id, self.id)

    def lay(self, tabs: Tabs) -> None:
        now = self._state()
        keep = "desk"
        requests: list[dict[str, Any]] = [{"addSheet": {"properties": {"title": keep}}}]
        requests += [{"deleteSheet": {"sheetId": tab.id}} for tab in now.tabs]
        self._hand.change(self.id, requests)
        self._hand.change(self.id, [{"addSheet": {"properties": {"title": title}}} for title in tabs])
        ids = {tab.title: tab.id for tab in self._state().tabs}
        text_format = {"userEnteredFormat": {"numberFormat": {"type": "TEXT", "pattern": "@"}}}
        formats = [
            {"repeatCell": {"range": {"sheetId": ids[t]}, "cell": text_format, "fields": "userEnteredFormat.numberFormat"}}
            for t in tabs
        ]
        self._hand.change(self.id, [*formats, {"deleteSheet": {"sheetId": ids[keep]}}])
        data = [
            {"range": f"'{title}'!A1", "values": [["" if v is None else str(v) for v in row] for row in rows]}
            for title, rows in tabs.items()
        ]
        self._hand.put_values(self.id, data)

    def type(self, tab: str, cell: str, typed: str) -> None:
        self._hand.put_values(self.id, [{"range": f"'{tab}'!{cell}", "values": [[typed]]}])

    def note(self, tab: str, cell: str, said: str) -> None:
        row, column = int(cell[1:]) - 1, ord(cell[0]) - 65
        start = {"sheetId": self._state().tab(tab).id, "rowIndex": row, "columnIndex": column}
        update = {"start": start, "rows": [{"values": [{"note": said}]}], "fields": "note"}
        self._hand.change(self.id, [{"updateCells": update}])

    def seen(self, tab: str, cell: str) -> str:
        found = self._state().tab(tab).cells.get((int(cell[1:]), ord(cell[0]) - 64))
        return found.text if found else ""

    def seen_note(self, tab: str, cell: str) -> str:
        found = self._state().tab(tab).cells.get((int(cell[1:]), ord(cell[0]) - 64))
        return found.note if found else ""

    def _state(self) -> SheetState:
        return state(self._hand.spreadsheet(self.id, FIELDS))


KINDS = ("xlsx", "local sheet", "sheet over the API", "real sheet")


@contextmanager
def desk(kind: str, folder: Path, tabs: Tabs, environment: Mapping[str, str] = os.environ) -> Iterator[Desk]:
    """A desk of that kind with that workbook on it."""
    if kind == "xlsx":
        made: Desk = XlsxDesk(folder / "journey.xlsx")
        made.lay(tabs)
        yield made
        return
    if kind == "real sheet":
        address, key = environment.get(REAL_SHEET, ""), environment.get(REAL_KEY, "")
        if not (address and key):
            pytest.skip(f"no real Google Sheet: {REAL_SHEET} and {REAL_KEY} are not in the environment")
        made = RemoteSheetDesk(Access(Path(key)), spreadsheet_id(address) or address)
        made.lay(tabs)
        yield made
        return
    with SheetsServer() as server:
        made = LocalSheetDesk(server, folder)
        if kind == "sheet over the API":
            made = RemoteSheetDesk(made.access, made.book.id)
        made.lay(tabs)
        yield made
