"""Time. Inside, every moment is an aware UTC datetime; local time is for windows, calendars and people."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where `now` comes from."""

    @property
    def given(self) -> bool:
        """True when a person set it (`--now`): then nothing leaves for hosts outside `safety.trial_hosts`."""
        ...

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    given = False

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still, as under `--now`; tests and the demo move it by hand."""

    given = True

    def __init__(self, at: datetime) -> None:
        self.at = utc(at)

    def now(self) -> datetime:
        """The moment it was set to, aware, UTC."""
        return self.at

    def move_to(self, at: datetime) -> None:
        """Sets it to another moment."""
        self.at = utc(at)


class RunningClock:
    """A clock that starts at a given moment and runs on at the machine's pace (`run --now`)."""

    given = True

    def __init__(self, start: datetime) -> None:
        self._ahead = utc(start) - datetime.now(UTC)

    def now(self) -> datetime:
        """The moment it has reached, aware, UTC."""
        return datetime.now(UTC) + self._ahead


def utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a naive datetime: a moment without a zone is not a moment."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime is not a moment")
    return moment.astimezone(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of `moment` in `zone`."""
    return moment.astimezone(zone).date()


def at_local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC moment of a wall-clock time on a day in `zone`.

    In the spring gap the wall clock never shows `at`: the moment is then as long after the gap's start as `at` is (02:30
    becomes 03:30). In the autumn fold the earlier of the two moments is meant.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The UTC moment at which `day` begins in `zone`."""
    return at_local(day, time(0, 0), zone)


def iso(moment: datetime, zone: ZoneInfo) -> str:
    """ISO 8601 with offset, to the second, in `zone`: what programs and people are shown."""
    return moment.astimezone(zone).isoformat(timespec="seconds")
