"""How long to wait for something outside that will pass, and when to give up: the whole rule in one place.

A failure that will pass is a `Passing`. What may be repeated is, after a wait with full jitter or the wait that the other side
asked for, as long as the patience of the one call lasts; then it is an OutsideError with the failure's own sentence.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from journey.errors import OutsideError
from journey.texts import Text

T = TypeVar("T")

FIRST = 1.0
LONGEST = 32.0
"""Seconds: a wait is anything between 0 and `FIRST`, doubled with each attempt, up to `LONGEST`."""
MOST_ATTEMPTS = 8
LONGEST_ASKED = 900.0
"""Seconds: a Retry-After beyond this is asked about again after this."""


class Passing(Exception):
    """A failure that passes by itself.

    `said` is the same for every failure of its kind, so that a person is told of it once. `untouched`: the request was certainly
    not carried out, so even a write may be repeated. `after`: seconds until the other side wants to be asked again.
    """

    def __init__(self, said: Text, *, untouched: bool = False, after: float | None = None) -> None:
        super().__init__(said.key)
        self.said = said
        self.untouched = untouched
        self.after = after


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Waiting:
    """`patience`: seconds that all waits of one call may take together. The rest is the real world, handed in for tests:
    `sleep` and `monotonic` in seconds, `random` in [0, 1), `wall` an aware moment."""

    patience: float
    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random
    wall: Callable[[], datetime] = _utc_now


class Patience:
    """Repeats what fails in passing, and remembers by kind of call until when it makes no sense to ask.

    May be used from several threads.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._closed: dict[str, tuple[float, Text]] = {}
        self._lock = threading.Lock()

    def call(self, kind: str, attempt: Callable[[], T], *, repeatable: bool) -> T:
        """What `attempt` returns. `repeatable`: asking twice does no harm, whatever became of the first time.

        Raises OutsideError when the patience ends, or at once where an earlier answer asked to be left alone for longer.
        """
        start = self._waiting.monotonic()
        self._refuse_while_closed(kind, start)
        for number in range(MOST_ATTEMPTS):
            try:
                return attempt()
            except Passing as failure:
                last = failure
            now = self._waiting.monotonic()
            left = start + self._waiting.patience - now
            if last.after is not None and last.after > left:
                with self._lock:
                    self._closed[kind] = (now + last.after, last.said)
                break
            wait = self._wait(last, number)
            if wait > left or number == MOST_ATTEMPTS - 1 or not (repeatable or last.untouched):
                break
            self._waiting.sleep(wait)
        raise OutsideError(last.said) from last

    def _refuse_while_closed(self, kind: str, now: float) -> None:
        with self._lock:
            until, said = self._closed.get(kind, (now, None))
            if said is None:
                return
            if now >= until:
                del self._closed[kind]
                return
        raise OutsideError(said)

    def _wait(self, failure: Passing, number: int) -> float:
        """Full jitter, so that several who failed together do not come back together; what was asked for, at the least."""
        jitter = self._waiting.random() * min(LONGEST, FIRST * 2.0**number)
        return jitter if failure.after is None else max(failure.after, jitter)


def asked_wait(retry_after: str | None, date: str | None, wall: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for: a number, or a moment (counted from the answer's own `Date`, else from `wall`).

    None where there is none, or it is neither.
    """
    given = (retry_after or "").strip()
    if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", given, re.ASCII):
        seconds = float(given)
    else:
        until = _moment(given)
        if until is None:
            return None
        seconds = (until - (_moment(date or "") or wall)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_ASKED)


def _moment(http_date: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(http_date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
