"""A spreadsheet in memory, as small as the program's writes need: what a person does to it, and Google's three calls.

For properties with thousands of tries; whether Google's protocol is spoken rightly is told by `sheets_server`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils.cell import range_boundaries

from sheets_sync.google.reading import state
from sheets_sync.google.sheet import SheetState

Place = tuple[int, int]
Json = dict[str, Any]


@dataclass
class FakeTab:
    """A tab: `cells` hold userEnteredValue, note and userEnteredFormat as Google names them."""

    id: int
    title: str
    rows: int = 40
    columns: int = 40
    cells: dict[Place, Json] = field(default_factory=dict)
    merges: list[Json] = field(default_factory=list)

    def put(self, place: Place, value: object) -> None:
        """What a person typed."""
        kind = "boolValue" if isinstance(value, bool) else "numberValue" if isinstance(value, (int, float)) else "stringValue"
        if isinstance(value, str) and value.startswith("="):
            kind = "formulaValue"
        cell = self.cells.setdefault(place, {})
        cell.pop("userEnteredValue", None)
        if value is not None:
            cell["userEnteredValue"] = {kind: value}

    def move(self, rows: Callable[[int], int | None], columns: Callable[[int], int | None]) -> None:
        """Everything goes to other rows and columns; None is deleted."""
        moved = {(rows(row), columns(column)): cell for (row, column), cell in self.cells.items()}
        self.cells = {(r, c): cell for (r, c), cell in moved.items() if r is not None and c is not None}

    def raw(self) -> Json:
        """As spreadsheets.get answers it."""
        last = max((row for row, _ in self.cells), default=0)
        rows = []
        for row in range(1, last + 1):
            width = max((column for r, column in self.cells if r == row), default=0)
            rows.append({"values": [_answered(self.cells.get((row, column), {})) for column in range(1, width + 1)]})
        grid = {"rowCount": self.rows, "columnCount": self.columns}
        properties = {"sheetId": self.id, "title": self.title, "gridProperties": grid}
        return {"properties": properties, "data": [{"rowData": rows}], "merges": self.merges}


@dataclass
class FakeSheet:
    """The whole; `before` is called before each of the program's calls, with its name."""

    tabs: list[FakeTab]
    before: Callable[[str], None] = lambda _: None
    writes: int = 0

    def tab(self, title: str) -> FakeTab:
        """The tab of that title."""
        return next(tab for tab in self.tabs if tab.title == title)

    def read(self) -> SheetState:
        """The state as the program reads it."""
        self.before("read")
        return self.state()

    def state(self) -> SheetState:
        """The state, without anybody coming between."""
        return state({"properties": {"title": "x"}, "sheets": [copy.deepcopy(tab.raw()) for tab in self.tabs]})

    def put_values(self, spreadsheet_id: str, data: Sequence[Mapping[str, Any]]) -> None:
        """values:batchUpdate, RAW."""
        self.before("put_values")
        self.writes += 1
        for given in data:
            title, _, where = given["range"].rpartition("!")
            tab = self.tab(title[1:-1].replace("''", "'"))
            left, top, right, bottom = range_boundaries(where)
            assert right <= tab.columns and bottom <= tab.rows, "exceeds grid limits"
            for row, values in enumerate(given["values"], top):
                for column, value in enumerate(values, left):
                    if value is not None:
                        cell = tab.cells.setdefault((row, column), {})
                        cell.pop("userEnteredValue", None)
                        if value != "":
                            cell["userEnteredValue"] = {"stringValue" if isinstance(value, str) else "numberValue": value}

    def change(self, spreadsheet_id: str, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """spreadsheets.batchUpdate."""
        self.before("change")
        self.writes += 1
        for request in requests:
            (name, given), *none = request.items()
            assert not none
            getattr(self, f"_{name}")(given)
        return {}

    def _addSheet(self, given: Json) -> None:
        properties = given["properties"]
        assert properties["title"] not in [tab.title for tab in self.tabs]
        assert properties["sheetId"] not in [tab.id for tab in self.tabs]
        grid = properties["gridProperties"]
        self.tabs.append(FakeTab(properties["sheetId"], properties["title"], grid["rowCount"], grid["columnCount"]))

    def _appendDimension(self, given: Json) -> None:
        tab = self._by_id(given["sheetId"])
        if given["dimension"] == "ROWS":
            tab.rows += given["length"]
        else:
            tab.columns += given["length"]

    def _updateCells(self, given: Json) -> None:
        start = given["start"]
        tab = self._by_id(start["sheetId"])
        fields = given["fields"].split(",")
        assert set(fields) <= {"userEnteredValue", "note", "userEnteredFormat.backgroundColorStyle"}
        for down, row in enumerate(given["rows"]):
            for right, cell in enumerate(row["values"]):
                place = start["rowIndex"] + 1 + down, start["columnIndex"] + 1 + right
                assert place[0] <= tab.rows and place[1] <= tab.columns
                have = tab.cells.setdefault(place, {})
                for name in fields:
                    if name.startswith("userEnteredFormat"):
                        style = cell.get("userEnteredFormat", {}).get("backgroundColorStyle")
                        have.pop("userEnteredFormat", None)
                        if style:
                            have["userEnteredFormat"] = {"backgroundColor": style["rgbColor"]}
                    else:
                        have.pop(name, None)
                        if cell.get(name):
                            have[name] = cell[name]

    def _repeatCell(self, given: Json) -> None:
        assert given["range"]["sheetId"] in [tab.id for tab in self.tabs]

    def _updateDimensionProperties(self, given: Json) -> None:
        assert given["range"]["sheetId"] in [tab.id for tab in self.tabs]

    def _by_id(self, sheet_id: int) -> FakeTab:
        return next(tab for tab in self.tabs if tab.id == sheet_id)


def fake(tabs: Mapping[str, Sequence[Sequence[Any]]]) -> FakeSheet:
    """A spreadsheet of the tests' workbooks."""
    made = []
    for number, (title, rows) in enumerate(tabs.items()):
        tab = FakeTab(number * 10, title)
        for row, values in enumerate(rows, 1):
            for column, value in enumerate(values, 1):
                if value not in (None, ""):
                    tab.put((row, column), value)
        made.append(tab)
    return FakeSheet(made)


def place(address: str) -> Place:
    """(7, 6) of F7."""
    left, top, _, _ = range_boundaries(address)
    return top, left


def _answered(cell: Json) -> Json:
    entered = cell.get("userEnteredValue")
    if entered is None:
        return dict(cell)
    kind, value = next(iter(entered.items()))
    if kind == "formulaValue":
        shown = f"<{re.sub('[^+*/=-]', '', value)}>"
        return {**cell, "effectiveValue": {"stringValue": shown}, "formattedValue": shown}
    return {**cell, "effectiveValue": entered, "formattedValue": str(value)}
