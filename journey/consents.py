"""Consent: what customers said yes and no to, channel by channel, and the addresses that must get nothing.

The rules (uploads.md): a no always counts from its time. A yes never overrides a no, unless it is a row of a `consents` file with a
time after the no and a source: only that one is proof that somebody asked again. Every statement that changed anything is logged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, and_, insert, select

from journey.store.bulk import insert_into, insert_rows
from journey.store.tables import consent_log, consents, suppressions

CHUNK = 5_000


_LOGGED = ("customer_id", "channel", "status", "at", "timed", "source", "text", "recorded_at")


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


_KEPT = ("customer_id", "channel", *Standing._fields)


def after(standing: Standing, said: Statement, now: datetime) -> Standing:
    """How the customer stands once the statement is heard at `now`. A no dated after `now` counts from `now`."""
    _, no_at, no_source, yes_at, yes_source, yes_text = standing
    if not said.granted:
        at = min(said.at or now, now)
        if no_at is None or at > no_at:
            no_at, no_source = at, said.source or None
    else:
        at = said.at or now
        strong = said.asked and said.at is not None and bool(said.source)
        if strong:
            better = yes_source is None or yes_at is None or at > yes_at
        else:
            better = yes_at is None or (yes_source is None and said.at is not None and at > yes_at)
        if better:
            yes_at, yes_source, yes_text = at, said.source if strong else None, said.text or None
    if no_at is None:
        granted = yes_at is not None
    else:
        granted = yes_source is not None and yes_at is not None and yes_at > no_at
    return Standing(granted, no_at, no_source, yes_at, yes_source, yes_text)


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
    standing = _standings(connection, ids)
    logged = _logged(connection, ids) if any(s.asked for s in chunk) else set()
    moved: set[tuple[str, str]] = set()
    news: list[bool] = []
    log: list[tuple[object, ...]] = []
    nothing = Standing()
    for said in chunk:
        key = (said.customer_id, said.channel)
        old = standing.get(key)
        new = old or nothing
        if not (repeated and said.at is None and old is not None):
            new = after(new, said, now)
        if said.asked and said.at is not None:
            fresh = said not in logged
            logged.add(said)
        else:
            fresh = old is None or new.granted != old.granted or (said.at is not None and new != old)
        if new != old:
            standing[key] = new
            moved.add(key)
        news.append(fresh)
        if fresh:
            log.append(_entry(said, now))
    _write(connection, [(*key, *standing[key]) for key in standing if key in moved])
    insert_rows(connection, insert(consent_log), _LOGGED, log)
    return news


def _standings(connection: Connection, ids: Sequence[str]) -> dict[tuple[str, str], Standing]:
    rows = connection.execute(select(*(consents.c[name] for name in _KEPT)).where(consents.c.customer_id.in_(ids)))
    return {(customer, channel): Standing(*rest) for customer, channel, *rest in rows}


def _write(connection: Connection, rows: Sequence[tuple[object, ...]]) -> None:
    statement = insert_into(connection, consents)
    changed = {name: statement.excluded[name] for name in Standing._fields}
    keyed = statement.on_conflict_do_update(index_elements=["customer_id", "channel"], set_=changed)
    insert_rows(connection, keyed, _KEPT, rows)


def _logged(connection: Connection, ids: Sequence[str]) -> set[Statement]:
    """What these customers said in consents files, each with its own time."""
    c = consent_log.c
    query = select(c.customer_id, c.channel, c.status, c.at, c.source, c.text).where(c.customer_id.in_(ids), c.timed)
    return {
        Statement(customer, channel, status, at, source or "", text or "", asked=True)
        for customer, channel, status, at, source, text in connection.execute(query)
    }


def _entry(said: Statement, now: datetime) -> tuple[object, ...]:
    """A row of the log: the values of `_LOGGED`."""
    timed = said.at is not None
    return said.customer_id, said.channel, said.granted, said.at or now, timed, said.source or None, said.text or None, now


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
