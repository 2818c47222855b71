"""Freezing an audience: from now on each of its customers has a row that must end somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, literal, or_, select

from journey.model import Campaign
from journey.store.bulk import insert_into, insert_rows
from journey.store.tables import Instant, deliveries, delivery_log

_BATCH = 10_000
_COLUMNS = (
    "campaign_id",
    "customer_id",
    "step",
    "occurrence",
    "generation",
    "kind",
    "priority",
    "state",
    "reason",
    "detail",
    "planned_at",
    "first_due_at",
    "due_at",
    "deferrals",
    "attempts",
    "message_id",
)


@dataclass(frozen=True)
class PlannedRow:
    """One customer of a frozen occurrence: to be sent at `due_at`, or skipped with a reason code.

    `planned` with a `reason` is held from the start (`bulk`, `late_start`). `detail` are the values behind the reason.
    """

    customer_id: str
    step: str
    occurrence: str
    due_at: datetime
    state: Literal["planned", "skipped"] = "planned"
    reason: str | None = None
    detail: Mapping[str, Any] | None = None


def freeze(connection: Connection, campaign: Campaign, rows: Iterable[PlannedRow], now: datetime) -> int:
    """Adds the rows to the ledger and returns how many were new; keys that are already there stay as they are.

    Bulk-safe: 100,000 rows take seconds and are read from `rows` a batch at a time. Part of the caller's transaction.
    """
    last = connection.scalar(select(func.max(deliveries.c.id))) or 0
    key = ("campaign_id", "customer_id", "step", "occurrence", "generation")
    statement = insert_into(connection, deliveries).on_conflict_do_nothing(index_elements=key)
    source = iter(rows)
    while batch := [_values(campaign, row, now) for row in islice(source, _BATCH)]:
        insert_rows(connection, statement, _COLUMNS, batch)
    new = deliveries.c.id > last
    # A planned row speaks for itself; the trail begins with the first decision about it.
    decided = select(
        deliveries.c.id, literal(now, Instant), deliveries.c.state, deliveries.c.reason, deliveries.c.detail
    ).where(new, or_(deliveries.c.state != "planned", deliveries.c.reason.is_not(None)))
    connection.execute(insert(delivery_log).from_select(["delivery_id", "at", "state", "reason", "detail"], decided))
    return connection.scalar(select(func.count()).where(new)) or 0


def _values(campaign: Campaign, row: PlannedRow, now: datetime) -> tuple[object, ...]:
    """A row of the ledger: the values of `_COLUMNS`."""
    return (
        campaign.id,
        row.customer_id,
        row.step,
        row.occurrence,
        0,
        campaign.kind,
        campaign.priority,
        row.state,
        row.reason,
        None if row.detail is None else dict(row.detail),
        now,
        row.due_at,
        row.due_at,
        0,
        0,
        campaign.message,  # what is meant; the variant and the channel are chosen when it is handed over
    )
