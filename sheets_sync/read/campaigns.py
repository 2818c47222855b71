"""The Campaigns tab: who gets which message when, with what its cells refer to resolved."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from journey.model import AfterInStage, Campaign, ChannelName, Goal, JourneyMap, MessageVariant, OnEnter, Trigger
from journey.names import fold
from journey.texts import text
from sheets_sync.grammar.choices import parse_channels, parse_goal, parse_kind, parse_whole
from sheets_sync.grammar.durations import parse_duration, parse_reentry
from sheets_sync.grammar.times import parse_date
from sheets_sync.grammar.triggers import parse_trigger
from sheets_sync.grammar.windows import parse_windows
from sheets_sync.grammar.words import NO, Wrong, shown, yes_no
from sheets_sync.headers import Table
from sheets_sync.read.cells import Reader, Record, match, unknown
from sheets_sync.report import Report


@dataclass(frozen=True)
class Draft:
    """A campaign that is not complete yet: shown, never run."""

    id: str
    name: str
    cell: str


@dataclass(frozen=True)
class Refs:
    """What a campaign may refer to."""

    journeys: tuple[JourneyMap, ...]
    messages: tuple[MessageVariant, ...]
    channels: Collection[ChannelName]
    date_fields: Collection[str]
    unsure_journeys: bool = False
    """A map could not be read: a reference to something unknown is then no problem of its own."""
    unsure_messages: bool = False


@dataclass(frozen=True)
class Campaigns:
    """What the tab holds: complete campaigns, drafts, and the ids whose Active says × (problems or not)."""

    complete: tuple[Campaign, ...] = ()
    drafts: tuple[Draft, ...] = ()
    stopped: frozenset[str] = frozenset()


@dataclass
class _Found:
    complete: list[Campaign] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    spelled: dict[str, str] = field(default_factory=dict)


def read_campaigns(table: Table | None, refs: Refs, report: Report, record: Record) -> Campaigns:
    """All campaigns. One without trigger or message is a draft (a warning); everything unreadable is on its cell."""
    found = _Found()
    for row in table.rows if table else ():
        assert table is not None
        _read_row(Reader(table, row, report), refs, record, found)
    return Campaigns(tuple(found.complete), tuple(found.drafts), frozenset(found.stopped))


def _read_row(reader: Reader, refs: Refs, record: Record, found: _Found) -> None:
    row, report = reader.row, reader.report
    incomplete = [key for key in ("trigger", "message") if key not in row.cells]
    if "id" not in row.cells and incomplete:
        report.warn(reader.at("id"), text("workbook.draft_without_id"))
        return
    id_ = reader.id()
    if id_ is None:
        return
    if fold(row.text("active")) in NO:
        found.stopped.add(id_)
    if fold(id_) in found.spelled:
        reader.error("id", text("workbook.twice", id=id_))
        return
    found.spelled[fold(id_)] = id_
    record.keep(reader.table, row, id_)
    if incomplete:
        name = reader.prose("name")
        found.drafts.append(Draft(id_, name, reader.at(incomplete[0])))
        report.warn(reader.at(incomplete[0]), text(f"workbook.draft_{incomplete[0]}", id=id_))
    scratch = Report(report.tab)
    campaign = _campaign(id_, Reader(reader.table, row, scratch), refs)
    for problem in scratch.found:  # a half-written row never blocks, whatever is wrong with what is there already
        report.add(problem.cell, "warning" if incomplete else problem.severity, problem.said)
    if campaign is not None and not incomplete:
        found.complete.append(campaign)


def _campaign(id_: str, reader: Reader, refs: Refs) -> Campaign | None:
    trigger = _trigger(reader, refs)
    journey, stages = _where(reader, refs)
    message = _message(reader, refs)
    if isinstance(trigger, (OnEnter, AfterInStage)) and not reader.row.text("journey") and not reader.row.text("stage"):
        reader.error("stage", text("workbook.trigger_needs_stage"))
    _holdout(reader)
    start = reader.read("start", _day, None, dates=True)
    end = reader.read("end", _day, None, dates=True)
    if start and end and end < start:
        reader.error("end", text("workbook.end_before_start", start=start.isoformat(), end=end.isoformat()))
    active = _active(reader)
    campaign = Campaign(
        id=id_,
        name=reader.prose("name") or id_,
        active=active,
        trigger=trigger or OnEnter(),
        message=message or "",
        journey=journey.id if journey else None,
        stages=stages,
        audience=reader.row.text("audience"),
        channels=reader.read("channels", lambda typed: parse_channels(typed, refs.channels), ("email",)),
        kind=reader.read("kind", parse_kind, "promotional"),
        window=reader.read("window", parse_windows, ()),
        priority=reader.read("priority", lambda typed: parse_whole(typed, 0, 1_000_000), 100),
        goal=_goal(reader, refs, journey),
        goal_window=reader.read("goal_window", parse_duration, timedelta(days=7)),
        include_existing=reader.read("include_existing", yes_no, False),
        reentry=_reentry(reader),
        start=start,
        end=end,
        owner=reader.prose("owner"),
    )
    return campaign if trigger and message else None


def _active(reader: Reader) -> bool:
    """Empty means no: a person may have rubbed the ○ out in order to stop it. Without the column everything is active."""
    if "active" not in reader.table.columns:
        return True
    if not reader.row.text("active"):
        if "active" not in reader.row.cells:
            reader.report.warn(reader.at("active"), text("workbook.active_empty"))
        return False
    return reader.read("active", yes_no, False)


def _trigger(reader: Reader, refs: Refs) -> Trigger | None:
    return reader.read("trigger", lambda typed: parse_trigger(typed, refs.date_fields), None)


def _where(reader: Reader, refs: Refs) -> tuple[JourneyMap | None, tuple[str, ...]]:
    """The journey and stages that a row names. A stage may be named by id or label."""
    typed_journey, typed_stage = reader.prose("journey"), reader.row.text("stage")
    journey: JourneyMap | None = None
    if typed_journey:
        known: dict[str, JourneyMap] = {name: j for j in refs.journeys for name in (j.tab, j.name, j.id)}
        journey = match(typed_journey, known)
        if journey is None:
            if not refs.unsure_journeys:
                names = {name: j for j in refs.journeys for name in (j.name, j.id)}
                reader.report.error(reader.at("journey"), unknown("what_journey", typed_journey, names))
            return None, ()
    if not typed_stage:
        return journey, ()
    if journey is not None:
        return journey, _stages(typed_stage, journey, reader, refs)
    holding = [j for j in refs.journeys if match(typed_stage, _stage_names(j))]
    if len(holding) == 1 or len(refs.journeys) == 1:
        journey = holding[0] if holding else refs.journeys[0]
        return journey, _stages(typed_stage, journey, reader, refs)
    if len(holding) > 1:
        reader.error("journey", text("workbook.which_journey", stage=shown(typed_stage), journeys=[j.id for j in holding]))
    elif not refs.unsure_journeys:
        stages = {name: True for j in refs.journeys for name in _stage_names(j)}
        if any(match(part, stages) for part in _parts(typed_stage)):
            reader.error(
                "journey", text("workbook.which_journey", stage=shown(typed_stage), journeys=[j.id for j in refs.journeys])
            )
        else:
            reader.report.error(reader.at("stage"), unknown("what_stage", typed_stage, stages))
    return None, ()


def _stages(typed: str, journey: JourneyMap, reader: Reader, refs: Refs) -> tuple[str, ...]:
    known = _stage_names(journey)
    whole = match(typed, known)
    if whole is not None:
        return (whole,)
    found: list[str] = []
    for part in _parts(typed):
        stage = match(part, known)
        if stage is not None:
            found.append(stage)
        elif not refs.unsure_journeys:
            reader.report.error(reader.at("stage"), unknown("what_stage", part, known))
    return tuple(dict.fromkeys(found))


def _stage_names(journey: JourneyMap) -> Mapping[str, str]:
    """Label or id → id; an id beats a label."""
    return {**{s.name: s.id for s in journey.stages}, **{s.id: s.id for s in journey.stages}}


def _parts(typed: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,、，\n]", typed) if part.strip()]


def _message(reader: Reader, refs: Refs) -> str | None:
    typed = reader.row.text("message")
    cell = reader.row.cells.get("message")
    if not typed or (cell and cell.problem):
        return None
    if cell and cell.turned:
        reader.error("message", text("workbook.turned", shown=shown(typed)))
        return None
    known = {m.message: m.message for m in refs.messages}
    found = match(typed, known)
    if found is None:
        if not refs.unsure_messages:
            reader.report.error(reader.at("message"), unknown("what_message", typed, known))
        return None
    channels = {m.channel for m in refs.messages if m.message == found}
    wanted = reader.row.text("channels")
    try:
        chosen = parse_channels(wanted, refs.channels) if wanted else ("email",)
    except Wrong:
        return found  # said on the Channels cell
    without = [] if "" in channels else [channel for channel in chosen if channel not in channels]
    if without and len(without) == len(chosen):
        reader.error("message", text("workbook.message_without_channel", id=found, channels=without))
    elif without:
        reader.report.warn(reader.at("message"), text("workbook.message_lacks_channel", id=found, channels=without))
    return found


def _goal(reader: Reader, refs: Refs, journey: JourneyMap | None) -> Goal | None:
    goal = reader.read("goal", parse_goal, None)
    if goal is None or goal.kind != "stage":
        return goal
    maps = [journey] if journey else list(refs.journeys)
    known = {name: stage for j in maps for name, stage in _stage_names(j).items()}
    stage = match(goal.value, known)
    if stage is None:
        if not refs.unsure_journeys:
            reader.report.error(reader.at("goal"), unknown("what_stage", goal.value, known))
        return None
    return Goal("stage", stage)


def _reentry(reader: Reader) -> timedelta | None:
    a_year: timedelta | None = timedelta(days=365)
    return reader.read("reentry", parse_reentry, a_year)


def _holdout(reader: Reader) -> None:
    cell = reader.row.cells.get("holdout")
    if cell is not None and cell.text.strip() and not re.fullmatch(r"[00][%%]?", cell.text.strip()):
        reader.error("holdout", text("workbook.not_yet_holdout"))


def _day(typed: str) -> date | None:
    return parse_date(typed)
