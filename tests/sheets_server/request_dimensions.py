"""Requests on rows, columns and ranges that shift: appended, inserted, deleted, moved, their heights and widths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sheets_server import masks
from sheets_server.cells import EMPTY
from sheets_server.edit import Edit, Handler
from sheets_server.errors import Json
from sheets_server.grid import Closed, Row, Sheet
from sheets_server.references import follow
from sheets_server.shifts import ENDS, Move, Shift


def _dimension(edit: Edit, place: Json | None) -> tuple[Sheet, str, int, int]:
    """The tab, dimension, start and end of a DimensionRange within the grid."""
    place = place or {}
    sheet, dimension = edit.sheet(place.get("sheetId")), place.get("dimension")
    if dimension not in ENDS:
        raise edit.no("No dimension specified.")
    size = len(sheet.rows) if dimension == "ROWS" else len(sheet.columns)
    start, end = place.get("startIndex") or 0, place.get("endIndex")
    end = size if end is None else end
    if start < 0 or start >= end:
        raise edit.no(f"range.startIndex[{start}] must be less than range.endIndex[{end}]")
    return sheet, dimension, start, end


def _whole(sheet: Sheet, dimension: str, start: int, end: int) -> Closed:
    if dimension == "ROWS":
        return Closed(start, 0, min(end, len(sheet.rows)), len(sheet.columns))
    return Closed(0, start, len(sheet.rows), min(end, len(sheet.columns)))


def append_dimension(edit: Edit, body: Json) -> Json:
    """Rows or columns at the end."""
    sheet, dimension, length = edit.sheet(body.get("sheetId")), body.get("dimension"), body.get("length") or 0
    if dimension not in ENDS:
        raise edit.no("No dimension specified.")
    if length < 1:
        raise edit.no(f"length must be greater than 0, but was {length}.")
    rows = dimension == "ROWS"
    edit.state.room(length * len(sheet.columns if rows else sheet.rows), edit.where)
    size = len(sheet.rows) if rows else len(sheet.columns)
    sheet.insert(dimension, size, length, formats=size - 1)
    return {}


def insert_dimension(edit: Edit, body: Json) -> Json:
    """Empty rows or columns in the middle, which look like those before or behind."""
    sheet, dimension, start, end = _dimension(edit, body.get("range"))
    size = len(sheet.rows) if dimension == "ROWS" else len(sheet.columns)
    before = bool(body.get("inheritFromBefore"))
    if start > size or (start == size and not before):
        word = "row" if dimension == "ROWS" else "column"
        raise edit.no(f"range.startIndex[{start}] is after last {word} in grid[{size}]")
    if before and start == 0:
        raise edit.no("inheritFromBefore cannot be true if inserting at index 0.")
    edit.state.room((end - start) * (len(sheet.columns) if dimension == "ROWS" else len(sheet.rows)), edit.where)
    like = start - 1 if before else start
    own = (sheet.rows[like].properties if dimension == "ROWS" else sheet.columns[like]) or {}
    sheet.insert(dimension, start, end - start, {name: item for name, item in own.items() if name == "pixelSize"}, like)
    follow(edit.state, Shift(sheet.id, dimension, start, end - start))
    return {}


def delete_dimension(edit: Edit, body: Json) -> Json:
    """Rows or columns taken away."""
    sheet, dimension, start, end = _dimension(edit, body.get("range"))
    size, word = (len(sheet.rows), "row") if dimension == "ROWS" else (len(sheet.columns), "column")
    if end > size:
        raise edit.no(
            f"Cannot delete a {word} that doesn't exist. Tried to delete {word} index {end - 1} but there are only {size} {word}s."
        )
    if end - start == size:
        raise edit.no(f"You can't delete all the {word}s on the sheet.")
    frozen = sheet.properties.get("gridProperties", {}).get(f"frozen{word.capitalize()}Count", 0)
    if max(0, end - max(start, frozen)) == size - frozen:
        raise edit.no(f"Sorry, it is not possible to delete all non-frozen {word}s.")
    edit.may_write(sheet, _whole(sheet, dimension, start, end))
    sheet.delete(dimension, start, end)
    gone = max(0, min(end, frozen) - start)
    if gone:
        grid = {**sheet.properties["gridProperties"], f"frozen{word.capitalize()}Count": frozen - gone}
        sheet.properties = {**sheet.properties, "gridProperties": {name: item for name, item in grid.items() if item}}
    follow(edit.state, Shift(sheet.id, dimension, start, start - end))
    return {}


def move_dimension(edit: Edit, body: Json) -> Json:
    """Rows or columns moved; the place is counted as it was before."""
    sheet, dimension, start, end = _dimension(edit, body.get("source"))
    size = len(sheet.rows) if dimension == "ROWS" else len(sheet.columns)
    to = body.get("destinationIndex") or 0
    if end > size or not 0 <= to <= size:
        raise edit.no(f"destinationIndex[{to}] or source.endIndex[{end}] is outside of the grid[{size}]")
    first, last = ENDS[dimension]
    for merge in sheet.merges:
        cut = (
            merge.get(first, 0) < start < merge[last],
            merge.get(first, 0) < end < merge[last],
            merge.get(first, 0) < to < merge[last],
        )
        if any(cut):
            raise edit.no("You can't move a part of merged cells.")
    edit.may_write(sheet, _whole(sheet, dimension, start, end))
    if start <= to <= end:
        return {}
    move = Move(sheet.id, dimension, start, end, to)
    sheet.move(move)
    follow(edit.state, move)
    return {}


def _shift_cells(edit: Edit, sheet: Sheet, box: Closed, dimension: str | None, insert: bool) -> None:
    if dimension not in ENDS:
        raise edit.no("No shift dimension specified.")
    rows = dimension == "ROWS"
    affected = replace(box, bottom=len(sheet.rows)) if rows else replace(box, right=len(sheet.columns))
    for merge in sheet.merges:
        merged = sheet.within(merge, edit.where)
        if affected.meets(merged) and not affected.covers(merged):
            raise edit.no("You can't shift a part of merged cells.")
    edit.may_write(sheet, affected)
    lines = [
        sheet.rows[number].wide(len(sheet.columns))[affected.left : affected.right]
        for number in range(affected.top, affected.bottom)
    ]
    height, width = box.bottom - box.top, box.right - box.left
    if rows:
        blank = [[EMPTY] * width] * height
        if insert:
            if any(cell.entered for line in lines[len(lines) - height :] for cell in line):
                more = [Row()] * height
                edit.state.room(height * len(sheet.columns), edit.where)
                sheet.rows += more
                lines += blank
            lines = (blank + lines)[: len(lines)]
        else:
            lines = lines[height:] + blank
    elif insert:
        if any(cell.entered for line in lines for cell in line[len(line) - width :]):
            edit.state.room(width * len(sheet.rows), edit.where)
            sheet.insert("COLUMNS", len(sheet.columns), width)
            lines = [line + [EMPTY] * width for line in lines]
        lines = [([EMPTY] * width + line)[: len(line)] for line in lines]
    else:
        lines = [line[width:] + [EMPTY] * width for line in lines]
    for number, line in enumerate(lines, start=affected.top):
        sheet.put(number, dict(enumerate(line, start=affected.left)))
    count = (height if rows else width) * (1 if insert else -1)
    shift = Shift(sheet.id, dimension or "", box.top if rows else box.left, count)
    merges = []
    for merge in sheet.merges:
        inside = affected.covers(sheet.within(merge, edit.where))
        if found := (shift.grid_range(merge) if inside else merge):
            merges.append(found)
    sheet.merges = merges


def insert_range(edit: Edit, body: Json) -> Json:
    """Empty cells put in, what is there goes down or to the right."""
    sheet, box = edit.range(body.get("range"))
    _shift_cells(edit, sheet, box, body.get("shiftDimension"), insert=True)
    return {}


def delete_range(edit: Edit, body: Json) -> Json:
    """Cells taken out, what is behind closes up."""
    sheet, box = edit.range(body.get("range"))
    _shift_cells(edit, sheet, box, body.get("shiftDimension"), insert=False)
    return {}


def update_dimension_properties(edit: Edit, body: Json) -> Json:
    """Heights and widths, hidden rows and columns."""
    mask = edit.mask(body, "DimensionProperties")
    sheet, dimension, start, end = _dimension(edit, body.get("range"))
    size = len(sheet.rows) if dimension == "ROWS" else len(sheet.columns)
    if end > size:
        raise edit.no(f"range.endIndex[{end}] is after last {'row' if dimension == 'ROWS' else 'column'} in grid[{size}]")
    wanted = {name: item for name, item in (body.get("properties") or {}).items() if name in ("pixelSize", "hiddenByUser")}
    if dimension == "ROWS":
        sheet.each_row(lambda row: Row(row.cells, masks.merged(row.properties, wanted, mask)), start, end)
    else:
        sheet.columns[start:end] = [masks.merged(column, wanted, mask) for column in sheet.columns[start:end]]
    return {}


HANDLERS: Mapping[str, Handler] = {
    "appendDimension": append_dimension,
    "insertDimension": insert_dimension,
    "deleteDimension": delete_dimension,
    "moveDimension": move_dimension,
    "insertRange": insert_range,
    "deleteRange": delete_range,
    "updateDimensionProperties": update_dimension_properties,
}
