"""Writes a journey map as people draw it: stages across, aspects down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from journey.texts import Lang
from sheets_sync.templates import layout, style
from sheets_sync.templates.columns import JOURNEY_LABEL_WIDTH, JOURNEY_STAGE_WIDTH, STAGE_COLUMNS
from sheets_sync.templates.tables import TEXT, note, print_setup, write_cell

ABOUT = ("name", "id", "persona", "audience", "priority")
"""Rows about the map as a whole, in column B."""

PER_STAGE = ("stage", "stage_id", "condition", "goal", "challenge", "thinking", "actions", "information", "key_factor")
PROGRAM = ("customers", "campaigns")
STAGE_ROW = len(ABOUT) + 1
_IDENTITY = ("name", "id", "stage", "stage_id", "condition")


def write_map(
    sheet: Worksheet, labels: Mapping[str, Sequence[str]], words: Mapping[str, Any], program: str, lang: Lang
) -> None:
    """The map. `labels` gives each row's label and note; `words` holds the map's own text; `program` is the note on the grey rows."""
    stages: Sequence[Mapping[str, str]] = words["stage"]
    last = len(stages) + 1
    sheet.column_dimensions["A"].width = JOURNEY_LABEL_WIDTH
    for column in range(2, STAGE_COLUMNS + 2):
        sheet.column_dimensions[get_column_letter(column)].width = JOURNEY_STAGE_WIDTH
    for number, key in enumerate((*ABOUT, *PER_STAGE, *PROGRAM), start=1):
        values = [str(words[key])] if key in ABOUT else [s.get("name" if key == "stage" else _key(key), "") for s in stages]
        label = labels[key]
        _label(sheet, number, key, label[0], label[1] or program, lang)
        for column in range(2, STAGE_COLUMNS + 2):
            value = values[column - 2] if column - 2 < len(values) else ""
            inside = column <= (2 if key in ABOUT else last)
            write_cell(sheet.cell(number, column), value, lang, program=key in PROGRAM, filled=inside)
        if key == "stage":
            _stage_heads(sheet, number, last, lang)
        texts = [(label[0], JOURNEY_LABEL_WIDTH), *((v, JOURNEY_STAGE_WIDTH) for v in values)]
        scale = 11.0 if key == "stage" else 10.0
        sheet.row_dimensions[number].height = layout.MEASURES[lang].height(texts, scale) + 3
    sheet.freeze_panes = sheet.cell(STAGE_ROW + 1, 2)
    print_setup(sheet, f"{STAGE_ROW}:{STAGE_ROW}")


def ranges(title: str) -> Mapping[str, str]:
    """Where dropdowns find the map's name and its stages, as absolute references."""
    quoted = "'" + title.replace("'", "''") + "'"
    end = get_column_letter(STAGE_COLUMNS + 1)
    return {"journey.name": f"{quoted}!$B$1", "journey.stage": f"{quoted}!$B${STAGE_ROW}:${end}${STAGE_ROW}"}


def _key(key: str) -> str:
    return "id" if key == "stage_id" else key


def _label(sheet: Worksheet, number: int, key: str, label: str, said: str, lang: Lang) -> None:
    cell = sheet.cell(number, 1, label)
    colour = style.GREY if key in PROGRAM else style.NAVY if key in _IDENTITY else style.TEAL
    cell.font = style.font(lang, bold=True, colour="FFFFFF")
    cell.fill = style.fill(colour)
    cell.alignment = style.MIDDLE
    cell.border = style.BOXED
    cell.number_format = TEXT
    cell.comment = note(said, lang)


def _stage_heads(sheet: Worksheet, number: int, last: int, lang: Lang) -> None:
    for column in range(2, last + 1):
        cell = sheet.cell(number, column)
        cell.font = style.font(lang, size=11, bold=True, colour=style.NAVY)
        cell.fill = style.fill(style.PALE_NAVY)
        cell.alignment = style.CENTRED
