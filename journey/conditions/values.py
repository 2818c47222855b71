"""What a typed value means where a value of some type is expected: numbers with units, days, text, yes and no."""

from __future__ import annotations

from datetime import date
from typing import cast

from journey.conditions.parser import Called, Literal_, Value
from journey.conditions.syntax import FIRST_DAY, LAST_DAY, Constant, Day, Num, Str, Unit, Window, Yes
from journey.conditions.tokens import Unreadable
from journey.model import FieldType
from journey.names import fold
from journey.texts import text

LONGEST_WINDOW_DAYS = 40_000
_DAYS: dict[str, int] = {"h": 1, "d": 1, "w": 7, "m": 31, "y": 366}
_TRUE = frozenset(fold(word) for word in ("true", "yes", "はい", "○", "◯", "〇", "真", "1", "on", "あり", "有"))
_FALSE = frozenset(fold(word) for word in ("false", "no", "いいえ", "×", "✕", "x", "偽", "0", "off", "なし", "無"))


def constant(value: Value, wanted: FieldType, source: str, *, in_days: bool = False) -> Constant:
    """The constant that a typed value means where `wanted` is expected. Raises Unreadable with what would be right."""
    if wanted == "text":
        return Str(as_text(value, source))
    if wanted == "yes_no":
        return Yes(_yes(value, source))
    if wanted == "date":
        return _day(value, source)
    return Num(_number(value, source, in_days))


def as_text(value: Value, source: str) -> str:
    """The text of a value, quoted or as it stands."""
    if isinstance(value, Literal_) and value.token.kind == "TEXT":
        return str(value.token.value)
    return source[value.span.start : value.span.end].strip()


def is_bare(value: Value) -> bool:
    """Text without quotes."""
    return isinstance(value, Called) or value.token.kind in ("TODAY", "TRUE", "FALSE")


def window(value: Value) -> Window | None:
    """The window that a value is (`30日`), or None where it is none. Raises Unreadable for one that makes no sense."""
    if not isinstance(value, Literal_) or value.token.kind != "NUMBER":
        return None
    amount, unit, when = _parts(value)
    if unit == "":
        return None
    if value.sign < 0 or when > 0 or amount != int(amount) or not 0 < amount * _DAYS[unit] <= LONGEST_WINDOW_DAYS:
        raise Unreadable(text("conditions.bad_window"), value.span.start, value.span.end)
    return Window(int(amount), cast(Unit, unit))


def _parts(value: Literal_) -> tuple[float, str, int]:
    return cast(tuple[float, str, int], value.token.value)


def _number(value: Value, source: str, in_days: bool) -> float:
    if isinstance(value, Literal_) and value.token.kind == "NUMBER":
        amount, unit, when = _parts(value)
        if when == 0 and unit in ("", "d"):
            return value.sign * amount
        if when == 0 and unit == "w" and in_days:
            return value.sign * amount * 7
    raise _wrong(value, source, "conditions.number_wanted")


def _day(value: Value, source: str) -> Day:
    if not isinstance(value, Literal_):
        raise _wrong(value, source, "conditions.date_wanted")
    token = value.token
    if token.kind == "NUMBER":
        amount, unit, when = _parts(value)
        if when == 0 or unit in ("", "h") or value.sign < 0:
            raise _wrong(value, source, "conditions.date_wanted")
        return Day(None, (_step(value, when, amount, unit),))
    if token.kind == "TODAY":
        day = None
    elif token.kind == "DATE":
        day = _calendar_day(value, cast(tuple[int, int, int], token.value), source)
    else:
        raise _wrong(value, source, "conditions.date_wanted")
    steps = []
    for sign, step in value.steps:
        amount, unit, when = cast(tuple[float, str, int], step.value)
        if unit in ("", "h") or when:
            raise Unreadable(text("conditions.step_wanted"), step.start, step.end)
        steps.append(_step(value, sign, amount, unit))
    return Day(day, tuple(steps))


def _step(value: Literal_, sign: int, amount: float, unit: str) -> tuple[int, Unit]:
    if amount != int(amount) or amount * _DAYS[unit] > LONGEST_WINDOW_DAYS:
        raise Unreadable(text("conditions.bad_window"), value.span.start, value.span.end)
    return sign * int(amount), cast(Unit, unit)


def _calendar_day(value: Literal_, parts: tuple[int, int, int], source: str) -> date:
    try:
        day = date(*parts)
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        raise _wrong(value, source, "conditions.no_such_day")
    return day


def _yes(value: Value, source: str) -> bool:
    word = fold(as_text(value, source))
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise _wrong(value, source, "conditions.yes_no_wanted")


def _wrong(value: Value, source: str, key: str) -> Unreadable:
    return Unreadable(text(key, found=source[value.span.start : value.span.end][:40]), value.span.start, value.span.end)
