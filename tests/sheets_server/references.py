"""Formulas follow what they refer to: a row inserted above `=A5` makes it `=A6`, a renamed tab is renamed in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import overload

from sheets_server import a1
from sheets_server.cells import Cell
from sheets_server.errors import Json
from sheets_server.grid import Row, Sheet
from sheets_server.shifts import ENDS, Move, Shift
from sheets_server.state import State

_TAB = r"(?:(?P<tab>'(?:[^']|'')+'|[^\s!-,/:-@^{|}~\[\]]+)!)?"
_REFERENCE = re.compile(
    rf"""(?P<text>"(?:[^"]|"")*")|(?<![\w$.!'])(?:{_TAB})
    (?:(?P<left>\$?[A-Za-z]{{1,3}})(?P<top>\$?[1-9]\d*)(?::(?P<right>\$?[A-Za-z]{{1,3}})(?P<bottom>\$?[1-9]\d*)?)?
    |(?P<column>\$?[A-Za-z]{{1,3}}):(?P<to_column>\$?[A-Za-z]{{1,3}})|(?P<row>\$?[1-9]\d*):(?P<to_row>\$?[1-9]\d*))(?![\w(!])""",
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
        sheet.conditional = [_coloured(rule, sheet, renewed) for rule in sheet.conditional]


Renewed = Callable[[str, str], str]
"""(formula, title of the tab that it stands in) → the formula afterwards."""


def _row(row: Row, sheet: Sheet, renewed: Renewed) -> Row:
    changes: dict[int, Cell] = {}
    for column, cell in enumerate(row.cells):
        data = dict(cell.data)
        if cell.formula:
            data["userEnteredValue"] = {"formulaValue": renewed(cell.formula, sheet.title)}
        if "dataValidation" in data:
            data["dataValidation"] = _ruled(data["dataValidation"], sheet, renewed)
        if data != cell.data:
            changes[column] = Cell(data)
    return row.with_cells(changes) if changes else row


def _coloured(rule: Json, sheet: Sheet, renewed: Renewed) -> Json:
    return {**rule, "booleanRule": _ruled(rule["booleanRule"], sheet, renewed)} if "booleanRule" in rule else rule


def _ruled(rule: Json, sheet: Sheet, renewed: Renewed) -> Json:
    """A rule with a condition, whose values may be formulas."""
    condition: Json = rule.get("condition") or {}
    values = [
        {**value, "userEnteredValue": renewed(value["userEnteredValue"], sheet.title)}
        if str(value.get("userEnteredValue", "")).startswith("=")
        else value
        for value in condition.get("values") or ()
    ]
    return {**rule, "condition": {**condition, "values": values}} if values else rule


def _shifted(found: re.Match[str], change: Shift | Move) -> str:
    """The reference without its tab, afterwards; "" where nothing is left of it."""
    rows = change.dimension == "ROWS"
    whole = found["row"] if rows else found["column"]
    if whole is not None:
        one, two = whole, found["to_row"] if rows else found["to_column"]
    else:
        one, two = (found["top"], found["bottom"]) if rows else (found["left"], found["right"])
    if one is None:  # whole columns where rows shift, or the other way round
        return found[0].rpartition("!")[2]
    first, last = ENDS[change.dimension]
    area = {"sheetId": change.sheet_id, first: _index(one, rows)}
    if two is not None or found["right"] is None:  # A2:A is open downwards
        area[last] = _index(two or one, rows) + 1
    after = change.grid_range(area)
    if after is None:
        return ""
    new_one, new_two = _spelt(one, after[first], rows), "" if two is None else _spelt(two, after[last] - 1, rows)
    if whole is not None:
        return f"{new_one}:{new_two}"
    if rows:
        return f"{found['left']}{new_one}" + (f":{found['right']}{new_two}" if found["right"] else "")
    return f"{new_one}{found['top']}" + (f":{new_two}{found['bottom'] or ''}" if found["right"] else "")


def _index(text: str, rows: bool) -> int:
    plain = text.removeprefix("$")
    return int(plain) - 1 if rows else a1.number(plain)


def _spelt(before: str, index: int, rows: bool) -> str:
    return ("$" if before.startswith("$") else "") + (str(index + 1) if rows else a1.letters(index))
