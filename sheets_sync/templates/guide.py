"""Writes the Guide tab: for people who have never seen the tool. Nothing in it is ever read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from journey.texts import Lang
from sheets_sync.templates import layout, style
from sheets_sync.templates.tables import TEXT, print_setup

WIDTHS = (3.0, 38.0, 60.0, 52.0)
"""A margin, then three columns."""

_SWATCHES = {"navy": style.NAVY, "teal": style.TEAL, "grey": style.GREY, "amber": style.AMBER, "red": style.RED}


def write_guide(
    sheet: Worksheet, sections: Sequence[Mapping[str, Any]], tables: Mapping[str, Sequence[Sequence[str]]], lang: Lang
) -> None:
    """All sections, one below the other.

    A section has a `title`, perhaps a `text` below it, perhaps `head` and `rows` of up to three cells. `table = NAME` takes its
    rows from `tables`, which say what the other tabs say too; `page = true` begins a new page in print. With `swatches = true`
    a row begins with the name of a colour, which its first cell then shows.
    """
    for letter, width in zip("ABCD", WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    number = 1
    for index, section in enumerate(sections):
        if section.get("page"):
            sheet.row_breaks.append(Break(id=number - 1))
        number = _title(sheet, number, section["title"], lang, top=index == 0)
        if "text" in section:
            number = _paragraph(sheet, number, section["text"].strip(), lang)
        rows = tables[section["table"]] if "table" in section else section.get("rows", ())
        if "head" in section:
            number = _row(sheet, number, section["head"], lang, head=True)
        for row in rows:
            swatch = _SWATCHES[row[0]] if section.get("swatches") else ""
            number = _row(sheet, number, row[1:] if swatch else row, lang, swatch=swatch)
        number += 1
    sheet.sheet_view.showGridLines = False
    sheet.freeze_panes = "A2"
    print_setup(sheet)
    sheet.page_setup.orientation = "portrait"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4


def _title(sheet: Worksheet, number: int, title: str, lang: Lang, *, top: bool) -> int:
    points = 18.0 if top else 12.5
    for column in range(1 if top else 2, 5):
        sheet.cell(number, column).fill = style.fill(style.NAVY if top else style.PALE_NAVY)
    cell = sheet.cell(number, 2, title)
    cell.font = style.font(lang, size=points, bold=True, colour="FFFFFF" if top else style.NAVY)
    cell.alignment = style.ONE_LINE  # runs over the empty cells beside it
    sheet.row_dimensions[number].height = 40.0 if top else 26.0
    return number + 1


def _paragraph(sheet: Worksheet, number: int, said: str, lang: Lang) -> int:
    sheet.merge_cells(start_row=number, end_row=number, start_column=2, end_column=4)
    cell = sheet.cell(number, 2, said)
    cell.font = style.font(lang)
    cell.alignment = style.TOP
    sheet.row_dimensions[number].height = layout.MEASURES[lang].height([(said, sum(WIDTHS[1:]))]) + 4
    return number + 1


def _row(sheet: Worksheet, number: int, row: Sequence[str], lang: Lang, *, head: bool = False, swatch: str = "") -> int:
    for column in range(2, 5):
        cell = sheet.cell(number, column)
        cell.value = row[column - 2] if column - 2 < len(row) else None
        cell.number_format = TEXT
        cell.data_type = "s" if cell.value else "n"
        first = column == 2
        cell.font = style.font(lang, bold=head or first, colour="FFFFFF" if swatch and first else "22272E")
        if head or (swatch and first):
            cell.fill = style.fill(swatch or style.PALE_GREY)
        cell.alignment = style.MIDDLE
        cell.border = style.BOXED
    sheet.row_dimensions[number].height = layout.MEASURES[lang].height(list(zip(row, WIDTHS[1:], strict=False))) + 2
    return number + 1
