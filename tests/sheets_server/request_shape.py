"""Requests on tabs and their properties, and on merged cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sheets_server import colours, masks
from sheets_server.edit import Edit, Handler
from sheets_server.errors import Json
from sheets_server.grid import Closed, Sheet, new_sheet
from sheets_server.references import follow
from sheets_server.shifts import Shift


def _numbered(edit: Edit) -> None:
    for index, sheet in enumerate(edit.state.sheets):
        sheet.properties = {**sheet.properties, "index": index}


def properties(sheet: Sheet) -> Json:
    """SheetProperties as Google answers them."""
    told: Json = colours.told({**sheet.properties, "gridProperties": sheet.grid_properties})
    return told


def _title(edit: Edit, title: str, own: Sheet | None) -> str:
    if not title:
        raise edit.no("Sheet name cannot be empty.")
    if len(title) > 100:
        raise edit.no("Sheet name cannot be longer than 100 characters.")
    other = edit.state.titled(title)
    if other is not None and other is not own:
        raise edit.no(f'A sheet with the name "{title}" already exists. Please enter another name.')
    return title


def _apply(edit: Edit, sheet: Sheet, wanted: Json) -> None:
    """Properties taken over, the size of the grid among them."""
    grid = wanted.get("gridProperties") or {}
    sizes = (
        ("ROWS", "rowCount", len(sheet.rows), len(sheet.columns)),
        ("COLUMNS", "columnCount", len(sheet.columns), len(sheet.rows)),
    )
    for dimension, name, now, across in sizes:
        want = grid.get(name, now)
        if want < 1:
            raise edit.no(f"gridProperties.{name} must be greater than 0, but was {want}.")
        if want > now:
            edit.state.room((want - now) * across, edit.where)
            sheet.insert(dimension, now, want - now)
        elif want < now:
            sheet.delete(dimension, want, now)
            follow(edit.state, Shift(sheet.id, dimension, want, want - now))
    for name, word, size in (("frozenRowCount", "rows", len(sheet.rows)), ("frozenColumnCount", "columns", len(sheet.columns))):
        if (grid.get(name) or 0) >= size:
            raise edit.no(f"You can't freeze all visible {word} on the sheet.")
    kept = {name: item for name, item in grid.items() if name not in ("rowCount", "columnCount") and item}
    sheet.properties = {
        **{name: item for name, item in wanted.items() if item is not None and name != "gridProperties"},
        "sheetId": sheet.id,
        **({"gridProperties": kept} if kept else {}),
    }


def add_sheet(edit: Edit, body: Json) -> Json:
    """A new tab."""
    wanted = colours.kept(body.get("properties") or {})
    ids = {sheet.id for sheet in edit.state.sheets}
    sheet_id = wanted.get("sheetId")
    if sheet_id is None:
        sheet_id = edit.draw()
    if sheet_id < 0:
        raise edit.no("sheetId must not be negative.")
    if sheet_id in ids:
        raise edit.no(f"Sheet with id {sheet_id} already exists.")
    if wanted.get("sheetType", "GRID") != "GRID":
        raise edit.no("this server knows tabs with a grid only.")
    number = len(edit.state.sheets) + 1
    while "title" not in wanted and edit.state.titled(f"シート{number}"):
        number += 1
    title = _title(edit, wanted.get("title", f"シート{number}"), None)
    grid = wanted.get("gridProperties") or {}
    rows, columns = grid.get("rowCount", 1000), grid.get("columnCount", 26)
    if rows < 1 or columns < 1:
        raise edit.no("gridProperties.rowCount and columnCount must be greater than 0.")
    edit.state.room(rows * columns, edit.where)
    sheet = new_sheet(sheet_id, title, 0, rows, columns)
    index = wanted.get("index", len(edit.state.sheets))
    if not 0 <= index <= len(edit.state.sheets):
        raise edit.no(f"index {index} is out of bounds.")
    edit.state.sheets.insert(index, sheet)
    _apply(edit, sheet, {**sheet.properties, **wanted, "title": title})
    _numbered(edit)
    return {"properties": properties(sheet)}


def delete_sheet(edit: Edit, body: Json) -> Json:
    """A tab taken away, with everything that refers to it by range."""
    sheet = edit.sheet(body.get("sheetId"))
    if len(edit.state.sheets) == 1:
        raise edit.no("You can't remove all the sheets in a document.")
    edit.may_write(sheet, Closed(0, 0, len(sheet.rows), len(sheet.columns)))
    edit.state.sheets.remove(sheet)
    edit.state.named = [item for item in edit.state.named if item["range"].get("sheetId", 0) != sheet.id]
    edit.state.metadata = [item for item in edit.state.metadata if _place(item["location"]) != sheet.id]
    _numbered(edit)
    return {}


def _place(location: Json) -> int | None:
    if "dimensionRange" in location:
        return int(location["dimensionRange"].get("sheetId", 0))
    return location.get("sheetId")


def duplicate_sheet(edit: Edit, body: Json) -> Json:
    """A tab copied."""
    source = edit.sheet(body.get("sourceSheetId"))
    edit.state.room(len(source.rows) * len(source.columns), edit.where)
    new_id = body.get("newSheetId") or edit.draw()
    if any(sheet.id == new_id for sheet in edit.state.sheets):
        raise edit.no(f"Sheet with id {new_id} already exists.")
    number, title = 1, body.get("newSheetName")
    while not title or (body.get("newSheetName") is None and edit.state.titled(title)):
        title = f"{source.title} のコピー" + ("" if number == 1 else f" {number}")
        number += 1
    sheet = source.copy()
    sheet.properties = {**source.properties, "sheetId": new_id, "title": _title(edit, title, None)}
    sheet.merges = [{**merge, "sheetId": new_id} for merge in source.merges]
    sheet.protected, sheet.filter, sheet.banded = [], None, []
    sheet.conditional = [
        {**rule, "ranges": [{**item, "sheetId": new_id} for item in rule["ranges"]]} for rule in source.conditional
    ]
    edit.state.sheets.insert(body.get("insertSheetIndex") or 0, sheet)
    _numbered(edit)
    return {"properties": properties(sheet)}


def update_sheet_properties(edit: Edit, body: Json) -> Json:
    """A tab's title, place, size, colour, frozen rows and so on."""
    mask = edit.mask(body, "SheetProperties")
    wanted = colours.kept(body.get("properties") or {})
    sheet = edit.sheet(wanted.get("sheetId"))
    if "sheetId" in mask:
        raise edit.no("sheetId cannot be changed.")
    before = {**sheet.properties, "gridProperties": sheet.grid_properties}
    after = masks.merged(before, wanted, mask if mask else {name: {} for name in wanted})
    if masks.wants(mask, "title"):
        after["title"] = _title(edit, wanted.get("title", ""), sheet)
    after.setdefault("sheetType", "GRID")
    old = sheet.title
    if masks.wants(mask, "index") and "index" in wanted:
        others = [other for other in edit.state.sheets if other is not sheet]
        index = wanted["index"]
        if not 0 <= index <= len(edit.state.sheets):
            raise edit.no(f"index {index} is out of bounds.")
        # Counted by the places before the move, as at Google: to go right, one more.
        at = index if index <= sheet.properties["index"] else index - 1
        edit.state.sheets = [*others[:at], sheet, *others[at:]]
    _apply(edit, sheet, after)
    if sheet.title != old:
        follow(edit.state, old, sheet.title)
    _numbered(edit)
    return {}


def update_spreadsheet_properties(edit: Edit, body: Json) -> Json:
    """Title, language, time zone."""
    mask = edit.mask(body, "SpreadsheetProperties")
    edit.state.properties = masks.merged(edit.state.properties, colours.kept(body.get("properties") or {}), mask)
    return {}


def merge_cells(edit: Edit, body: Json) -> Json:
    """Cells merged into one; only the first keeps its value."""
    sheet, box = edit.range(body.get("range"))
    edit.may_write(sheet, box)
    for merge in sheet.merges:
        merged = sheet.within(merge, edit.where)
        if merged.meets(box) and not box.covers(merged):
            raise edit.no("You must select all cells in a merged range to merge or unmerge them.")
    grid = sheet.properties.get("gridProperties", {})
    for frozen, first, last in (("frozenRowCount", box.top, box.bottom), ("frozenColumnCount", box.left, box.right)):
        if first < grid.get(frozen, 0) < last:
            raise edit.no("You can't merge frozen and non-frozen cells.")
    sheet.merges = [merge for merge in sheet.merges if not box.meets(sheet.within(merge, edit.where))]
    kind = body.get("mergeType") or "MERGE_ALL"
    if kind == "MERGE_COLUMNS":
        boxes = [replace(box, left=column, right=column + 1) for column in range(box.left, box.right)]
    elif kind == "MERGE_ROWS":
        boxes = [replace(box, top=row, bottom=row + 1) for row in range(box.top, box.bottom)]
    else:
        boxes = [box]
    for one in boxes:
        if (one.bottom - one.top) * (one.right - one.left) == 1:
            continue
        kept = sheet.cell(one.top, one.left)
        sheet.each(one, lambda cell: cell.with_value(None) if cell.entered is not None else cell)
        sheet.put(one.top, {one.left: kept})
        sheet.merges.append(one.grid_range(sheet.id))
    return {}


def unmerge_cells(edit: Edit, body: Json) -> Json:
    """Merged cells made single again."""
    sheet, box = edit.range(body.get("range"))
    edit.may_write(sheet, box)
    rest = []
    for merge in sheet.merges:
        merged = sheet.within(merge, edit.where)
        if not merged.meets(box):
            rest.append(merge)
        elif not box.covers(merged):
            raise edit.no("You must select all cells in a merged range to merge or unmerge them.")
    sheet.merges = rest
    return {}


HANDLERS: Mapping[str, Handler] = {
    "addSheet": add_sheet,
    "deleteSheet": delete_sheet,
    "duplicateSheet": duplicate_sheet,
    "updateSheetProperties": update_sheet_properties,
    "updateSpreadsheetProperties": update_spreadsheet_properties,
    "mergeCells": merge_cells,
    "unmergeCells": unmerge_cells,
}
