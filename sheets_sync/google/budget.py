"""A budget of requests for any minute: Google lets an account make 60 reads and 60 writes, and a refused attempt counts too."""

from __future__ import annotations

import fcntl
import itertools
import json
import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from journey.texts import text
from sheets_sync.google.waiting import Passing

MARGIN = 1.0
"""Seconds more, for a request that was given up and arrives late."""
LONGEST = 300.0
"""Seconds after which a request has ended, whatever became of it or of its process."""


class Budget:
    """At most `most` requests in any `seconds`, from whatever threads, and with a `shared` file from whatever processes of a machine.

    A request holds its place from before it begins until `seconds` after it ended: nobody here knows when in between the other
    side counts it, so the rule holds there as well. `monotonic` must be the machine's where a file is shared.
    """

    def __init__(
        self, monotonic: Callable[[], float], most: int = 60, seconds: float = 60.0, shared: Path | None = None
    ) -> None:
        self._monotonic = monotonic
        self._most = most
        self._seconds = seconds + MARGIN
        self._shared = shared
        self._own: dict[str, float] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Around one request. Raises Passing, with the seconds until a place is free, where none is."""
        name = f"{os.getpid()}-{id(self)}-{next(self._numbers)}"
        with self._places() as held:
            if len(held) >= self._most:
                raise Passing(text("google.spent"), untouched=True, after=min(held.values()) - self._monotonic())
            held[name] = self._monotonic() + LONGEST + self._seconds
        try:
            yield
        finally:
            with self._places() as held:
                held[name] = self._monotonic() + self._seconds

    @contextmanager
    def _places(self) -> Iterator[dict[str, float]]:
        """The places that are held now, by name: until when. What is changed in it is kept."""
        with self._lock, _shared(self._shared) as file:
            now = self._monotonic()
            known = {name: until for name, until in _read(file).items() if until <= now + LONGEST + self._seconds}
            self._own = {name: until for name, until in {**self._own, **known}.items() if now < until}
            try:
                yield self._own
            finally:
                _write(file, self._own)


@contextmanager
def _shared(path: Path | None) -> Iterator[IO[str] | None]:
    """The file, locked. None without one, also where it cannot be had: the budget is then kept alone, and the other side says when
    it is too much."""
    try:
        file = None if path is None else _locked(path)
    except OSError:
        file = None
    if file is None:
        yield None
        return
    with suppress(OSError), file:  # a full disk: the same as having no file
        yield file


def _locked(path: Path) -> IO[str]:
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
    except OSError:
        file.close()
        raise
    return file


def _read(file: IO[str] | None) -> dict[str, float]:
    """What the file says, as far as it makes sense: a killed process may have left half of it, and its times are those of this
    start of the machine only."""
    try:
        found = json.load(file) if file else {}
        return {str(name): float(until) for name, until in found.items() if math.isfinite(until)}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(file: IO[str] | None, places: dict[str, float]) -> None:
    if file is not None:
        file.seek(0)
        file.truncate()
        json.dump(places, file)
