"""Things that are to happen after a while, on one thread."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count
from threading import Condition, Thread
from traceback import format_exc


class Later:
    """A timer for many things. `broken` is told of what failed."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._changed = Condition()
        self._ended = False
        self._thread = Thread(target=self._run, name="slack-later", daemon=True)

    def start(self) -> None:
        """From now on things happen."""
        self._thread.start()

    def close(self) -> None:
        """Nothing happens any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(5)

    def call(self, seconds: float, what: Callable[[], object]) -> None:
        """Has `what` happen in so many seconds."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), what))
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._ended and (not self._due or self._due[0][0] > time.monotonic()):
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._ended:
                    return
                what = heapq.heappop(self._due)[2]
            try:
                what()
            except Exception:
                self._broken(format_exc())
