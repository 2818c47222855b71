"""When an edit of the workbook is taken in: not in the middle of a burst, and not only after it where it goes on and on."""

from __future__ import annotations

from dataclasses import dataclass

QUIET = 2.0
"""Seconds without a further edit after which a burst is over, where the look comes by the clock."""
QUIET_AFTER_PUSH = 0.5
"""The same after a push: the Sheet tells of every edit, so that silence says more."""
LONGEST = 6.0
"""Seconds after which a burst is taken in although it goes on."""


@dataclass(frozen=True)
class _Burst:
    revision: str
    began: float
    latest: float


class Settling:
    """Joins edits that follow each other. All times are of one monotonic clock, in seconds."""

    def __init__(self, poll_seconds: float) -> None:
        self._quiet = min(QUIET, poll_seconds)
        self._taken = ""
        self._burst: _Burst | None = None

    def look(self, revision: str, at: float, *, pushed: bool = False) -> float | None:
        """What to do about the workbook as it is now: nothing (None), take it in (0), or look again after so many seconds."""
        if revision == self._taken:
            self._burst = None
            return None
        burst = self._burst
        if burst is None:
            burst = _Burst(revision, at, at)
        elif burst.revision != revision:
            burst = _Burst(revision, burst.began, at)
        self._burst = burst
        quiet = min(self._quiet, QUIET_AFTER_PUSH) if pushed else self._quiet
        return max(0.0, min(burst.latest + quiet, burst.began + LONGEST) - at)

    def taken(self, revision: str) -> None:
        """The workbook was taken in as of this revision."""
        self._taken = revision
        self._burst = None
