"""Conditions evaluated row by row in plain Python: slow, without SQL, and meant to be obviously right.

The property test holds the SQL against it. True, False, or None for unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from journey.clock import local_date
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
    OneOf,
    Or,
    Str,
    Truth,
    Window,
    text_forms,
    today,
)

Row = Mapping[str, Any]
_FIRST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """All facts, as rows of the views of docs/architecture.md; what a row leaves out is missing."""

    customers: Sequence[Row] = ()
    purchases: Sequence[Row] = ()
    events: Sequence[Row] = ()
    products: Sequence[Row] = ()
    placements: Sequence[Row] = ()
    transitions: Sequence[Row] = ()
    received: Sequence[Row] = field(default_factory=tuple)


class Plain:
    """Evaluates conditions over a world at a moment in a time zone."""

    def __init__(self, world: World, at: datetime, zone: ZoneInfo) -> None:
        self._world, self._at, self._zone = world, at, zone
        self._today = today(at, zone)

    def holds(self, node: Node, customer: Row) -> bool | None:
        """Whether the condition holds for a row of `customers`."""
        match node:
            case Always():
                return True
            case And(parts):
                found = [self.holds(part, customer) for part in parts]
                return False if False in found else None if None in found else True
            case Or(parts):
                found = [self.holds(part, customer) for part in parts]
                return True if True in found else None if None in found else False
            case Not(part):
                inside = self.holds(part, customer)
                return None if inside is None else not inside
            case Empty(left):
                return self._value(left, customer) is None
            case Truth(left):
                value = self._value(left, customer)
                return None if value is None else bool(value)
            case Contains(left, wanted, at_start):
                value = self._value(left, customer)
                if value is None:
                    return None
                return any(value.startswith(form) if at_start else form in value for form in wanted.forms)
            case OneOf(left, items):
                value = self._value(left, customer)
                return None if value is None else any(value in self._meant(item) for item in items)
            case Compare(op, left, right):
                return self._compare(op, self._value(left, customer), right, customer)

    def _compare(self, op: str, value: Any, right: Column | Constant, customer: Row) -> bool | None:
        others = (self._value(right, customer),) if isinstance(right, (Field, Feature)) else self._meant(right)
        if value is None or others[0] is None:
            return None
        if op in ("=", "!="):
            return (value in others) == (op == "=")
        return bool({"<": value < others[0], "<=": value <= others[0], ">": value > others[0], ">=": value >= others[0]}[op])

    def _meant(self, constant: Constant) -> tuple[Any, ...]:
        if isinstance(constant, Day):
            return (constant.on(self._today),)
        return constant.forms if isinstance(constant, Str) else (constant.value,)

    def _value(self, column: Column, customer: Row) -> Any:
        if isinstance(column, Feature):
            return self._feature(column, customer)
        value = customer.get(column.key)
        if isinstance(value, datetime):
            return local_date(value, self._zone)
        return None if value == "" else value

    def _feature(self, feature: Feature, customer: Row) -> Any:
        who = customer["customer_id"]
        orders = self._orders(who, feature) if feature.name in _OF_ORDERS else []
        since = self._since(feature.window)
        match feature.name:
            case "orders":
                return len(orders)
            case "bought":
                return len(orders) > 0
            case "revenue":
                return self._revenue(who, feature)
            case "average_order":
                return self._revenue(who, feature) / len(orders) if orders else None
            case "first_order_at":
                return local_date(min(orders), self._zone) if orders else None
            case "last_order_at":
                return local_date(max(orders), self._zone) if orders else None
            case "days_since_last_order":
                return self._days(max(orders)) if orders else None
            case "average_interval":
                span = (max(orders) - min(orders)) / timedelta(microseconds=1) if orders else 0
                return span / 86400000000.0 / (len(orders) - 1) if len(orders) > 1 else None
            case "events":
                return len([e for e in self._seen(self._world.events, who, "event", feature) if e["at"] > since])
            case "days_since":
                moments = [e["at"] for e in self._seen(self._world.events, who, "event", feature)]
                return self._days(max(moments)) if moments else None
            case "received":
                return any(
                    r["at"] > since and r["message"] == feature.args[0]
                    for r in self._of(self._world.received, who)
                    if r["at"] <= self._at
                )
            case "points":
                return self._points(customer)
            case "age":
                return self._age(customer.get("birthday"))
            case "birth_month":
                born = customer.get("birthday")
                return None if born is None else born.month
            case "stage" | "days_in_stage" | "was_in":
                return self._staged(feature, who)
            case _:
                return self._score(feature.name, who)

    def _since(self, window: Window | None) -> datetime:
        return window.begin(self._at, self._zone) if window else _FIRST

    def _days(self, moment: datetime) -> int:
        return (self._today - local_date(moment, self._zone)).days

    @staticmethod
    def _of(rows: Sequence[Row], who: str) -> list[Row]:
        return [row for row in rows if row.get("customer_id") == who]

    def _seen(self, rows: Sequence[Row], who: str, name: str, feature: Feature) -> list[Row]:
        forms = text_forms(feature.args[0])
        return [row for row in self._of(rows, who) if row[name] in forms and row["at"] <= self._at]

    def _lines(self, who: str, product: str | None) -> list[Row]:
        lines = [line for line in self._of(self._world.purchases, who) if line["ordered_at"] <= self._at]
        if product is None:
            return lines
        forms = text_forms(product)
        named = {
            p["product"] for p in self._world.products if any(p.get(key) in forms for key in ("product", "name", "category"))
        }
        return [line for line in lines if line.get("product") in {*named, *forms} or line.get("category") in forms]

    def _orders(self, who: str, feature: Feature) -> list[datetime]:
        """The times of the orders that count, inside the feature's window."""
        together: dict[object, list[Row]] = {}
        for i, line in enumerate(self._lines(who, feature.args[0] if feature.args else None)):
            together.setdefault(line.get("order_id") or i, []).append(line)
        times = [min(line["ordered_at"] for line in lines) for lines in together.values() if _counts(lines)]
        return [at for at in times if at > self._since(feature.window)]

    def _revenue(self, who: str, feature: Feature) -> float:
        lines = self._lines(who, feature.args[0] if feature.args else None)
        return sum((line.get("amount") or 0 for line in lines if line["ordered_at"] > self._since(feature.window)), 0)

    def _points(self, customer: Row) -> float | None:
        points, at = customer.get("points"), customer.get("points_at")
        if points is None:
            return None
        lines = [] if at is None else [row for row in self._lines(customer["customer_id"], None) if row["ordered_at"] > at]
        return float(points) + sum((row.get("points_earned") or 0) - (row.get("points_used") or 0) for row in lines)

    def _age(self, born: date | None) -> int | None:
        if born is None:
            return None
        had_it = (self._today.month, self._today.day) >= (born.month, born.day)
        return self._today.year - born.year - (0 if had_it else 1)

    def _staged(self, feature: Feature, who: str) -> Any:
        journey = feature.args[-1]
        placed = next((p for p in self._of(self._world.placements, who) if p["journey_id"] == journey), None)
        stage = placed.get("stage_id") if placed else None
        if feature.name == "stage":
            return stage
        if feature.name == "days_in_stage":
            return self._days(placed["since"]) if placed and stage is not None else None
        moves = [t for t in self._of(self._world.transitions, who) if t["journey_id"] == journey and t["at"] <= self._at]
        return feature.args[0] == stage or any(t["to_stage"] == feature.args[0] for t in moves)

    def _score(self, name: str, who: str) -> int | str | None:
        if name == "rfm":
            digits = [self._score(f"{each}_score", who) for each in ("recency", "frequency", "monetary")]
            return None if None in digits else "".join(str(d) for d in digits)
        by: dict[str, Callable[[str], Any]] = {
            "recency_score": lambda c: max(self._orders(c, Feature("orders"))),
            "frequency_score": lambda c: len(self._orders(c, Feature("orders"))),
            "monetary_score": lambda c: self._revenue(c, Feature("revenue")),
        }
        known = [c["customer_id"] for c in self._world.customers if self._orders(c["customer_id"], Feature("orders"))]
        if who not in known:
            return None
        ranked = sorted(known, key=lambda c: (by[name](c), c))
        # As ntile: the first fifths are one longer where the number does not divide.
        size, longer = divmod(len(ranked), 5)
        place = ranked.index(who)
        return place // (size + 1) + 1 if place < longer * (size + 1) else (place - longer) // size + 1


_OF_ORDERS = frozenset(
    ("orders", "bought", "average_order", "first_order_at", "last_order_at", "days_since_last_order", "average_interval")
)


def _counts(lines: Sequence[Row]) -> bool:
    """An order counts when a line of it is not negative, and it was not returned whole."""
    amounts, quantities = ([line.get(key) or 0 for line in lines] for key in ("amount", "quantity"))
    back = [a < 0 or q < 0 for a, q in zip(amounts, quantities, strict=True)]
    returned = any(back) and sum(amounts) <= 0 and sum(quantities) <= 0
    return not all(back) and not returned
