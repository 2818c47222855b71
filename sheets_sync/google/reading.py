"""From the JSON of one `spreadsheets.get` to the state of a Sheet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from journey.errors import InputError
from journey.texts import text
from sheets_sync.google.numbers import number_shown
from sheets_sync.google.sheet import Colour, SheetCell, SheetState, SheetTab
from sheets_sync.marks import split
from sheets_sync.shown import shown
from sheets_sync.snapshot import Cell, Merged, Snapshot, Tab
from sheets_sync.typed import typed
from sheets_sync.xlsx_child import MOST_CELLS, MOST_COLUMNS, MOST_ROWS

FIELDS = (
    "spreadsheetId,properties.title,sheets(properties(sheetId,title,index,sheetType,gridProperties(rowCount,columnCount)),merges,"
    "data(startRow,startColumn,rowData.values(userEnteredValue,effectiveValue,formattedValue,note,"
    "userEnteredFormat.backgroundColor)))"
)
"""The field mask: all tabs with what people typed, what it came to, how it is shown, and notes, in one answer.

Number formats are not asked for: text-formatted columns would answer with every empty cell of theirs. What a number means is told by
how it is shown (`sheets_sync.google.numbers`).
"""


def state(raw: Mapping[str, Any]) -> SheetState:
    """The state of a Sheet out of the answer to `spreadsheets.get` with `FIELDS`. Raises InputError for a tab beyond all measure."""
    sheets = [s for s in raw.get("sheets", ()) if s.get("properties", {}).get("sheetType", "GRID") == "GRID"]
    sheets.sort(key=lambda s: s["properties"].get("index", 0))
    tabs, seen = [], []
    for sheet in sheets:
        tab, read = _tab(sheet)
        tabs.append(tab)
        seen.append(read)
    return SheetState(raw.get("properties", {}).get("title", ""), tuple(tabs), Snapshot(tuple(seen), typed(seen)))


def _tab(raw: Mapping[str, Any]) -> tuple[SheetTab, Tab]:
    properties = raw["properties"]
    grid = properties.get("gridProperties", {})
    title = properties.get("title", "")
    cells: dict[tuple[int, int], SheetCell] = {}
    read: dict[tuple[int, int], Cell] = {}
    for place, cell in _cells(raw):
        known, found = _sheet_cell(cell), _cell(cell)
        if known is not None:
            cells[place] = known
        if found is not None:
            read[place] = found
            row, column = place
            if row > MOST_ROWS or column > MOST_COLUMNS or len(read) > MOST_CELLS:
                raise InputError(text("workbook.sheet_too_big", name=title, tab=title, rows=MOST_ROWS, columns=MOST_COLUMNS))
    merged = tuple(_merged(area) for area in raw.get("merges", ()))
    tab = SheetTab(properties.get("sheetId", 0), title, grid.get("rowCount", 0), grid.get("columnCount", 0), cells, merged)
    return tab, Tab(title, read, merged)


def _cells(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[int, int], Mapping[str, Any]]]:
    for block in raw.get("data", ()):
        top, left = block.get("startRow", 0) + 1, block.get("startColumn", 0) + 1
        for down, row in enumerate(block.get("rowData", ())):
            for right, cell in enumerate(row.get("values", ())):
                if cell:
                    yield (top + down, left + right), cell


def _merged(area: Mapping[str, int]) -> Merged:
    """Google's ranges begin at 0 and leave their end out."""
    return Merged(
        area.get("startRowIndex", 0) + 1, area.get("startColumnIndex", 0) + 1, area["endRowIndex"], area["endColumnIndex"]
    )


def _sheet_cell(raw: Mapping[str, Any]) -> SheetCell | None:
    """What a cell holds; None for one that holds nothing but a format of numbers."""
    entered = raw.get("userEnteredValue") or None
    note = raw.get("note", "")
    colour = _colour(raw.get("userEnteredFormat", {}).get("backgroundColor"))
    if entered is None and not note and colour is None:
        return None
    return SheetCell(raw.get("formattedValue", ""), entered, note, colour)


def _colour(raw: Mapping[str, float] | None) -> Colour | None:
    """A colour that was set; white is what a cell has without one. Google leaves a 0 out."""
    if raw is None:
        return None
    red, green, blue = (float(raw.get(part, 0.0)) for part in ("red", "green", "blue"))
    return None if min(red, green, blue) >= 1.0 else (red, green, blue)


def _cell(raw: Mapping[str, Any]) -> Cell | None:
    entered, effective = raw.get("userEnteredValue") or {}, raw.get("effectiveValue") or {}
    note = split(raw.get("note", "")).own
    seen = raw.get("formattedValue", "")
    if "errorValue" in effective:
        said = seen or effective["errorValue"].get("type", "#ERROR!")
        return Cell(said, None, note=note, problem=text("workbook.formula_error", shown=said))
    if not effective and "formulaValue" in entered:
        return Cell(entered["formulaValue"][:200], None, note=note, problem=text("workbook.formula_without_result"))
    value = effective or entered
    if "numberValue" in value:
        stored, said = number_shown(value["numberValue"], seen)
        return Cell(said, stored, note=note)
    if "boolValue" in value:
        return Cell(shown(bool(value["boolValue"]), "")[0], bool(value["boolValue"]), note=note)
    typed_text = value.get("stringValue", "")
    return Cell(typed_text, typed_text, note=note) if typed_text else None
