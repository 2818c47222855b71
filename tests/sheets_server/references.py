"""Formulas follow what they refer to: a row inserted above `=A5` makes it `=A6`, a renamed tab is renamed in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import overload

from sheets_server import a1
from sheets_server.cells import Cell
from sheets_server.errors import Json
from sheets_server.grid import Row, Sheet
from sheets_server.shifts import Move, Shift
from sheets_server.state import State

_TAB = r"(?:(?P<tab>'(?:[^']|'')+'|[^\s!-,/:-@^{|}~\[\]]+)!)?"
_REFERENCE = re.compile(
    rf"""(?P<text>"(?:[^"]|"")*")|(?<![\w$.!'])(?:{_TAB})
    (?:(?P<a>\$?[A-Za-z]{{1,3}})(?P<b>\$?[1-9]\d*)(?::(?P<c>\$?[A-Za-z]{{1,3}})(?P<d>\$?[1-9]\d*)?)?
    |(?P<e>\$?[A-Za-z]{{1,3}}):(?P<f>\$?[A-Za-z]{{1,3}})|(?P<g>\$?[1-9]\d*):(?P<h>\$?[1-9]\d*))(?![\w(!])""",
    re.VERBOSE | re.ASCII,
)


@overload
def follow(state: State, change: Shift | Move) -> None: ...
@overload
def follow(state: State, change: str, title: str) -> None: ...
def follow(state: State, change: Shift | Move | str, title: str = "") -> None:
    """Everything that refers to cells goes along with a shift or a move, or with a tab's new title (`change` is the old one)."""
    if not isinstance(change, str):
        state.shifted(change)
    target = change if isinstance(change, str) else next(sheet.title for sheet in state.sheets if sheet.id == change.sheet_id)

    def renewed(formula: str, own: str) -> str:
        def one(found: re.Match[str]) -> str:
            if found["text"] is not None:
                return found[0]
            said = found["tab"]
            tab = own if said is None else (said[1:-1].replace("''", "'") if said.startswith("'") else said)
            if tab.casefold() != target.casefold():
                return found[0]
            if isinstance(change, str):
                return found[0] if said is None else f"{a1.quoted(title)}!{found[0][len(said) + 1 :]}"
            before = "" if said is None else said + "!"
            shifted = _shifted(found, change)
            return before + shifted if shifted else "#REF!"

        return _REFERENCE.sub(one, formula)

    for sheet in state.sheets:
        sheet.each_row(lambda row, sheet=sheet: _row(row, sheet, renewed) if row.refers else row)  # type: ignore[misc]


def _row(row: Row, sheet: Sheet, renewed: Callable[[str, str], str]) -> Row:
    changes: dict[int, Cell] = {}
    for column, cell in enumerate(row.cells):
        data = dict(cell.data)
        if cell.formula and (new := renewed(cell.formula, sheet.title)) != cell.formula:
            data["userEnteredValue"] = {"formulaValue": new}
        rule = data.get("dataValidation")
        if rule is not None:
            values: list[Json] = (rule.get("condition") or {}).get("values") or []
            said = [
                {**value, "userEnteredValue": renewed(value["userEnteredValue"], sheet.title)}
                if str(value.get("userEnteredValue", "")).startswith("=")
                else value
                for value in values
            ]
            if said != values:
                data["dataValidation"] = {**rule, "condition": {**rule["condition"], "values": said}}
        if data != cell.data:
            changes[column] = Cell(data)
    return row.with_cells(changes) if changes else row


def _shifted(found: re.Match[str], change: Shift | Move) -> str:
    rows = change.dimension == "ROWS"
    one, two = (found["b"], found["d"]) if rows else (found["a"], found["c"])
    if found["e"] is not None:
        one, two = (None, None) if rows else (found["e"], found["f"])
    if found["g"] is not None:
        one, two = (found["g"], found["h"]) if rows else (None, None)
    if one is None:
        return found[0].rpartition("!")[2]
    start = _index(one, rows)
    end = start if two is None else _index(two, rows)
    first, last = ("startRowIndex", "endRowIndex") if rows else ("startColumnIndex", "endColumnIndex")
    area = {"sheetId": change.sheet_id, first: start, last: end + 1}
    if two is None and found["c"] is not None and rows:  # A2:A, open at its end
        area = {"sheetId": change.sheet_id, first: start}
    after = change.grid_range(area)
    if after is None:
        return ""
    new_one, new_two = _spelt(one, after[first], rows), "" if two is None else _spelt(two, after[last] - 1, rows)
    if found["e"] is not None or found["g"] is not None:
        return f"{new_one}:{new_two}"
    if rows:
        tail = f":{found['c']}{new_two}" if found["c"] is not None else ""
        return f"{found['a']}{new_one}{tail}"
    tail = f":{new_two}{found['d'] or ''}" if found["c"] is not None else ""
    return f"{new_one}{found['b']}{tail}"


def _index(text: str, rows: bool) -> int:
    plain = text.removeprefix("$")
    return int(plain) - 1 if rows else a1.number(plain)


def _spelt(before: str, index: int, rows: bool) -> str:
    return ("$" if before.startswith("$") else "") + (str(index + 1) if rows else a1.letters(index))
