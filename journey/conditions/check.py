"""A parse tree against what there is: names with a suggestion, types, arguments, windows; out comes the meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from journey.conditions import values
from journey.conditions.features import KINDS, SEGMENT_WORDS, Kind, by_name, field_index
from journey.conditions.parser import Called, Joined, Span, Test, Tree, Value
from journey.conditions.syntax import (
    And,
    Column,
    Compare,
    Constant,
    Contains,
    Empty,
    Feature,
    Field,
    Node,
    Not,
    Num,
    OneOf,
    Op,
    Operand,
    Or,
    Str,
    Truth,
    Window,
    Yes,
)
from journey.conditions.tokens import Unreadable
from journey.conditions.uses import Gathered
from journey.fields import STANDARD, Names
from journey.model import FieldType, JourneyMap, Stage
from journey.names import fold, nearest
from journey.problems import Severity
from journey.texts import Text, text

LARGEST = 3_000
"""Comparisons of a condition, those of the segments that it uses counted each time."""


@dataclass(frozen=True)
class ConditionProblem:
    """One finding about a cell: character positions in the source, end excluded. An error keeps the condition from being used."""

    severity: Severity
    start: int
    end: int
    said: Text


T = TypeVar("T")
Referred = Callable[[str, Span], Node | None]


class Checker:
    """Checks one cell. Problems gather in `problems`; a part that has one comes out as None and the rest is still checked."""

    def __init__(self, source: str, names: Names, journey: str | None, segment: Referred) -> None:
        self.problems: list[ConditionProblem] = []
        self.used = Gathered()
        self.size = 0
        self._source = source
        self._names = names
        self._journey = journey
        self._segment = segment
        self._fields = field_index(names.fields)

    def tree(self, tree: Tree) -> Node | None:
        """The meaning of a parse tree."""
        if isinstance(tree, Joined):
            parts = [self.tree(part) for part in tree.parts]
            if any(part is None for part in parts):
                return None
            known = tuple(part for part in parts if part is not None)
            return And(known) if tree.op == "and" else Or(known)
        if isinstance(tree, Test):
            self.grow(1, tree.span)
            return self._caught(lambda: self._test(tree))
        part = self.tree(tree.part)
        if part is None:
            return None
        if isinstance(part, OneOf) or (isinstance(part, Compare) and part.op == "="):
            self._drops_out(part.left, tree.span)
        return part.part if isinstance(part, Not) else Not(part)

    def column(self, value: Value) -> Column | None:
        """The attribute or feature that a value by itself names (the header of an example)."""
        return self._caught(lambda: self._column(value))

    def typed(self, column: Column, value: Callable[[], Value]) -> Constant:
        """What the whole cell means as a value of a column; text needs no quotes there."""
        whole = Span(0, len(self._source))
        if self._type(column) == "text" or self._type(column) == "yes_no":
            return self._constant(Called(self._source.strip(), True, None, whole), column)
        return self._constant(value(), column)

    def grow(self, by: int, span: Span) -> None:
        """Counts comparisons; too many are a problem, said once."""
        before, self.size = self.size, self.size + by
        if before <= LARGEST < self.size:
            self._error(text("conditions.too_big", most=LARGEST), span)

    def _caught(self, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except Unreadable as found:
            self.problems.append(ConditionProblem("error", found.start, found.end, found.said))
            return None

    def _test(self, test: Test) -> Node | None:
        if test.op == "true":
            return self._alone(test.left)
        left = self._column(test.left)
        if test.op == "empty":
            return Empty(left)
        if test.op in ("contains", "starts"):
            if self._type(left) != "text":
                raise self._fails(text("conditions.text_only"), test.span)
            return Contains(left, cast(Str, self._constant(test.right[0], left)), test.op == "starts")
        if test.op == "in":
            return OneOf(left, tuple(self._constant(item, left) for item in test.right))
        if test.op == "range":
            return self._range(left, test)
        return self._compare(cast(Op, test.op), left, test)

    def _compare(self, op: Op, left: Column, test: Test) -> Node:
        kind = self._type(left)
        if kind in ("text", "yes_no") and op not in ("=", "!="):
            raise self._fails(text("conditions.no_order", name=self._spoken(test.left)), test.span)
        right = self._operand(test.right[0], left)
        if op == "!=":
            self._drops_out(left, test.span)
        if kind == "yes_no" and isinstance(right, Yes):
            return Truth(left) if right.value == (op == "=") else Not(Truth(left))
        return Compare(op, left, right)

    def _range(self, left: Column, test: Test) -> Node:
        if self._type(left) in ("text", "yes_no"):
            raise self._fails(text("conditions.no_order", name=self._spoken(test.left)), test.span)
        low, high = (self._constant(item, left) for item in test.right)
        if isinstance(low, Num) and isinstance(high, Num) and low.value > high.value:
            raise self._fails(text("conditions.range_order"), test.span)
        return And((Compare(">=", left, low), Compare("<=", left, high)))

    def _alone(self, value: Value) -> Node | None:
        """A value by itself: a segment, or something that is true or false."""
        if isinstance(value, Called):
            if fold(value.name) in {fold(word) for word in SEGMENT_WORDS} and value.args is not None:
                return self._segment_called(value)
            known = self._names.segment(value.name) if value.args is None and not self._is_column(value.name) else None
            if known is not None:
                return self._segment(known.name, value.span)
        column = self._column(value)
        if self._type(column) != "yes_no":
            raise self._fails(text("conditions.no_comparison", name=self._spoken(value)), value.span)
        return Truth(column)

    def _segment_called(self, value: Called) -> Node | None:
        if not value.args or len(value.args) != 1:
            raise self._fails(text("conditions.segment_name"), value.span)
        name = values.as_text(value.args[0], self._source)
        known = self._names.segment(name)
        if known is None:
            raise self._fails(_unknown("segment", name, tuple(self._names.segments)), value.args[0].span)
        return self._segment(known.name, value.span)

    def _operand(self, value: Value, left: Column) -> Operand:
        """The right side: another column of the same type where it names one, else a constant."""
        if isinstance(value, Called) and (value.args is not None or self._is_column(value.name)):
            right = self._column(value)
            if self._type(right) != self._type(left):
                raise self._fails(text("conditions.other_type", name=self._spoken(value)), value.span)
            return right
        return self._constant(value, left)

    def _constant(self, value: Value, left: Column) -> Constant:
        if isinstance(left, Feature) and left.name == "stage":
            stage = self._stage(value, self._map(left.args[0], value.span))
            self.used.stages.add((left.args[0], stage.id))
            return Str(stage.id)
        kind = self._type(left)
        if isinstance(value, Called) and kind in ("number", "date"):
            raise self._fails(self._unknown_name(value.name), value.span)
        in_days = isinstance(left, Feature) and KINDS[left.name].in_days
        made = values.constant(value, kind, self._source, in_days=in_days)
        if kind == "text" and values.is_bare(value):
            self._bare(value)
        return made

    def _column(self, value: Value) -> Column:
        if not isinstance(value, Called):
            raise self._fails(text("conditions.no_name", found=self._spoken(value)), value.span)
        kind = by_name().get(fold(value.name))
        own = self._fields.get(fold(value.name))
        if kind is not None:
            if own is not None and own.key not in _STANDARD_KEYS:
                self._warn(text("conditions.own_column", name=value.name), value.span)
            return self._used(self._feature(kind, value))
        if own is None:
            raise self._fails(self._unknown_name(value.name), Span(value.span.start, value.span.start + len(value.name)))
        if value.args is not None:
            raise self._fails(text("conditions.takes_nothing", name=value.name), value.span)
        return self._used(Field(own.key, own.type))

    def _feature(self, kind: Kind, value: Called) -> Column:
        given: list[tuple[str, Span]] = []
        window: Window | None = None
        for arg in value.args or ():
            found = values.window(arg)
            if found is None:
                if values.is_bare(arg):
                    self._bare(arg)
                given.append((values.as_text(arg, self._source), arg.span))
            elif not kind.window:
                raise self._fails(text("conditions.no_window", name=value.name), arg.span)
            elif window is not None:
                raise self._fails(text("conditions.two_windows", name=value.name), arg.span)
            else:
                window = found
        if len(given) > len(kind.takes):
            said = text("conditions.too_many_arguments", name=value.name) if kind.takes else None
            raise self._fails(said or text("conditions.takes_nothing", name=value.name), given[len(kind.takes)][1])
        if len(given) < len(kind.needs):
            raise self._fails(
                text("conditions.argument_missing", name=value.name, what=text(f"conditions.a_{kind.needs[0]}")), value.span
            )
        if not kind.available:
            raise self._fails(text("conditions.not_yet", name=value.name), value.span)
        if kind.field:
            return Field(kind.field, kind.type)
        return Feature(kind.name, self._arguments(kind, given, value.span), window)

    def _arguments(self, kind: Kind, given: list[tuple[str, Span]], span: Span) -> tuple[str, ...]:
        if kind.takes == ("message",):
            return (self._message(*given[0]),)
        if kind.takes == ("journey",):
            journey = self._map(*given[0]) if given else self._map(None, span)
            self.used.journeys.add(journey.id)
            return (journey.id,)
        if kind.takes == ("stage", "journey"):
            journey = self._map(*given[1]) if len(given) > 1 else self._map(None, span)
            stage = _stage_of(journey, given[0][0])
            if stage is None:
                raise self._fails(_unknown("stage", given[0][0], _stage_names(journey)), given[0][1])
            self.used.stages.add((journey.id, stage.id))
            return (stage.id, journey.id)
        return tuple(name for name, _ in given)

    def _message(self, name: str, span: Span) -> str:
        for known in self._names.messages:
            if fold(known) == fold(name):
                self.used.messages.add(known)
                return known
        raise self._fails(_unknown("message", name, self._names.messages), span)

    def _map(self, name: str | None, span: Span) -> JourneyMap:
        """The journey of that id or name; without one the journey of this cell, else the only one."""
        journeys = self._names.journeys
        wanted = name if name is not None else self._journey
        if wanted is None:
            if len(journeys) == 1:
                return journeys[0]
            raise self._fails(text("conditions.which_journey", known=[j.id for j in journeys]), span)
        for label in ("id", "name"):
            for journey in journeys:
                if fold(getattr(journey, label)) == fold(wanted):
                    return journey
        raise self._fails(_unknown("journey", wanted, tuple(n for j in journeys for n in (j.id, j.name))), span)

    def _stage(self, value: Value, journey: JourneyMap) -> Stage:
        name = values.as_text(value, self._source)
        found = _stage_of(journey, name)
        if found is None:
            raise self._fails(_unknown("stage", name, _stage_names(journey)), value.span)
        if values.is_bare(value):
            self._bare(value)
        return found

    def _is_column(self, name: str) -> bool:
        return fold(name) in by_name() or fold(name) in self._fields

    @staticmethod
    def _type(column: Column) -> FieldType:
        return column.type if isinstance(column, Field) else KINDS[column.name].type

    def _used(self, column: Column) -> Column:
        self.used.columns.add(column)
        return column

    def _unknown_name(self, name: str) -> Text:
        if fold(name) in {fold(word) for word in SEGMENT_WORDS}:
            return text("conditions.segment_name")
        labels = [label for kind in KINDS.values() for label in (kind.name, *kind.labels)]
        fields = [known for f in self._names.fields for known in (f.label, f.key, *f.aliases)]
        return _unknown("name", name, (*labels, *fields, *self._names.segments))

    def _drops_out(self, column: Column, span: Span) -> None:
        if isinstance(column, Field) and column.key != "customer_id":
            label = next((f.label for f in self._names.fields if f.key == column.key), column.key)
            self._warn(text("conditions.empty_drops_out", name=label), span)

    def _bare(self, value: Value) -> None:
        self._warn(text("conditions.bare_text", found=self._spoken(value)), value.span)

    def _spoken(self, value: Value) -> str:
        return value.name if isinstance(value, Called) else self._source[value.span.start : value.span.end][:40]

    def _error(self, said: Text, span: Span) -> None:
        self.problems.append(ConditionProblem("error", span.start, span.end, said))

    def _warn(self, said: Text, span: Span) -> None:
        if all(p.said != said for p in self.problems):  # once for a name, however often it is used
            self.problems.append(ConditionProblem("warning", span.start, span.end, said))

    @staticmethod
    def _fails(said: Text, span: Span) -> Unreadable:
        return Unreadable(said, span.start, span.end)


_STANDARD_KEYS = frozenset(f.key for f in STANDARD)


def _stage_of(journey: JourneyMap, name: str) -> Stage | None:
    for label in ("id", "name"):
        for stage in journey.stages:
            if fold(getattr(stage, label)) == fold(name):
                return stage
    return None


def _stage_names(journey: JourneyMap) -> tuple[str, ...]:
    return tuple(n for stage in journey.stages for n in (stage.name, stage.id))


def _unknown(what: str, name: str, known: tuple[str, ...]) -> Text:
    near = nearest(name[:60], known)
    shown = name[:60]
    return (
        text(f"conditions.unknown_{what}_near", name=shown, near=near)
        if near
        else text(f"conditions.unknown_{what}", name=shown)
    )
