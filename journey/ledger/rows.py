"""One delivery as code sees it, and how its changes and their trail are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from journey.store.tables import deliveries, delivery_log


@dataclass(frozen=True)
class Delivery:
    """What a sender needs to know of a claimed row; the columns have the meaning they have in the table."""

    id: int
    campaign_id: str
    customer_id: str
    step: str
    occurrence: str
    generation: int
    kind: str
    priority: int
    first_due_at: datetime
    due_at: datetime
    deferrals: int
    attempts: int
    released_by: str | None
    header_id: str | None
    attempt_id: str | None
    variant: str | None


COLUMNS = tuple(deliveries.c[name] for name in Delivery.__dataclass_fields__)


def delivery(row: Row[Any]) -> Delivery:
    """A `Delivery` from a row of `COLUMNS`."""
    return Delivery(**row._mapping)


@dataclass(frozen=True)
class Entry:
    """One decision for the trail: what was decided, why, and the values behind it."""

    delivery_id: int
    state: str
    reason: str | None = None
    detail: Mapping[str, Any] | None = None


def log(connection: Connection, entries: Iterable[Entry], now: datetime) -> None:
    """Adds decisions to the trail, in their order."""
    rows = [
        {
            "delivery_id": e.delivery_id,
            "at": now,
            "state": e.state,
            "reason": e.reason,
            "detail": dict(e.detail) if e.detail is not None else None,
        }
        for e in entries
    ]
    if rows:
        connection.execute(insert(delivery_log), rows)


def chunks(ids: Sequence[Any], size: int = 5_000) -> Iterable[Sequence[Any]]:
    """The ids in slices that fit a statement's bound values."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
