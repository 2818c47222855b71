"""A budget of requests for any minute: Google lets an account make 60 reads and 60 writes, and a refused attempt counts too."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from journey.texts import text
from sheets_sync.google.waiting import Passing

MARGIN = 1.0
"""Seconds more, for a request that was given up and arrives late."""
ALL_UNDER_WAY = 1.0
"""Seconds to wait when every place is held by a request that has not ended."""


class Budget:
    """At most `most` requests in any `seconds`, from whatever threads.

    A request holds its place from before it begins until `seconds` after it ended: nobody here knows when in between the other
    side counts it, so the rule holds there as well.
    """

    def __init__(self, monotonic: Callable[[], float], most: int = 60, seconds: float = 60.0) -> None:
        self._monotonic = monotonic
        self._most = most
        self._held_for = seconds + MARGIN
        self._under_way = 0
        self._ended: deque[float] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Around one request. Raises Passing, with the seconds until a place is free, where none is."""
        self._enter()
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                self._ended.append(self._monotonic())

    def _enter(self) -> None:
        with self._lock:
            now = self._monotonic()
            while self._ended and now - self._ended[0] >= self._held_for:
                self._ended.popleft()
            if self._under_way + len(self._ended) < self._most:
                self._under_way += 1
                return
            wait = self._held_for - (now - self._ended[0]) if self._ended else ALL_UNDER_WAY
        raise Passing(text("google.spent"), untouched=True, after=wait)
