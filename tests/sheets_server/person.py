"""A tab as a person works in it: typing, notes, colours, sorting, rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sheets_server import a1, colours, numbers
from sheets_server.cells import Cell
from sheets_server.edit import Edit
from sheets_server.errors import ApiError, Json
from sheets_server.grid import Closed, Sheet
from sheets_server.reckoning import Reckoning
from sheets_server.request_cells import sort_range
from sheets_server.request_dimensions import delete_dimension, insert_dimension, move_dimension
from sheets_server.request_shape import merge_cells
from sheets_server.state import State
from sheets_server.typing_in import typed

if TYPE_CHECKING:
    from sheets_server.book import Book


class Refused(ValueError):
    """What the spreadsheet does not let a person do: a value that a strict dropdown has not."""


class Tab:
    """A tab as a person sees it. Cells are named as on the screen (`F7`); rows count from 1; columns are letters or count from 1."""

    def __init__(self, book: Book, sheet_id: int) -> None:
        self.book = book
        self.id = sheet_id

    @property
    def sheet(self) -> Sheet:
        """The tab in the state at hand. Raises ApiError where it was deleted."""
        return self.book.state.sheet(self.id, "tab")

    @property
    def title(self) -> str:
        """Its title."""
        return self.sheet.title

    def _cell(self, cell: str) -> Cell:
        row, column = place(cell)
        sheet = self.sheet
        return sheet.cell(row, column) if row < len(sheet.rows) else Cell({})

    def value(self, cell: str) -> str:
        """What is seen in a cell; "" for an empty one."""
        row, column = place(cell)
        with self.book.lock:
            found = Reckoning(self.book.state).value(self.sheet, row, column)
            return "" if found is None else numbers.shown(found, self._cell(cell).number_format)

    def entered(self, cell: str) -> Json | None:
        """What is stored: Google's userEnteredValue; None for an empty cell."""
        return self._cell(cell).entered

    def note(self, cell: str) -> str:
        """The note on a cell; "" for none."""
        return str(self._cell(cell).data.get("note", ""))

    def colour(self, cell: str) -> str:
        """The background that was set, as #ffeecc; "" for none."""
        found: Any = (self._cell(cell).data.get("userEnteredFormat") or {}).get("backgroundColorStyle")
        return "" if found is None else colours.as_hex(found.get("rgbColor", {}))

    def number_format(self, cell: str) -> Json | None:
        """The number format that was set; None for automatic."""
        return self._cell(cell).number_format

    def validation(self, cell: str) -> Json | None:
        """The data validation rule on a cell; None for none."""
        found: Json | None = self._cell(cell).data.get("dataValidation")
        return found

    def choices(self, cell: str) -> list[str] | None:
        """What the dropdown of a cell offers; None where it has none."""
        with self.book.lock:
            return _choices(self.book.state, self.sheet, self.validation(cell))

    def grid(self) -> list[list[str]]:
        """What is seen, up to the last row and in each row up to the last column that show anything."""
        with self.book.lock:
            reckoning, sheet = Reckoning(self.book.state), self.sheet
            lines = []
            for number, row in enumerate(sheet.rows):
                values = [reckoning.value(sheet, number, column) for column in range(len(row.cells))]
                pairs = zip(values, row.cells, strict=True)
                line = ["" if value is None else numbers.shown(value, cell.number_format) for value, cell in pairs]
                while line and not line[-1]:
                    line.pop()
                lines.append(line)
            while lines and not lines[-1]:
                lines.pop()
            return lines

    def type(self, cell: str, text: str) -> None:
        """Types into a cell, as at a keyboard: dates, times, numbers and formulas are made of what looks like one. "" empties it.

        Raises Refused where a strict dropdown has no such value.
        """
        row, column = place(cell)
        with self.book.edit() as edit:
            sheet = self._grown(edit, row, column)
            edit.may_write(sheet, Closed(row, column, row + 1, column + 1))
            old = sheet.cell(row, column)
            rule = old.data.get("dataValidation")
            choices = _choices(edit.state, sheet, rule)
            if text and rule and rule.get("strict") and choices is not None and text not in choices:
                raise Refused(f"{self.title}!{cell}: {text} is none of {choices}")
            value, number_format = typed(text, old.number_format, edit.today)
            sheet.put(row, {column: old.with_value(value, number_format)})

    def type_rows(self, first: str, rows: list[list[str]]) -> None:
        """Pastes lines of text from a cell on, each as typed; "" leaves a cell as it is."""
        top, left = place(first)
        with self.book.edit() as edit:
            sheet = self._grown(edit, top + len(rows) - 1, left + max(map(len, rows), default=1) - 1)
            for number, line in enumerate(rows, start=top):
                old = {column: sheet.cell(number, column) for column in range(left, left + len(line))}
                made = {
                    column: typed(text, old[column].number_format, edit.today)
                    for column, text in enumerate(line, start=left)
                    if text
                }
                sheet.put(number, {column: old[column].with_value(*found) for column, found in made.items()})

    def put_note(self, cell: str, note: str) -> None:
        """Writes a note; "" takes it away."""
        self._set(cell, {"note": note}, "note")

    def put_colour(self, cell: str, colour: str) -> None:
        """Paints a cell (#ffeecc); "" takes its colour away."""
        style = {"backgroundColorStyle": {"rgbColor": colours.of_hex(colour)}} if colour else {}
        self._set(cell, {"userEnteredFormat": style}, "userEnteredFormat", "backgroundColorStyle")

    def format(self, cells: str, pattern: str) -> None:
        """Formats a range: `@` is text, "" automatic, else a number or date pattern."""
        kind = "TEXT" if pattern == "@" else "DATE" if "yy" in pattern else "TIME" if "h" in pattern else "NUMBER"
        new: Json = {"userEnteredFormat": {"numberFormat": {"type": kind, "pattern": pattern}}} if pattern else {}
        with self.book.edit() as edit:
            sheet = edit.state.sheet(self.id, "tab")
            box = a1.box(cells)
            assert box is not None, cells
            mask: Json = {"userEnteredFormat": {"numberFormat": {}}}
            sheet.each(sheet.closed(box), lambda cell: cell.updated(new, mask))

    def sort(self, column: str | int, first_row: int = 2, descending: bool = False) -> None:
        """Sorts the rows from `first_row` to the last by a column, with everything on them."""
        with self.book.edit() as edit:
            sheet = edit.state.sheet(self.id, "tab")
            last = sheet.last_row()
            if last < first_row:
                return
            area = Closed(first_row - 1, 0, last, len(sheet.columns)).grid_range(self.id)
            spec = {"dimensionIndex": _column(column), "sortOrder": "DESCENDING" if descending else "ASCENDING"}
            sort_range(edit, {"range": area, "sortSpecs": [spec]})

    def insert_row(self, at: int) -> None:
        """An empty row before row `at`."""
        self._insert("ROWS", at - 1)

    def delete_row(self, at: int) -> None:
        """Row `at` goes."""
        self._delete("ROWS", at - 1)

    def move_row(self, from_: int, to: int) -> None:
        """Row `from_` is dragged so that it becomes row `to`."""
        self._move("ROWS", from_ - 1, to - 1)

    def insert_column(self, at: str | int) -> None:
        """An empty column before `at`."""
        self._insert("COLUMNS", _column(at))

    def delete_column(self, at: str | int) -> None:
        """Column `at` goes."""
        self._delete("COLUMNS", _column(at))

    def move_column(self, from_: str | int, to: str | int) -> None:
        """Column `from_` is dragged so that it becomes column `to`."""
        self._move("COLUMNS", _column(from_), _column(to))

    def merge(self, cells: str) -> None:
        """Merges a range into one cell."""
        box = a1.box(cells)
        assert box is not None, cells
        with self.book.edit() as edit:
            sheet = edit.state.sheet(self.id, "tab")
            merge_cells(edit, {"range": sheet.closed(box).grid_range(self.id)})

    def _set(self, cell: str, new: Json, *path: str) -> None:
        row, column = place(cell)
        mask: Json = {}
        for name in reversed(path):
            mask = {name: mask}
        with self.book.edit() as edit:
            sheet = self._grown(edit, row, column)
            sheet.put(row, {column: sheet.cell(row, column).updated(new, mask)})

    def _grown(self, edit: Edit, row: int, column: int) -> Sheet:
        """The tab with at least that many rows and columns: a person adds some at the end where they are missing."""
        sheet = edit.state.sheet(self.id, "tab")
        for dimension, more in (("ROWS", row + 1 - len(sheet.rows)), ("COLUMNS", column + 1 - len(sheet.columns))):
            if more > 0:
                sheet.insert(dimension, len(sheet.rows) if dimension == "ROWS" else len(sheet.columns), more)
        return sheet

    def _insert(self, dimension: str, at: int) -> None:
        place = {"sheetId": self.id, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
        with self.book.edit() as edit:
            insert_dimension(edit, {"range": place, "inheritFromBefore": at > 0})

    def _delete(self, dimension: str, at: int) -> None:
        place = {"sheetId": self.id, "dimension": dimension, "startIndex": at, "endIndex": at + 1}
        with self.book.edit() as edit:
            delete_dimension(edit, {"range": place})

    def _move(self, dimension: str, start: int, to: int) -> None:
        place = {"sheetId": self.id, "dimension": dimension, "startIndex": start, "endIndex": start + 1}
        with self.book.edit() as edit:
            move_dimension(edit, {"source": place, "destinationIndex": to + 1 if to > start else to})


def place(cell: str) -> tuple[int, int]:
    """F7 → (6, 5)."""
    box = a1.box(cell)
    if box is None or box.top is None or box.left is None:
        raise ValueError(f"not a cell: {cell}")
    return box.top, box.left


def _column(at: str | int) -> int:
    return at - 1 if isinstance(at, int) else a1.number(at)


def _choices(state: State, sheet: Sheet, rule: Json | None) -> list[str] | None:
    condition: Any = (rule or {}).get("condition") or {}
    values = [str(value.get("userEnteredValue", "")) for value in condition.get("values") or ()]
    if condition.get("type") == "ONE_OF_LIST":
        return values
    if condition.get("type") != "ONE_OF_RANGE":
        return None
    reckoning = Reckoning(state)
    area = reckoning.area(values[0], sheet)
    if area is None:
        raise ApiError(400, f"no such range: {values[0]}")
    other, box = area
    found = []
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            value = reckoning.value(other, row, column)
            text = "" if value is None else numbers.shown(value, other.cell(row, column).number_format)
            if text and text not in found:
                found.append(text)
    return found
