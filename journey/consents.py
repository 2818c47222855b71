"""Consent: what customers said yes and no to, channel by channel, and the addresses that must get nothing.

The rules (uploads.md): a no always counts from its time. A yes never overrides a no, unless it is a row of a `consents` file with a
time after the no and a source: only that one is proof that somebody asked again. Every statement that changed anything is logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, insert, select, update

from journey.store.tables import consent_log, consents, suppressions

CHUNK = 5_000


class Statement(NamedTuple):
    """One yes or no. `at` None: it brought no time of its own. `asked`: a row of a consents file, not a customer file's column."""

    customer_id: str
    channel: str
    granted: bool
    at: datetime | None = None
    source: str = ""
    text: str = ""
    asked: bool = False


class Standing(NamedTuple):
    """How a customer stands to a channel. A `yes_source` is kept only for a yes that can stand against a no."""

    granted: bool = False
    no_at: datetime | None = None
    no_source: str | None = None
    yes_at: datetime | None = None
    yes_source: str | None = None
    yes_text: str | None = None


def after(standing: Standing, said: Statement, now: datetime) -> Standing:
    """How the customer stands once the statement is heard at `now`. A no dated after `now` counts from `now`."""
    if not said.granted:
        at = min(said.at or now, now)
        if standing.no_at is None or at > standing.no_at:
            standing = standing._replace(no_at=at, no_source=said.source or None)
    else:
        at = said.at or now
        strong = said.asked and said.at is not None and bool(said.source)
        if strong:
            better = standing.yes_source is None or standing.yes_at is None or at > standing.yes_at
        else:
            better = standing.yes_at is None or (standing.yes_source is None and said.at is not None and at > standing.yes_at)
        if better:
            standing = standing._replace(yes_at=at, yes_source=said.source if strong else None, yes_text=said.text or None)
    if standing.no_at is None:
        granted = standing.yes_at is not None
    else:
        granted = standing.yes_source is not None and standing.yes_at is not None and standing.yes_at > standing.no_at
    return standing._replace(granted=granted)


def record(connection: Connection, statements: Iterable[Statement], now: datetime, *, repeated: bool = False) -> Iterator[bool]:
    """Applies statements in their order and yields for each whether it was news. Consume it to the end.

    `repeated`: they come from a file that was handed in before, so those without a time say nothing new: a no that was taken back
    since then does not come again. A yes or no without a time that confirms how the customer stands is no news either.
    """
    rest = iter(statements)
    while chunk := list(islice(rest, CHUNK)):
        yield from _record(connection, chunk, now, repeated)


def granted(connection: Connection, customer_ids: Sequence[str]) -> dict[tuple[str, str], bool]:
    """Yes (True) or no (False) by (customer, channel); who said neither is missing."""
    found: dict[tuple[str, str], bool] = {}
    for ids in _chunks(customer_ids):
        query = select(consents.c.customer_id, consents.c.channel, consents.c.granted).where(consents.c.customer_id.in_(ids))
        found.update({(row.customer_id, row.channel): row.granted for row in connection.execute(query)})
    return found


def unsubscribe(connection: Connection, customer_id: str, channel: str, at: datetime, source: str) -> bool:
    """The customer said no to a channel at that time. Returns whether that was news."""
    return next(record(connection, [Statement(customer_id, channel, False, at, source, asked=True)], at))


def suppress(connection: Connection, address_key: str, channel: str, reason: str, at: datetime) -> bool:
    """Bars an address (its keyed hash) from a channel for good: `bounce`, `complaint`, `erased`. Returns whether it was news."""
    here = and_(suppressions.c.address_key == address_key, suppressions.c.channel == channel)
    if connection.execute(select(suppressions.c.reason).where(here)).first() is not None:
        return False
    connection.execute(insert(suppressions).values(address_key=address_key, channel=channel, reason=reason, at=at))
    return True


def suppressed(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Of these (address key, channel) pairs, those that are barred, with the reason."""
    wanted = set(keys)
    found: dict[tuple[str, str], str] = {}
    for part in _chunks(sorted({key for key, _ in wanted})):
        for row in connection.execute(select(suppressions).where(suppressions.c.address_key.in_(part))):
            if (row.address_key, row.channel) in wanted:
                found[row.address_key, row.channel] = row.reason
    return found


def _record(connection: Connection, chunk: Sequence[Statement], now: datetime, repeated: bool) -> list[bool]:
    ids = list(dict.fromkeys(s.customer_id for s in chunk))
    rows = connection.execute(select(consents).where(consents.c.customer_id.in_(ids)))
    before = {(row.customer_id, row.channel): _standing(row) for row in rows}
    logged = _logged(connection, ids) if any(s.asked for s in chunk) else set()
    standing = dict(before)
    news: list[bool] = []
    log: list[dict[str, object]] = []
    for said in chunk:
        key = (said.customer_id, said.channel)
        old = standing.get(key)
        new = old or Standing()
        if not (repeated and said.at is None and old is not None):
            new = after(new, said, now)
        if said.asked and said.at is not None:
            heard = _identity(said)
            fresh = heard not in logged
            logged.add(heard)
        else:
            fresh = old is None or new.granted != old.granted or (said.at is not None and new != old)
        if new != old:
            standing[key] = new
        news.append(fresh)
        if fresh:
            log.append(_entry(said, now))
    _write(connection, before, standing)
    if log:
        connection.execute(insert(consent_log), log)
    return news


def _write(connection: Connection, before: dict[tuple[str, str], Standing], standing: dict[tuple[str, str], Standing]) -> None:
    made = [_row(key, s) for key, s in standing.items() if key not in before]
    moved = [{**_row(key, s), "c": key[0], "h": key[1]} for key, s in standing.items() if key in before and s != before[key]]
    if made:
        connection.execute(insert(consents), made)
    if moved:
        here = and_(consents.c.customer_id == bindparam("c"), consents.c.channel == bindparam("h"))
        connection.execute(update(consents).where(here), moved)


def _logged(connection: Connection, ids: Sequence[str]) -> set[tuple[object, ...]]:
    query = select(consent_log).where(consent_log.c.customer_id.in_(ids), consent_log.c.timed)
    return {
        (row.customer_id, row.channel, row.status, row.at, row.source or "", row.text or "")
        for row in connection.execute(query)
    }


def _identity(said: Statement) -> tuple[object, ...]:
    return (said.customer_id, said.channel, said.granted, said.at, said.source, said.text)


def _entry(said: Statement, now: datetime) -> dict[str, object]:
    return {
        "customer_id": said.customer_id,
        "channel": said.channel,
        "status": said.granted,
        "at": said.at or now,
        "timed": said.at is not None,
        "source": said.source or None,
        "text": said.text or None,
        "recorded_at": now,
    }


def _standing(row: Row[Any]) -> Standing:
    return Standing(row.granted, row.no_at, row.no_source, row.yes_at, row.yes_source, row.yes_text)


def _row(key: tuple[str, str], standing: Standing) -> dict[str, object]:
    return {"customer_id": key[0], "channel": key[1], **standing._asdict()}


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
