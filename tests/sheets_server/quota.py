"""How many requests a minute: always counted, and held to a limit where one is set."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable


class Quota:
    """Attempts by kind (read, write). A limit is per `seconds`, in a window that rolls; what was refused does not count against it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at: dict[str, list[float]] = defaultdict(list)
        self._granted: dict[str, list[float]] = defaultdict(list)
        self._limits: dict[str, int] = {}
        self._seconds = 60.0

    def limit(self, reads: int, writes: int, seconds: float) -> None:
        """From now on no more than so many in any `seconds`."""
        self._limits, self._seconds = {"read": reads, "write": writes}, seconds

    def take(self, kind: str) -> int | None:
        """Counts one attempt. None where it is within the limit, else in how many whole seconds there is room again."""
        now = self._monotonic()
        self._at[kind].append(now)
        recent = self._granted[kind] = [at for at in self._granted[kind] if at > now - self._seconds]
        limit = self._limits.get(kind)
        if limit is None or len(recent) < limit:
            recent.append(now)
            return None
        return max(1, math.ceil(recent[-limit] + self._seconds - now)) if limit else math.ceil(self._seconds)

    def busiest(self, kind: str, seconds: float = 60) -> int:
        """The most attempts of that kind in any window of `seconds`."""
        times = self._at[kind]
        most = first = 0
        for last, at in enumerate(times):
            while times[first] <= at - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most
