"""Why a customer has nothing of a campaign, as things stand now: the same questions that planning asks, in the gate's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection

from journey import features, ledger
from journey.approvals import Standing
from journey.calendar import entry_due, occurrences, within_dates
from journey.clock import iso, local_date
from journey.conditions import Compiled
from journey.conditions.features import KINDS
from journey.conditions.syntax import Column, Field
from journey.facts import FactStore
from journey.fields import Names
from journey.model import AfterInStage, Campaign, JourneyMap, OnEnter, Workbook
from journey.plan.audiences import compile_audiences, evaluate_into
from journey.texts import Text, text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_GAP = timedelta(days=400)


@dataclass(frozen=True)
class Ground:
    """What an explanation is made from. `workbook` is the one in force, with the settings in force."""

    connection: Connection
    facts: FactStore
    workbook: Workbook
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The workbook's time zone."""
        return ZoneInfo(self.workbook.settings.time_zone)


@dataclass(frozen=True)
class Found:
    """Why there is nothing (yet)."""

    decision: Literal["skipped", "deferred", "held"]
    reason: str
    detail: Text


@dataclass(frozen=True)
class _Place:
    """Where the customer stands on one journey: stage (None: none), since when, by what, and the number of that entry."""

    stage: str | None
    since: datetime
    cause: str
    cause_at: datetime


@dataclass(frozen=True)
class _Customer:
    """What the facts say of the one customer: for each campaign whether its condition holds, and the values it looked at."""

    places: Mapping[str, _Place]
    holds: Mapping[str, bool]
    values: Mapping[str, Any]


def explain(ground: Ground, asked: Sequence[Standing], customer: str) -> dict[str, Found] | None:
    """By campaign, why the customer has no delivery of it; None where no file ever brought such a customer."""
    meant = [s.live[0] if s.live is not None else _typed(ground.workbook, s.campaign_id) for s in asked]
    names = Names.of(ground.workbook, ground.facts.attributes())
    conditions = compile_audiences([c for c in meant if c is not None], names)
    with closing(ground.facts.open(fields=ground.workbook.fields)) as con:
        if not con.execute("SELECT 1 FROM customers WHERE customer_id = ?", [customer]).fetchall():
            return None
        messages = {m for compiled in conditions.wanted.values() for m in compiled.uses.messages}
        con.register("received", ledger.received(ground.connection, messages, [customer]))
        evaluate_into(con, conditions, ground.now, ground.zone, [customer])
        row = _row(con.sql("SELECT * FROM evaluated"))
        holds = {key: bool(row[column]) for key, column in conditions.columns.items()}
        values = _values(con, list(conditions.wanted.values()), customer, ground)
        person = _Customer(_places(con, customer), holds, values)
    compiled = {key: conditions.wanted[column] for key, column in conditions.columns.items()}
    return {
        s.campaign_id: _why(ground, s, campaign, person, compiled.get(s.campaign_id), names)
        for s, campaign in zip(asked, meant, strict=True)
    }


def _typed(workbook: Workbook, campaign_id: str) -> Campaign | None:
    return next((c for c in workbook.campaigns if c.id == campaign_id), None)


def _why(
    ground: Ground,
    standing: Standing,
    campaign: Campaign | None,
    person: _Customer,
    compiled: Compiled | None,
    names: Names,
) -> Found:
    if standing.hold is not None or campaign is None:
        reason = standing.hold or "not_approved"
        return Found("held", reason, text(f"why.{reason}"))
    if not within_dates(campaign.start, campaign.end, ground.now, ground.zone):
        days = {"start": campaign.start or "", "end": campaign.end or "", "today": local_date(ground.now, ground.zone)}
        return Found("skipped", "outside_dates", text("why.outside_dates_full", **days))
    if campaign.journey is not None:
        journey = next((j for j in ground.workbook.journeys if j.id == campaign.journey), None)
        place = person.places.get(campaign.journey)
        if place is None or journey is None:
            return Found(
                "skipped", "left_stage", text("why.not_in_journey", journey=journey.name if journey else campaign.journey)
            )
        if campaign.stages and place.stage not in campaign.stages:
            wanted = [_name(journey, stage) for stage in campaign.stages]
            return Found("skipped", "left_stage", text("why.elsewhere", stage=_name(journey, place.stage), wanted=wanted))
    if not person.holds.get(campaign.id, True) and compiled is not None:
        shown = [
            f"{_label(column, names)} = {_plain(person.values.get(column.column), ground.zone)}" for column in _sorted(compiled)
        ]
        return Found("skipped", "condition", text("why.condition_values", audience=campaign.audience, values=shown))
    return _not_due(ground, standing, campaign, person)


def _not_due(ground: Ground, standing: Standing, campaign: Campaign, person: _Customer) -> Found:
    """Nothing stands against it but the time."""
    settings, zone = ground.workbook.settings, ground.zone
    trigger = campaign.trigger
    if isinstance(trigger, (OnEnter, AfterInStage)):
        place = person.places.get(campaign.journey or "")
        if place is None or place.stage is None or standing.in_force_at is None:
            return Found("deferred", "not_due", text("why.next_pass"))
        due = entry_due(trigger, place.since, settings, zone)
        before = place.cause in ("first", "map") or place.cause_at <= standing.in_force_at
        if before and standing.existing_at is None:
            since, force = _when(place.since, zone), _when(standing.in_force_at, zone)
            return Found("skipped", "entered_before", text("why.entered_before", since=since, in_force=force))
        if due > ground.now:
            return Found("deferred", "not_due", text("why.due_later", due_at=_when(due, zone)))
        if ground.now - place.cause_at > settings.entry_age and isinstance(trigger, OnEnter):
            days = settings.entry_age / timedelta(days=1)
            return Found("skipped", "too_late", text("why.entry_too_old", since=_when(place.cause_at, zone), days=f"{days:g}"))
        return Found("deferred", "not_due", text("why.next_pass"))
    coming = next(occurrences(trigger, ground.now, ground.now + _LONGEST_GAP, settings, zone), None)
    if coming is None:
        return Found("skipped", "too_late", text("why.no_more"))
    return Found("deferred", "not_due", text("why.due_later", due_at=_when(coming.due_at, zone)))


def _places(con: duckdb.DuckDBPyConnection, customer: str) -> dict[str, _Place]:
    rows = con.execute(
        """
        SELECT p.journey_id, p.stage_id, epoch_us(p.since), p.cause, epoch_us(coalesce(t.cause_at, p.since))
        FROM placements AS p LEFT JOIN transitions AS t
            ON t.journey_id = p.journey_id AND t.customer_id = p.customer_id AND t.at = p.since
        WHERE p.customer_id = ?
        """,
        [customer],
    ).fetchall()
    return {journey: _Place(stage, _moment(since), cause, _moment(at)) for journey, stage, since, cause, at in rows}


def _values(con: duckdb.DuckDBPyConnection, wanted: Sequence[Compiled], customer: str, ground: Ground) -> dict[str, Any]:
    """What the conditions looked at, by column."""
    columns = {column for compiled in wanted for column in compiled.columns}
    if not columns:
        return {}
    present = {str(row[0]) for row in con.execute("DESCRIBE customers").fetchall()}
    query = features.select(columns, ground.now, ground.zone, only=[customer], present=present)
    return _row(con.sql(query.text, params=list(query.params)))


def _row(found: duckdb.DuckDBPyRelation) -> dict[str, Any]:
    """The one row of a query that has one, by column."""
    [row] = found.to_arrow_table().to_pylist()
    return dict(row)


def _sorted(compiled: Compiled) -> list[Column]:
    return sorted(compiled.columns, key=lambda column: column.column)


def _label(column: Column, names: Names) -> str:
    if isinstance(column, Field):
        known = names.field(column.key)
        return known.label if known is not None else column.key
    kind = KINDS.get(column.name)
    name = kind.labels[0] if kind is not None and kind.labels else column.name
    inside = [*column.args, *([str(column.window)] if column.window else [])]
    return f"{name}({', '.join(inside)})" if inside else name


def _plain(value: Any, zone: ZoneInfo) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return _when(value, zone)
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def _name(journey: JourneyMap, stage_id: str | None) -> object:
    stage = next((s.name for s in journey.stages if s.id == stage_id), stage_id)
    return stage if stage is not None else text("why.no_stage")


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _when(moment: datetime, zone: ZoneInfo) -> str:
    return iso(moment, zone)[:16].replace("T", " ")
