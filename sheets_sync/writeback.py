"""`journey.status.xlsx`: the workbook's tabs again, with the program's columns, coloured problem cells and notes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook as Book
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from journey.names import fold
from journey.texts import Text, text
from sheets_sync.marks import SHADES
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Snapshot, Tab
from sheets_sync.tabs import is_map, spec_of
from sheets_sync.written import Mark, Place, Value, WrittenTab, clean, for_the_program, written

_FILLS = {severity: PatternFill("solid", start_color=f"FF{shade[1:].upper()}") for severity, shade in SHADES.items()}
_PROGRAM = PatternFill("solid", start_color="FFE8F0FA")
_WRAPPED = Alignment(vertical="top", wrap_text=True)


def write(path: Path, snapshot: Snapshot, view: ProgramView) -> Text | None:
    """Writes the status workbook whole, by another name first. None when done, else why it could not be."""
    book = status_book(snapshot, view)
    try:
        handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                book.save(file)
                file.flush()
                os.fsync(file.fileno())
            Path(made).replace(path)
        except BaseException:
            Path(made).unlink(missing_ok=True)
            raise
    except OSError as error:
        return text("sync.cannot_write", path=str(path), why=error.strerror or type(error).__name__)
    return None


def status_book(snapshot: Snapshot, view: ProgramView) -> Any:
    """The status workbook, in the language of the workbook itself."""
    shown = written(snapshot, view)
    of_tab = {tab.title: tab for tab in shown.tabs}
    book = Book()
    book.remove(book.active)
    for tab in snapshot.tabs:
        if for_the_program(tab):
            continue  # Status and Log are made anew below
        sheet = _copied(book, tab)
        _program(sheet, tab, of_tab[tab.title], shown.as_of)
        _mark(sheet, tab, of_tab[tab.title].marks)
    _list(book.create_sheet(_title(book, text("sync.status").say(shown.lang))), shown.status, (26, 26, 90))
    log = book.create_sheet(_title(book, text("sync.log").say(shown.lang)))
    _list(log, shown.log, (28, 18, 18, 28, 60))
    log.freeze_panes = "A2"
    return book


def put(sheet: Any, row: int, column: int, value: Value) -> Any:
    """Writes a value as just that: text never becomes a formula, and what a cell cannot hold is left out.

    A place inside a merged range has no cell of its own; nothing is written there.
    """
    cell = sheet.cell(row=row, column=column)
    if isinstance(cell, MergedCell):
        return cell
    if value is None or isinstance(value, int):
        cell.value = value
        return cell
    cell.value = clean(value)
    cell.data_type = "s"
    cell.quotePrefix = value[:1] in tuple("=+-@\t\r")
    return cell


def _copied(book: Any, tab: Tab) -> Any:
    sheet = book.create_sheet(_title(book, tab.title))
    for (row, column), cell in tab.cells.items():
        put(sheet, row, column, cell.text).alignment = _WRAPPED
        if cell.note:
            _note(sheet.cell(row=row, column=column), cell.note)
    for area in tab.merged:
        if area.bottom <= max(tab.rows, 1) + 1_000:
            sheet.merge_cells(start_row=area.top, start_column=area.left, end_row=area.bottom, end_column=area.right)
    for column in range(1, tab.columns + 1):
        sheet.column_dimensions[get_column_letter(column)].width = min(tab.widths.get(column, 18), 80)
    if spec_of(tab) is not None:
        sheet.freeze_panes = "A2"
        for column in range(1, tab.columns + 1):
            sheet.cell(row=1, column=column).font = Font(bold=True)
    elif is_map(tab):
        sheet.freeze_panes = "B1"
    return sheet


def _program(sheet: Any, tab: Tab, written: WrittenTab, as_of: str) -> None:
    """The program's columns or rows of a tab, with labels where nobody drew them."""
    for (row, column), label in written.labels.items():
        put(sheet, row, column, label).font = Font(bold=True)
        if spec_of(tab) is not None:
            sheet.column_dimensions[get_column_letter(column)].width = 14
    for (row, column), value in written.cells.items():
        put(sheet, row, column, value).fill = _PROGRAM
    for row, column in written.as_of:
        _note(sheet.cell(row=row, column=column), as_of)


def _mark(sheet: Any, tab: Tab, marks: Mapping[Place, Mark]) -> None:
    for place, mark in marks.items():
        row, column = place
        cell = sheet.cell(row=row, column=column)
        cell.fill = _FILLS[mark.severity]
        own = tab.cells[place].note if place in tab.cells else ""
        _note(cell, "\n".join([*([own] if own else []), mark.said]))


def _note(cell: Any, said: str) -> None:
    if not isinstance(cell, MergedCell):
        cell.comment = Comment(clean(said), "tabiji", width=320, height=120)


def _list(sheet: Any, rows: Sequence[Sequence[Value]], widths: Sequence[int]) -> None:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            put(sheet, number, column, value).alignment = _WRAPPED
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def _title(book: Any, wanted: str) -> str:
    """A tab title that spreadsheet programs accept, none twice."""
    tidy = "".join("_" if c in "[]:*?/\\" else c for c in clean(wanted)).strip("'")[:31] or "_"
    taken = {fold(name) for name in book.sheetnames}
    number = 2
    title = tidy
    while fold(title) in taken:
        title, number = f"{tidy[:27]} {number}", number + 1
    return title
