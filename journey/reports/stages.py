"""How many customers stand where: now, on earlier days, by month; and how many moved from where to where.

What was is read from the transitions, so it begins with the first placing. Stages come in the order of the map; a stage or a
journey that is no longer on the map is not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from journey.clock import day_start, iso, local_date
from journey.facts import FactStore
from journey.model import Workbook
from journey.stages import last_run
from journey.store.engine import reading

_NOT_MOVES = ("map", "first")
"""Causes of transitions that are the program's doing and not the customers'."""


@dataclass(frozen=True)
class StageCount:
    """So many customers stood on a stage at the end of a local day; `stage_id` empty: on none of the journey's."""

    day: date
    journey_id: str
    stage_id: str
    customers: int


@dataclass(frozen=True)
class Flow:
    """So many different customers moved from one stage of a journey to another; None: from or to outside of all stages."""

    journey_id: str
    from_stage: str | None
    to_stage: str | None
    customers: int


def stage_counts(engine: Engine, facts: FactStore, workbook: Workbook, at: datetime | None = None) -> Mapping[str, object]:
    """`stages --json` (product.md): customers by journey and stage as of the last placing, or as they stood at the moment `at`.

    `unassigned` belong to the journey and stand on no stage; of earlier moments nobody knows them any more (None). Before the
    first placing `at` is None and every count 0.
    """
    zone = ZoneInfo(workbook.settings.time_zone)
    with reading(engine) as connection:
        run = last_run(connection)
    if run is None or at is None or at >= run.at:
        counts: Mapping[str, Mapping[str, int | None]] = run.counts if run else {}
        moment = run.at if run else None
    else:
        counts = {j: {**by_stage, "": None} for j, by_stage in _then(facts, [at])[0].items()}
        moment = at
    return {
        "at": iso(moment, zone) if moment else None,
        "journeys": [
            {
                "id": journey.id,
                "name": journey.name,
                "stages": [
                    {"id": s.id, "name": s.name, "customers": counts.get(journey.id, {}).get(s.id, 0)} for s in journey.stages
                ],
                "unassigned": counts.get(journey.id, {}).get("", 0),
            }
            for journey in workbook.journeys
        ],
    }


def stage_history(facts: FactStore, workbook: Workbook, days: Sequence[date]) -> list[StageCount]:
    """How many customers stood on each stage at the end of each of the local `days`; in their order, then the map's."""
    zone = ZoneInfo(workbook.settings.time_zone)
    ends = [day_start(day + timedelta(days=1), zone) - timedelta(microseconds=1) for day in days]
    found = _then(facts, ends)
    return [
        StageCount(day, journey_id, stage_id, then.get(journey_id, {}).get(stage_id, 0))
        for day, then in zip(days, found, strict=True)
        for journey_id, stage_id in _drawn(workbook)
    ]


def structure(facts: FactStore, workbook: Workbook, now: datetime) -> list[Mapping[str, object]]:
    """The customer base by month (`report --json`): `month` (YYYY-MM), `journey`, `stage`, `customers`; each month as it ended, the
    present one as it stands, from the month of the first placing on."""
    zone = ZoneInfo(workbook.settings.time_zone)
    with closing(facts.open()) as con:
        [(first,)] = con.execute('SELECT epoch_us(min("at")) FROM transitions').fetchall()
    if first is None:
        return []
    today = local_date(now, zone)
    start = local_date(datetime.fromtimestamp(first / 1_000_000, tz=now.tzinfo), zone).replace(day=1)
    months = list(_months(start, today))
    ends = [end - timedelta(days=1) for _, end in pairwise([*months, today + timedelta(days=1)])]
    return [
        {"month": c.day.strftime("%Y-%m"), "journey": c.journey_id, "stage": c.stage_id, "customers": c.customers}
        for c in stage_history(facts, workbook, ends)
    ]


def flows(facts: FactStore, workbook: Workbook, since: datetime | None = None, until: datetime | None = None) -> list[Flow]:
    """How many customers facts or time moved between the stages of each journey, from `since` until `until`; the most first.

    First placements and moves by a redrawn map are not customers moving.
    """
    known = set(_drawn(workbook))
    with closing(facts.open()) as con:
        rows = con.execute(
            """
            SELECT journey_id, from_stage, to_stage, count(DISTINCT customer_id) AS customers FROM transitions
            WHERE NOT list_contains(?::VARCHAR[], cause) AND "at" >= coalesce(?::TIMESTAMPTZ, "at")
                AND "at" <= coalesce(?::TIMESTAMPTZ, "at")
            GROUP BY ALL ORDER BY customers DESC, journey_id, from_stage, to_stage
            """,
            [list(_NOT_MOVES), since, until],
        ).fetchall()
    return [
        Flow(journey_id, was, now, customers)
        for journey_id, was, now, customers in rows
        if all(stage is None or (journey_id, stage) in known for stage in (was, now))
    ]


def _then(facts: FactStore, moments: Sequence[datetime]) -> list[dict[str, dict[str, int]]]:
    """{journey: {stage: customers}} at each of the moments, in one scan of the transitions."""
    if not moments:
        return []
    with closing(facts.open()) as con:
        rows = con.execute(
            """
            WITH moments AS (SELECT unnest(range(len($moments::TIMESTAMPTZ[]))) AS number, unnest($moments::TIMESTAMPTZ[]) AS moment),
            steps AS (
                SELECT journey_id, to_stage AS stage_id, 1 AS step, "at" FROM transitions WHERE to_stage IS NOT NULL
                UNION ALL
                SELECT journey_id, from_stage, -1, "at" FROM transitions WHERE from_stage IS NOT NULL
            ),
            sums AS (SELECT journey_id, stage_id, "at", sum(step) AS step FROM steps GROUP BY ALL)
            SELECT number, journey_id, stage_id, sum(step)::BIGINT FROM sums JOIN moments ON sums."at" <= moments.moment GROUP BY ALL
            """,
            {"moments": list(moments)},
        ).fetchall()
    found: list[dict[str, dict[str, int]]] = [{} for _ in moments]
    for number, journey_id, stage_id, customers in rows:
        found[number].setdefault(journey_id, {})[stage_id] = customers
    return found


def _drawn(workbook: Workbook) -> list[tuple[str, str]]:
    return [(j.id, s.id) for j in workbook.journeys for s in j.stages]


def _months(first: date, last: date) -> Iterable[date]:
    month = first
    while month <= last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)
