"""Lengths of time (`7日`, `24h`, `2 weeks`) and the delay of a trigger (`3日後 10:00`, `+3d 10:00`, `翌日10時`)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from journey.model import Delay
from journey.names import fold
from journey.texts import text
from sheets_sync.grammar.times import parse_time
from sheets_sync.grammar.words import Wrong, normal, shown

_UNIT_WORDS = {
    "h": "h hr hrs hour hours 時間",
    "d": "d day days 日 日間",
    "w": "w wk week weeks 週 週間",
    "m": "m mo month months か月 ヶ月 ヵ月 カ月 ケ月 箇月 か月間 ヶ月間",
    "y": "y yr year years 年 年間",
}
UNITS = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
"""Every word for a unit, in both languages, to `h d w m y`."""

_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}
_LENGTH = re.compile(r"(\d{1,4}) ?([^\d\s]+)")
_ALWAYS = frozenset(["毎回", "always", "everytime", "いつも"])
LONGEST_DAYS = 3650


def parse_duration(typed: str) -> timedelta:
    """A length of time with its unit; a month is 30 days, a year 365. Raises Wrong."""
    found = _LENGTH.fullmatch(normal(typed))
    unit = UNITS.get(found[2]) if found else None
    if found is None or unit is None:
        raise Wrong(text("workbook.bad_duration", typed=shown(typed)))
    length = timedelta(hours=int(found[1]) * _HOURS[unit])
    if not timedelta(0) < length <= timedelta(days=LONGEST_DAYS):
        raise Wrong(text("workbook.duration_range", typed=shown(typed), days=LONGEST_DAYS))
    return length


def parse_reentry(typed: str) -> timedelta | None:
    """How long before the same customer can get it again; None for `毎回` / `always`. Raises Wrong."""
    if fold(typed) in _ALWAYS:
        return None
    try:
        return parse_duration(typed)
    except Wrong:
        raise Wrong(text("workbook.bad_reentry", typed=shown(typed))) from None


def parse_delay(typed: str, whole: str) -> Delay:
    """What stands after the triggering moment in `whole`: `3日後 10:00`, `+3d 10:00`, `翌日10時`. Raises Wrong."""
    said = normal(typed)
    for word, days in (("翌々日", 2), ("翌日", 1), ("next day", 1)):
        if said.startswith(word):
            return _delay(days, "d", said.removeprefix(word), whole)
    found = re.match(r"\+? ?(\d{1,4}) ?([^\d\s+:]+?)(?:後|(?= |$|\d)|later)", said)
    unit = UNITS.get(found[2]) if found else None
    if found is None or unit is None:
        raise Wrong(text("workbook.bad_delay", typed=shown(whole)))
    return _delay(int(found[1]), unit, said[found.end() :], whole)


def _delay(amount: int, unit: str, rest: str, whole: str) -> Delay:
    rest = re.sub(r"^ ?(?:の|at |@)? ?|に$", "", rest).strip()
    if unit in "my":
        raise Wrong(text("workbook.delay_unit", typed=shown(whole)))
    if amount < 1 or amount * _HOURS[unit] > LONGEST_DAYS * 24:
        raise Wrong(text("workbook.delay_range", typed=shown(whole), days=LONGEST_DAYS))
    if unit == "h" and rest:
        raise Wrong(text("workbook.delay_hours_with_time", typed=shown(whole)))
    kinds: dict[str, Literal["h", "d", "w"]] = {"h": "h", "d": "d", "w": "w"}
    return Delay(amount, kinds[unit], parse_time(rest) if rest else None)
