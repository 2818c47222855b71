"""A condition as a boolean SQL expression over the columns of the feature pass. Three-valued: unknown is not met.

Text is equal exactly as stored (case counts), to the typed form or to its NFKC form. Dates compare by local day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from journey.clock import day_start
from journey.conditions.compiled import Compiled
from journey.conditions.sql import Sql, joined, one_of
from journey.conditions.syntax import (
    Always,
    And,
    Column,
    Compare,
    Constant,
    Contains,
    Day,
    Empty,
    Feature,
    Field,
    Node,
    Not,
    Num,
    OneOf,
    Or,
    Str,
    Truth,
    Yes,
    today,
)
from journey.facts.views import quoted

MOMENTS = frozenset(("@joined_at", "first_order_at", "last_order_at"))
"""Columns (without their product) that the pass gives as moments although they compare by day."""


def predicate(compiled: Compiled, at: datetime, zone: ZoneInfo) -> Sql:
    """The condition at a moment in a time zone. Raises ValueError for one with errors."""
    return _Writer(at, zone).node(compiled.tree)


def is_moment(column: Column) -> bool:
    """Whether the pass gives that date as a moment."""
    return (column.name if isinstance(column, Feature) else column.column) in MOMENTS


class _Writer:
    def __init__(self, at: datetime, zone: ZoneInfo) -> None:
        self._zone = zone
        self._today = today(at, zone)

    def node(self, node: Node) -> Sql:
        match node:
            case Always():
                return Sql("true")
            case And(parts):
                return "(" + joined([self.node(p) for p in parts], " AND ") + ")"
            case Or(parts):
                return "(" + joined([self.node(p) for p in parts], " OR ") + ")"
            case Not(part):
                return "(NOT " + self.node(part) + ")"
            case Truth(left):
                return Sql(quoted(left.column))
            case Empty(left):
                return Sql(f"({quoted(left.column)} IS NULL)")
            case Contains(left, wanted, at_start):
                name = "starts_with" if at_start else "contains"
                return _any([Sql(f"{name}({quoted(left.column)}, ?)", (form,)) for form in wanted.forms])
            case OneOf(left, items):
                return self._one_of(left, items)
            case Compare(op, left, right):
                return self._compare(op, left, right)

    def _one_of(self, left: Column, items: tuple[Constant, ...]) -> Sql:
        if is_moment(left):
            return _any([self._compare("=", left, item) for item in items])
        values = [value for item in items for value in self._values(item)]
        return "(" + one_of(quoted(left.column), values) + ")"

    def _compare(self, op: str, left: Column, right: Column | Constant) -> Sql:
        if isinstance(right, (Field, Feature)):
            return "(" + self._comparable(left) + f" {op} " + self._comparable(right) + ")"
        if isinstance(right, Day) and is_moment(left):
            return self._moment(op, quoted(left.column), right.on(self._today))
        values = self._values(right)
        if op in ("=", "!=") and len(values) > 1:
            return ("(" if op == "=" else "(NOT ") + one_of(quoted(left.column), values) + ")"
        return Sql(f"({quoted(left.column)} {op} ?)", (values[0],))

    def _moment(self, op: str, name: str, day: date) -> Sql:
        """A moment against a local day, without turning each row's moment into a day."""
        begins, ends = day_start(day, self._zone), day_start(day + timedelta(days=1), self._zone)
        if op in ("=", "!="):
            return Sql(f"({'NOT ' if op == '!=' else ''}({name} >= ? AND {name} < ?))", (begins, ends))
        sign, edge = {"<": ("<", begins), "<=": ("<", ends), ">": (">=", ends), ">=": (">=", begins)}[op]
        return Sql(f"({name} {sign} ?)", (edge,))

    def _comparable(self, column: Column) -> Sql:
        name = quoted(column.column)
        return Sql(f"CAST(timezone(?, {name}) AS DATE)", (self._zone.key,)) if is_moment(column) else Sql(name)

    def _values(self, constant: Constant) -> tuple[object, ...]:
        """The stored values that equal it."""
        match constant:
            case Num(value) | Yes(value):
                return (value,)
            case Str():
                return constant.forms
            case Day():
                return (constant.on(self._today),)


def _any(parts: list[Sql]) -> Sql:
    return "(" + joined(parts, " OR ") + ")"
