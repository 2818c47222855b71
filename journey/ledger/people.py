"""What a person decides about deliveries that wait, are in doubt, or failed: release, drop, retry. Each decision is audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from journey.errors import UsageError
from journey.ledger.rows import Entry, chunks, log
from journey.store.tables import audit, deliveries, occurrences
from journey.texts import text

_d = deliveries.c


@dataclass(frozen=True)
class Chosen:
    """Which deliveries a person means: by their numbers, or all of a campaign that have one reason."""

    ids: tuple[int, ...] = ()
    campaign: str | None = None
    reason: str | None = None


def release(connection: Connection, chosen: Chosen, who: str, now: datetime) -> int:
    """Lets held or deferred deliveries go out with the next pass, though late or many; returns how many.

    What protects the customer (consent, suppression, caps, quiet hours) still decides when they are sent.
    """
    waiting = (_d.state == "planned") & _d.reason.is_not(None)
    values = {"reason": None, "detail": None, "released_by": who, "due_at": now}
    _settle_occurrences(connection, chosen, who, now)
    return _decide(connection, chosen, waiting, "planned", "released", values, who, "release", now)


def drop(connection: Connection, chosen: Chosen, who: str, now: datetime) -> int:
    """Gives up deliveries that wait, are in doubt or failed: they are never sent. Returns how many."""
    open_ones = _d.state.in_(("planned", "in_doubt", "failed"))
    _settle_occurrences(connection, chosen, who, now, hold="dropped")
    return _decide(connection, chosen, open_ones, "cancelled", "dropped", {"reason": "dropped"}, who, "drop", now)


def retry(connection: Connection, chosen: Chosen, who: str, now: datetime) -> int:
    """Sends deliveries in doubt or failed once more, though the customer may get one of them twice. Returns how many."""
    done = _d.state.in_(("in_doubt", "failed"))
    # One in doubt keeps its day: it may have arrived then, and evidence may still come.
    values = {"reason": None, "detail": None, "released_by": who, "due_at": now, "attempts": 0}
    return _decide(connection, chosen, done, "planned", "retried", values, who, "retry", now)


def _decide(
    connection: Connection,
    chosen: Chosen,
    allowed: ColumnElement[bool],
    state: str,
    logged: str,
    values: dict[str, Any],
    who: str,
    action: str,
    now: datetime,
) -> int:
    ids: list[int] = []
    for part in _parts(chosen):
        ids += connection.scalars(select(_d.id).where(part, allowed).order_by(_d.id)).all()
    for some in chunks(ids):
        connection.execute(update(deliveries).where(_d.id.in_(some)).values(state=state, epoch=None, leased_at=None, **values))
    log(connection, [Entry(i, state, logged, {"who": who}) for i in ids], now)
    subject = f"campaign:{chosen.campaign}" if chosen.campaign else "deliveries"
    detail = {"reason": chosen.reason, "ids": list(chosen.ids[:100]), "count": len(ids)}
    connection.execute(insert(audit).values(at=now, who=who, action=f"deliveries.{action}", subject=subject, detail=detail))
    return len(ids)


def _parts(chosen: Chosen) -> Sequence[ColumnElement[bool]]:
    if chosen.ids:
        return [_d.id.in_(some) for some in chunks(chosen.ids)]
    if not chosen.campaign or not chosen.reason:
        raise UsageError(text("delivery.choose"))
    return [(_d.campaign_id == chosen.campaign) & (_d.reason == chosen.reason)]


def _settle_occurrences(connection: Connection, chosen: Chosen, who: str, now: datetime, hold: str | None = None) -> None:
    # A hold of a whole occurrence is decided with its rows, so that no later row of it asks again.
    if chosen.campaign and chosen.reason and not chosen.ids:
        connection.execute(
            update(occurrences)
            .where(occurrences.c.campaign_id == chosen.campaign, occurrences.c.hold == chosen.reason)
            .values(hold=hold, decided_by=who, decided_at=now)
        )
