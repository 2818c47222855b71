"""From a snapshot to a checked workbook: every tab read, every reference and condition checked, each problem on its cell."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from journey.fields import Names, merged_fields
from journey.model import ChannelName, Example, FieldDef, JourneyMap, MessageVariant, Workbook
from journey.names import fold
from journey.problems import Problem, Severity
from journey.texts import Lang, Text, text
from sheets_sync.check_conditions import check_conditions
from sheets_sync.examples import ExampleResult
from sheets_sync.headers import Table, read_table
from sheets_sync.read.campaigns import Campaigns, Draft, Refs, read_campaigns
from sheets_sync.read.cells import Record, Rows
from sheets_sync.read.lists import read_fields, read_holidays, read_segments
from sheets_sync.read.maps import read_map
from sheets_sync.read.messages import read_messages, row_id
from sheets_sync.read.settings import read_settings
from sheets_sync.read.tests_tab import read_tests
from sheets_sync.report import Report
from sheets_sync.snapshot import Snapshot, Tab, address
from sheets_sync.tabs import (
    CAMPAIGNS,
    FIELDS,
    HOLIDAYS,
    MESSAGES,
    NOT_YET,
    SEGMENTS,
    SETTINGS,
    TESTS,
    TabSpec,
    is_map,
    spec_of,
    workbook_language,
)

CheckMessage = Callable[[MessageVariant, Names], Sequence[tuple[str, Severity, Text]]]
"""Findings about a message's templates: the column's key (`subject`, `body`, `link`, …), how bad, and what."""


RunTests = Callable[[Workbook, Names], Sequence[ExampleResult]]


@dataclass(frozen=True)
class CheckContext:
    """What a check needs to know from outside the workbook."""

    channels: Collection[ChannelName]
    """Names of the channels that config.toml sets up."""
    custom: Sequence[FieldDef] = ()
    """Attributes that uploaded files brought."""
    check_message: CheckMessage | None = None
    run_tests: RunTests | None = None
    """Tries the Tests tab; asked only where nothing else blocks."""


@dataclass(frozen=True)
class Reading:
    """A workbook as it was read. `workbook` is fit to be applied only where `blocked` is False."""

    workbook: Workbook
    rows: Rows
    problems: tuple[Problem, ...]
    drafts: tuple[Draft, ...]
    tests: tuple[ExampleResult, ...]
    stopped: frozenset[str]
    """Campaigns whose Active says ×, whatever else is wrong."""
    cells: Mapping[tuple[str, str, str], tuple[str, str]]
    """(tab key, row id, column key) → (tab title, cell address)."""
    titles: Mapping[str, str]
    """Tab key → title as typed."""
    headers: Mapping[tuple[str, str], str]
    """(tab key, column key) → header as typed."""
    lang: Lang
    """The language that the workbook itself is written in."""

    @property
    def blocked(self) -> bool:
        """Whether a problem keeps this workbook from being applied."""
        return any(p.severity == "error" for p in self.problems)


def read_workbook(snapshot: Snapshot, context: CheckContext) -> Reading:
    """Reads and checks a whole workbook. Pure; never raises for anything that a person typed."""
    found: list[Problem] = []
    record = Record()
    report = Report("", found)
    tables = _tables(snapshot, report)

    def of(spec: TabSpec) -> tuple[Table | None, Report]:
        table = tables.get(spec.key)
        return table, report.on(table.title if table else "")

    settings_table, settings_report = of(SETTINGS)
    settings = read_settings(settings_table, context.channels, settings_report, record)
    fields_table, fields_report = of(FIELDS)
    fields = read_fields(fields_table, fields_report, record)
    journeys, unsure_journeys = _journeys(snapshot, report, record)
    segments_table, segments_report = of(SEGMENTS)
    segments = read_segments(segments_table, segments_report, record)
    holidays_table, holidays_report = of(HOLIDAYS)
    holidays = read_holidays(holidays_table, holidays_report, record)
    messages_table, messages_report = of(MESSAGES)
    before = len(found)
    messages = read_messages(messages_table, context.channels, messages_report, record)
    all_fields = merged_fields(fields, context.custom)
    dates = {n for f in all_fields if f.type == "date" for n in (f.key, f.label, *f.aliases)}
    refs = Refs(
        journeys,
        messages,
        context.channels,
        dates,
        unsure_journeys,
        any(p.severity == "error" for p in found[before:]),
    )
    campaigns_table, campaigns_report = of(CAMPAIGNS)
    campaigns = read_campaigns(campaigns_table, refs, campaigns_report, record)
    tests_table, tests_report = of(TESTS)
    ids = tuple(record.rows.get(CAMPAIGNS.key, {}))  # those with a problem too: it is named once, on its own cell
    examples = read_tests(tests_table, journeys, ids, tests_report, record)
    workbook = Workbook(journeys, messages, campaigns.complete, segments, fields, settings, holidays, examples)
    names = Names.of(workbook, context.custom)
    check_conditions(workbook, campaigns, names, record, report)
    _check_messages(workbook, names, context, record, report)
    if not any(p.tab for p in found) and not record.rows:
        report.error("", text("workbook.nothing_in_it"))
    results = _try_examples(workbook, campaigns.drafts, names, context, record, report)
    order = {tab.title: place for place, tab in enumerate(snapshot.tabs)}
    problems = tuple(sorted(dict.fromkeys(_hashable(p) for p in found), key=lambda p: order.get(p.problem.tab, -1)))
    return Reading(
        workbook,
        record.rows,
        tuple(p.problem for p in problems),
        campaigns.drafts,
        results,
        campaigns.stopped,
        record.cells,
        record.titles,
        record.headers,
        workbook_language(snapshot),
    )


@dataclass(frozen=True)
class _Unique:
    place: tuple[str, str, str, str]
    problem: Problem

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unique) and self.place == other.place

    def __hash__(self) -> int:
        return hash(self.place)


def _hashable(problem: Problem) -> _Unique:
    return _Unique((problem.tab, problem.cell, problem.severity, problem.said.key + str(sorted(problem.said.values))), problem)


def _tables(snapshot: Snapshot, report: Report) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for tab in snapshot.tabs:
        spec = spec_of(tab)
        if spec in NOT_YET:
            _not_yet(tab, report.on(tab.title))
        elif spec is not None and spec.columns:
            if spec.key in found and tab.cells:
                said = text("workbook.tab_twice", first=found[spec.key].title)
                report.on(tab.title).error(address(*min(tab.cells)), said)
                continue
            table = read_table(tab, spec, report.on(tab.title))
            if table is not None:
                found[spec.key] = table
    return found


def _not_yet(tab: Tab, report: Report) -> None:
    """A tab of a later feature blocks as soon as something stands below its header."""
    header = min((row for row, _ in tab.cells), default=0)
    filled = sorted(place for place, cell in tab.cells.items() if place[0] > header and (cell.text.strip() or cell.problem))
    if filled:
        report.error(address(*filled[0]), text("workbook.not_yet_tab", tab=tab.title))


def _journeys(snapshot: Snapshot, report: Report, record: Record) -> tuple[tuple[JourneyMap, ...], bool]:
    """All maps, and whether something about one of them could not be read."""
    found: dict[str, JourneyMap] = {}
    before = sum(p.severity == "error" for p in report.found)
    for tab in snapshot.tabs:
        if not is_map(tab):
            continue
        journey = read_map(tab, report.on(tab.title), record, found)
        if journey is not None:
            found[fold(journey.id)] = journey
    after = sum(p.severity == "error" for p in report.found)
    return tuple(found.values()), after > before


def _check_messages(workbook: Workbook, names: Names, context: CheckContext, record: Record, report: Report) -> None:
    if context.check_message is None:
        return
    for message in workbook.messages:
        for column, severity, said in context.check_message(message, names):
            tab, cell = record.cells.get(
                (MESSAGES.key, row_id(message), column), record.cells[MESSAGES.key, row_id(message), "id"]
            )
            report.on(tab).add(cell, severity, said)


def _try_examples(
    workbook: Workbook, drafts: Sequence[Draft], names: Names, context: CheckContext, record: Record, report: Report
) -> tuple[ExampleResult, ...]:
    if context.run_tests is None or not workbook.examples or any(p.severity == "error" for p in report.found):
        return ()
    unfinished = {draft.id for draft in drafts}
    tried = replace(workbook, examples=tuple(_without(example, unfinished) for example in workbook.examples))
    results = tuple(context.run_tests(tried, names))
    for result in results:
        if result.passed:
            continue
        key = (TESTS.key, result.example, result.column)
        tab, cell = record.cells.get(key, record.cells[TESTS.key, result.example, "example"])
        said = result.problem or text(
            "workbook.example_failed", example=result.example, expected=result.expected, got=result.got
        )
        report.on(tab).error(cell, said)
    return results


def _without(example: Example, drafts: AbstractSet[str]) -> Example:
    """The example without what it expects of drafts: a half-written row is a warning and keeps nothing from being applied."""
    if not example.campaigns or drafts.isdisjoint(example.campaigns):
        return example
    left = tuple(c for c in example.campaigns if c not in drafts)
    return replace(example, campaigns=left or None)


__all__ = ["Campaigns", "CheckContext", "Draft", "ExampleResult", "Reading", "read_workbook"]
