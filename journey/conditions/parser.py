"""Tokens to a parse tree: the shape of the sentence, names not yet looked up.

A Pratt parser: `or` binds looser than `and`, `and` looser than `not`; `でない` after a comparison turns that one round.
"""

from __future__ import annotations

from dataclasses import dataclass

from journey.conditions.syntax import Op
from journey.conditions.tokens import Token, Unreadable
from journey.texts import Text, text

DEEPEST = 50
"""Parentheses and `not` inside each other, through segments too: what evaluates a condition walks it recursively."""


@dataclass(frozen=True, slots=True)
class Span:
    """Character positions in the source, end excluded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal_:
    """A constant: the token that it is, and the steps that move a day."""

    token: Token
    span: Span
    sign: int = 1
    steps: tuple[tuple[int, Token], ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """A name, with the arguments that stand in parentheses after it (None: no parentheses)."""

    name: str
    known: bool
    args: tuple[Value, ...] | None
    span: Span


Value = Literal_ | Called


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `op` is a comparison sign, or `in`, `empty`, `contains`, `starts`, `range`, or `true` for a value by itself."""

    op: str
    left: Value
    right: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Joined:
    """`and` or `or` of several."""

    op: str
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Turned:
    """The opposite of a part."""

    part: Tree
    span: Span


Tree = Test | Joined | Turned

_COMPARES: dict[str, Op] = {"EQ": "=", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_FLIPPED: dict[str, Op] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LITERALS = frozenset(("TEXT", "NUMBER", "DATE", "TODAY", "TRUE", "FALSE"))
_VALUES = _LITERALS | {"NAME", "WORD", "MINUS"}


class Parser:
    """Reads one list of tokens from left to right."""

    def __init__(self, source: str, found: list[Token], room: int = DEEPEST) -> None:
        self.deepest = 0
        """How deep it went."""
        self._room = room
        self._source = source
        self._tokens = found
        self._at = 0
        self._depth = 0

    def condition(self) -> Tree:
        """The whole cell as a condition. Raises Unreadable."""
        tree = self._or()
        self._nothing_more()
        return tree

    def value(self) -> Value:
        """The whole cell as one value (the header of an example). Raises Unreadable."""
        found = self._value()
        self._nothing_more()
        return found

    def _nothing_more(self) -> None:
        if self._at < len(self._tokens):
            raise self._unexpected()

    def _or(self) -> Tree:
        parts = [self._and()]
        while self._took("OR"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Joined("or", tuple(parts))

    def _and(self) -> Tree:
        parts = [self._part()]
        while self._joined():
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else Joined("and", tuple(parts))

    def _joined(self) -> bool:
        """`かつ`, also after a comma (`2回以上、かつ`)."""
        if self._kind() == "COMMA" and self._kind(1) in ("AND", "OR"):
            self._at += 1
        return self._took("AND")

    def _part(self) -> Tree:
        self._deeper()
        start = self._here().start
        if self._took("NOT"):
            part = self._part()
            made: Tree = Turned(part, Span(start, self._end()))
        elif self._took("OPEN"):
            inside = self._or()
            self._need("CLOSE", text("conditions.no_close"))
            if (
                isinstance(inside, Test)
                and inside.op == "true"
                and self._kind() not in (None, "AND", "OR", "NEG", "CLOSE", "COMMA")
            ):
                made = self._comparison(inside.left, start)
            else:
                made = inside
        else:
            made = self._comparison(self._value(), start)
        self._depth -= 1
        odd = False
        while self._took("NEG"):
            odd = not odd
        return Turned(made, Span(start, self._end())) if odd else made

    def _comparison(self, left: Value, start: int) -> Tree:
        self._took("SUBJECT")
        self._took("IS")
        turned = self._took("NOT")
        made = self._tested(left, start)
        if not turned:
            return made
        return Turned(made, Span(start, self._end()))

    def _tested(self, left: Value, start: int) -> Tree:
        kind = self._kind()
        if self._took("EMPTY"):
            return self._test("empty", left, (), start)
        if self._took("IN"):
            return self._test("in", left, self._list(), start)
        if self._took("BETWEEN"):
            low = self._value()
            self._need("AND", text("conditions.between"))
            return self._test("range", left, (low, self._value()), start)
        if self._took("CONTAINS"):
            return self._test("contains", left, (self._value(),), start)
        if self._took("STARTS"):
            return self._test("starts", left, (self._value(),), start)
        if kind == "SUFFIX" and self._here().value in ("CONTAINS", "STARTS") and self._kind(1) in _VALUES:
            # 含む and 始まる also where English has `contains`: before the text.
            return self._test(str(self._take().value).lower(), left, (self._value(),), start)
        if kind in _COMPARES:
            return self._signed(left, start)
        if kind == "OPEN" and isinstance(left, Called):
            return self._test("in", left, self._list(), start)
        if kind in _VALUES:
            return self._worded(left, start)
        return self._test("true", left, (), start)

    def _signed(self, left: Value, start: int) -> Tree:
        """`A >= 2`, `A = 1〜3`, `1 <= A < 5`, `A = 空`."""
        op = _COMPARES[str(self._take().kind)]
        if op in ("=", "!=") and self._took("EMPTY"):
            empty = self._test("empty", left, (), start)
            return empty if op == "=" else Turned(empty, Span(start, self._end()))
        right = self._value()
        if op == "=" and self._took("RANGE"):
            return self._test("range", left, (right, self._value()), start)
        if isinstance(left, Called):
            return self._test(op, left, (right,), start)
        first = self._test(_FLIPPED[op], right, (left,), start)
        if self._kind() not in _COMPARES or not isinstance(right, Called):
            return first
        second = _COMPARES[str(self._take().kind)]
        return Joined("and", (first, self._test(second, right, (self._value(),), start)))

    def _worded(self, left: Value, start: int) -> Tree:
        """`A が 2 以上`, `A が 2 以上 5 未満`, `A が 1〜3`, `A が "山" で始まる`, `A が 東京都`."""
        right = self._value()
        if self._took("RANGE"):
            return self._test("range", left, (right, self._value()), start)
        if self._kind() == "IN":
            self._take()
            return self._test("in", left, (right,), start)
        if self._kind() != "SUFFIX":
            if self._kind() == "COMMA" and self._kind(1) in _VALUES:
                raise self._unexpected()
            return self._test("=", left, (right,), start)
        word = str(self._take().value)
        if word in ("CONTAINS", "STARTS"):
            return self._test(word.lower(), left, (right,), start)
        first = self._test(_COMPARES[word], left, (right,), start)
        if self._kind() == "COMMA" and self._kind(1) == "NUMBER":
            self._at += 1
        if word not in ("GE", "GT") or self._kind() not in _LITERALS | {"MINUS"}:
            return first
        second = self._value()
        closing = self._take() if self._kind() == "SUFFIX" else None
        if closing is None or closing.value not in ("LT", "LE"):
            raise Unreadable(text("conditions.range_end"), self._span(second).start, self._end())
        return Joined("and", (first, self._test(_COMPARES[str(closing.value)], left, (second,), start)))

    def _list(self) -> tuple[Value, ...]:
        self._need("OPEN", text("conditions.list_open"))
        items: list[Value] = []
        while True:
            items.append(self._value())
            if not self._took("COMMA"):
                break
        self._need("CLOSE", text("conditions.no_close"))
        return tuple(items)

    def _value(self) -> Value:
        token = self._here()
        if token.kind in ("NAME", "WORD"):
            self._at += 1
            args = self._arguments() if self._kind() == "OPEN" else None
            return Called(str(token.value), token.kind == "NAME", args, Span(token.start, self._end()))
        if token.kind == "MINUS" and self._kind(1) == "NUMBER":
            self._at += 2
            return Literal_(self._tokens[self._at - 1], Span(token.start, self._end()), sign=-1)
        if token.kind not in _LITERALS:
            raise self._unexpected()
        self._at += 1
        steps: list[tuple[int, Token]] = []
        while token.kind in ("TODAY", "DATE") and self._kind() in ("PLUS", "MINUS") and self._kind(1) == "NUMBER":
            sign = 1 if self._take().kind == "PLUS" else -1
            steps.append((sign, self._take()))
        return Literal_(token, Span(token.start, self._end()), steps=tuple(steps))

    def _arguments(self) -> tuple[Value, ...]:
        self._take()
        self._deeper()
        args: list[Value] = []
        while self._kind() != "CLOSE":
            args.append(self._value())
            if not self._took("COMMA"):
                break
        self._need("CLOSE", text("conditions.no_close"))
        self._depth -= 1
        return tuple(args)

    def _test(self, op: str, left: Value, right: tuple[Value, ...], start: int) -> Test:
        return Test(op, left, right, Span(start, self._end()))

    @staticmethod
    def _span(value: Value) -> Span:
        return value.span

    def _kind(self, ahead: int = 0) -> str | None:
        at = self._at + ahead
        return self._tokens[at].kind if at < len(self._tokens) else None

    def _here(self) -> Token:
        if self._at < len(self._tokens):
            return self._tokens[self._at]
        end = len(self._source)
        raise Unreadable(text("conditions.ends_early"), max(0, end - 1), end)

    def _take(self) -> Token:
        token = self._here()
        self._at += 1
        return token

    def _took(self, kind: str) -> bool:
        if self._kind() != kind:
            return False
        self._at += 1
        return True

    def _deeper(self) -> None:
        self._depth += 1
        self.deepest = max(self.deepest, self._depth)
        if self._depth > self._room:
            raise Unreadable(text("conditions.too_deep", most=DEEPEST), self._here().start, len(self._source))

    def _need(self, kind: str, said: Text) -> None:
        if not self._took(kind):
            found = self._tokens[self._at] if self._at < len(self._tokens) else None
            start = found.start if found else max(0, len(self._source) - 1)
            raise Unreadable(said, start, found.end if found else len(self._source))

    def _end(self) -> int:
        return self._tokens[self._at - 1].end

    def _unexpected(self) -> Unreadable:
        token = self._here()
        return Unreadable(
            text("conditions.unexpected", found=self._source[token.start : token.end][:40]), token.start, token.end
        )
