"""An example customer of the Tests tab: typed headers and values to the columns that conditions look at.

What was not typed is worked out from what was, where that settles it; the rest is as for a customer without facts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from journey.clock import at_local, local_date
from journey.conditions.compiled import read_value
from journey.conditions.features import KINDS
from journey.conditions.syntax import Column, Constant, Day, Feature, Field, shifted, today
from journey.conditions.to_sql import is_moment
from journey.fields import Names

Value = str | float | bool | date | datetime | None
Given = Mapping[Column, Value]

_CLOCK_TIME = re.compile(r"[T\s]+\d{1,2}:\d\d(:\d\d(\.\d+)?)?\s*$")


def typed_value(column: Column, typed: str, names: Names, at: datetime, zone: ZoneInfo) -> Value:
    """What a typed cell means in a column (None: an empty cell). Raises Unreadable where it cannot be read.

    A day in a column of moments is that day at the wall-clock time of `at`.
    """
    if not typed.strip():
        return None
    dated = _CLOCK_TIME.sub("", typed) if column_type(column) == "date" else typed
    read = read_value(column, dated, names)
    value = _value(read, at, zone)
    if is_moment(column) and isinstance(value, date):
        return _moment(value, at, zone)
    return value


def column_value(column: Column, given: Given, at: datetime, zone: ZoneInfo) -> Value:
    """The value of a column for an example: typed, worked out, or that of a customer without facts."""
    if column in given:
        return given[column]
    if isinstance(column, Field):
        return None
    found = _worked_out(column, given, at, zone)
    if found is None and KINDS[column.name].type == "yes_no":
        return False
    return 0.0 if found is None and column.name in ("orders", "revenue", "events") else found


def column_type(column: Column) -> str:
    """The type of an attribute or feature."""
    return column.type if isinstance(column, Field) else KINDS[column.name].type


def _value(read: Constant, at: datetime, zone: ZoneInfo) -> Value:
    if isinstance(read, Day):
        return read.on(today(at, zone))
    return read.value


def _moment(day: date, at: datetime, zone: ZoneInfo) -> datetime:
    return at_local(day, at.astimezone(zone).time(), zone)


def _worked_out(wanted: Feature, given: Given, at: datetime, zone: ZoneInfo) -> Value:
    now = today(at, zone)
    args, born = wanted.args, given.get(Field("birthday", "date"))
    match wanted.name:
        case "days_since_last_order":
            last = given.get(Feature("last_order_at", args))
            return float((now - local_date(last, zone)).days) if isinstance(last, datetime) else None
        case "last_order_at":
            return _last(wanted.args, given, at, zone)
        case "first_order_at":
            once = given.get(Feature("orders", args)) == 1
            return _last(args, given, at, zone) if once else None
        case "orders" | "revenue" | "events":
            return _total(wanted, given, at, zone)
        case "bought":
            count = _total(Feature("orders", args, wanted.window), given, at, zone)
            return None if count is None else count > 0
        case "average_order":
            spent, count = (_total(Feature(name, args, wanted.window), given, at, zone) for name in ("revenue", "orders"))
            return spent / count if spent is not None and count else None
        case "points":
            return given.get(Field("points", "number"))
        case "age" if isinstance(born, date):
            return float(now.year - born.year - ((now.month, now.day) < (born.month, born.day)))
        case "birth_month" if isinstance(born, date):
            return float(born.month)
        case "rfm" | "recency_score" | "frequency_score" | "monetary_score":
            return _score(wanted.name, given)
        case _:
            return None


def _last(args: tuple[str, ...], given: Given, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When they last ordered, from that day or from the days since."""
    last, days = given.get(Feature("last_order_at", args)), given.get(Feature("days_since_last_order", args))
    if isinstance(last, datetime):
        return last
    return _moment(shifted(today(at, zone), -int(days), "d"), at, zone) if isinstance(days, float) else None


def _total(wanted: Feature, given: Given, at: datetime, zone: ZoneInfo) -> float | None:
    """A count or sum: what was typed; inside a window nothing where the last one lies before it, else the total.

    A last order without a number of orders is one order; a number for a window is at least the total.
    """
    if (typed := given.get(wanted)) is not None:
        return float(typed) if isinstance(typed, (int, float)) else None
    last = _last(wanted.args, given, at, zone)
    if wanted.name == "events":
        days = given.get(Feature("days_since", wanted.args))
        last = _moment(shifted(today(at, zone), -int(days), "d"), at, zone) if isinstance(days, float) else None
    if wanted.window is not None:
        if last is not None and last <= wanted.window.begin(at, zone):
            return 0.0
        return _total(Feature(wanted.name, wanted.args), given, at, zone)
    inside = [
        value
        for column, value in given.items()
        if isinstance(column, Feature) and (column.name, column.args) == (wanted.name, wanted.args) and isinstance(value, float)
    ]
    least = 1.0 if last is not None and wanted.name != "revenue" else None
    return max(inside) if inside else least


def _score(name: str, given: Given) -> Value:
    names = ("recency_score", "frequency_score", "monetary_score")
    if name == "rfm":
        digits = [given.get(Feature(each)) for each in names]
        return "".join(str(int(d)) for d in digits if isinstance(d, float)) if None not in digits else None
    rfm = given.get(Feature("rfm"))
    digit = str(rfm)[names.index(name) : names.index(name) + 1] if isinstance(rfm, str) else ""
    return float(digit) if digit.isdecimal() else None
