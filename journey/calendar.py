"""When things fall due, and when sending is allowed. Pure: local days and wall clocks in, UTC moments out.

Every wall-clock time goes through `journey.clock.at_local`, so a day on which the clocks change has each occurrence once.
"""

from __future__ import annotations

import calendar as month_calendar
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from journey.clock import at_local, day_start, local_date
from journey.model import AfterInStage, Delay, Once, OnEnter, Recurring, Settings, WindowSpan

DAY = timedelta(days=1)
HORIZON_DAYS = 60
"""How far ahead a sending moment is looked for: two months without one are a mistake, not a calendar."""


@dataclass(frozen=True)
class Occurrence:
    """One time of a recurring or one-time campaign: its name in the ledger, its local day and the UTC moment it falls due."""

    name: str
    day: date
    due_at: datetime


def entry_due(trigger: OnEnter | AfterInStage, since: datetime, settings: Settings, zone: ZoneInfo) -> datetime:
    """When a campaign falls due for a customer who has stood on its stage since `since`."""
    if isinstance(trigger, AfterInStage):
        return delayed(since, Delay(trigger.days, "d", trigger.at), settings, zone)
    return since if trigger.delay is None else delayed(since, trigger.delay, settings, zone)


def delayed(moment: datetime, delay: Delay, settings: Settings, zone: ZoneInfo) -> datetime:
    """`moment` plus a delay: hours exactly; days and weeks on that local day at the delay's or the default sending time."""
    if delay.unit == "h":
        return moment + timedelta(hours=delay.amount)
    days = delay.amount * (7 if delay.unit == "w" else 1)
    day = local_date(moment, zone) + timedelta(days=days)
    # Never before the moment itself (0 days at a time that has passed).
    return max(moment, at_local(day, delay.at or settings.default_send_time, zone))


def once_moment(trigger: Once, settings: Settings, zone: ZoneInfo) -> datetime:
    """The UTC moment of a one-time campaign."""
    return at_local(trigger.on, trigger.at or settings.default_send_time, zone)


def falls_on(trigger: Recurring, day: date) -> bool:
    """Whether a recurring campaign has an occurrence on a local day. A short month has its 31st on its last day."""
    if trigger.every == "day":
        return True
    if trigger.every == "week":
        return day.weekday() in trigger.weekdays
    last = month_calendar.monthrange(day.year, day.month)[1]
    return day.day == min(trigger.month_day or 1, last)


def occurrences(
    trigger: Recurring | Once, after: datetime, upto: datetime, settings: Settings, zone: ZoneInfo
) -> Iterator[Occurrence]:
    """Those that fall due in (after, upto], oldest first."""
    if isinstance(trigger, Once):
        due = once_moment(trigger, settings, zone)
        if after < due <= upto:
            yield Occurrence("once", trigger.on, due)
        return
    # A wall-clock time in the spring gap moves on, never to another day but one: look a day further on both sides.
    day, last = local_date(after, zone) - DAY, local_date(upto, zone) + DAY
    while day <= last:
        if falls_on(trigger, day):
            due = at_local(day, trigger.at or settings.default_send_time, zone)
            if after < due <= upto:
                yield Occurrence(day.isoformat(), day, due)
        day += DAY


def newest_occurrence(
    trigger: Recurring | Once, after: datetime, upto: datetime, settings: Settings, zone: ZoneInfo
) -> Occurrence | None:
    """The last that fell due in (after, upto], or None: of those missed meanwhile only the newest counts."""
    if isinstance(trigger, Once):
        return next(occurrences(trigger, after, upto, settings, zone), None)
    # The longest gap between two occurrences is a month; a longer downtime needs no longer look.
    found = list(occurrences(trigger, max(after, upto - timedelta(days=33)), upto, settings, zone))
    return found[-1] if found else None


def next_moment(
    windows: Sequence[WindowSpan],
    quiet: tuple[time, time] | None,
    holidays: Collection[date],
    zone: ZoneInfo,
    at: datetime,
    promotional: bool,
) -> datetime:
    """The first moment from `at` on at which sending is allowed, in the customer's zone; `at` itself where it is.

    Promotional messages keep the windows, the quiet hours and the holidays, transactional ones only their own windows.
    Where none within two months is allowed, their end: then it is asked again.
    """
    if not promotional:
        quiet, holidays = None, ()
    closed = frozenset(holidays)
    first = local_date(at, zone)
    for offset in range(HORIZON_DAYS):
        day = first + timedelta(days=offset)
        if day in closed:
            continue
        for start, end in _open_spans(day, windows, quiet, zone):
            if end > at:
                return max(start, at)
    return day_start(first + timedelta(days=HORIZON_DAYS), zone)


def within_dates(start: date | None, end: date | None, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether `moment` lies on a local day from Start to End, both inclusive."""
    day = local_date(moment, zone)
    return (start is None or start <= day) and (end is None or day <= end)


Span = tuple[datetime, datetime]


def _open_spans(day: date, windows: Sequence[WindowSpan], quiet: tuple[time, time] | None, zone: ZoneInfo) -> list[Span]:
    """The parts of a local day in which sending is allowed, in order."""
    whole = (at_local(day, time(0), zone), at_local(day + DAY, time(0), zone))
    if windows:
        spans = [
            _clipped(span, whole)
            for begun in (day - DAY, day)
            for window in windows
            if not window.weekdays or begun.weekday() in window.weekdays
            for span in [_on_day(begun, window.start, window.end, zone)]
        ]
    else:
        spans = [whole]
    if quiet is not None and quiet[0] != quiet[1]:
        for begun in (day - DAY, day):
            spans = [rest for span in spans for rest in _without(span, _on_day(begun, *quiet, zone))]
    return sorted(span for span in spans if span[0] < span[1])


def _on_day(day: date, start: time, end: time, zone: ZoneInfo) -> Span:
    """From `start` on `day` up to `end`, on the next day where `end` is not later."""
    return at_local(day, start, zone), at_local(day if end > start else day + DAY, end, zone)


def _clipped(span: Span, whole: Span) -> Span:
    return max(span[0], whole[0]), min(span[1], whole[1])


def _without(span: Span, hole: Span) -> list[Span]:
    return [(span[0], min(span[1], hole[0])), (max(span[0], hole[1]), span[1])]
