"""Requests on the content of cells: update, repeat, append, sort, validate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sheets_server import colours, masks
from sheets_server.cells import Cell, writable
from sheets_server.edit import Edit, Handler
from sheets_server.errors import Json
from sheets_server.grid import Closed, Sheet
from sheets_server.masks import Mask
from sheets_server.reckoning import Reckoning


def _filled(rows: list[Json], where: str) -> list[list[Json]]:
    return [
        [writable(cell or {}, f"{where}.rows[{number}].values[{at}]") for at, cell in enumerate(row.get("values") or ())]
        for number, row in enumerate(rows)
    ]


def _write(sheet: Sheet, top: int, left: int, rows: list[list[Json]], mask: Mask) -> None:
    for number, row in enumerate(rows):
        changes = {left + at: sheet.cell(top + number, left + at).updated(data, mask) for at, data in enumerate(row)}
        sheet.put(top + number, changes)


def update_cells(edit: Edit, body: Json) -> Json:
    """Rows of cells from `start` on, or over `range` (what the rows do not cover is cleared)."""
    mask = edit.mask(body, "CellData")
    rows = _filled(body.get("rows") or [], edit.where)
    width = max((len(row) for row in rows), default=0)
    if (body.get("start") is None) == (body.get("range") is None):
        raise edit.no("Exactly one of start or range must be set.")
    if body.get("range") is not None:
        sheet, box = edit.range(body["range"])
        if len(rows) > box.bottom - box.top or width > box.right - box.left:
            raise edit.no("Attempting to write outside the requested range.")
        rows = [row + [{}] * (box.right - box.left - len(row)) for row in rows]
        rows += [[{}] * (box.right - box.left)] * (box.bottom - box.top - len(rows))
    else:
        start = body["start"]
        sheet, top, left = edit.sheet(start.get("sheetId")), start.get("rowIndex") or 0, start.get("columnIndex") or 0
        if top >= len(sheet.rows):
            raise edit.no(f"start.rowIndex[{top}] is after last row in grid[{len(sheet.rows)}]")
        if left >= len(sheet.columns):
            raise edit.no(f"start.columnIndex[{left}] is after last column in grid[{len(sheet.columns)}]")
        if top + len(rows) > len(sheet.rows):
            raise edit.no(
                f"Attempting to write row: {len(sheet.rows)}, beyond the last requested row of: {len(sheet.rows) - 1}"
            )
        if left + width > len(sheet.columns):
            last = len(sheet.columns)
            raise edit.no(f"Attempting to write column: {last}, beyond the last requested column of: {last - 1}")
        box = Closed(top, left, top + len(rows), left + width)
    edit.may_write(sheet, box)
    _write(sheet, box.top, box.left, rows, mask)
    return {}


def repeat_cell(edit: Edit, body: Json) -> Json:
    """The same cell over a whole range."""
    mask = edit.mask(body, "CellData")
    sheet, box = edit.range(body.get("range"))
    edit.may_write(sheet, box)
    data = writable(body.get("cell") or {}, edit.where)
    sheet.each(box, lambda cell: cell.updated(data, mask))
    return {}


def append_cells(edit: Edit, body: Json) -> Json:
    """Rows after the last one that holds a value, growing the grid where needed."""
    mask = edit.mask(body, "CellData")
    sheet = edit.sheet(body.get("sheetId"))
    rows = _filled(body.get("rows") or [], edit.where)
    width = max((len(row) for row in rows), default=0)
    if width > len(sheet.columns):
        last = len(sheet.columns)
        raise edit.no(f"Attempting to write column: {last}, beyond the last requested column of: {last - 1}")
    top = sheet.last_row()
    more = top + len(rows) - len(sheet.rows)
    if more > 0:
        edit.state.room(more * len(sheet.columns), edit.where)
        sheet.insert("ROWS", len(sheet.rows), more)
    edit.may_write(sheet, Closed(top, 0, top + len(rows), max(width, 1)))
    _write(sheet, top, 0, rows, mask)
    return {}


def set_data_validation(edit: Edit, body: Json) -> Json:
    """A rule on every cell of the range, or none."""
    sheet, box = edit.range(body.get("range"))
    edit.may_write(sheet, box)
    rule = body.get("rule")
    if rule is not None:
        _sensible(edit, rule)
    sheet.each(box, lambda cell: cell.updated({"dataValidation": rule} if rule else {}, {"dataValidation": {}}))
    return {}


def _sensible(edit: Edit, rule: Json) -> None:
    condition = rule.get("condition")
    if condition is None:
        raise edit.no("A data validation rule must have a condition.")
    values = condition.get("values") or []
    kind = condition.get("type")
    if kind == "ONE_OF_LIST" and (not values or len(values) > 500):
        raise edit.no("ONE_OF_LIST must have between 1 and 500 values.")
    if kind == "ONE_OF_RANGE":
        said = str(values[0].get("userEnteredValue", "")) if len(values) == 1 else ""
        if not said.startswith("="):
            raise edit.no("Condition ONE_OF_RANGE must have exactly one value, a range that starts with '='.")
        if Reckoning(edit.state).area(said, None) is None:
            raise edit.no(f"Invalid condition value: {said}")


_RANK = {"numberValue": 0, "stringValue": 1, "boolValue": 2, "errorValue": 3}


def sort_key(value: Json | None) -> tuple[int, Any]:
    """Numbers before text before booleans; empty cells are put last by the caller."""
    kind, plain = next(iter((value or {"stringValue": ""}).items()))
    return _RANK[kind], plain if kind == "numberValue" else (str(plain).casefold() if kind == "stringValue" else repr(plain))


def sort_range(edit: Edit, body: Json) -> Json:
    """The rows of a range in another order: cells go with their notes, formats and validations; rows keep their heights.

    Formulas are taken along as they stand (Google turns their relative references)."""
    sheet, box = edit.range(body.get("range"))
    edit.may_write(sheet, box)
    merged = [sheet.within(merge, edit.where) for merge in sheet.merges]
    if any(box.meets(merge) for merge in merged):
        raise edit.no("You can't sort a range with merged cells.")
    reckoning = Reckoning(edit.state)
    order = list(range(box.top, box.bottom))
    for spec in reversed(body.get("sortSpecs") or []):
        column = spec.get("dimensionIndex") or 0
        if not box.left <= column < box.right:
            raise edit.no(f"sortSpecs.dimensionIndex[{column}] must be within the range.")
        values = {number: reckoning.value(sheet, number, column) for number in order}
        filled = [number for number in order if values[number] is not None]
        empty = [number for number in order if values[number] is None]
        down = spec.get("sortOrder") == "DESCENDING"
        order = sorted(filled, key=lambda number, values=values: sort_key(values[number]), reverse=down) + empty  # type: ignore[misc]
    if order == list(range(box.top, box.bottom)):
        return {}
    before = {number: sheet.rows[number].wide(box.right)[box.left : box.right] for number in order}
    for place, number in enumerate(order, start=box.top):
        sheet.put(place, dict(enumerate(before[number], start=box.left)))
    return {}


def copy_paste(edit: Edit, body: Json) -> Json:
    """Cells copied over a range, as often as they fit."""
    source_sheet, source = edit.range(body.get("source"))
    sheet, target = edit.range(body.get("destination"))
    height, width = source.bottom - source.top, source.right - source.left
    rows = max(1, (target.bottom - target.top) // height) * height
    columns = max(1, (target.right - target.left) // width) * width
    area = {"startRowIndex": target.top, "endRowIndex": target.top + rows}
    area |= {"startColumnIndex": target.left, "endColumnIndex": target.left + columns}
    box = sheet.within(area, edit.where)
    edit.may_write(sheet, box)
    wanted: Mapping[str, Mask] = {
        "PASTE_VALUES": {"userEnteredValue": {}},
        "PASTE_FORMAT": {"userEnteredFormat": {}},
        "PASTE_DATA_VALIDATION": {"dataValidation": {}},
    }
    kind = body.get("pasteType") or "PASTE_NORMAL"
    if kind not in ("PASTE_NORMAL", *wanted) or body.get("pasteOrientation") == "TRANSPOSE":
        raise edit.no(f"this server does not carry out {kind} {body.get('pasteOrientation', '')}")
    cells = [[source_sheet.cell(source.top + row, source.left + at) for at in range(width)] for row in range(height)]
    for row in range(rows):
        changes: dict[int, Cell] = {}
        for at in range(columns):
            new, column = cells[row % height][at % width], target.left + at
            changes[column] = sheet.cell(target.top + row, column).updated(new.data, wanted.get(kind, masks.EVERYTHING))
        sheet.put(target.top + row, changes)
    return {}


def find_replace(edit: Edit, body: Json) -> Json:
    """Text replaced in cells (plain words; no patterns)."""
    if body.get("searchByRegex") or not body.get("find"):
        raise edit.no("this server replaces plain words only.")
    areas: list[tuple[Sheet, Closed]]
    if body.get("range") is not None:
        areas = [edit.range(body["range"])]
    elif body.get("allSheets"):
        areas = [(sheet, Closed(0, 0, len(sheet.rows), len(sheet.columns))) for sheet in edit.state.sheets]
    else:
        sheet = edit.sheet(body.get("sheetId"))
        areas = [(sheet, Closed(0, 0, len(sheet.rows), len(sheet.columns)))]
    changed = 0
    for sheet, box in areas:
        for number in range(box.top, box.bottom):
            changes: dict[int, Cell] = {}
            for column in range(box.left, min(box.right, len(sheet.rows[number].cells))):
                cell = sheet.cell(number, column)
                text = str((cell.entered or {}).get("stringValue", ""))
                whole = body.get("matchEntireCell")
                if text and (text == body["find"] if whole else body["find"] in text):
                    changes[column] = cell.with_value(
                        {"stringValue": text.replace(body["find"], body.get("replacement") or "")}
                    )
            if changes:
                edit.may_write(sheet, Closed(number, min(changes), number + 1, max(changes) + 1))
                sheet.put(number, changes)
                changed += len(changes)
    return {"valuesChanged": changed, "occurrencesChanged": changed} if changed else {}


def update_borders(edit: Edit, body: Json) -> Json:
    """Borders around and within a range."""
    sheet, box = edit.range(body.get("range"))
    edit.may_write(sheet, box)
    sides = {
        name: colours.kept(body[name])
        for name in ("top", "bottom", "left", "right", "innerHorizontal", "innerVertical")
        if body.get(name)
    }
    for number in range(box.top, box.bottom):
        changes: dict[int, Cell] = {}
        for column in range(box.left, box.right):
            new = {
                "top": sides.get("top" if number == box.top else "innerHorizontal"),
                "bottom": sides.get("bottom" if number == box.bottom - 1 else "innerHorizontal"),
                "left": sides.get("left" if column == box.left else "innerVertical"),
                "right": sides.get("right" if column == box.right - 1 else "innerVertical"),
            }
            borders = {name: item for name, item in new.items() if item}
            mask: Mask = {"userEnteredFormat": {"borders": {name: {} for name in borders}}}
            if borders:
                changes[column] = sheet.cell(number, column).updated({"userEnteredFormat": {"borders": borders}}, mask)
        sheet.put(number, changes)
    return {}


def auto_resize(edit: Edit, body: Json) -> Json:
    """Sizes fitted to content: the server has no fonts, and takes them as they are."""
    edit.sheet((body.get("dimensions") or {}).get("sheetId"))
    return {}


HANDLERS: Mapping[str, Handler] = {
    "updateCells": update_cells,
    "repeatCell": repeat_cell,
    "appendCells": append_cells,
    "setDataValidation": set_data_validation,
    "sortRange": sort_range,
    "copyPaste": copy_paste,
    "findReplace": find_replace,
    "updateBorders": update_borders,
    "autoResizeDimensions": auto_resize,
}
