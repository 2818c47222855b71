"""Times of day and calendar days as people type them: `10:00`, `10時半`, `午後3時`; `2026-12-01`, `2026年12月1日`."""

from __future__ import annotations

import re
from datetime import date, time

from journey.texts import text
from sheets_sync.grammar.words import Wrong, normal, shown

_TIME = re.compile(
    r"(?P<before>午前|午後)? ?(?P<hour>\d{1,2}) ?(?:: ?(?P<minute>\d{2})(?::00)?|時 ?(?:(?P<half>半)|(?P<fun>\d{1,2}) ?分)?)?"
    r" ?(?P<after>am|pm|a\.m\.|p\.m\.)?"
)
_DATE = re.compile(r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?日?")


def parse_time(typed: str, *, bare: bool = False, end_of_day: bool = False) -> time:
    """A time of day.

    `bare` takes an hour alone (`9`), as in a window; `end_of_day` takes `24:00` (as midnight). Raises Wrong.
    """
    said = normal(typed)
    if said in {"正午", "noon"}:
        return time(12, 0)
    found = _TIME.fullmatch(said)
    if found is None or (found["hour"] == said and not bare):
        raise Wrong(text("workbook.bad_time", typed=shown(typed)))
    hour = int(found["hour"])
    minute = 30 if found["half"] else int(found["minute"] or found["fun"] or 0)
    half_day = (found["before"] or "") + (found["after"] or "").replace(".", "")
    if half_day:
        if half_day not in {"午前", "午後", "am", "pm"} or hour > 12:
            raise Wrong(text("workbook.bad_time", typed=shown(typed)))
        hour = hour % 12 + (12 if half_day in {"午後", "pm"} else 0)
    if end_of_day and (hour, minute) == (24, 0):
        return time(0, 0)
    if hour > 23 or minute > 59:
        raise Wrong(text("workbook.bad_time", typed=shown(typed)))
    return time(hour, minute)


def parse_date(typed: str) -> date:
    """A calendar day, year first. Raises Wrong."""
    day, rest = split_date(typed)
    if rest and rest not in {"00:00", "00:00:00", "0:00"}:
        raise Wrong(text("workbook.bad_date", typed=shown(typed)))
    return day


def split_date(typed: str) -> tuple[date, str]:
    """A calendar day and what stands after it. Raises Wrong where no real day stands first."""
    said = normal(typed)
    found = _DATE.match(said)
    if found is None:
        raise Wrong(text("workbook.bad_date", typed=shown(typed)))
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Wrong(text("workbook.no_such_day", typed=shown(typed))) from None
    rest = said[found.end() :]
    if rest[:1] == "(" and ")" in rest:  # the weekday that Japanese dates carry: 2026-12-01(火)
        rest = rest[rest.index(")") + 1 :]
    return day, rest.removeprefix("t").strip()
