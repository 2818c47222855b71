"""Fills a Sheet with a template: one atomic request that adds the tabs that are missing and leaves the others alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from journey.names import fold
from journey.texts import Lang
from sheets_sync.check import CheckContext, read_workbook
from sheets_sync.google import converting, looks
from sheets_sync.google.converting import Grid
from sheets_sync.google.looks import Request
from sheets_sync.google.sheet import SheetState, SheetTab
from sheets_sync.headers import read_table
from sheets_sync.read.maps import LABELS, map_rows
from sheets_sync.report import Report
from sheets_sync.snapshot import Cell, Snapshot, Tab, letters
from sheets_sync.tabs import CAMPAIGNS, MESSAGES, is_map, spec_of
from sheets_sync.templates.build import dropdown_lists, make_workbook, tab_titles
from sheets_sync.templates.columns import STAGE_COLUMNS
from sheets_sync.templates.content import Words

ROWS = 1_000
SPARE_COLUMNS = 3
"""How far a table is ready to be typed in: text-formatted, with its dropdowns. A row or column that a person inserts takes the format
of its neighbour."""
_MAP_ROWS = 40
_FIRST_ID = 7_001
_LONG_LISTS: Mapping[str, tuple[int, ...]] = {"status": (190, 190, 620), "log": (200, 140, 140, 220, 420)}
"""Widths in pixels of the columns that the program writes to."""
_LIST = {"verticalAlignment": "TOP", "horizontalAlignment": "LEFT", "padding": looks.PADDING}
_COUNT = {"type": "NUMBER", "pattern": "#,##0"}
_NEW_SHEET = re.compile(r"(?:シート|sheet)\s*1", re.IGNORECASE)
_TYPED_IN = ("journey", "messages", "campaigns", "segments", "fields", "settings", "holidays", "tests")
_WITH_ROWS = ("messages", "campaigns", "segments", "fields", "holidays", "tests")
"""Tabs whose rows can be left out. They stand after those that they speak of."""


@dataclass(frozen=True)
class Filling:
    """What fills a Sheet: `requests` for one `spreadsheets.batchUpdate`, none where nothing is missing; and the titles of the tabs
    that it adds, and of those that are there already and stay as they are, both in order."""

    requests: tuple[Request, ...]
    added: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where a tab of the template goes: Google's id, the title, and the empty tab that is used; None for a new one."""

    id: int
    title: str
    used: SheetTab | None = None


def fill(state: SheetState, words: Words, lang: Lang, context: CheckContext) -> Filling:
    """What is missing in a Sheet of the template `words` in `lang`.

    A tab of the same kind that holds anything is left alone whole; an empty one is used, as is the empty first tab of a new Sheet. A
    tab that is added beside what people made holds the template's rows only where `context` finds no error in them: they may speak of
    stages and messages that this Sheet does not have.
    """
    titles = tab_titles(words, lang)
    ours = _ours(state)
    held = dict(reversed(ours))  # the first of its kind
    kept = [tab.title for _, tab in ours]
    if all(key in held for key in titles):
        return Filling((), (), tuple(kept))
    places = _places(state, titles, held)
    lists = _lists(state, titles, held, places)
    book = make_workbook(_fitting(state, words, lang, held, context), lang, lists)
    sheets = {key: book[titles[key]] for key in places}
    grids = {key: _grid(key, sheets[key], place) for key, place in places.items()}
    requests = [*_tabs(state, titles, held, places, sheets, grids)]
    for key in places:
        requests += converting.drawn(sheets[key], grids[key])
        requests += _own(key, sheets[key], grids[key], words, lang)
    return Filling(tuple(requests), tuple(place.title for place in places.values()), tuple(kept))


def _ours(state: SheetState) -> list[tuple[str, SheetTab]]:
    """The tabs that are ours by their titles and hold anything, each with its key."""
    found = []
    for tab, seen in zip(state.tabs, state.snapshot.tabs, strict=True):
        spec = spec_of(seen)
        key = spec.key if spec is not None else "journey" if is_map(seen) else ""
        if key and tab.cells:
            found.append((key, tab))
    return found


def _places(state: SheetState, titles: Mapping[str, str], held: Mapping[str, SheetTab]) -> dict[str, _Place]:
    taken = {tab.id for tab in state.tabs}
    free = (number for number in range(_FIRST_ID, _FIRST_ID + 1_000) if number not in taken)
    empty: dict[str, SheetTab] = {}
    for tab, seen in zip(state.tabs, state.snapshot.tabs, strict=True):
        spec = spec_of(seen)
        if spec is not None and not tab.cells:
            empty.setdefault(spec.key, tab)
        if fold(tab.title) == fold(titles["journey"]):
            empty.setdefault("journey", tab)
    found: dict[str, _Place] = {}
    for key, title in titles.items():
        if key in held:
            continue
        first = state.tabs[0] if key == "guide" and state.tabs else None
        if key in empty:
            found[key] = _Place(empty[key].id, empty[key].title, empty[key])
        elif first is not None and not first.cells and _NEW_SHEET.fullmatch(first.title.strip()):
            found[key] = _Place(first.id, title, first)
        else:
            found[key] = _Place(next(free), title)
    return found


def _lists(
    state: SheetState, titles: Mapping[str, str], held: Mapping[str, SheetTab], places: Mapping[str, _Place]
) -> dict[str, str]:
    """Where dropdowns find stages, journeys and messages: on the tabs that are added, or on those that people made."""
    lists = dropdown_lists({**titles, **{key: place.title for key, place in places.items()}}, ROWS)
    seen = {tab.title: tab for tab in state.snapshot.tabs}
    if "journey" in held:
        chart = seen[held["journey"].title]
        rows, end = map_rows(chart), letters(STAGE_COLUMNS + 1)
        lists |= {"journey.name": _reference(chart, f"$B${rows.get('journey', 0)}")}
        lists |= {"journey.stage": _reference(chart, f"$B${rows.get('stage', 0)}:${end}${rows.get('stage', 0)}")}
    if "messages" in held:
        tab = seen[held["messages"].title]
        table = read_table(tab, MESSAGES, Report(tab.title))
        column, top = (letters(table.columns["id"]), table.header_row + 1) if table and table.columns else ("A", 0)
        lists["messages.id"] = _reference(tab, f"${column}${top}:${column}${max(held['messages'].rows, top)}")
    return {name: where for name, where in lists.items() if "$0" not in where}


def _reference(tab: Tab, where: str) -> str:
    title = tab.title.replace("'", "''")
    return f"'{title}'!{where}"


def _fitting(state: SheetState, words: Words, lang: Lang, held: Mapping[str, SheetTab], context: CheckContext) -> Words:
    """The template without the rows that do not fit what people made; all of it where they made nothing that is read."""
    titles = tab_titles(words, lang)
    while held:
        book = make_workbook(words, lang, {})
        added = [_read(book[title]) for key, title in titles.items() if key not in held]
        filled = {tab.title for tab in state.tabs if tab.cells}
        kept = [tab for tab in state.snapshot.tabs if tab.title in filled]
        reading = read_workbook(Snapshot((*kept, *added), ""), context)
        wrong = {problem.tab for problem in reading.problems if problem.severity == "error"}
        unfit = [key for key in _WITH_ROWS if key not in held and titles[key] in wrong and getattr(words, key)]
        if not unfit:
            break
        without: dict[str, Any] = {unfit[0]: ()}
        words = replace(words, **without)
    return words


def _read(sheet: Worksheet) -> Tab:
    cells = {
        (cell.row, cell.column): Cell(cell.value, cell.value, "@")
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str)
    }
    return Tab(sheet.title, cells)


def _grid(key: str, sheet: Worksheet, place: _Place) -> Grid:
    if key == "guide":
        rows, columns = sheet.max_row + 1, sheet.max_column
    elif key in _LONG_LISTS:
        rows, columns = ROWS + 1, len(_LONG_LISTS[key])
    else:
        rows, columns = max(_MAP_ROWS if key == "journey" else ROWS, sheet.max_row), sheet.max_column + SPARE_COLUMNS
    if place.used is not None:
        rows, columns = max(rows, place.used.rows + sheet.max_row), max(columns, place.used.columns)
    return Grid(place.id, rows, columns, spare=key in _TYPED_IN, fixed=key == "guide")


def _tabs(
    state: SheetState,
    titles: Mapping[str, str],
    held: Mapping[str, SheetTab],
    places: Mapping[str, _Place],
    sheets: Mapping[str, Worksheet],
    grids: Mapping[str, Grid],
) -> Iterator[Request]:
    """Makes the tabs, each behind the one before it in the template."""
    order = [tab.id for tab in state.tabs]
    before = None
    for key in titles:
        if key in held:
            before = held[key].id
            continue
        place = places[key]
        wanted = converting.properties(sheets[key], grids[key], place.title)
        if place.used is not None:
            # It was empty a moment ago. What a person has typed there since then moves down and is not written over.
            above = {"sheetId": place.id, "dimension": "ROWS", "startIndex": 0, "endIndex": sheets[key].max_row}
            yield {"insertDimension": {"range": above, "inheritFromBefore": False}}
            fields = ",".join(f"gridProperties.{name}" for name in wanted["gridProperties"])
            yield {"updateSheetProperties": {"properties": wanted, "fields": f"title,tabColorStyle,{fields}"}}
        else:
            index = order.index(before) + 1 if before is not None else 0
            order.insert(index, place.id)
            yield {"addSheet": {"properties": {**wanted, "index": index}}}
        before = place.id


def _own(key: str, sheet: Worksheet, grid: Grid, words: Words, lang: Lang) -> Iterator[Request]:
    """What the program's own rows, columns and tabs need: a warning for who types there, and numbers that look like numbers."""
    said = words.shared["notes"]["program"]
    if key in _LONG_LISTS:
        for column, pixels in enumerate(_LONG_LISTS[key]):
            where = {"sheetId": grid.id, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1}
            yield {"updateDimensionProperties": {"range": where, "properties": {"pixelSize": pixels}, "fields": "pixelSize"}}
        yield _looks(grid.area(2, 1, grid.rows, grid.columns), {"wrapStrategy": "WRAP", **_LIST})
        head = looks.cell_format(sheet["A1"]) | _LIST  # the sentence runs on over the empty cells beside it
        yield _looks(grid.area(1, 1, 1, grid.columns), head | {"wrapStrategy": "OVERFLOW_CELL"})
        yield _protected({"sheetId": grid.id}, words.shared["notes"][key])
    elif key == "campaigns":
        labels = [column.said(lang == "ja") for column in CAMPAIGNS.columns if column.program]
        first = next(cell.column for cell in sheet[1] if cell.value == labels[0])
        last = first + len(labels) - 1
        yield _numbers(grid.area(2, first, grid.rows, last))
        yield _protected({"sheetId": grid.id, "startColumnIndex": first - 1, "endColumnIndex": last}, said)
    elif key == "journey":
        labels = [label.said(lang == "ja") for label in LABELS if label.program]
        for number in (cell.row for cell in sheet["A"] if cell.value in labels):
            yield _numbers(grid.area(number, 2, number, grid.columns))
            yield _protected({"sheetId": grid.id, "startRowIndex": number - 1, "endRowIndex": number}, said)


def _numbers(where: Request) -> Request:
    return _looks(where, {"numberFormat": _COUNT})


def _looks(where: Request, wanted: Request) -> Request:
    fields = ",".join(f"userEnteredFormat.{name}" for name in wanted)
    return {"repeatCell": {"range": where, "cell": {"userEnteredFormat": dict(wanted)}, "fields": fields}}


def _protected(where: Request, said: str) -> Request:
    """A warning, no more: a service account must not lock people out of their own Sheet."""
    return {"addProtectedRange": {"protectedRange": {"range": where, "description": said, "warningOnly": True}}}
