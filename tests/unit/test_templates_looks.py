"""How the ready-made workbooks look: what a person who opens one can rely on, read from the built file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from journey.fields import STANDARD
from journey.texts import LANGS, Lang
from sheets_sync import tabs
from sheets_sync.check import CheckContext, read_workbook
from sheets_sync.snapshot import Snapshot
from sheets_sync.templates import layout, style
from sheets_sync.templates.columns import SETTING_DROPDOWNS, SPARE_ROWS
from sheets_sync.templates.content import SETTINGS_KEYS, load_words
from sheets_sync.xlsx import XlsxSource

ENUMERATED = {
    "messages": {"channel", "language", "variant"},
    "campaigns": {
        "active", "journey", "stage", "trigger", "message", "channels", "kind", "window", "goal", "goal_window", "include_existing",
        "reentry",
    },
    "fields": {"type", "personal"},
    "tests": {"stage"},
}  # fmt: skip
STRICT = {("campaigns", "active"), ("campaigns", "kind"), ("campaigns", "include_existing"), ("fields", "type")}
TITLES = {
    "ja": [
        "使い方",
        "ジャーニー EC 通常",
        "メッセージ",
        "施策",
        "セグメント",
        "項目",
        "設定",
        "休日",
        "テスト",
        "状況",
        "履歴",
    ],
    "en": [
        "Guide",
        "Journey EC",
        "Messages",
        "Campaigns",
        "Segments",
        "Fields",
        "Settings",
        "Holidays",
        "Tests",
        "Status",
        "Log",
    ],
}


@pytest.fixture(scope="module")
def books(ready_made: Mapping[Lang, Path]) -> dict[Lang, Workbook]:
    return {lang: load_workbook(path) for lang, path in ready_made.items()}


def _tables(book: Workbook, lang: Lang) -> Iterator[tuple[tabs.TabSpec, Worksheet]]:
    for spec in tabs.TABLES:
        yield spec, book[spec.ja if lang == "ja" else spec.en]


def _map(book: Workbook) -> Worksheet:
    return book.worksheets[1]


def _filled(sheet: Worksheet) -> Iterator[Cell]:
    for row in sheet.iter_rows():
        yield from (cell for cell in row if cell.value is not None)


@pytest.mark.parametrize("lang", LANGS)
def test_tabs_are_in_order_and_hold_no_feature_to_come(books: dict[Lang, Workbook], lang: Lang) -> None:
    assert books[lang].sheetnames == TITLES[lang]
    assert all(sheet.sheet_properties.tabColor is not None for sheet in books[lang].worksheets)


@pytest.mark.parametrize("lang", LANGS)
def test_headers_are_those_of_the_contract_frozen_and_explained(books: dict[Lang, Workbook], lang: Lang) -> None:
    for spec, sheet in _tables(books[lang], lang):
        heads = [cell.value for cell in sheet[1]]
        wanted = [column.said(lang == "ja") for column in spec.columns]
        assert [head for head in heads if head in wanted] == wanted, spec.key
        assert sheet.freeze_panes is not None and sheet[sheet.freeze_panes].row == 2
        assert all(cell.comment and len(cell.comment.text) > 5 for cell in sheet[1]), spec.key
    chart = _map(books[lang])
    assert chart.freeze_panes == "B7"
    assert chart["B6"].value
    assert all(chart.cell(row, 1).comment for row in range(1, chart.max_row + 1))


@pytest.mark.parametrize("lang", LANGS)
def test_every_enumerated_column_has_a_dropdown_with_spare_rows(books: dict[Lang, Workbook], lang: Lang) -> None:
    for spec, sheet in _tables(books[lang], lang):
        by_letter = {str(rule.sqref).split(":")[0].rstrip("0123456789"): rule for rule in sheet.data_validations.dataValidation}
        for key in ENUMERATED.get(spec.key, ()):
            head = spec.column(key).said(lang == "ja")
            letter = next(cell.column_letter for cell in sheet[1] if cell.value == head)
            rule = by_letter[letter]
            last = int(str(rule.sqref).split(letter)[-1])
            assert rule.type == "list" and not rule.showDropDown, (spec.key, key)
            assert last >= _last(sheet) + 100
            assert (rule.showErrorMessage and rule.errorStyle in (None, "stop")) == (
                (spec.key, key) in STRICT | {("fields", "personal")}
            )
            values = _choices(books[lang], rule.formula1)
            used = {cell.value for cell in sheet[letter][1:] if cell.value}
            if key not in {"trigger", "window", "goal", "goal_window", "channels", "reentry"}:
                assert used <= values, (spec.key, key, used - values)
            assert len(rule.formula1) <= 255
    settings = books[lang].worksheets[6]
    assert {str(rule.sqref) for rule in settings.data_validations.dataValidation} == {
        f"B{SETTINGS_KEYS.index(key) + 2}" for key in SETTING_DROPDOWNS
    }


def _choices(book: Workbook, formula: str) -> set[str]:
    if formula.startswith('"'):
        return set(formula.strip('"').split(","))
    title, area = formula.replace("$", "").rsplit("!", 1)
    found = book[title.strip("'")][area]
    rows = found if isinstance(found, tuple) else ((found,),)
    return {cell.value for row in rows for cell in row if cell.value}


def _last(sheet: Worksheet) -> int:
    return int(max(cell.row for cell in _filled(sheet)))


@pytest.mark.parametrize("lang", LANGS)
def test_all_that_is_typed_in_is_text_in_spare_rows_too(books: dict[Lang, Workbook], lang: Lang) -> None:
    for spec, sheet in _tables(books[lang], lang):
        width = len([cell for cell in sheet[1] if cell.value])
        whole = {n for d in sheet.column_dimensions.values() if d.number_format == "@" for n in range(d.min, d.max + 1)}
        assert set(range(1, width + 10)) <= whole, spec.key  # columns that a team adds, too
        for row in sheet.iter_rows(min_row=1, max_row=_last(sheet) + SPARE_ROWS, max_col=width):
            for cell in row:
                assert cell.number_format == "@", (spec.key, cell.coordinate)
                assert cell.value is None or isinstance(cell.value, str)
                assert cell.alignment.wrap_text
    chart = _map(books[lang])
    for row in chart.iter_rows(min_col=2, max_col=12):
        assert all(cell.number_format == "@" for cell in row)
    assert all(cell.data_type != "f" for sheet in books[lang].worksheets for cell in _filled(sheet))


@pytest.mark.parametrize("lang", LANGS)
def test_rows_of_a_tab_are_aligned_alike(books: dict[Lang, Workbook], lang: Lang) -> None:
    for _, sheet in _tables(books[lang], lang):
        assert len({cell.alignment.vertical for row in sheet.iter_rows(min_row=2) for cell in row}) == 1, sheet.title


def test_the_colours_of_the_headers_are_true(ready_made: Mapping[Lang, Path], books: dict[Lang, Workbook]) -> None:
    """A row whose navy cell is empty does nothing or is a problem; an empty cell of any other column is fine."""
    lang: Lang = "ja"
    snapshot = XlsxSource(ready_made[lang]).snapshot()
    holidays = sum(cell.value is not None for cell in books[lang]["休日"]["A"]) - 1
    context = CheckContext(("email", "line", "sms", "push"))
    for spec, sheet in _tables(books[lang], lang):
        row = 3 if spec.key == "messages" else 2  # a line message: only mails need a subject
        for head in sheet[1]:
            column = next((c.key for c in spec.columns if c.said(lang == "ja") == head.value), "")
            if not column or sheet.cell(row, head.column).value is None or (spec.key, column) == ("campaigns", "stage"):
                continue
            reading = read_workbook(_without(snapshot, sheet.title, (row, head.column)), context)
            needed = head.fill.start_color.rgb.endswith(style.NAVY)
            idle = len(reading.workbook.holidays) < holidays or not all(c.active for c in reading.workbook.campaigns[:1])
            assert bool(reading.problems or idle) == needed, (spec.key, column, [p.said.say("en") for p in reading.problems])


def _without(snapshot: Snapshot, title: str, where: tuple[int, int]) -> Snapshot:
    found = [
        replace(tab, cells={at: cell for at, cell in tab.cells.items() if at != where}) if tab.title == title else tab
        for tab in snapshot.tabs
    ]
    return replace(snapshot, tabs=tuple(found))


def test_what_is_written_in_white_can_be_read() -> None:
    for colour in (style.NAVY, style.TEAL, style.GREY, style.AMBER, style.RED):
        assert _contrast("FFFFFF", colour) >= 4.5, colour
    assert _contrast(style.DIM, style.PALE_GREY) >= 4.5


def _contrast(one: str, other: str) -> float:
    """The contrast of two colours as the Web Content Accessibility Guidelines count it."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_is_cut_off(books: dict[Lang, Workbook], lang: Lang) -> None:
    measure = layout.MEASURES[lang]
    for sheet in books[lang].worksheets:
        merged = {area.start_cell.coordinate: area for area in sheet.merged_cells.ranges}
        for cell in _filled(sheet):
            if not cell.alignment.wrap_text:  # the guide's titles: one line, with nothing beside them
                assert cell.column == 2 and not any(sheet.cell(cell.row, c).value for c in (3, 4))
                continue
            area = merged.get(cell.coordinate)
            columns = range(area.min_col, area.max_col + 1) if area else (cell.column,)
            width = sum(sheet.column_dimensions[get_column_letter(c)].width for c in columns)
            points = cell.font.sz
            bold = 1.08 if cell.font.b else 1.0
            height = sheet.row_dimensions[cell.row].height
            assert height is not None and height <= layout.MAX_HEIGHT, (sheet.title, cell.coordinate)
            assert height >= measure.height([(cell.value, width)], points) - 0.2, (sheet.title, cell.coordinate)
            assert measure.fits(cell.value, width * 10 / points / bold), (sheet.title, cell.coordinate, cell.value)
            assert width >= 6


@pytest.mark.parametrize("lang", LANGS)
def test_whole_tabs_are_printed_on_the_width_of_a_page_or_two(books: dict[Lang, Workbook], lang: Lang) -> None:
    for sheet in books[lang].worksheets:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (1, 2) and sheet.page_setup.fitToHeight == 0
    assert all(sheet.print_title_rows for _, sheet in _tables(books[lang], lang))


@pytest.mark.parametrize("lang", LANGS)
def test_the_guide_explains_every_setting_and_every_tab(books: dict[Lang, Workbook], lang: Lang) -> None:
    guide = books[lang].worksheets[0]
    said = "\n".join(str(cell.value) for cell in _filled(guide))
    assert all(key in said for key in SETTINGS_KEYS)
    words = load_words("ec", lang).shared
    assert tuple(words["settings"]) == SETTINGS_KEYS
    assert all(label in said for label, *_ in words["settings"].values())
    for key in ("messages", "campaigns", "segments", "fields", "tests"):
        assert all(meaning in said for meaning in words["columns"][key].values()), key
    assert all((f.label if lang == "ja" else f.key) in said and f.key in said for f in STANDARD)
    assert all(title in said for title in TITLES[lang][1:9])
    assert not guide.sheet_view.showGridLines
    for command in (
        "check",
        "sync",
        "upload",
        "assign",
        "stages",
        "preview",
        "approve",
        "tick",
        "run",
        "pause",
        "why",
        "doctor",
    ):
        assert f"tabiji {command}" in said


@pytest.mark.parametrize("lang", LANGS)
def test_the_programs_columns_are_grey_empty_and_say_so(books: dict[Lang, Workbook], lang: Lang) -> None:
    sheet = books[lang].worksheets[3]
    program = load_words("ec", lang).shared["notes"]["program"]
    found = [cell for cell in sheet[1] if cell.comment.text.endswith(program)]
    assert [cell.value for cell in found] == [c.said(lang == "ja") for c in tabs.CAMPAIGNS.columns if c.program]
    for head in found:
        assert all(sheet.cell(row, head.column).value is None for row in range(2, _last(sheet) + 1))


def test_wrapping_counts_wide_characters_and_words() -> None:
    ja, en = layout.MEASURES["ja"], layout.MEASURES["en"]
    assert ja.lines("", 10) == 1
    assert ja.lines("一\n二\n\n三", 10) == 4
    assert ja.lines("あ" * 20, 23) == 2
    assert en.lines("one two three four", 11) == 3
    assert en.longest_word("a longword b") == en.units("longword")
    assert ja.longest_word("日本語") == 2.0
    assert not en.fits("unbreakable_name_of_a_setting", 20)
    assert ja.height([("あ", 20)], 20) > ja.height([("あ", 20)])
