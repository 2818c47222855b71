"""The changes of a claimed delivery: put off, given up, held, handed over, and what the provider answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from journey.consents import suppress
from journey.ledger.rows import Entry, log
from journey.store.tables import deliveries, parcels

RETRIES: tuple[timedelta, ...] = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))
"""How long to wait after the first, second, … refusal that may pass; after the last of them the delivery has failed."""

_d = deliveries.c
_mine = (_d.id == bindparam("the_id")) & (_d.state == "leased") & (_d.epoch == bindparam("the_epoch"))


@dataclass(frozen=True)
class Skip:
    """It will never be sent, for this reason."""

    reason: str
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Defer:
    """Not now: due again at `until`. `counted` is a deferral of which there may only be so many."""

    until: datetime
    reason: str
    detail: Mapping[str, Any] | None = None
    counted: bool = False


@dataclass(frozen=True)
class Hold:
    """It waits, for this reason, until a person decides or what stood in the way is gone.

    `content_hash` of the message that could not be made, `channel` that may not be used: a change of those frees it.
    """

    reason: str
    detail: Mapping[str, Any] | None = None
    content_hash: str | None = None
    channel: str | None = None


Refusal = Skip | Defer | Hold


def settle(connection: Connection, epoch: int, decided: Sequence[tuple[int, Refusal]], now: datetime) -> None:
    """Writes what was decided against sending, each on its leased row, with its trail."""
    skips = [{**_key(i, epoch), "reason": r.reason, "detail": _plain(r.detail)} for i, r in decided if isinstance(r, Skip)]
    defers = [
        {**_key(i, epoch), "reason": r.reason, "detail": _plain(r.detail), "due_at": r.until, "more": int(r.counted)}
        for i, r in decided
        if isinstance(r, Defer)
    ]
    holds = [
        {
            **_key(i, epoch),
            "reason": r.reason,
            "detail": _plain(r.detail),
            "content_hash": r.content_hash,
            "channel": r.channel,
        }
        for i, r in decided
        if isinstance(r, Hold)
    ]
    if skips:
        connection.execute(update(deliveries).where(_mine).values(state="skipped"), skips)
    if defers:
        put_off = update(deliveries).where(_mine)
        connection.execute(
            put_off.values(state="planned", epoch=None, leased_at=None, deferrals=_d.deferrals + bindparam("more")), defers
        )
    if holds:
        connection.execute(update(deliveries).where(_mine).values(state="planned", epoch=None, leased_at=None), holds)
    states = {Skip: "skipped", Defer: "planned", Hold: "planned"}
    log(connection, [Entry(i, states[type(r)], r.reason, _trail(r)) for i, r in decided], now)


@dataclass(frozen=True)
class HandOver:
    """What is fixed when a delivery is handed over. `payload_hash` and `header_id` make a repeat provably the same."""

    delivery_id: int
    attempt_id: str
    content_hash: str
    message_id: str
    variant: str
    language: str
    channel: str
    address_key: str
    local_day: str
    header_id: str
    payload_hash: str


def hand_over(connection: Connection, epoch: int, given: Sequence[HandOver], now: datetime) -> set[int]:
    """Marks rows as handed over: committed before the first byte that could cause acceptance.

    Returns the ids it marked; one that is missing was settled otherwise meanwhile (late evidence) and must not be sent.
    """
    ids = [one.delivery_id for one in given]
    marked = set(connection.scalars(select(_d.id).where(_d.id.in_(ids), _d.state == "leased", _d.epoch == epoch)))
    rows = [asdict(one) for one in given if one.delivery_id in marked]
    if rows:
        # One statement for the whole window: a statement a row would cost more than all else the sender does.
        mark = update(deliveries).where(_mine).values(state="handed_over", handed_over_at=now, attempts=_d.attempts + 1)
        changes = [{**_key(row.pop("delivery_id"), epoch), **row, "reason": None, "detail": None} for row in rows]
        connection.execute(mark, changes)
    log(connection, [Entry(i, "handed_over") for i in sorted(marked)], now)
    return marked


@dataclass(frozen=True)
class Evidence:
    """What is known of an attempt: `accepted`, `not_accepted` (certainly), or `in_doubt`. From an answer or from later proof.

    `said` is what the provider said, without addresses. `repeatable`: its channel sends a doubtful one again.
    """

    attempt_id: str
    outcome: str
    said: str = ""
    provider_id: str | None = None
    permanent: bool = False
    address_refused: bool = False
    retry_after: timedelta | None = None
    repeatable: bool = False


def record(connection: Connection, found: Sequence[Evidence], now: datetime) -> dict[str, str]:
    """Writes answers, whenever they come and whoever brings them, and returns the new state of each attempt it changed.

    An acceptance always counts; a refusal or a doubt only where the attempt is still open, so that no late word makes a settled
    delivery go out again. Where the address itself was refused it is suppressed for that channel.
    """
    changed: dict[str, str] = {}
    accepted: list[dict[str, Any]] = []
    trail: list[Entry] = []
    wanted = select(_d.attempt_id, _d.id, _d.state, _d.attempts, _d.channel, _d.address_key)
    attempts = [evidence.attempt_id for evidence in found]
    known = {row.attempt_id: row for row in connection.execute(wanted.where(_d.attempt_id.in_(attempts)))}
    for evidence in found:
        row = known.get(evidence.attempt_id)
        if row is None:
            continue
        open_states: tuple[str, ...] = ("handed_over", "in_doubt")
        if evidence.outcome == "accepted":
            open_states = ("handed_over", "in_doubt", "planned", "leased")
        elif evidence.outcome == "in_doubt":
            open_states = ("handed_over",)
        if row.state not in open_states:
            continue
        state, reason, values = _after(evidence, row.attempts, now)
        detail = {"said": evidence.said[:300]} if evidence.said else None
        if state == "accepted":
            accepted.append({"the_id": row.id, "provider_id": evidence.provider_id})
        else:
            change = update(deliveries).where(_d.id == row.id)
            connection.execute(change.values(state=state, reason=reason, detail=detail, **values))
        trail.append(Entry(row.id, state, reason, detail))
        changed[evidence.attempt_id] = state
        if state == "failed" or (state == "planned" and evidence.outcome == "not_accepted"):
            connection.execute(delete(parcels).where(parcels.c.delivery_id == row.id))
        if evidence.address_refused and evidence.outcome == "not_accepted":
            suppress(connection, row.address_key, row.channel, "bounce", now)
    if accepted:
        done = update(deliveries).where(_d.id == bindparam("the_id"))
        connection.execute(done.values(state="accepted", reason=None, detail=None, sent_at=now), accepted)
        connection.execute(delete(parcels).where(parcels.c.delivery_id.in_([row["the_id"] for row in accepted])))
    log(connection, trail, now)
    return changed


def repeat_doubtful(connection: Connection, channels: Sequence[str], now: datetime) -> int:
    """Plans deliveries in doubt again where their channel's policy is to repeat, with the very bytes that were kept."""
    rows = connection.execute(
        select(_d.id, _d.attempts)
        .join(parcels, parcels.c.delivery_id == _d.id)
        .where(_d.state == "in_doubt", _d.channel.in_(sorted(channels)))
    ).all()
    for row in rows:
        again = row.attempts <= len(RETRIES)
        state, reason = ("planned", "retry") if again else ("in_doubt", "gave_up")
        due = {"due_at": now} if again else {}
        connection.execute(update(deliveries).where(_d.id == row.id).values(state=state, reason=reason, **due))
        if not again:
            connection.execute(delete(parcels).where(parcels.c.delivery_id == row.id))
        log(connection, [Entry(row.id, state, reason)], now)
    return len(rows)


def cancel(connection: Connection, campaign_id: str, reason: str, now: datetime) -> int:
    """Ends all rows of a campaign that were never handed over; for a campaign that exists no more."""
    ids = connection.scalars(
        select(_d.id).where(_d.campaign_id == campaign_id, or_(_d.state == "planned", _d.state == "leased"))
    ).all()
    connection.execute(
        update(deliveries)
        .where(_d.campaign_id == campaign_id, or_(_d.state == "planned", _d.state == "leased"))
        .values(state="cancelled", reason=reason, detail=None)
    )
    log(connection, [Entry(i, "cancelled", reason) for i in ids], now)
    return len(ids)


def _after(evidence: Evidence, attempts: int, now: datetime) -> tuple[str, str | None, dict[str, Any]]:
    if evidence.outcome == "accepted":
        return "accepted", None, {}
    # What did not arrive leaves its place among the day's addresses to another row with the same one.
    unsent = {"local_day": None}
    if evidence.outcome == "not_accepted":
        if evidence.permanent or evidence.address_refused:
            return "failed", "address_refused" if evidence.address_refused else "refused", unsent
        if attempts > len(RETRIES):
            return "failed", "gave_up", unsent
        wait = max(evidence.retry_after or timedelta(0), RETRIES[attempts - 1])
        return "planned", "retry", {**unsent, "due_at": now + wait, "epoch": None, "leased_at": None}
    if evidence.repeatable and attempts <= len(RETRIES):
        return "planned", "retry", {"due_at": now + RETRIES[attempts - 1], "epoch": None, "leased_at": None}
    return "in_doubt", "unanswered", {}


def _key(row: int, epoch: int) -> dict[str, Any]:
    return {"the_id": row, "the_epoch": epoch}


def _plain(detail: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return dict(detail) if detail is not None else None


def _trail(refusal: Refusal) -> Mapping[str, Any] | None:
    if isinstance(refusal, Defer):
        return {**(refusal.detail or {}), "until": refusal.until.isoformat()}
    return refusal.detail
