"""`journey.status.xlsx`: the workbook's tabs again, with the program's columns, coloured problem cells and notes."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook as Book
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from journey.clock import iso
from journey.names import fold
from journey.problems import Problem
from journey.texts import Lang, Text, text
from sheets_sync.headers import read_table
from sheets_sync.program_view import CampaignView, ProgramView
from sheets_sync.read.maps import LABELS, map_rows, stage_columns
from sheets_sync.report import Report
from sheets_sync.snapshot import Snapshot, Tab, address
from sheets_sync.tabs import CAMPAIGNS, NEVER_READ, is_map, spec_of, workbook_language

MOST_CHARACTERS = 32_000
_UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML, and so a workbook, cannot hold."""
_MARKS: Mapping[str, str] = {
    "running": "▶",
    "paused": "⏸",
    "held": "⏸",
    "pending": "…",
    "ended": "■",
    "inactive": "×",
    "draft": "✎",
}
_FILLS = {
    "error": PatternFill("solid", start_color="FFF4B6B6"),
    "warning": PatternFill("solid", start_color="FFFFE9A8"),
}
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
    lang = workbook_language(snapshot)
    book = Book()
    book.remove(book.active)
    for tab in snapshot.tabs:
        if spec_of(tab) in NEVER_READ[1:]:
            continue  # Status and Log are made anew below
        sheet = _copied(book, tab)
        if spec_of(tab) is CAMPAIGNS:
            _campaigns(sheet, tab, view, lang)
        elif is_map(tab):
            _map(sheet, tab, view, lang)
        _mark(sheet, tab, [p for p in view.problems if p.tab == tab.title and p.cell], lang)
    _status(book.create_sheet(_title(book, text("sync.status").say(lang))), snapshot, view, lang)
    _log(book.create_sheet(_title(book, text("sync.log").say(lang))), view, lang)
    return book


def put(sheet: Any, row: int, column: int, value: str | int | float | None) -> Any:
    """Writes a value as just that: text never becomes a formula, and what a cell cannot hold is left out.

    A place inside a merged range has no cell of its own; nothing is written there.
    """
    cell = sheet.cell(row=row, column=column)
    if isinstance(cell, MergedCell):
        return cell
    if value is None or isinstance(value, (int, float)):
        cell.value = value
        return cell
    cell.value = _UNSHOWABLE.sub("", value)[:MOST_CHARACTERS]
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


def _campaigns(sheet: Any, tab: Tab, view: ProgramView, lang: Lang) -> None:
    table = read_table(tab, CAMPAIGNS, Report(tab.title))
    if table is None or not table.rows:
        return
    header = max(table.header_row, 1)
    free = max(tab.columns, *(area.right for area in tab.merged if area.right < 200), 1) + 1
    places: dict[str, int] = {}
    for column in (c for c in CAMPAIGNS.columns if c.program):
        place = table.columns.get(column.key)
        if place is None:
            place, free = free, free + 1
            put(sheet, header, place, column.said(lang == "ja")).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(place)].width = 14
        places[column.key] = place
        for row in table.rows:
            _write_over(sheet, row.number, place, None)
    by_id = {fold(campaign): shown for campaign, shown in view.campaigns.items()}
    for row in table.rows:
        shown = by_id.get(fold(row.text("id")))
        if shown is None:
            continue
        for key, value in _columns(shown, lang).items():
            _write_over(sheet, row.number, places[key], value)
    _note(sheet.cell(row=header, column=places["audience_size"]), _as_of(view, lang))


def _columns(shown: CampaignView, lang: Lang) -> dict[str, str | int | None]:
    return {
        "state": text(f"sync.state_{shown.state}").say(lang),
        "approval": text(f"sync.approval_{shown.approval}").say(lang),
        "audience_size": shown.audience,
        "sent": shown.sent,
        "opened": shown.opened,
        "clicked": shown.clicked,
        "converted": shown.converted,
        "lift": shown.lift or None,
    }


def _map(sheet: Any, tab: Tab, view: ProgramView, lang: Lang) -> None:
    rows = dict(map_rows(tab))
    columns = stage_columns(tab)
    id_row = tab.by_row.get(rows.get("id", 0), {})
    journey = next((cell.text for column, cell in id_row.items() if column > 1), "")
    shown = {fold(stage): v for (owner, stage), v in view.stages.items() if fold(owner) == fold(journey)}
    if not shown:
        return
    free = tab.rows + 1
    for key in ("customers", "campaigns"):
        if key not in rows:
            label = next(c for c in LABELS if c.key == key)
            rows[key], free = free, free + 1
            put(sheet, rows[key], 1, label.said(lang == "ja")).font = Font(bold=True)
    for column, stage in columns.items():
        found = shown.get(fold(stage))
        if found is None:
            continue
        marks = ", ".join(f"{campaign} {_MARKS.get(state, state)}" for campaign, state in found.campaigns)
        _write_over(sheet, rows["customers"], column, found.customers)
        _write_over(sheet, rows["campaigns"], column, marks or None)
    _note(sheet.cell(row=rows["customers"], column=1), _as_of(view, lang))


def _write_over(sheet: Any, row: int, column: int, value: str | int | None) -> None:
    put(sheet, row, column, value).fill = _PROGRAM


def _mark(sheet: Any, tab: Tab, problems: Sequence[Problem], lang: Lang) -> None:
    by_cell: dict[str, list[Problem]] = {}
    for problem in problems:
        by_cell.setdefault(problem.cell, []).append(problem)
    own = {address(*place): cell.note for place, cell in tab.cells.items() if cell.note}
    for place, found in by_cell.items():
        cell = sheet[place]
        worst = "error" if any(p.severity == "error" for p in found) else "warning"
        cell.fill = _FILLS[worst]
        if not isinstance(cell, MergedCell):
            _note(cell, "\n".join([*([own[place]] if place in own else []), *dict.fromkeys(p.said.say(lang) for p in found)]))


def _note(cell: Any, said: str) -> None:
    if isinstance(cell, MergedCell):
        return
    cell.comment = Comment(_UNSHOWABLE.sub("", said)[:MOST_CHARACTERS], "tabiji", width=320, height=120)


def _status(sheet: Any, snapshot: Snapshot, view: ProgramView, lang: Lang) -> None:
    version = str(view.version) if view.version is not None else text("sync.no_version").say(lang)
    rows: list[list[str | int | None]] = [[_as_of(view, lang)], [text("sync.version").say(lang), version], []]
    rows.append([text(f"sync.{key}").say(lang) for key in ("journey", "stage", "customers")])
    for (journey, stage), shown in view.stages.items():
        rows.append([journey, stage, shown.customers])
    rows += [[journey, text("sync.unassigned").say(lang), count] for journey, count in view.unassigned.items()]
    rows.append([])
    if view.problems:
        rows.append([text(f"sync.{key}").say(lang) for key in ("place", "severity", "what")])
        rows += [[p.place, text(f"sync.{p.severity}").say(lang), p.said.say(lang)] for p in view.problems]
    else:
        rows.append([text("sync.problems").say(lang), text("sync.no_problems").say(lang)])
    _list(sheet, rows, (26, 26, 90))


def _log(sheet: Any, view: ProgramView, lang: Lang) -> None:
    rows: list[list[str | int | None]] = [
        [text(f"sync.{key}").say(lang) for key in ("when", "who", "action", "subject", "detail")]
    ]
    rows += [[iso(entry.at, view.zone), entry.who, entry.action, entry.subject, entry.detail] for entry in view.log]
    _list(sheet, rows, (28, 18, 18, 28, 60))
    sheet.freeze_panes = "A2"


def _list(sheet: Any, rows: Sequence[Sequence[str | int | None]], widths: Sequence[int]) -> None:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            put(sheet, number, column, value).alignment = _WRAPPED
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width


def _as_of(view: ProgramView, lang: Lang) -> str:
    return text("sync.as_of", at=iso(view.at, view.zone)).say(lang)


def _title(book: Any, wanted: str) -> str:
    """A tab title that spreadsheet programs accept, none twice."""
    clean = "".join("_" if c in "[]:*?/\\" else c for c in _UNSHOWABLE.sub("", wanted)).strip("'")[:31] or "_"
    taken = {fold(name) for name in book.sheetnames}
    number = 2
    title = clean
    while fold(title) in taken:
        title, number = f"{clean[:27]} {number}", number + 1
    return title
