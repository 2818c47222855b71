"""The use case: what fell due since the last time becomes rows of the ledger, a transaction a campaign.

A crash between campaigns loses nothing: what is not frozen yet is found again, for everything is worked out from the facts, the
approvals and the ledger itself. Planning twice at one moment adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Engine, or_, update

from journey.approvals import Standing
from journey.calendar import Occurrence
from journey.facts import FactStore
from journey.fields import Names
from journey.model import Campaign, OnEnter, Recurring, Settings, Workbook
from journey.plan.audiences import Conditions, compile_audiences, evaluate_into, members, show_received
from journey.plan.entries import Stay, awaits_existing, freeze_stays, stays
from journey.plan.limits import Held
from journey.plan.repeats import due, freeze_occurrence
from journey.store.engine import reading, writing
from journey.store.tables import campaign_state
from journey.texts import Text

_JOURNEY_PRIORITIES = 1_000
_NO_JOURNEY = 100  # as a journey that says nothing
_state = campaign_state.c


@dataclass(frozen=True)
class Planned:
    """What was planned of one campaign: rows that are to be sent, rows skipped by reason, and why rows are held.

    `occurrence` is its local date or `once`, None where it is about entries.
    """

    campaign_id: str
    occurrence: str | None
    planned: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    held: Held | None = None


@dataclass(frozen=True)
class PlanReport:
    """What one planning did, by campaign in the order of priority; `unreadable` are campaigns whose condition cannot be read."""

    campaigns: tuple[Planned, ...] = ()
    unreadable: Mapping[str, Text] = field(default_factory=dict)

    @property
    def planned(self) -> int:
        """How many deliveries were planned, held ones too."""
        return sum(c.planned for c in self.campaigns)


@dataclass(frozen=True)
class _Due:
    """A campaign with something to freeze: one occurrence, or stays."""

    standing: Standing
    campaign: Campaign
    occurrence: Occurrence | None
    stays: tuple[Stay, ...] = ()

    @property
    def asks_now(self) -> bool:
        """Whether the condition decides about anyone now; after a delay it is asked when the delay is over, at send time."""
        trigger = self.campaign.trigger
        delayed = isinstance(trigger, OnEnter) and trigger.delay is not None
        return not delayed or any(s.existing for s in self.stays)


def plan(
    engine: Engine,
    facts: FactStore,
    workbook: Workbook,
    standings: Mapping[str, Standing],
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
) -> PlanReport:
    """Plans whatever fell due, by the approved content of the campaigns that run.

    `workbook` is the version in force (its maps, segments and fields), `standings` those of `now`, `settings` those in force,
    `zone` the workbook's. Call it after `stages.assign`. Each campaign is one transaction; audiences are evaluated once, before.
    """
    _mark_idle(engine, standings, now)
    running = sorted((s for s in standings.values() if s.runs), key=lambda s: rank(s, workbook))
    campaigns = {s.campaign_id: _ranked(s, workbook) for s in running}
    names = Names.of(workbook, facts.attributes())
    conditions = compile_audiences(list(campaigns.values()), names)
    readable = [s for s in running if s.campaign_id not in conditions.unreadable]
    done: list[Planned] = []
    with closing(facts.open(fields=workbook.fields)) as con:
        found = _find(engine, con, readable, campaigns, settings, now, zone)
        if found:
            _evaluate(engine, con, found, conditions, now, zone)
        for item in found:
            planned = _freeze(engine, con, item, conditions, settings, now, zone)
            if planned.planned or planned.skipped:
                done.append(planned)
    return PlanReport(tuple(done), conditions.unreadable)


def rank(standing: Standing, workbook: Workbook) -> tuple[int, str]:
    """The order in which campaigns go: smaller priority first, then the smaller priority of its journey, then the id."""
    assert standing.live is not None
    campaign = standing.live[0]
    journey = next((j for j in workbook.journeys if j.id == campaign.journey), None)
    within = min(max(journey.priority if journey else _NO_JOURNEY, 0), _JOURNEY_PRIORITIES - 1)
    return campaign.priority * _JOURNEY_PRIORITIES + within, campaign.id


def _ranked(standing: Standing, workbook: Workbook) -> Campaign:
    """The approved campaign with the priority by which the ledger orders it: that of its journey breaks ties."""
    assert standing.live is not None
    return replace(standing.live[0], priority=rank(standing, workbook)[0])


def _mark_idle(engine: Engine, standings: Mapping[str, Standing], now: datetime) -> None:
    """Keeps until when campaigns were known not to run: the moment they were judged, which may be well before `now`.

    Someone may have resumed one since; that moment is the later one and stays, and what fell due after it is not lost.
    """
    idle = [
        (s.campaign_id, s.judged_at or now)
        for s in standings.values()
        if s.in_force_at is not None and not s.runs and s.state != "ended" and (s.live is None or _recurs(s.live[0]))
    ]
    if idle:
        with writing(engine) as connection:
            for campaign_id, at in idle:
                earlier = or_(_state.idle_at.is_(None), _state.idle_at < at)
                connection.execute(update(campaign_state).where(_state.campaign_id == campaign_id, earlier).values(idle_at=at))


def _recurs(campaign: Campaign) -> bool:
    return isinstance(campaign.trigger, Recurring)


def _find(
    engine: Engine,
    con: duckdb.DuckDBPyConnection,
    running: list[Standing],
    campaigns: Mapping[str, Campaign],
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
) -> list[_Due]:
    found = []
    with reading(engine) as connection:
        for standing in running:
            campaign = campaigns[standing.campaign_id]
            occurrence = due(connection, standing, campaign, settings, now, zone)
            if occurrence is not None:
                found.append(_Due(standing, campaign, occurrence))
            new = tuple(stays(connection, con, standing, campaign, settings, now, zone))
            if new or awaits_existing(connection, standing, campaign):
                found.append(_Due(standing, campaign, None, new))
    return found


def _evaluate(
    engine: Engine,
    con: duckdb.DuckDBPyConnection,
    found: list[_Due],
    conditions: Conditions,
    now: datetime,
    zone: ZoneInfo,
) -> None:
    """One pass for all that is due; only over those who entered, where nothing asks for everyone."""
    asked = {conditions.columns[d.campaign.id] for d in found if d.campaign.id in conditions.columns and d.asks_now}
    needed = replace(conditions, wanted={column: c for column, c in conditions.wanted.items() if column in asked})
    everyone = any(d.occurrence is not None for d in found)
    if not everyone and not needed.wanted:
        return
    only = None if everyone else sorted({s.customer_id for d in found for s in d.stays})
    with reading(engine) as connection:
        show_received(connection, con, needed, only)
    evaluate_into(con, needed, now, zone, only)


def _freeze(
    engine: Engine,
    con: duckdb.DuckDBPyConnection,
    item: _Due,
    conditions: Conditions,
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
) -> Planned:
    campaign = item.campaign
    if item.occurrence is not None:
        query, values = members(campaign, conditions)
        customers = [row[0] for row in con.execute(f"{query} ORDER BY 1", values).fetchall()]
        with writing(engine) as connection:
            count, held = freeze_occurrence(connection, item.standing, campaign, item.occurrence, customers, settings, now)
        return Planned(campaign.id, item.occurrence.name, count, held=held)
    fitting = None
    if campaign.id in conditions.columns and item.asks_now:
        fits = con.execute(f"SELECT customer_id FROM evaluated WHERE {conditions.holds(campaign.id)}").fetchall()
        fitting = frozenset(row[0] for row in fits)
    with writing(engine) as connection:
        done = freeze_stays(connection, item.standing, campaign, item.stays, fitting, settings, now, zone)
    return Planned(campaign.id, None, done.planned, done.skipped or {}, done.held)
