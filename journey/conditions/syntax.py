"""What a checked condition means: a small tree of frozen values. Names are resolved, types fit, nothing is left to guess."""

from __future__ import annotations

import calendar
import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from journey.clock import at_local, local_date
from journey.model import FieldType

Unit = Literal["h", "d", "w", "m", "y"]
FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(2999, 12, 31)
"""Days that a condition may speak of."""

Op = Literal["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Window:
    """The span that ends now: so many hours, days (24 h each), weeks, or local calendar months or years."""

    amount: int
    unit: Unit

    def begin(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The moment (UTC) after which a fact lies inside, for a window that ends at `at`."""
        if self.unit in ("m", "y"):
            local = at.astimezone(zone)
            day = shifted(local.date(), -self.amount, self.unit)
            return at_local(day, local.time(), zone)
        hours = {"h": 1, "d": 24, "w": 168}[self.unit]
        return at - timedelta(hours=self.amount * hours)

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True, slots=True)
class Field:
    """A customer attribute."""

    key: str
    type: FieldType

    @property
    def column(self) -> str:
        """Its column in the feature pass. The sign keeps it apart from a feature of the same name."""
        return f"@{self.key}"


@dataclass(frozen=True, slots=True)
class Feature:
    """A computed value: its name (`orders`), its text arguments in the feature's own order, and its window."""

    name: str
    args: tuple[str, ...] = ()
    window: Window | None = None

    @property
    def column(self) -> str:
        """Its column in the feature pass.

        DuckDB takes `A` and `a` for the same column, so what people typed comes in as a digest.
        """
        parts = [self.name]
        if self.window:
            parts.append(str(self.window))
        if self.args:
            parts.append(hashlib.sha256("\0".join(self.args).encode("utf-8", "surrogatepass")).hexdigest()[:16])
        return "_".join(parts)


Column = Field | Feature


@dataclass(frozen=True, slots=True)
class Num:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Str:
    """Text as it was typed. It equals a stored value in that form or in its NFKC form (the form in which uploads are kept)."""

    value: str

    @property
    def forms(self) -> tuple[str, ...]:
        """The stored values that it equals."""
        return text_forms(self.value)


@dataclass(frozen=True, slots=True)
class Yes:
    """True or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day: a fixed one, or today (None), moved by some steps one after the other."""

    day: date | None
    steps: tuple[tuple[int, Unit], ...] = ()

    def on(self, today: date) -> date:
        """The day that is meant when it is `today`."""
        day = self.day or today
        for amount, unit in self.steps:
            day = shifted(day, amount, unit)
        return day


Constant = Num | Str | Yes | Day
Operand = Column | Constant


@dataclass(frozen=True, slots=True)
class Always:
    """Everyone: an empty cell."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values of one type. Dates compare by local day."""

    op: Op
    left: Column
    right: Operand


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of those."""

    left: Column
    items: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Empty:
    """The value is missing. Never unknown."""

    left: Column


@dataclass(frozen=True, slots=True)
class Contains:
    """The text holds, or starts with, another text; case and width count."""

    left: Column
    text: Str
    at_start: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """A yes/no value by itself."""

    left: Column


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    parts: tuple[Node, ...]


Node = Always | Compare | OneOf | Empty | Contains | Truth | Not | And | Or


def text_forms(value: str) -> tuple[str, ...]:
    """Text as typed and, where it differs, as NFKC: a stored value that equals either is meant."""
    return tuple(dict.fromkeys((value, unicodedata.normalize("NFKC", value).strip())))


def shifted(day: date, amount: int, unit: Unit) -> date:
    """A day moved by days, weeks, months or years; a shorter month has its last day; it stays within FIRST_DAY and LAST_DAY."""
    try:
        if unit in ("d", "w"):
            moved = day + timedelta(days=amount * (7 if unit == "w" else 1))
        else:
            months = day.year * 12 + day.month - 1 + amount * (12 if unit == "y" else 1)
            year, month = months // 12, months % 12 + 1
            moved = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    except (OverflowError, ValueError, calendar.IllegalMonthError):
        return FIRST_DAY if amount < 0 else LAST_DAY
    return min(max(moved, FIRST_DAY), LAST_DAY)


def today(at: datetime, zone: ZoneInfo) -> date:
    """The local day at a moment."""
    return local_date(at, zone)
