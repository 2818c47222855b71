"""The store's own time: the newest `now` of a command that wrote. It never runs backwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from journey.errors import InputError
from journey.store.tables import meta
from journey.texts import text

_KEY = "store_time"


def newest(connection: Connection) -> datetime | None:
    """The newest `now` of a command that wrote facts or state (UTC), or None in a store nobody wrote to."""
    value = connection.execute(select(meta.c.value).where(meta.c.key == _KEY)).scalar_one_or_none()
    return datetime.fromisoformat(value) if value is not None else None


def refuse_earlier(connection: Connection, now: datetime) -> None:
    """At the start of a command that will write; an equal time is allowed.

    Raises InputError where `now` lies before the store's time: what was sent and counted then would lie in the future.
    """
    before = newest(connection)
    if before is not None and now < before:
        raise InputError(text("store.earlier", given=now.isoformat(), newest=before.isoformat()))


def advance(connection: Connection, now: datetime) -> None:
    """Moves the store's time to `now`, in the transaction of a command that writes.

    A command may take a while between its start and this moment. Another one that began later and wrote first leaves a newer
    time, which stays: that is no reason to throw this one's work away.
    """
    before = newest(connection)
    if before is None:
        connection.execute(insert(meta).values(key=_KEY, value=now.isoformat()))
    elif now > before:
        connection.execute(update(meta).where(meta.c.key == _KEY).values(value=now.isoformat()))
