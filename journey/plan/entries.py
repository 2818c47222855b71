"""Who entered a stage, or has stood on it long enough, and is therefore due for a campaign; as rows of the ledger.

A stay is one entry of one customer into one stage. It makes one row, whatever becomes of it, so planning again adds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection, func, insert, select

from journey.approvals import Standing
from journey.calendar import entry_due
from journey.clock import day_start, local_date
from journey.ledger import PlannedRow, freeze
from journey.ledger.states import SENT
from journey.model import AfterInStage, Campaign, OnEnter, Settings
from journey.plan.audiences import on_stages
from journey.plan.limits import Held, late, too_many
from journey.plan.repeats import STEP
from journey.store.tables import deliveries, occurrences

EXISTING = "existing"
"""The mark in `occurrences` that existing customers were planned for the approval of that moment."""

_GOT = ("planned", "leased", *SENT)
_CHUNK = 5_000  # so many bound values a query is within what every store takes
_d = deliveries.c


@dataclass(frozen=True)
class Stay:
    """One customer's entry into a stage of the campaign: when it began, its ledger name and when its campaign falls due.

    Each stage counts its own entries. So `occurrence` is the entry's number where the campaign has one stage, and else names the
    stage too.
    """

    customer_id: str
    stage_id: str
    entry: int
    since: datetime
    occurrence: str
    due_at: datetime
    existing: bool = False

    def is_among(self, frozen: Mapping[tuple[str, str], datetime]) -> bool:
        """Whether this stay is in the ledger, under either form of its name: the campaign's stages may have been edited since.

        `frozen` are the customers' occurrences with the moment at which they were planned. A number alone that was planned
        before this stay began is an entry into another stage.
        """
        if (self.customer_id, self.occurrence) in frozen or (self.customer_id, f"{self.stage_id}/{self.entry}") in frozen:
            return True
        planned_at = frozen.get((self.customer_id, str(self.entry)))
        return planned_at is not None and planned_at >= self.since


@dataclass(frozen=True)
class Frozen:
    """What was planned of a campaign: rows to send, rows skipped by reason, and why some are held."""

    planned: int = 0
    skipped: Mapping[str, int] | None = None
    held: Held | None = None


def stays(
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    standing: Standing,
    campaign: Campaign,
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
) -> list[Stay]:
    """Those that are due to be planned now and are not in the ledger, in the order in which they began."""
    if not isinstance(campaign.trigger, (OnEnter, AfterInStage)) or campaign.journey is None or standing.in_force_at is None:
        return []
    found = list(_begun(con, standing.in_force_at, campaign, campaign.trigger, settings, now, zone))
    if standing.existing_at is not None and awaits_existing(connection, standing, campaign):
        found += _existing(con, standing.existing_at, campaign, campaign.trigger, settings, zone)
    frozen = _frozen(connection, campaign.id, {s.customer_id for s in found})
    unique = {(s.customer_id, s.occurrence): s for s in reversed(found)}  # one that just began beats the same as existing
    new = (s for s in unique.values() if not s.is_among(frozen))
    return sorted(new, key=lambda s: (s.due_at, s.customer_id, s.occurrence))


def _begun(
    con: duckdb.DuckDBPyConnection,
    in_force_at: datetime,
    campaign: Campaign,
    trigger: OnEnter | AfterInStage,
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
) -> Iterator[Stay]:
    """Stays that facts, time or a person began after the campaign came into force, soon after what caused them.

    Redrawing the map and first placements begin none. An entry counts while its cause is no older than `entry_age`; a stay of N
    days, while the moment at which it reached them is not.
    """
    stage, values = on_stages(campaign, "t.to_stage", any_stage=True)
    recent = now - settings.entry_age
    bounds: tuple[object, ...]
    if isinstance(trigger, OnEnter):
        fresh, bounds = "t.cause_at > ?", (recent,)
    else:
        # Loose by days on purpose: the exact local moment is worked out below.
        fresh = (
            "t.at > ? AND t.at < ? AND t.cause_at > t.at - to_seconds(?) AND EXISTS (SELECT 1 FROM placements AS p WHERE "
            "p.journey_id = t.journey_id AND p.customer_id = t.customer_id AND p.stage_id = t.to_stage AND p.entry = t.entry)"
        )
        span, slack = timedelta(days=trigger.days), timedelta(days=2)
        bounds = (recent - span - slack, now - span + slack, settings.entry_age.total_seconds())
    rows = con.execute(
        f"""
        SELECT t.customer_id, t.to_stage, t.entry, epoch_us(t.at) FROM transitions AS t
        WHERE t.journey_id = ? AND {stage} AND t.cause IN ('data', 'time', 'hand') AND t.cause_at > ? AND t.at <= ? AND {fresh}
        """,
        [campaign.journey, *values, in_force_at, now, *bounds],
    ).fetchall()
    for customer_id, stage_id, entry, micros in rows:
        since = _moment(micros)
        due_at = entry_due(trigger, since, settings, zone)
        if isinstance(trigger, OnEnter) or recent < due_at <= now:
            yield Stay(customer_id, stage_id, entry, since, _name(campaign, stage_id, entry), due_at)


def _existing(
    con: duckdb.DuckDBPyConnection,
    existing_at: datetime,
    campaign: Campaign,
    trigger: OnEnter | AfterInStage,
    settings: Settings,
    zone: ZoneInfo,
) -> Iterator[Stay]:
    """Stays of those who stood there when `Include existing` was approved, whatever brought them. Never due before that.

    Whoever the first placing or a redrawn map put there since stood there too: the approval only came before the placing.
    """
    stage, values = on_stages(campaign, "stage_id", any_stage=True)
    rows = con.execute(
        "SELECT customer_id, stage_id, entry, epoch_us(since) FROM placements "
        f"WHERE journey_id = ? AND {stage} AND (since <= ? OR cause IN ('first', 'map'))",
        [campaign.journey, *values, existing_at],
    ).fetchall()
    for customer_id, stage_id, entry, micros in rows:
        since = _moment(micros)
        begun = existing_at if isinstance(trigger, OnEnter) else since
        due_at = max(existing_at, entry_due(trigger, begun, settings, zone))
        yield Stay(customer_id, stage_id, entry, since, _name(campaign, stage_id, entry), due_at, existing=True)


def _moment(micros: int) -> datetime:
    # DuckDB's own conversion of aware moments needs a package for time zones that we have no other use for.
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _name(campaign: Campaign, stage_id: str, entry: int) -> str:
    return str(entry) if len(campaign.stages) == 1 else f"{stage_id}/{entry}"


def freeze_stays(
    connection: Connection,
    standing: Standing,
    campaign: Campaign,
    found: Sequence[Stay],
    fitting: frozenset[str] | None,
    settings: Settings,
    now: datetime,
    zone: ZoneInfo,
) -> Frozen:
    """Freezes stays in the caller's transaction, each as planned or skipped.

    `fitting` are the customers for whom the campaign's condition holds now, None where it has none. After a delay it is asked
    when the delay is over, at send time. An existing customer for whom it does not hold makes no row: the approval did not
    count them either.
    """
    delayed = isinstance(campaign.trigger, OnEnter) and campaign.trigger.delay is not None
    frozen = _frozen(connection, campaign.id, {s.customer_id for s in found})
    new = [s for s in found if not s.is_among(frozen)]
    got = _last_got(connection, campaign.id, {s.customer_id for s in new}) if campaign.reentry is not None else {}
    send: list[Stay] = []
    skip: list[PlannedRow] = []
    for stay in new:
        if fitting is not None and (stay.existing or not delayed) and stay.customer_id not in fitting:
            if not stay.existing:
                skip.append(_skipped(stay, "condition", {"audience": campaign.audience}))
            continue
        before = got.get(stay.customer_id)
        if campaign.reentry is not None and before is not None and stay.due_at - before < campaign.reentry:
            detail = {"last": before.isoformat(), "reentry_days": campaign.reentry / timedelta(days=1)}
            skip.append(_skipped(stay, "already", detail))
            continue
        got[stay.customer_id] = stay.due_at
        send.append(stay)
    held = _crowded(connection, standing, campaign, send, settings, zone)
    rows = [_row(s, held.get(local_date(s.due_at, zone)) or late(settings, s.due_at, now)) for s in send]
    freeze(connection, campaign, [*rows, *skip], now)
    if standing.existing_at is not None and awaits_existing(connection, standing, campaign):
        _mark_existing(connection, campaign.id, standing.existing_at, sum(s.existing for s in send), now)
    reasons = [row.reason for row in skip if row.reason]
    first_held = next((Held(r.reason, r.detail or {}) for r in rows if r.reason), None)
    return Frozen(len(rows), {r: reasons.count(r) for r in dict.fromkeys(reasons)}, first_held)


def _skipped(stay: Stay, reason: str, detail: Mapping[str, object]) -> PlannedRow:
    return PlannedRow(stay.customer_id, STEP, stay.occurrence, stay.due_at, "skipped", reason, detail)


def _row(stay: Stay, held: Held | None) -> PlannedRow:
    reason, detail = (held.reason, held.detail) if held else (None, None)
    return PlannedRow(stay.customer_id, STEP, stay.occurrence, stay.due_at, "planned", reason, detail)


def _crowded(
    connection: Connection, standing: Standing, campaign: Campaign, send: Sequence[Stay], settings: Settings, zone: ZoneInfo
) -> dict[date, Held]:
    """The local days to which these rows would bring more than the limit, with what is in the ledger for them already."""
    fresh = Counter(local_date(s.due_at, zone) for s in send)
    held = {}
    for day, new in sorted(fresh.items()):
        there = connection.scalar(
            select(func.count()).where(
                _d.campaign_id == campaign.id,
                _d.state.not_in(("skipped", "cancelled")),
                _d.first_due_at >= day_start(day, zone),
                _d.first_due_at < day_start(day + timedelta(days=1), zone),
            )
        )
        if why := too_many(settings, standing.estimate, new + (there or 0), day.isoformat()):
            held[day] = why
    return held


def _chunks(customers: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(customers)
    return (ordered[start : start + _CHUNK] for start in range(0, len(ordered), _CHUNK))


def _frozen(connection: Connection, campaign_id: str, customers: Collection[str]) -> dict[tuple[str, str], datetime]:
    """The occurrences of these customers that are in the ledger, and when they were planned."""
    query = select(_d.customer_id, _d.occurrence, _d.planned_at).where(_d.campaign_id == campaign_id)
    return {
        (row.customer_id, row.occurrence): row.planned_at
        for some in _chunks(customers)
        for row in connection.execute(query.where(_d.customer_id.in_(some)))
    }


def _last_got(connection: Connection, campaign_id: str, customers: Collection[str]) -> dict[str, datetime]:
    """When each of these customers last got this campaign, or will: sent, in doubt, or waiting to be sent."""
    when = func.max(func.coalesce(_d.sent_at, _d.due_at), type_=_d.due_at.type)
    query = select(_d.customer_id, when.label("at")).where(_d.campaign_id == campaign_id, _d.state.in_(_GOT))
    query = query.group_by(_d.customer_id)
    return {
        row.customer_id: row.at
        for some in _chunks(customers)
        for row in connection.execute(query.where(_d.customer_id.in_(some)))
    }


def awaits_existing(connection: Connection, standing: Standing, campaign: Campaign) -> bool:
    """Whether those who stood there when `Include existing` was approved are still to be planned."""
    if standing.existing_at is None or not isinstance(campaign.trigger, (OnEnter, AfterInStage)):
        return False
    name = f"{EXISTING}:{standing.existing_at.isoformat()}"
    query = select(occurrences.c.due_at).where(occurrences.c.campaign_id == campaign.id, occurrences.c.occurrence == name)
    return connection.scalar(query) is None


def _mark_existing(connection: Connection, campaign_id: str, existing_at: datetime, count: int, now: datetime) -> None:
    name = f"{EXISTING}:{existing_at.isoformat()}"
    values = {"campaign_id": campaign_id, "occurrence": name, "due_at": existing_at, "frozen_at": now, "audience": count}
    connection.execute(insert(occurrences).values(**values))
