"""Dates as customers read them, in Japanese and in English."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from journey.texts import Lang
from messaging.values import missing

_WEEKDAYS = "月火水木金土日"
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DATE_CODE = re.compile(r"%(-?[YmdHMaAbB%])")


def in_words(value: date, lang: Lang) -> str:
    """`2026年11月22日` or `November 22, 2026`; a moment's own time zone decides its day."""
    if lang == "ja":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def dated_in(lang: Lang) -> Callable[..., Any]:
    """The filter that writes dates in that language."""

    def dated(value: Any, pattern: str = "") -> Any:
        """A date in words, or as `pattern` says with %Y %m %d %-m %-d %H %M %a %A %b %B. What is not a date stays as it is."""
        day = value
        if isinstance(value, str):
            try:
                day = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
            except ValueError:
                return value
        if not isinstance(day, date):
            return "" if missing(value) else value
        if not pattern:
            return in_words(day, lang)
        return _DATE_CODE.sub(lambda code: _date_part(day, code[1], lang), str(pattern))

    return dated


def _date_part(day: date, code: str, lang: Lang) -> str:
    at = day.time() if isinstance(day, datetime) else time()
    if code in ("a", "A"):
        full = _WEEKDAYS[day.weekday()] + ("曜日" if code == "A" else "") if lang == "ja" else _DAYS[day.weekday()]
        return full if lang == "ja" or code == "A" else full[:3]
    if code in ("b", "B"):
        month = f"{day.month}月" if lang == "ja" else _MONTHS[day.month - 1]
        return month if lang == "ja" or code == "B" else month[:3]
    parts = {"Y": f"{day.year:04}", "m": f"{day.month:02}", "d": f"{day.day:02}", "H": f"{at.hour:02}", "M": f"{at.minute:02}"}
    return "%" if code == "%" else parts[code.lstrip("-")].lstrip("0" if code.startswith("-") else "") or "0"
