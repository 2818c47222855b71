"""`spreadsheets.values`: reading and writing plain values by ranges in A1 notation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isfinite
from typing import Any

from sheets_server import a1, numbers
from sheets_server.a1 import Box
from sheets_server.cells import LONGEST, Cell
from sheets_server.edit import Edit
from sheets_server.errors import Json, bad
from sheets_server.grid import Closed, Row, Sheet
from sheets_server.reckoning import Reckoning
from sheets_server.state import State
from sheets_server.typing_in import typed


def area(state: State, text: str) -> tuple[Sheet, Box]:
    """The tab and box that a range means: a tab's title, a named range, or A1 notation. Raises ApiError (400) where it means none."""
    for named in state.named:
        if named["name"].casefold() == text.casefold():
            grid = named["range"]
            sheet = state.sheet(grid.get("sheetId", 0), "range")
            ends = (
                grid.get("startRowIndex"),
                grid.get("startColumnIndex"),
                grid.get("endRowIndex"),
                grid.get("endColumnIndex"),
            )
            return sheet, Box(*ends)
    title, rest = a1.split(text)
    if title is None:
        box = a1.box(rest)
        if box is not None:
            return state.sheets[0], box
        title, rest = text, ""
    sheet_found = state.titled(title)
    box = a1.box(rest) if rest else Box()
    if sheet_found is None or box is None:
        raise bad(f"Unable to parse range: {text}")
    return sheet_found, box


def readable(state: State, text: str) -> tuple[Sheet, Closed]:
    """The cells to read: cut to the grid. Raises ApiError (400) where the range begins outside of it."""
    sheet, box = area(state, text)
    sheet.begins_within(box)
    return sheet, sheet.closed(box)


def read(state: State, text: str, options: Json) -> Json:
    """A ValueRange: values without trailing empties, rendered as `options` (of the query) want."""
    sheet, box = readable(state, text)
    return value_range(state, sheet, box, options, options.get("majorDimension") or "ROWS")


def value_range(state: State, sheet: Sheet, box: Closed, options: Json, major: str) -> Json:
    """The values of these cells as a ValueRange."""
    reckoning = Reckoning(state)
    lines: list[list[Any]] = []
    for number in range(box.top, box.bottom):
        cells = sheet.rows[number].cells[box.left : box.right]
        lines.append([_render(reckoning, sheet, number, box.left + at, cell, options) for at, cell in enumerate(cells)])
    if major == "COLUMNS":
        width = max((len(line) for line in lines), default=0)
        lines = [[line[at] if at < len(line) else "" for line in lines] for at in range(width)]
    for line in lines:
        while line and line[-1] == "":
            line.pop()
    while lines and not lines[-1]:
        lines.pop()
    told: Json = {"range": a1.spelt(sheet.title, box.box()), "majorDimension": major if major == "COLUMNS" else "ROWS"}
    return {**told, "values": lines} if lines else told


def _render(reckoning: Reckoning, sheet: Sheet, row: int, column: int, cell: Cell, options: Json) -> Any:
    if cell.entered is None:
        return ""
    how = options.get("valueRenderOption") or "FORMATTED_VALUE"
    if how == "FORMULA" and cell.formula:
        return cell.formula
    value = reckoning.value(sheet, row, column)
    if value is None:
        return ""
    kind = (cell.number_format or {}).get("type")
    dates = kind in ("DATE", "TIME", "DATE_TIME") and options.get("dateTimeRenderOption") == "FORMATTED_STRING"
    if how == "FORMATTED_VALUE" or "errorValue" in value or (dates and "numberValue" in value):
        return numbers.shown(value, cell.number_format)
    return next(iter(value.values()))


def _value(value: Any, cell: Cell, option: str, today: date) -> Cell:
    if isinstance(value, (dict, list)):
        raise bad(f"Invalid values: list_value or struct_value cannot be written: {value!r}")
    if isinstance(value, bool):
        return cell.with_value({"boolValue": value})
    if isinstance(value, (int, float)):
        if not isfinite(value):
            raise bad(f"Invalid values: {value} is out of range")
        if option == "USER_ENTERED" and (cell.number_format or {}).get("type") == "TEXT":
            return cell.with_value({"stringValue": numbers.general(float(value))})
        return cell.with_value({"numberValue": value})
    if len(value) > LONGEST:
        raise bad(f"Your input contains more than the maximum of {LONGEST} characters in a single cell.")
    if option == "USER_ENTERED":
        entered, number_format = typed(value, cell.number_format, today)
        return cell.with_value(entered, number_format)
    return cell.with_value({"stringValue": value} if value else None)


def _lines(values: Sequence[Any], major: str | None, where: str) -> list[list[Any]]:
    for at, line in enumerate(values):
        if not isinstance(line, list):
            raise bad(f"Invalid value at '{where}values[{at}]' (type.googleapis.com/google.protobuf.ListValue), {line!r}")
    if major != "COLUMNS":
        return [list(line) for line in values]
    width = max((len(line) for line in values), default=0)
    return [[line[at] if at < len(line) else None for line in values] for at in range(width)]


def option(options: Json) -> str:
    """The valueInputOption, which must be said."""
    found = options.get("valueInputOption")
    if found not in ("RAW", "USER_ENTERED"):
        raise bad("'valueInputOption' is required but not specified")
    return str(found)


def write(edit: Edit, text: str, body: Json, options: Json, where: str = "") -> Json:
    """Values put into a range; null leaves a cell as it is, "" empties it. Answers an UpdateValuesResponse.

    Raises ApiError (400) where the range is not wholly in the grid or the values do not fit the range.
    """
    sheet, box = area(edit.state, text)
    lines = _lines(body.get("values") or [], body.get("majorDimension"), where)
    height, width = len(lines), max((len(line) for line in lines), default=0)
    if body.get("range") and area(edit.state, body["range"]) != (sheet, box):
        raise bad(f"Requested writing within range [{text}], but the range in the body is [{body['range']}]")
    top, left = box.top or 0, box.left or 0
    sheet.begins_within(box)
    if (box.bottom or 0) > len(sheet.rows) or (box.right or 0) > len(sheet.columns):
        raise sheet.beyond(box)
    limit = sheet.closed(Box(top, left) if box.one else box)
    quoted = "'" + sheet.title.replace("'", "''") + "'"  # always, in this sentence
    name = f"{quoted}!{a1.ends(box)}"
    if top + height > limit.bottom:
        if limit.bottom == len(sheet.rows):
            raise sheet.beyond(Box(top, left, top + height, left + max(width, 1)))
        raise bad(f"Requested writing within range [{name}], but tried writing to row [{limit.bottom + 1}]")
    if left + width > limit.right:
        if limit.right == len(sheet.columns):
            raise sheet.beyond(Box(top, left, top + height, left + width))
        raise bad(f"Requested writing within range [{name}], but tried writing to column [{a1.letters(limit.right)}]")
    written = Closed(top, left, top + height, left + width)
    touched = []
    if height and width:
        edit.may_write(sheet, written)
    for number, line in enumerate(lines, start=top):
        changes = {
            left + at: _value(value, sheet.cell(number, left + at), option(options), edit.today)
            for at, value in enumerate(line)
            if value is not None
        }
        sheet.put(number, changes)
        touched += [(number, column) for column in changes]
    told: Json = {"spreadsheetId": "", "updatedRange": a1.spelt(sheet.title, (written if height and width else limit).box())}
    if touched:
        told["updatedRows"] = len({row for row, _ in touched})
        told["updatedColumns"] = len({column for _, column in touched})
        told["updatedCells"] = len(touched)
    if options.get("includeValuesInResponse"):
        how = {
            "valueRenderOption": options.get("responseValueRenderOption"),
            "dateTimeRenderOption": options.get("responseDateTimeRenderOption"),
        }
        told["updatedData"] = value_range(
            edit.state, sheet, limit if not box.one else written, how, body.get("majorDimension") or "ROWS"
        )
    return told


def table(sheet: Sheet, box: Box) -> Closed | None:
    """The table around a range: the cells with values that hang together, None where there are none."""
    filled = {
        (row, column)
        for row, line in enumerate(sheet.rows)
        for column, cell in enumerate(line.cells)
        if cell.entered is not None
    }
    area = sheet.closed(box)
    seed = {place for place in filled if area.holds(*place)}
    if not seed:
        return None
    last = max(row for row, _ in seed)
    rest = [place for place in seed if place[0] == last]
    seen = set(rest)
    while rest:
        row, column = rest.pop()
        for near in ((row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)):
            if near in filled and near not in seen:
                seen.add(near)
                rest.append(near)
    rows, columns = [row for row, _ in seen], [column for _, column in seen]
    return Closed(min(rows), min(columns), max(rows) + 1, max(columns) + 1)


def append(edit: Edit, text: str, body: Json, options: Json) -> Json:
    """Values after the table found in a range; the grid grows where needed. Answers an AppendValuesResponse."""
    sheet, box = area(edit.state, text)
    sheet.begins_within(box)
    found = table(sheet, box)
    top, left = (found.bottom, found.left) if found else (box.top or 0, box.left or 0)
    lines = _lines(body.get("values") or [], body.get("majorDimension"), "")
    if options.get("insertDataOption") == "INSERT_ROWS" and top < len(sheet.rows):
        sheet.insert("ROWS", top, len(lines))
    more = top + len(lines) - len(sheet.rows)
    if more > 0:
        edit.state.room(more * len(sheet.columns), edit.where)
        sheet.rows += [Row()] * more
    width = max((len(line) for line in lines), default=1)
    place = a1.spelt(sheet.title, Box(top, left, top + max(len(lines), 1), left + max(width, 1)))
    if left + width > len(sheet.columns):
        raise sheet.beyond(Box(top, left, top + len(lines), left + width))
    updates = write(edit, place, {"values": lines}, options)
    told: Json = {"spreadsheetId": "", "updates": updates}
    return {**told, "tableRange": a1.spelt(sheet.title, found.box())} if found else told


def clear(edit: Edit, text: str) -> str:
    """The values of a range taken away, formats and notes left. Answers the range that was cleared."""
    sheet, box = readable(edit.state, text)
    edit.may_write(sheet, box)
    sheet.each(box, lambda cell: cell.with_value(None) if cell.entered is not None else cell)
    return a1.spelt(sheet.title, box.box())
