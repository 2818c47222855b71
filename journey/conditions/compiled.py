"""A cell's text to its meaning, with every problem it has. Nothing that is typed raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from journey.conditions.check import Checker, ConditionProblem
from journey.conditions.features import KINDS, OWN_COLUMN, SEGMENT_WORDS, by_name
from journey.conditions.parser import DEEPEST, Parser, Span
from journey.conditions.syntax import Always, Column, Constant, Feature, Field, Node
from journey.conditions.tokens import Token, Unreadable, tokens, vocabulary
from journey.conditions.uses import Uses
from journey.fields import Names
from journey.model import FieldDef
from journey.names import fold
from journey.texts import text

DEEPEST_SEGMENTS = 20
"""Segments that use segments."""


@dataclass(frozen=True)
class Compiled:
    """A condition that was read. `ast` is None exactly where a problem is an error; it computes with `features` and `fields`."""

    source: str
    problems: tuple[ConditionProblem, ...]
    ast: Node | None
    uses: Uses = field(default_factory=Uses)
    features: frozenset[Feature] = frozenset()
    fields: frozenset[Field] = frozenset()
    size: int = 0
    """Comparisons in it, those of its segments counted each time."""
    depth: int = 0
    """How deep it nests, its segments included."""

    @property
    def columns(self) -> frozenset[Column]:
        """Everything that it needs of the feature pass."""
        return self.features | self.fields

    @property
    def tree(self) -> Node:
        """`ast` of a condition without errors. Raises ValueError for one that has some: whoever evaluates must have checked."""
        if self.ast is None:
            raise ValueError("a condition with errors has no meaning")
        return self.ast


def compile_condition(source: str, names: Names, journey: str | None = None) -> Compiled:
    """Reads a condition cell. Empty text means everyone.

    `journey` is the id of the journey of the map or campaign that the cell belongs to: `ステージ`, `滞在日数` and `経験あり`
    mean that one where they name none.
    """
    return _compiled(source, names, journey, (), {}, DEEPEST)


def compile_column(source: str, names: Names, journey: str | None = None) -> tuple[Column | None, tuple[ConditionProblem, ...]]:
    """Reads an attribute or feature by itself (`購入回数(30日)`), as it stands over a column of the Tests tab."""
    checker = Checker(source, names, journey, lambda name, span: None)
    try:
        value = Parser(source, _tokens(source, names)).value()
    except Unreadable as found:
        return None, (ConditionProblem("error", found.start, found.end, found.said),)
    column = checker.column(value)
    return column, tuple(p for p in checker.problems if p.severity == "error" or column is not None)


def read_value(column: Column, typed: str, names: Names) -> Constant:
    """What a cell of the Tests tab means in a column of that attribute or feature. Raises Unreadable where it means nothing there."""
    return Checker(typed, names, None, lambda name, span: None).typed(
        column, lambda: Parser(typed, _tokens(typed, names)).value()
    )


def _compiled(
    source: str, names: Names, journey: str | None, inside: tuple[str, ...], made: dict[str, Compiled], room: int
) -> Compiled:
    """`inside` are the segments that are being read around this one, `made` those already read, `room` how deep it may nest."""
    if not source.strip():
        return Compiled(source, (), Always())

    def segment(name: str, span: Span) -> Node | None:
        if fold(name) in inside:
            raise Unreadable(text("conditions.segment_loop", name=name), span.start, span.end)
        if len(inside) >= DEEPEST_SEGMENTS:
            raise Unreadable(text("conditions.segments_too_deep", most=DEEPEST_SEGMENTS), span.start, span.end)
        if name not in made:
            made[name] = _compiled(names.segments[name], names, None, (*inside, fold(name)), made, room - parser.deepest)
        found = made[name]
        if found.depth + parser.deepest > room:
            raise Unreadable(text("conditions.too_deep", most=DEEPEST), span.start, span.end)
        depths.append(found.depth)
        checker.used.take(found.uses, found.columns, name)
        if found.ast is None:
            loops = [p.said for p in found.problems if p.said.key == "conditions.segment_loop"]
            raise Unreadable(loops[0] if loops else text("conditions.segment_broken", name=name), span.start, span.end)
        checker.grow(found.size, span)
        return found.ast

    depths = [0]
    checker = Checker(source, names, journey, segment)
    try:
        parser = Parser(source, _tokens(source, names), room)
        ast = checker.tree(parser.condition())
    except Unreadable as found:
        return Compiled(source, (ConditionProblem("error", found.start, found.end, found.said),), None)
    if any(p.severity == "error" for p in checker.problems):
        ast = None
    columns = checker.used.columns
    return Compiled(
        source,
        tuple(sorted(checker.problems, key=lambda p: (p.start, p.end))),
        ast,
        checker.used.frozen(),
        frozenset(c for c in columns if isinstance(c, Feature)),
        frozenset(c for c in columns if isinstance(c, Field)),
        checker.size,
        parser.deepest + max(depths),
    )


def _tokens(source: str, names: Names) -> list[Token]:
    return tokens(source, vocabulary(_words(names.fields, tuple(names.segments))))


@lru_cache(maxsize=64)
def _words(fields: tuple[FieldDef, ...], segments: tuple[str, ...]) -> tuple[str, ...]:
    """Every name that may stand in a condition without quotes."""
    typed = [word for f in fields for word in (f.key, f.label, *f.aliases)]
    own = [word + OWN_COLUMN for word in typed if fold(word) in by_name()]
    features = [word for kind in KINDS.values() for word in (kind.name, *kind.labels)]
    return tuple(dict.fromkeys((*typed, *own, *features, *segments, *SEGMENT_WORDS)))
