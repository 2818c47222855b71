"""Builds a ready-made workbook from a template's words: `tabiji init` calls this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.worksheet.worksheet import Worksheet

from journey.errors import InputError, OutsideError
from journey.texts import Lang, text
from sheets_sync import tabs
from sheets_sync.templates import layout, maps, style
from sheets_sync.templates.columns import GIVEN_WIDTH, LAYOUTS, SETTING_DROPDOWNS, SPARE_ROWS
from sheets_sync.templates.content import SETTINGS_KEYS, Words, load_words
from sheets_sync.templates.guide import write_guide
from sheets_sync.templates.tables import Choices, Head, add_dropdown, print_setup, write_table

_NEEDED = {
    "messages": ("id", "body"),
    "campaigns": ("id", "active", "trigger", "message"),
    "segments": ("name", "condition"),
    "fields": ("field",),
    "settings": ("key",),
    "holidays": ("date",),
    "tests": ("example",),
}
"""The columns without which a row does nothing: navy. All others have a default."""

_PAGES = {"campaigns": 2}
_FREEZE = {"messages": "B2", "campaigns": "C2", "tests": "B2"}


def build_workbook(template: str, lang: Lang, path: Path, settings: Mapping[str, str] | None = None) -> None:
    """Writes the workbook of `template` in `lang` to `path`, a new `.xlsx` file; `settings` are values for its Settings, by key.

    Raises InputError for a template that is unknown or not built yet and for a path that is already there, OutsideError where the
    file cannot be written.
    """
    words = load_words(template, lang)
    for key, value in (settings or {}).items():
        label, _, default, notes = words.shared["settings"][key]
        words.shared["settings"][key] = [label, value, default, notes]
    if path.exists():
        raise InputError(text("template.exists", path=path))
    book = make_workbook(words, lang)
    try:
        book.save(path)
    except OSError as error:
        raise OutsideError(text("template.cannot_write", path=path, why=error.strerror or error)) from error


def make_workbook(words: Words, lang: Lang, lists: Mapping[str, str] | None = None) -> Workbook:
    """The workbook in memory, its tabs in the order of sheet.md.

    `lists` are the places that feed dropdowns, as `dropdown_lists` gives them; without it, those of this workbook. A dropdown
    whose place is not among them is left out.
    """
    book = Workbook()
    book.remove(book.active)
    specs = {spec.key: spec for spec in (*tabs.TABLES, *tabs.NEVER_READ)}
    titles = tab_titles(words, lang)
    if lists is None:
        lists = dropdown_lists(titles, len(words.messages) + SPARE_ROWS + 1)
    choices = Choices(words.shared["choices"], lists, words.shared["prompts"])

    guide = _sheet(book, titles["guide"], style.AMBER)
    write_guide(guide, words.guide, _guide_tables(specs, words, lang), lang)
    chart = _sheet(book, titles["journey"], style.NAVY)
    maps.write_map(chart, words.shared["journey"], words.journey, words.shared["notes"]["program"], lang)
    for key in ("messages", "campaigns", "segments", "fields", "settings", "holidays", "tests"):
        sheet = _sheet(book, titles[key], style.NAVY if key in ("messages", "campaigns") else style.TEAL)
        heads = _heads(specs[key], words, lang)
        write_table(sheet, heads, _rows(key, words), choices, lang, freeze=_FREEZE.get(key, "A2"), pages=_PAGES.get(key, 1))
        if key == "campaigns":
            _colour_campaigns(sheet, heads, choices, lang)
        if key == "settings":
            _setting_dropdowns(sheet, choices)
    for key in ("status", "log"):
        _for_the_program(_sheet(book, titles[key], style.GREY), words.shared["notes"][key], lang)
    book.properties.creator = "Tabiji"
    book.properties.title = words.journey["name"]
    return book


def tab_titles(words: Words, lang: Lang) -> dict[str, str]:
    """The title of each tab by its key (`journey` for the map), in the order of the workbook."""
    named = {spec.key: spec.ja if lang == "ja" else spec.en for spec in (*tabs.TABLES, *tabs.NEVER_READ)}
    journey = f"{'ジャーニー' if lang == 'ja' else 'Journey'} {words.journey['name']}"
    return {"guide": named.pop("guide"), "journey": journey, **named}


def dropdown_lists(titles: Mapping[str, str], last: int) -> dict[str, str]:
    """Where dropdowns find the names of other tabs, as absolute references; `last` is the last row that is ready for a message."""
    messages = titles["messages"].replace("'", "''")
    return {**maps.ranges(titles["journey"]), "messages.id": f"'{messages}'!$A$2:$A${last}"}


def _sheet(book: Workbook, title: str, colour: str) -> Worksheet:
    sheet = book.create_sheet(title)
    sheet.sheet_properties.tabColor = colour
    sheet.sheet_view.zoomScale = 100
    return sheet


def _heads(spec: tabs.TabSpec, words: Words, lang: Lang) -> list[Head]:
    notes: Mapping[str, str] = words.shared["columns"][spec.key]
    layouts, needed, program = LAYOUTS[spec.key], _NEEDED[spec.key], words.shared["notes"]["program"]
    heads: list[Head] = []
    for column in spec.columns:
        placed = layouts[column.key]
        said = f"{notes[column.key]}\n{program}" if column.program else notes[column.key]
        is_needed = column.key in needed
        label = column.said(lang == "ja")
        heads.append(Head(column.key, label, placed.width, said, column.program or placed.idle, is_needed, placed.dropdown))
    if spec.key == "settings":
        for key in ("default", "notes"):
            heads.append(Head(key, words.shared["labels"][key], layouts[key].width, notes[key], program=True))
    if spec.key == "tests":
        given = [Head(f"given{i}", name, GIVEN_WIDTH, notes["given"]) for i, name in enumerate(words.given)]
        heads[1:1] = given
    return heads


def _guide_tables(specs: Mapping[str, tabs.TabSpec], words: Words, lang: Lang) -> dict[str, list[list[str]]]:
    """What the guide says of the settings and of each tab's columns: the same words as on the tabs themselves."""
    tables = {key: _column_rows(specs[key], words, lang) for key in ("messages", "campaigns", "segments", "fields", "tests")}
    tables["settings"] = [_setting_row(key, words.shared["settings"][key]) for key in SETTINGS_KEYS]
    return tables


def _column_rows(spec: tabs.TabSpec, words: Words, lang: Lang) -> list[list[str]]:
    rows = []
    for column in spec.columns:
        use = "program" if column.program else "idle" if LAYOUTS[spec.key][column.key].idle else "optional"
        said = words.shared["labels"]["needed" if column.key in _NEEDED[spec.key] else use]
        rows.append([column.said(lang == "ja"), words.shared["columns"][spec.key][column.key], said])
    if spec.key == "tests":
        labels = words.shared["labels"]
        rows.insert(1, [labels["given"], words.shared["columns"]["tests"]["given"], labels["optional"]])
    return rows


def _setting_row(key: str, setting: Sequence[str]) -> list[str]:
    label, _, default, meaning = setting
    return [label if label == key else f"{label}\n{key}", meaning, default]


def _rows(key: str, words: Words) -> Sequence[Mapping[str, str]]:
    if key == "messages":
        return words.messages
    if key == "campaigns":
        return [{"journey": words.journey["name"], **row} for row in words.campaigns]
    if key == "segments":
        return words.segments
    if key == "fields":
        return words.fields
    if key == "holidays":
        return words.holidays
    if key == "tests":
        return [_example(row, words.shared["labels"]["comma"]) for row in words.tests]
    settings: Mapping[str, Sequence[str]] = words.shared["settings"]
    return [dict(zip(("key", "value", "default", "notes"), settings[name], strict=True)) for name in SETTINGS_KEYS]


def _example(row: Mapping[str, Any], comma: str) -> dict[str, str]:
    given = {f"given{i}": value for i, value in enumerate(row["values"])}
    return {"example": row["name"], **given, "stage": row["stage"], "campaigns": comma.join(row["campaigns"])}


def _colour_campaigns(sheet: Worksheet, heads: Sequence[Head], choices: Choices, lang: Lang) -> None:
    """A stopped campaign is grey, a transactional one red: it passes by the protections of customers.

    State and Approval: green goes out, yellow waits for somebody, red stands still until somebody acts, grey is over.
    """
    keys = [head.key for head in heads]
    active, kind = (sheet.cell(2, keys.index(key) + 1).column_letter for key in ("active", "kind"))
    for column, colours in style.STATES.items():
        letter = sheet.cell(2, keys.index(column) + 1).column_letter
        for state, (back, front) in colours.items():
            word = text(f"sync.{column}_{state}").say(lang)
            rule = FormulaRule(formula=[f'${letter}2="{word}"'], fill=style.fill(back), font=style.rule_font(front))
            sheet.conditional_formatting.add(f"{letter}2:{letter}{sheet.max_row}", rule)
    row = f"A2:{sheet.cell(2, keys.index('owner') + 1).column_letter}{sheet.max_row}"
    passes = f'${kind}2="{choices.words["kind"][1]}"'
    back, front = style.ALERT
    # Only one cell gets a ground: on the others it would cover the colour by which a problem is marked.
    sheet.conditional_formatting.add(
        f"{kind}2:{kind}{sheet.max_row}", FormulaRule(formula=[passes], fill=style.fill(back), font=style.rule_font(front))
    )
    sheet.conditional_formatting.add(row, FormulaRule(formula=[passes], font=style.rule_font(front)))
    sheet.conditional_formatting.add(
        row, FormulaRule(formula=[f'${active}2="{choices.words["active"][1]}"'], font=style.rule_font(style.DIM))
    )


def _setting_dropdowns(sheet: Worksheet, choices: Choices) -> None:
    for key, dropdown in SETTING_DROPDOWNS.items():
        add_dropdown(sheet, f"B{SETTINGS_KEYS.index(key) + 2}", dropdown, choices)


def _for_the_program(sheet: Worksheet, said: str, lang: Lang) -> None:
    sheet.column_dimensions["A"].width = 100
    cell = sheet.cell(1, 1, said)
    cell.font = style.font(lang, colour=style.DIM)
    cell.fill = style.fill(style.PALE_GREY)
    cell.alignment = style.MIDDLE
    sheet.row_dimensions[1].height = layout.MEASURES[lang].height([(said, 100)]) + 10
    sheet.freeze_panes = "A2"
    print_setup(sheet)
