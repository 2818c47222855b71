"""Whether two conditions exclude each other: provably no customer can meet both. When in doubt, no."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from journey.conditions.compiled import Compiled
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
)

MOST_CASES = 64
"""Alternatives of one condition that are looked at; a condition with more is not taken apart."""

FAR = 40_000
"""Days from today beyond which the calendar's ends may make two days one."""

_TURNED = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

Atom = tuple[Node, bool]
"""A comparison, and whether it must be met (True) or must fail (False: known and not met)."""


def disjoint(a: Compiled, b: Compiled) -> bool:
    """True only where no customer can meet both at the same moment. Conditions with errors are not known to exclude anything."""
    if a.ast is None or b.ast is None:
        return False
    mine, theirs = _cases(a.ast, True), _cases(b.ast, True)
    if mine is None or theirs is None:
        return False
    return all(_contradictory((*x, *y)) for x, y in product(mine, theirs))


def _cases(node: Node, met: bool) -> list[tuple[Atom, ...]] | None:
    """The condition as alternatives of comparisons that must all hold; None where there are too many."""
    if isinstance(node, Not):
        return _cases(node.part, not met)
    if isinstance(node, Always):
        return [()] if met else []
    if not isinstance(node, (And, Or)):
        return [((node, met),)]
    parts: list[list[tuple[Atom, ...]]] = []
    for part in node.parts:
        found = _cases(part, met)
        if found is None:
            return None
        parts.append(found)
    if isinstance(node, And) == met:
        if math.prod(len(p) for p in parts) > MOST_CASES:
            return None
        return [tuple(atom for each in chosen for atom in each) for chosen in product(*parts)]
    alternatives = [case for part in parts for case in part]
    return alternatives if len(alternatives) <= MOST_CASES else None


@dataclass
class _Span:
    """What is left of one kind of ordered values: numbers, fixed days, or days counted from today."""

    low: float = -math.inf
    low_open: bool = False
    high: float = math.inf
    high_open: bool = False

    def take(self, op: str, value: float) -> None:
        """Narrows by one comparison."""
        if op in (">", ">=", "=") and (value, op == ">") > (self.low, self.low_open):
            self.low, self.low_open = value, op == ">"
        if op in ("<", "<=", "=") and (-value, op == "<") > (-self.high, self.high_open):
            self.high, self.high_open = value, op == "<"

    @property
    def empty(self) -> bool:
        """Nothing fits."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def holds(self, value: float) -> bool:
        """Whether a value fits."""
        above = value > self.low or (value == self.low and not self.low_open)
        return above and (value < self.high or (value == self.high and not self.high_open))


@dataclass
class _Known:
    """What one alternative says about one column."""

    spans: dict[str, _Span] = field(default_factory=dict)
    among: dict[str, set[object]] = field(default_factory=dict)
    never: dict[str, set[object]] = field(default_factory=dict)
    missing: bool = False
    present: bool = False

    def contradictory(self) -> bool:
        """Whether no value can be all of that."""
        if self.missing and self.present:
            return True
        if any(span.empty for span in self.spans.values()):
            return True
        return any(not self._left(kind, values) for kind, values in self.among.items())

    def _left(self, kind: str, values: set[object]) -> set[object]:
        span = self.spans.get(kind)
        kept = values - self.never.get(kind, set())
        return {v for v in kept if span is None or not isinstance(v, (int, float)) or span.holds(v)}


def _contradictory(atoms: Iterable[Atom]) -> bool:
    known: dict[Column, _Known] = {}
    for node, met in atoms:
        if isinstance(node, (Compare, OneOf, Empty, Contains, Truth)):
            _note(known.setdefault(node.left, _Known()), node, met)
    return any(each.contradictory() for each in known.values())


def _note(known: _Known, node: Compare | OneOf | Empty | Contains | Truth, met: bool) -> None:
    if isinstance(node, Empty):
        known.missing |= met
        known.present |= not met
        return
    known.present = True
    if isinstance(node, Truth):
        _among(known, "yes_no", {met})
    elif isinstance(node, OneOf):
        _one_of(known, node.items, met)
    elif isinstance(node, Compare) and not isinstance(node.right, (Field, Feature)):
        op = node.op if met else _TURNED[node.op]
        if op in ("=", "!="):
            _one_of(known, (node.right,), op == "=")
        elif (place := _ordered(node.right)) is not None:
            known.spans.setdefault(place[0], _Span()).take(op, place[1])


def _one_of(known: _Known, items: tuple[Constant, ...], met: bool) -> None:
    by_kind: dict[str, set[object]] = {}
    for item in items:
        forms = _forms(item)
        if not forms:
            return  # one of them says nothing: neither does the list
        for kind, value in forms:
            by_kind.setdefault(kind, set()).add(value)
    if met and len(by_kind) == 1:
        for kind, values in by_kind.items():
            _among(known, kind, values)
    elif not met:
        for kind, values in by_kind.items():
            known.never.setdefault(kind, set()).update(values)


def _among(known: _Known, kind: str, values: set[object]) -> None:
    known.among[kind] = known.among[kind] & values if kind in known.among else values


def _forms(item: Constant) -> tuple[tuple[str, object], ...]:
    """The values that a constant stands for, each with the kind within which values can be told apart; none where they cannot."""
    if isinstance(item, Str):
        return tuple(("text", form) for form in item.forms)
    if isinstance(item, Yes):
        return (("yes_no", item.value),)
    place = _ordered(item)
    return (place,) if place is not None else ()


def _ordered(item: Constant) -> tuple[str, float] | None:
    """A kind of scale and the place on it. Calendar days, days from today, and months from today are not compared with each other."""
    if isinstance(item, Num):
        return "number", item.value
    if not isinstance(item, Day):
        return None
    if item.day is not None:
        return "day", float(item.on(date.min).toordinal())
    if all(unit in ("d", "w") for _, unit in item.steps):
        away = sum(amount * (7 if unit == "w" else 1) for amount, unit in item.steps)
        return ("from_today", float(away)) if abs(away) < FAR else None
    return None
