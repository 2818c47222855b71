"""Writes one tab as a table: header with notes, filled rows, and spare rows ready to be typed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import NamedStyle
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from journey.texts import Lang
from sheets_sync.templates import layout, style
from sheets_sync.templates.columns import SPARE_COLUMNS, SPARE_ROWS, Dropdown

TEXT = "@"
_HEADER_POINTS = 10.5


@dataclass(frozen=True)
class Head:
    """A column as it is written: its key, label, width, the note on its header, and how it behaves."""

    key: str
    label: str
    width: float
    note: str = ""
    program: bool = False
    needed: bool = False
    dropdown: Dropdown | None = None


@dataclass(frozen=True)
class Choices:
    """What dropdowns show: `words` by name, `ranges` (absolute references) by `tab.column`, and the sentences around them."""

    words: Mapping[str, Sequence[str]]
    ranges: Mapping[str, str]
    prompts: Mapping[str, str]


def write_table(
    sheet: Worksheet,
    heads: Sequence[Head],
    rows: Sequence[Mapping[str, str]],
    choices: Choices,
    lang: Lang,
    *,
    freeze: str,
    pages: int = 1,
) -> None:
    """The whole tab from its header in row 1. Rows are mappings from column key to cell text; what they lack stays empty.

    It is printed `pages` pages wide; the frozen columns stand on each of them.
    """
    measure = layout.MEASURES[lang]
    for number, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = head.width
        write_header(sheet.cell(1, number), head, lang)
    for number in range(1, len(heads) + SPARE_COLUMNS + 1):
        sheet.column_dimensions[get_column_letter(number)].number_format = TEXT
    long = any("\n" in value.rstrip("\n") for row in rows for value in row.values())
    sheet.row_dimensions[1].height = measure.height([(h.label, h.width) for h in heads], _HEADER_POINTS) + 6
    for index in range(len(rows) + SPARE_ROWS):
        row = rows[index] if index < len(rows) else None
        _write_row(sheet, index + 2, heads, row, lang, top=long)
    for number, head in enumerate(heads, start=1):
        if head.dropdown is not None:
            letter = get_column_letter(number)
            add_dropdown(sheet, f"{letter}2:{letter}{len(rows) + SPARE_ROWS + 1}", head.dropdown, choices)
    sheet.freeze_panes = freeze
    print_setup(sheet, "1:1")
    if pages > 1:
        sheet.page_setup.fitToWidth = pages
        sheet.print_title_cols = f"A:{get_column_letter(sheet[freeze].column - 1)}"


def write_header(cell: Cell, head: Head, lang: Lang) -> None:
    """A header cell with its colour and its note."""
    colour = style.GREY if head.program else style.NAVY if head.needed else style.TEAL
    cell.value = head.label
    cell.font = style.font(lang, size=_HEADER_POINTS, bold=True, colour="FFFFFF")
    cell.fill = style.fill(colour)
    cell.alignment = style.CENTRED
    cell.border = style.BOXED
    cell.number_format = TEXT
    if head.note:
        cell.comment = note(head.note, lang)


def write_cell(cell: Cell, value: str, lang: Lang, *, program: bool = False, filled: bool = True, top: bool = False) -> None:
    """A cell that is typed in, as text; the program's own is grey. Spare cells have no lines, so that they are not printed.

    `top` is for tabs with long texts, which are read from the top of the cell.
    """
    cell.value = value or None
    cell.data_type = "s" if value else "n"  # a text that begins with `=` stays text
    cell.style = _look(cell, lang, boxed=filled, grey=filled and program, top=top)


def _look(cell: Cell, lang: Lang, *, boxed: bool, grey: bool, top: bool) -> str:
    """The name of the book's style of such cells: worked out once, for thousands of cells."""
    book = cell.parent.parent
    name = " ".join(["Tabiji", *(word for word, on in (("box", boxed), ("grey", grey), ("top", top)) if on)])
    if name not in book.named_styles:
        made = NamedStyle(name, style.font(lang), number_format=TEXT, alignment=style.TOP if top else style.MIDDLE)
        if boxed:
            made.border = style.BOXED
        if grey:
            made.fill = style.fill(style.PALE_GREY)
        book.add_named_style(made)
    return name


def add_dropdown(sheet: Worksheet, where: str, dropdown: Dropdown, choices: Choices) -> None:
    """A dropdown on a range of cells; none where the place that would feed it is not known."""
    if dropdown.lists and dropdown.source not in choices.ranges:
        return
    if dropdown.lists:
        formula = "=" + choices.ranges[dropdown.source]
    else:
        formula = '"' + ",".join(choices.words[dropdown.source]) + '"'
    rule = DataValidation(type="list", formula1=formula.removeprefix("="), allow_blank=True, showDropDown=False)
    rule.showErrorMessage = dropdown.rule != "open"
    rule.errorStyle = "stop" if dropdown.rule == "strict" else "warning"
    rule.error = choices.prompts[dropdown.rule]
    sheet.add_data_validation(rule)
    rule.add(where)


def note(text: str, lang: Lang) -> Comment:
    """A note that is large enough for its text."""
    return Comment(text, "Tabiji", width=300, height=int(layout.MEASURES[lang].lines(text, 44) * 20 + 24))


def print_setup(sheet: Worksheet, repeat: str = "") -> None:
    """All columns on the width of a landscape page, header rows on each."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.5
    sheet.oddFooter.center.text = "&A  &P / &N"
    if repeat:
        sheet.print_title_rows = repeat


def _write_row(
    sheet: Worksheet, number: int, heads: Sequence[Head], row: Mapping[str, str] | None, lang: Lang, *, top: bool
) -> None:
    for column, head in enumerate(heads, start=1):
        value = (row or {}).get(head.key, "").rstrip("\n")
        write_cell(sheet.cell(number, column), value, lang, program=head.program, filled=row is not None, top=top)
    if row is not None:
        texts = [(row.get(h.key, "").rstrip("\n"), h.width) for h in heads]
        sheet.row_dimensions[number].height = min(layout.MEASURES[lang].height(texts), layout.MAX_HEIGHT)
