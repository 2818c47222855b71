"""What a spreadsheet makes of what is typed into a cell (USER_ENTERED): numbers, dates, times, yes and no, formulas, text.

The rules are those of a spreadsheet in Japanese: `9-21` becomes a day, `1:1` a time, `0901234567` loses its zero, `1e5` is 100,000.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import NamedTuple

from sheets_server.errors import Json
from sheets_server.numbers import EPOCH, serial


class Typed(NamedTuple):
    """What a cell holds after typing: its value (None: emptied) and the number format that the typing brought, if any."""

    value: Json | None
    number_format: Json | None = None


def typed(text: str, number_format: Json | None, today: date) -> Typed:
    """What becomes of `text` in a cell of that format. In a cell formatted as text everything stays as typed."""
    if text == "":
        return Typed(None)
    if (number_format or {}).get("type") == "TEXT":
        return Typed({"stringValue": text})
    if text.startswith("'"):
        return Typed({"stringValue": text[1:]})
    if text.startswith("=") and len(text) > 1:
        return Typed({"formulaValue": text})
    plain = text.strip()
    if plain.upper() in ("TRUE", "FALSE"):
        return Typed({"boolValue": plain.upper() == "TRUE"})
    return _number(plain) or _moment(plain, today) or Typed({"stringValue": text})


_NUMBER = re.compile(r"([-+]?)([¥$]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?(?:[eE]([-+]?\d{1,3}))?\s?(%?)\Z", re.ASCII)


def _number(text: str) -> Typed | None:
    found = _NUMBER.match(text)
    if found is None or (found[3] is None and (found[4] or ".") == "."):
        return None
    sign, currency, whole, decimals, exponent, percent = found.groups()
    value = float(f"{sign}{(whole or '0').replace(',', '')}{decimals or ''}{'e' + exponent if exponent else ''}")
    if value in (float("inf"), float("-inf")):
        return None
    grouped, cents = "," in (whole or ""), len(decimals or "") > 1
    number_format: Json | None = None
    if percent:
        value /= 100
        number_format = {"type": "PERCENT", "pattern": "0.00%" if cents else "0%"}
    elif currency:
        number_format = {"type": "CURRENCY", "pattern": f"[${currency}]#,##0" + (".00" if cents else "")}
    elif exponent:
        number_format = {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    elif grouped:
        number_format = {"type": "NUMBER", "pattern": "#,##0.00" if cents else "#,##0"}
    return Typed({"numberValue": int(value) if value == int(value) and abs(value) < 2**53 else value}, number_format)


_DATES = (
    (re.compile(r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})", re.ASCII), "yyyy/mm/dd"),
    (re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII), "yyyy-mm-dd"),
    (re.compile(r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日", re.ASCII), 'yyyy"年"m"月"d"日"'),
    (re.compile(r"(?P<m>\d{1,2})月(?P<d>\d{1,2})日", re.ASCII), 'm"月"d"日"'),
    (re.compile(r"(?P<m>\d{1,2})/(?P<d>\d{1,2})", re.ASCII), "m/d"),
    (re.compile(r"(?P<m>\d{1,2})-(?P<d>\d{1,2})", re.ASCII), "m-d"),
)
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:\s?(AM|PM))?\Z", re.IGNORECASE | re.ASCII)


def _moment(text: str, today: date) -> Typed | None:
    day, rest, pattern = _date(text, today)
    if day is not None and not rest:
        return Typed({"numberValue": serial(datetime.combine(day, time()))}, {"type": "DATE", "pattern": pattern})
    found = _TIME.match(rest.strip())
    if found is None or (day is not None and not rest.startswith((" ", "T"))):
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if found[4].upper() == "PM" else 0)
    if minute > 59 or second > 59:
        return None
    clock = "h:mm:ss" if found[3] else "h:mm"
    seconds = hour * 3600 + minute * 60 + second
    if day is None:
        form = {"type": "TIME", "pattern": f"[{clock[0]}]{clock[1:]}" if hour > 23 else clock}
        return Typed({"numberValue": seconds / 86400 if seconds % 86400 else seconds // 86400}, form)
    if hour > 23:
        return None
    number = serial(datetime.combine(day, time())) + seconds / 86400
    return Typed({"numberValue": number}, {"type": "DATE_TIME", "pattern": f"{pattern} {clock}"})


def _date(text: str, today: date) -> tuple[date | None, str, str]:
    for pattern, shown in _DATES:
        found = pattern.match(text)
        if found is None:
            continue
        parts = found.groupdict()
        rest = text[found.end() :]
        if rest[:1].isdigit() or rest[:1] in ("/", "-"):
            continue
        try:
            day = date(int(parts.get("y") or today.year), int(parts["m"]), int(parts["d"]))
        except ValueError:
            continue
        if day >= EPOCH.date():
            return day, rest, shown
    return None, text, ""
