"""Each thing that comes from Slack is taken up once, though Slack may deliver it again, also after a restart."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from journey.claim import Claim, Repeated
from journey.clock import Clock
from journey.store.engine import reading, writing
from journey.store.tables import chat_seen
from journey.texts import text

KEPT = timedelta(days=400)
"""Longer than any button can be pressed."""
REMEMBERED = 10_000


class Once:
    """What was taken up. What only shows something is remembered by this process; what decides stands in the store."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._memory: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, key: str) -> bool:
        """Whether this is the first time that the key comes; it counts as taken up from now on, in this process."""
        with self._lock:
            if key in self._memory:
                return False
            self._memory[key] = None
            if len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        with reading(self._engine) as connection:
            return connection.scalar(select(chat_seen.c.key).where(chat_seen.c.key == key)) is None

    def claim(self, *keys: str) -> Claim:
        """Takes the keys up in the transaction of a decision; raises Repeated there where one was before."""

        def claimed(connection: Connection) -> None:
            self._take(connection, keys)

        return claimed

    def mark(self, *keys: str) -> None:
        """Takes the keys up in a transaction of their own, before something that cannot be undone. Raises Repeated."""
        with writing(self._engine) as connection:
            self._take(connection, keys)

    def forget_old(self) -> None:
        """Lets go of what can no longer come again."""
        with writing(self._engine) as connection:
            connection.execute(delete(chat_seen).where(chat_seen.c.at < self._now() - KEPT))

    def _take(self, connection: Connection, keys: tuple[str, ...]) -> None:
        for key in keys:
            if connection.scalar(select(chat_seen.c.key).where(chat_seen.c.key == key)) is not None:
                raise Repeated(text("slack.repeated"))
            try:
                connection.execute(insert(chat_seen).values(key=key, at=self._now()))
            except IntegrityError as error:  # another process, in a store that lets two write
                raise Repeated(text("slack.repeated")) from error

    def _now(self) -> datetime:
        return self._clock.now()
