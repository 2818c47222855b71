"""`spreadsheets.get`: a spreadsheet as JSON, as much of it as the mask wants, written out quickly.

What a cell, and a whole row, looks like under a mask is written once and used again until the cell or row is replaced; only rows
with formulas are written anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sheets_server import colours, masks
from sheets_server.cells import EMPTY, Cell, View, default_format, dumps
from sheets_server.discovery import sheets
from sheets_server.errors import Json
from sheets_server.grid import Closed, Row, Sheet
from sheets_server.masks import Mask
from sheets_server.reckoning import Reckoning
from sheets_server.request_shape import properties
from sheets_server.request_upon import seen_by
from sheets_server.state import State

Report = Callable[[str], None]
"""Told of each answer of our own that does not fit Google's schema."""

CELL = ("sheets", "data", "rowData", "values")
_PLAIN = {"userEnteredValue", "userEnteredFormat"}
_PLAIN_FORMAT: Json = {}


class Writing:
    """One answer being written: a state under a mask."""

    def __init__(self, state: State, spreadsheet_id: str, mask: Mask, user: str, report: Report) -> None:
        self.state = state
        self.spreadsheet_id = spreadsheet_id
        self.mask = mask
        self.user = user
        self.report = report
        self.reckoning = Reckoning(state)
        self.cell_mask = masks.below(mask, *CELL) if masks.wants(mask, *CELL) else {}
        self.key = dumps(self.cell_mask)
        self.view = View(self.cell_mask)
        self._around: dict[int, tuple[Json, list[str]]] = {}

    def spreadsheet(self, areas: Sequence[tuple[Sheet, Closed]] | None, grid: bool) -> str:
        """The whole answer. `areas` are those asked for (None: every tab whole), `grid` whether cells are wanted."""
        chosen = areas if areas is not None else [(sheet, _all(sheet)) for sheet in self.state.sheets]
        ids = dict.fromkeys(sheet.id for sheet, _ in chosen)
        told: Json = {
            "spreadsheetId": self.spreadsheet_id,
            "properties": {"defaultFormat": default_format(), **colours.told(self.state.properties)},
            "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{self.spreadsheet_id}/edit",
        }
        if self.state.named:
            told["namedRanges"] = self.state.named
        if whole := [item for item in self.state.metadata if "spreadsheet" in item["location"]]:
            told["developerMetadata"] = whole
        told = self._picked(told, "Spreadsheet", self.mask)
        parts = [dumps(told)[1:-1]] if told else []
        if masks.wants(self.mask, "sheets"):
            each = []
            for sheet in self.state.sheets:
                if sheet.id in ids:
                    each.append(self.sheet(sheet, [box for other, box in chosen if other.id == sheet.id], grid))
            parts.append('"sheets":[' + ",".join(each) + "]")
        return "{" + ",".join(parts) + "}"

    def sheet(self, sheet: Sheet, boxes: Sequence[Closed], grid: bool) -> str:
        """One tab."""
        mask = masks.below(self.mask, "sheets")
        told: Json = {"properties": properties(sheet)}
        if sheet.merges:
            told["merges"] = sheet.merges
        if sheet.protected:
            told["protectedRanges"] = [seen_by(self.user, item) for item in sheet.protected]
        if sheet.conditional:
            told["conditionalFormats"] = colours.told(sheet.conditional)
        if sheet.banded:
            told["bandedRanges"] = colours.told(sheet.banded)
        if sheet.filter:
            told["basicFilter"] = sheet.filter
        if own := [item for item in self.state.metadata if item["location"].get("sheetId") == sheet.id]:
            told["developerMetadata"] = own
        parts = [inner] if (inner := dumps(self._picked(told, "Sheet", mask))[1:-1]) else []
        if grid and masks.wants(mask, "data"):
            parts.append('"data":[' + ",".join(self.data(sheet, box, masks.below(mask, "data")) for box in boxes) + "]")
        return "{" + ",".join(parts) + "}"

    def data(self, sheet: Sheet, box: Closed, mask: Mask) -> str:
        """GridData: rows up to the last that holds anything, heights and widths."""
        told: Json = {}
        if box.top and masks.wants(mask, "startRow"):
            told["startRow"] = box.top
        if box.left and masks.wants(mask, "startColumn"):
            told["startColumn"] = box.left
        parts = [dumps(told)[1:-1]] if told else []
        if masks.wants(mask, "rowData"):
            rows = [self.row(sheet, number, box) for number in range(box.top, box.bottom)]
            while rows and rows[-1] == "{}":
                rows.pop()
            if rows and masks.wants(mask, "rowData", "values"):
                parts.append('"rowData":[' + ",".join(rows) + "]")
        if masks.wants(mask, "rowMetadata"):
            lines = [
                self._line(sheet, "ROWS", number, {"pixelSize": 21, **sheet.rows[number].properties})
                for number in range(box.top, box.bottom)
            ]
            parts.append('"rowMetadata":' + dumps(masks.pick(lines, masks.below(mask, "rowMetadata"))))
        if masks.wants(mask, "columnMetadata"):
            lines = [
                self._line(sheet, "COLUMNS", number, {"pixelSize": 100, **sheet.columns[number]})
                for number in range(box.left, box.right)
            ]
            parts.append('"columnMetadata":' + dumps(masks.pick(lines, masks.below(mask, "columnMetadata"))))
        return "{" + ",".join(parts) + "}"

    def row(self, sheet: Sheet, number: int, box: Closed) -> str:
        """RowData: cells up to the last that holds anything."""
        row = sheet.rows[number]
        key = (self.key, box.left, box.right)
        if (known := row.written.get(key)) is not None:
            return known
        cells = row.cells[box.left : box.right]
        length = len(cells)
        while length and not cells[length - 1].data:
            length -= 1
        texts = [self._cell(sheet, row, number, column) for column in range(box.left, box.left + length)]
        text = '{"values":[' + ",".join(texts) + "]}" if texts else "{}"
        if not row.live:
            row.written[key] = text
        return text

    def _cell(self, sheet: Sheet, row: Row, number: int, column: int) -> str:
        cell: Cell = row.cells[column]
        if cell is EMPTY:
            return "{}"
        if (known := cell.written.get(self.key)) is not None:
            return known
        if cell.data.keys() <= _PLAIN and "stringValue" in cell.data.get("userEnteredValue", ()):
            text = self._text(cell)
        else:
            told = self.view.answer(cell, lambda: self.reckoning.value(sheet, number, column))
            self._hold(told, "CellData")
            text = dumps(told)
        if cell.kind != "formula":
            cell.written[self.key] = text
        return text

    def _text(self, cell: Cell) -> str:
        """A cell of plain text: what stands around the text is worked out, and held against the schema, once for each format."""
        own = cell.data.get("userEnteredFormat", _PLAIN_FORMAT)
        if id(own) not in self._around:
            probe = {"stringValue": "\0"}
            told = self.view.answer(Cell({**cell.data, "userEnteredValue": probe}), lambda: probe)
            self._hold(told, "CellData")
            self._around[id(own)] = (own, dumps(told).split(dumps("\0")))
        return dumps(cell.data["userEnteredValue"]["stringValue"]).join(self._around[id(own)][1])

    def _line(self, sheet: Sheet, dimension: str, index: int, line: Json) -> Json:
        found = []
        for item in self.state.metadata:
            place: Any = item["location"].get("dimensionRange")
            if place and place["sheetId"] == sheet.id and place["dimension"] == dimension and place["startIndex"] == index:
                found.append(item)
        return {**line, "developerMetadata": found} if found else line

    def _picked(self, told: Json, schema: str, mask: Mask) -> Json:
        picked: Json = masks.pick(told, mask)
        self._hold(picked, schema)
        return picked

    def _hold(self, told: Json, schema: str) -> None:
        for error in sheets().unfit({"$ref": schema}, told, schema):
            self.report(f"an answer does not fit {schema}: {error.message}")


def _all(sheet: Sheet) -> Closed:
    return Closed(0, 0, len(sheet.rows), len(sheet.columns))
