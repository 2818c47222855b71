"""Changes of single cells, and how they are said to Google: few ranges of values, few requests. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

from sheets_sync.google.sheet import SheetCell
from sheets_sync.snapshot import address
from sheets_sync.written import Place

Facet = Literal["value", "note", "colour"]
ValueRange = Mapping[str, Any]
"""`{"range": "'施策'!U2:V3", "values": rows}`; None leaves a cell as it is, "" empties it."""
Request = Mapping[str, Any]
"""One request of `spreadsheets.batchUpdate`."""

_MASKS: Mapping[Facet, str] = {"value": "userEnteredValue", "note": "note", "colour": "userEnteredFormat.backgroundColorStyle"}


@dataclass(frozen=True)
class Edit:
    """What a cell is to be, as far as `facets` go."""

    cell: SheetCell
    facets: frozenset[Facet]


@dataclass(frozen=True)
class Writes:
    """One round of writing: `requests` go first (they make room), then `values`. Both empty: there is nothing to write.

    `edits` is the same cell by cell, by tab id, for who has to find out afterwards what was hit.
    """

    values: tuple[ValueRange, ...] = ()
    requests: tuple[Request, ...] = ()
    edits: Mapping[int, Mapping[Place, Edit]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.values or self.requests)

    def room(self, sheet_id: int) -> Place:
        """How many rows and columns are added at the end of a tab that is there already."""
        made = [
            found for request in self.requests if (found := request.get("appendDimension")) and found["sheetId"] == sheet_id
        ]
        rows, columns = (sum(m["length"] for m in made if m["dimension"] == dimension) for dimension in ("ROWS", "COLUMNS"))
        return rows, columns


def value_ranges(title: str, edits: Mapping[Place, Edit]) -> list[ValueRange]:
    """The values of a tab's edits as ranges: one for each block of neighbouring columns, however its rows are scattered."""
    cells = {place: edit.cell for place, edit in edits.items() if "value" in edit.facets}
    found: list[ValueRange] = []
    for columns in _runs(column for _, column in cells):
        rows = [row for row, column in cells if column in columns]
        top, bottom = min(rows), max(rows)
        values = [[_plain(cells.get((row, column))) for column in columns] for row in range(top, bottom + 1)]
        where = f"{quoted(title)}!{address(top, columns[0])}:{address(bottom, columns[-1])}"
        found.append({"range": where, "majorDimension": "ROWS", "values": values})
    return found


def update_requests(sheet_id: int, edits: Mapping[Place, Edit], facets: Collection[Facet]) -> list[Request]:
    """`updateCells` for those facets: one request for each run of neighbours in a row that change alike."""
    found: list[Request] = []
    wanted = {place: edit.facets & set(facets) for place, edit in edits.items()}
    for (row, said), places in groupby(sorted(p for p in wanted if wanted[p]), key=lambda p: (p[0], wanted[p])):
        for columns in _runs(column for _, column in places):
            values = [_cell_data(edits[row, column].cell, said) for column in columns]
            found.append(
                {
                    "updateCells": {
                        "start": {"sheetId": sheet_id, "rowIndex": row - 1, "columnIndex": columns[0] - 1},
                        "rows": [{"values": values}],
                        "fields": ",".join(mask for facet, mask in _MASKS.items() if facet in said),
                    }
                }
            )
    return found


def make_room(sheet_id: int, have: Place, need: Place) -> list[Request]:
    """Rows and columns at the end of a grid of the size `have`, so that the place `need` is in it."""
    return [
        {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": wanted - given}}
        for dimension, given, wanted in zip(("ROWS", "COLUMNS"), have, need, strict=True)
        if wanted > given
    ]


def add_list(sheet_id: int, title: str, size: Place, widths: Sequence[int], frozen: int) -> list[Request]:
    """A new tab at the end for a list of the program's: wrapped text, `widths` in narrow characters."""
    grid = {"rowCount": size[0], "columnCount": size[1], "frozenRowCount": frozen}
    wrapped = {"userEnteredFormat": {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}}
    fields = "userEnteredFormat.wrapStrategy,userEnteredFormat.verticalAlignment"
    return [
        {"addSheet": {"properties": {"sheetId": sheet_id, "title": title, "gridProperties": grid}}},
        {"repeatCell": {"range": {"sheetId": sheet_id}, "cell": wrapped, "fields": fields}},
        *(
            {
                "updateDimensionProperties": {
                    "range": {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1},
                    "properties": {"pixelSize": width * 7},
                    "fields": "pixelSize",
                }
            }
            for at, width in enumerate(widths)
        ),
    ]


def bold(sheet_id: int, place: Place) -> Request:
    """A label of the program's stands out as the others do."""
    row, column = place
    where = {"startRowIndex": row - 1, "endRowIndex": row, "startColumnIndex": column - 1, "endColumnIndex": column}
    cell = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    return {
        "repeatCell": {"range": {"sheetId": sheet_id, **where}, "cell": cell, "fields": "userEnteredFormat.textFormat.bold"}
    }


def quoted(title: str) -> str:
    """A tab's title in A1 notation."""
    return "'" + title.replace("'", "''") + "'"


def _runs(numbers: Iterable[int]) -> list[list[int]]:
    """Neighbouring numbers together, ascending."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found


def _plain(cell: SheetCell | None) -> object:
    if cell is None:
        return None
    return next(iter(cell.entered.values())) if cell.entered else ""


def _cell_data(cell: SheetCell, facets: Collection[Facet]) -> Mapping[str, Any]:
    data: dict[str, Any] = {}
    if "value" in facets and cell.entered is not None:
        data["userEnteredValue"] = cell.entered
    if "note" in facets and cell.note:
        data["note"] = cell.note
    if "colour" in facets and cell.colour is not None:
        rgb = dict(zip(("red", "green", "blue"), cell.colour, strict=True))
        data["userEnteredFormat"] = {"backgroundColorStyle": {"rgbColor": rgb}}
    return data
