"""Claiming due rows for a sender, letting go of them again, and setting right at start what an older process left behind."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, literal, null, or_, select, update

from journey.ledger.rows import COLUMNS, Delivery, chunks, delivery
from journey.ledger.states import STICKY_HOLDS
from journey.store.tables import Instant, deliveries, delivery_log

_d = deliveries.c
_free = or_(_d.reason.is_(None), _d.reason.not_in(sorted(STICKY_HOLDS)))


def claim(connection: Connection, epoch: int, campaigns: Collection[str], now: datetime, limit: int) -> list[Delivery]:
    """Leases up to `limit` due rows of the given campaigns to `epoch`, those of smaller priority number and longer due first.

    Held rows are passed over by the search itself, so they cost nothing and keep nothing back.
    """
    wanted = (
        select(_d.id)
        .where(_d.state == "planned", _d.due_at <= now, _d.campaign_id.in_(sorted(campaigns)), _free)
        .order_by(_d.priority, _d.due_at, _d.id)
        .limit(limit)
    )
    claimed = connection.execute(
        update(deliveries)
        .where(_d.id.in_(wanted.scalar_subquery()))
        .values(state="leased", epoch=epoch, leased_at=now)
        .returning(*COLUMNS)
    )
    return sorted((delivery(row) for row in claimed), key=lambda d: (d.priority, d.due_at, d.id))


def let_go(connection: Connection, epoch: int, ids: Sequence[int]) -> None:
    """Gives leased rows back as they were: nothing was decided about them."""
    for some in chunks(ids):
        connection.execute(
            update(deliveries)
            .where(_d.id.in_(some), _d.state == "leased", _d.epoch == epoch)
            .values(state="planned", epoch=None, leased_at=None)
        )


def recover(connection: Connection, epoch: int, now: datetime) -> tuple[int, int]:
    """What a process does first: leases of older epochs go back to planned; their hand-overs go in doubt, never straight back.

    Returns how many of each. The provider's answer to a doubtful one may still come (`record_evidence`).
    """
    return _set_right(connection, or_(_d.epoch.is_(None), _d.epoch < epoch), now)


def put_back(connection: Connection, epoch: int, now: datetime) -> tuple[int, int]:
    """The same for what `epoch` itself left open, where a run of it ended in an error. Never while a run of it is under way."""
    return _set_right(connection, _d.epoch == epoch, now)


def _set_right(connection: Connection, whose: ColumnElement[bool], now: datetime) -> tuple[int, int]:
    back = connection.execute(
        update(deliveries).where(_d.state == "leased", whose).values(state="planned", epoch=None, leased_at=None)
    ).rowcount
    lost = (_d.state == "handed_over") & whose
    trail = select(_d.id, literal(now, Instant), literal("in_doubt"), literal("interrupted"), null()).where(lost)
    connection.execute(insert(delivery_log).from_select(["delivery_id", "at", "state", "reason", "detail"], trail))
    doubtful = connection.execute(update(deliveries).where(lost).values(state="in_doubt", reason="interrupted")).rowcount
    return back, doubtful


def hold_campaign(connection: Connection, campaign_id: str, reason: str, now: datetime) -> int:
    """Says on each due row of a campaign that is stopped why it waits, once; returns how many that concerned.

    Rows that wait for a decision of their own keep that reason: it would be lost.
    """
    waiting = (
        (_d.campaign_id == campaign_id)
        & (_d.state == "planned")
        & (_d.due_at <= now)
        & or_(_d.reason.is_(None), _d.reason.not_in([*sorted(STICKY_HOLDS), reason]))
    )
    trail = select(_d.id, literal(now, Instant), literal("planned"), literal(reason), null()).where(waiting)
    connection.execute(insert(delivery_log).from_select(["delivery_id", "at", "state", "reason", "detail"], trail))
    return connection.execute(update(deliveries).where(waiting).values(reason=reason, detail=None)).rowcount


def reopen_render(connection: Connection, campaign_id: str, content_hash: str) -> int:
    """Frees rows held because their message could not be made, once the message is another one."""
    return connection.execute(
        update(deliveries)
        .where(
            _d.campaign_id == campaign_id,
            _d.state == "planned",
            _d.reason == "render",
            or_(_d.content_hash.is_(None), _d.content_hash != content_hash),
        )
        .values(reason=None, detail=None)
    ).rowcount


def reopen_channels(connection: Connection, campaign_id: str, refused: Collection[str]) -> int:
    """Frees rows of a campaign that were held because of a channel which is not among those it has and may not use now.

    So a channel that can be used again frees them, and so does one that was taken out of the campaign.
    """
    return connection.execute(
        update(deliveries)
        .where(
            _d.campaign_id == campaign_id,
            _d.state == "planned",
            _d.reason == "channel_off",
            or_(_d.channel.is_(None), _d.channel.not_in(sorted(refused))),
        )
        .values(reason=None, detail=None, channel=None)
    ).rowcount
