"""Effective values: what cells come to, formulas worked out one after the other, circles told."""

from __future__ import annotations

from sheets_server import a1, formulas
from sheets_server.errors import ApiError, Json
from sheets_server.grid import Closed, Sheet
from sheets_server.state import State


class Reckoning:
    """The values of one state, each formula worked out once, when first asked for."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[tuple[int, int, int], Json | None] = {}

    def value(self, sheet: Sheet, row: int, column: int) -> Json | None:
        """The effective value at a place; None where it is empty or outside the grid."""
        if row >= len(sheet.rows):
            return None
        cell = sheet.cell(row, column)
        if not cell.formula:
            return cell.entered
        place = (sheet.id, row, column)
        if place not in self._known:
            self._known[place] = {"errorValue": {"type": "REF", "message": "Circular dependency detected."}}

            def look(title: str | None, at_row: int, at_column: int) -> Json | None:
                other = sheet if title is None else self._state.titled(title)
                if other is None or at_row >= len(other.rows) or at_column >= len(other.columns):
                    raise formulas.Wrong("REF", "Reference does not exist")
                return self.value(other, at_row, at_column)

            try:
                self._known[place] = formulas.effective(cell.formula, look)
            except RecursionError:
                self._known[place] = {"errorValue": {"type": "LOADING"}}
        return self._known[place]

    def area(self, said: str, own: Sheet | None) -> tuple[Sheet, Closed] | None:
        """The cells that `='タブ'!A2:A` means; None where it means none."""
        try:
            title, rest = a1.split(said.removeprefix("="))
        except ApiError:
            return None
        sheet = own if title is None else self._state.titled(title)
        box = a1.box(rest.replace("$", "")) if rest else a1.Box()
        if sheet is None or box is None:
            return None
        return sheet, sheet.closed(box)
