"""Reading the ledger: the list that people see, what a customer got, and what the caps count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import Connection, func, select

from journey.clock import local_date
from journey.ledger.rows import chunks
from journey.ledger.states import HOLDS, SENT
from journey.store.tables import deliveries

_d = deliveries.c


@dataclass(frozen=True)
class Listed:
    """One line of `tabiji deliveries`; the attributes are the JSON's keys (product.md)."""

    id: int
    campaign: str
    customer: str
    step: str
    occurrence: str
    message: str | None
    variant: str | None
    channel: str | None
    state: str
    reason: str | None
    due_at: datetime
    sent_at: datetime | None


def listed(
    connection: Connection,
    *,
    campaign: str | None = None,
    state: str | None = None,
    customer: str | None = None,
    reason: str | None = None,
    limit: int | None = None,
) -> list[Listed]:
    """Deliveries in the order of their due times, narrowed by what is given."""
    query = select(
        _d.id,
        _d.campaign_id,
        _d.customer_id,
        _d.step,
        _d.occurrence,
        _d.message_id,
        _d.variant,
        _d.channel,
        _d.state,
        _d.reason,
        _d.due_at,
        _d.sent_at,
    ).order_by(_d.due_at, _d.id)
    wanted = ((_d.campaign_id, campaign), (_d.state, state), (_d.customer_id, customer), (_d.reason, reason))
    for column, value in wanted:
        if value is not None:
            query = query.where(column == value)
    return [Listed(*tuple(row)) for row in connection.execute(query.limit(limit))]


@dataclass(frozen=True)
class Sent:
    """One delivery that reached a customer or may have: what caps and re-entry count."""

    campaign_id: str
    kind: str
    channel: str
    day: date
    """The local day (the workbook's zone) on which it was handed over."""
    at: datetime


def sent_since(connection: Connection, customers: Sequence[str], since: datetime, zone: ZoneInfo) -> dict[str, list[Sent]]:
    """Per customer, what was handed over from `since` on and was not certainly refused. `zone` is the workbook's."""
    found: dict[str, list[Sent]] = {}
    for some in chunks(customers):
        rows = connection.execute(
            select(_d.customer_id, _d.campaign_id, _d.kind, _d.channel, _d.local_day, _d.handed_over_at).where(
                _d.customer_id.in_(some), _d.handed_over_at >= since, _d.state.in_(SENT)
            )
        )
        for customer, campaign, kind, channel, day, at in rows:
            # A late acceptance of what had been taken for refused: its place in the day was given up.
            local = date.fromisoformat(day) if day else local_date(at, zone)
            found.setdefault(customer, []).append(Sent(campaign, kind, channel, local, at))
    return found


def last_sent(connection: Connection, campaign_id: str, customers: Sequence[str]) -> dict[str, datetime]:
    """When each of these customers last got a delivery of the campaign (or may have); those who never did are left out."""
    found: dict[str, datetime] = {}
    for some in chunks(customers):
        found |= {
            row.customer_id: row.at
            for row in connection.execute(
                select(_d.customer_id, func.max(_d.handed_over_at).label("at"))
                .where(_d.campaign_id == campaign_id, _d.customer_id.in_(some), _d.state.in_(SENT))
                .group_by(_d.customer_id)
            )
        }
    return found


@dataclass(frozen=True)
class Waiting:
    """A planned delivery that wants room under a customer's caps."""

    id: int
    campaign_id: str
    kind: str
    priority: int


def waiting_until(
    connection: Connection, customers: Sequence[str], campaigns: Sequence[str], until: datetime
) -> dict[str, list[Waiting]]:
    """Per customer, the deliveries of the given campaigns that are planned before `until` and not held."""
    found: dict[str, list[Waiting]] = {}
    for some in chunks(customers):
        rows = connection.execute(
            select(_d.customer_id, _d.id, _d.campaign_id, _d.kind, _d.priority).where(
                _d.customer_id.in_(some),
                _d.campaign_id.in_(list(campaigns)),
                _d.state.in_(("planned", "leased")),
                _d.due_at < until,
                _d.reason.is_(None) | _d.reason.not_in(sorted(HOLDS)),
            )
        )
        for customer, *rest in rows:
            found.setdefault(customer, []).append(Waiting(*rest))
    return found


def address_taken(
    connection: Connection, campaign_id: str, step: str, generation: int, local_day: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Which of the (channel, address key) pairs a campaign's step already wrote to on that day, and by which delivery."""
    rows = connection.execute(
        select(_d.channel, _d.address_key, _d.id).where(
            _d.campaign_id == campaign_id,
            _d.step == step,
            _d.generation == generation,
            _d.local_day == local_day,
            _d.channel.in_(sorted({channel for channel, _ in keys})),
            _d.address_key.in_([key for _, key in keys]),
        )
    )
    return {(channel, key): row for channel, key, row in rows}


def sent_on_day(connection: Connection, campaigns: Sequence[str], local_day: str) -> Mapping[str, int]:
    """How many a campaign handed over on a local day without a person's release: what `bulk_limit` counts."""
    rows = connection.execute(
        select(_d.campaign_id, func.count())
        .where(
            _d.campaign_id.in_(list(campaigns)),
            _d.state.in_(SENT),
            _d.local_day == local_day,
            _d.released_by.is_(None),
        )
        .group_by(_d.campaign_id)
    )
    return {row[0]: row[1] for row in rows}


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Deliveries a campaign by state; `held` are the planned ones that wait for a decision."""
    found: dict[str, dict[str, int]] = {}
    held = _d.reason.in_(sorted(HOLDS)) & (_d.state == "planned")
    for campaign, state, is_held, count in connection.execute(
        select(_d.campaign_id, _d.state, held, func.count()).group_by(_d.campaign_id, _d.state, held)
    ):
        of = found.setdefault(campaign, {})
        of["held" if is_held else state] = of.get("held" if is_held else state, 0) + count
    return found


def received(connection: Connection, messages: Collection[str], customers: Sequence[str] | None = None) -> pa.Table:
    """Who got which of the messages when: `customer_id`, `message`, `at` (UTC). The view that the feature `received` reads.

    `customers` restricts it. Only accepted deliveries; a delivery in doubt is not something a customer has received.
    """
    query = select(_d.customer_id, _d.message_id, _d.sent_at).where(
        _d.message_id.in_(sorted(messages)), _d.state.in_(("accepted", "delivered")), _d.sent_at.is_not(None)
    )
    parts = [query] if customers is None else [query.where(_d.customer_id.in_(some)) for some in chunks(customers)]
    rows = [row for part in parts for row in connection.execute(part)]
    schema = pa.schema([("customer_id", pa.string()), ("message", pa.string()), ("at", pa.timestamp("us", tz="UTC"))])
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(schema.names)}, schema=schema)
