"""What the program shows in a workbook, place by place: worked out once, rendered by each source in its own way. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from journey.clock import iso
from journey.names import fold
from journey.problems import Severity
from journey.texts import LANGS, Lang, catalogue, text
from sheets_sync.headers import Table, read_table
from sheets_sync.program_view import CampaignView, ProgramView
from sheets_sync.read.maps import LABELS, map_rows, stage_columns
from sheets_sync.report import Report
from sheets_sync.snapshot import Snapshot, Tab
from sheets_sync.tabs import CAMPAIGNS, NEVER_READ, is_map, spec_of, workbook_language

Place = tuple[int, int]
"""Row and column, 1-based."""
Value = str | int | None
"""What a program cell shows; None is an empty one."""

MOST_CHARACTERS = 32_000
MOST_LOG_ROWS = 1_000
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
_PLACE = re.compile(r"([A-Z]{1,4})([0-9]{1,9})")


@dataclass(frozen=True)
class Mark:
    """What is wrong with a cell: the worst severity, and a sentence a line."""

    severity: Severity
    said: str


@dataclass(frozen=True)
class WrittenTab:
    """The program's part of one tab of the snapshot."""

    title: str
    labels: Mapping[Place, str] = field(default_factory=dict)
    """Headers of program columns, or labels of program rows, that nobody drew: they come at the end."""
    cells: Mapping[Place, Value] = field(default_factory=dict)
    """The program's cells of rows and columns that are campaigns and stages in force, or drawn as such."""
    stale: frozenset[Place] = frozenset()
    """Filled program cells beside which no campaign or stage stands any more."""
    as_of: frozenset[Place] = frozenset()
    """Where the moment of the counts is noted."""
    marks: Mapping[Place, Mark] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """Everything that the program shows, in the language of the workbook. `tabs` holds those of the snapshot but Status and Log, in
    its order; `status` and `log` are the rows of those two."""

    lang: Lang
    as_of: str
    """The moment of the counts: `as_of` of each tab, and the first cell of `status`."""
    tabs: tuple[WrittenTab, ...]
    status: tuple[tuple[Value, ...], ...]
    log: tuple[tuple[Value, ...], ...]


def written(snapshot: Snapshot, view: ProgramView) -> Written:
    """What `view` comes to in the workbook as it is in `snapshot`: a row is found by its ID, a stage by its own."""
    lang = workbook_language(snapshot)
    as_of = text("sync.as_of", at=iso(view.at, view.zone)).say(lang)
    tabs = []
    for tab in snapshot.tabs:
        if not for_the_program(tab):
            tabs.append(_tab(tab, view, lang))
    return Written(lang, as_of, tuple(tabs), tuple(_status(view, as_of, lang)), tuple(_log(view, lang)))


def for_the_program(tab: Tab) -> bool:
    """Whether a tab belongs to the program whole: Status and Log."""
    return spec_of(tab) in NEVER_READ[1:]


def clean(said: str) -> str:
    """Text as a cell or a note can hold it: without what cannot be stored, not longer than is allowed."""
    return _UNSHOWABLE.sub("", said.replace("\r\n", "\n").replace("\r", "\n"))[:MOST_CHARACTERS]


def _tab(tab: Tab, view: ProgramView, lang: Lang) -> WrittenTab:
    marks = _problem_marks(tab.title, view, lang)
    if spec_of(tab) is CAMPAIGNS:
        return _campaigns(tab, view, lang, marks)
    if is_map(tab):
        return _map(tab, view, lang, marks)
    return WrittenTab(tab.title, marks=marks)


def _campaigns(tab: Tab, view: ProgramView, lang: Lang, marks: Mapping[Place, Mark]) -> WrittenTab:
    table = read_table(tab, CAMPAIGNS, Report(tab.title))
    if table is None:
        return WrittenTab(tab.title, marks=marks)
    stale = _left_over(tab, table)
    if not table.rows:
        return WrittenTab(tab.title, stale=stale, marks=marks)
    header = max(table.header_row, 1)
    free = max(tab.columns, *(area.right for area in tab.merged if area.right < 200), 1) + 1
    labels: dict[Place, str] = {}
    places: dict[str, int] = {}
    for column in (c for c in CAMPAIGNS.columns if c.program):
        place = table.columns.get(column.key)
        if place is None:
            place, free = free, free + 1
            labels[header, place] = column.said(lang == "ja")
        places[column.key] = place
    by_id = {fold(campaign): shown for campaign, shown in view.campaigns.items()}
    cells: dict[Place, Value] = {}
    for row in table.rows:
        shown = by_id.get(fold(row.text("id")))
        values = _columns(shown, lang) if shown is not None else {}
        cells.update({(row.number, place): values.get(key) for key, place in places.items()})
    return WrittenTab(tab.title, labels, cells, stale, frozenset({(header, places["audience_size"])}), marks)


def _columns(shown: CampaignView, lang: Lang) -> dict[str, Value]:
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


def _left_over(tab: Tab, table: Table) -> frozenset[Place]:
    """Program cells of rows that are no campaign's any more, but where a state of ours still stands: cleared, or cut, by hand."""
    columns = {
        column.key: table.columns[column.key] for column in CAMPAIGNS.columns if column.program and column.key in table.columns
    }
    known = {row.number for row in table.rows}
    found = set()
    for row, cells in tab.by_row.items():
        if row <= table.header_row or row in known:
            continue
        if any(
            key in columns and (cell := cells.get(columns[key])) and cell.text in _states() for key in ("state", "approval")
        ):
            found |= {(row, column) for column in columns.values() if (row, column) in tab.cells}
    return frozenset(found)


@cache
def _states() -> frozenset[str]:
    """What the program calls states and approvals, in either language."""
    keys = [key for key in catalogue() if key.startswith(("sync.state_", "sync.approval_"))]
    return frozenset(text(key).say(lang) for key in keys for lang in LANGS)


def _map(tab: Tab, view: ProgramView, lang: Lang, marks: Mapping[Place, Mark]) -> WrittenTab:
    rows = dict(map_rows(tab))
    stages = stage_columns(tab)
    id_row = tab.by_row.get(rows.get("id", 0), {})
    journey = next((cell.text for column, cell in id_row.items() if column > 1), "")
    shown = {fold(stage): v for (owner, stage), v in view.stages.items() if fold(owner) == fold(journey)}
    if not shown:
        return WrittenTab(tab.title, marks=marks)
    free = tab.rows + 1
    labels: dict[Place, str] = {}
    for key in ("customers", "campaigns"):
        if key not in rows:
            rows[key], free = free, free + 1
            labels[rows[key], 1] = next(c for c in LABELS if c.key == key).said(lang == "ja")
    cells: dict[Place, Value] = {}
    for column, stage in stages.items():
        found = shown.get(fold(stage))
        if found is not None:
            campaigns = ", ".join(f"{campaign} {_MARKS.get(state, state)}" for campaign, state in found.campaigns)
            cells[rows["customers"], column] = found.customers
            cells[rows["campaigns"], column] = campaigns or None
    ours = {rows["customers"], rows["campaigns"]}
    others = {column for row, column in tab.cells if row not in ours} - set(stages)
    stale = {(row, column) for row, column in tab.cells if row in ours and column > 1 and column not in others} - set(cells)
    return WrittenTab(tab.title, labels, cells, frozenset(stale), frozenset({(rows["customers"], 1)}), marks)


def _problem_marks(title: str, view: ProgramView, lang: Lang) -> dict[Place, Mark]:
    severities: dict[Place, set[Severity]] = {}
    said: dict[Place, dict[str, None]] = {}
    for problem in view.problems:
        found = _PLACE.fullmatch(problem.cell) if problem.tab == title else None
        if found is None:
            continue
        place = int(found[2]), _number(found[1])
        severities.setdefault(place, set()).add(problem.severity)
        said.setdefault(place, {})[problem.said.say(lang)] = None
    return {p: Mark("error" if "error" in severities[p] else "warning", "\n".join(lines)) for p, lines in said.items()}


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _status(view: ProgramView, as_of: str, lang: Lang) -> Sequence[tuple[Value, ...]]:
    version = str(view.version) if view.version is not None else text("sync.no_version").say(lang)
    rows: list[tuple[Value, ...]] = [(as_of,), (text("sync.version").say(lang), version), ()]
    rows.append(tuple(text(f"sync.{key}").say(lang) for key in ("journey", "stage", "customers")))
    rows += [(journey, stage, shown.customers) for (journey, stage), shown in view.stages.items()]
    rows += [(journey, text("sync.unassigned").say(lang), count) for journey, count in view.unassigned.items()]
    rows.append(())
    if view.problems:
        rows.append(tuple(text(f"sync.{key}").say(lang) for key in ("place", "severity", "what")))
        rows += [(p.place, text(f"sync.{p.severity}").say(lang), p.said.say(lang)) for p in view.problems]
    else:
        rows.append((text("sync.problems").say(lang), text("sync.no_problems").say(lang)))
    return rows


def _log(view: ProgramView, lang: Lang) -> Sequence[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = [
        tuple(text(f"sync.{key}").say(lang) for key in ("when", "who", "action", "subject", "detail"))
    ]
    newest = view.log[:MOST_LOG_ROWS]
    rows += [(iso(entry.at, view.zone), entry.who, entry.action, entry.subject, entry.detail) for entry in newest]
    return rows
