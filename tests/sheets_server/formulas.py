"""Formulas, as far as the server works them out: literals, + - * /, brackets, & and references to cells.

Anything else is left unevaluated: its value is Google's own for one that is still being worked out, an error of type LOADING.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sheets_server import a1
from sheets_server.errors import Json
from sheets_server.numbers import general

Look = Callable[[str | None, int, int], Json | None]
"""(tab's title or None for the same, row, column) → the effective value there, None for an empty cell. Raises Wrong."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|(?P<text>"(?:[^"]|"")*")|(?P<bool>TRUE|FALSE)\b
    |(?P<error>\#REF!)|(?P<cell>(?:(?:'(?:[^']|'')+'|[^\s!-,/:-@^{|}~\[\]]+)!)?\$?[A-Za-z]{1,3}\$?[1-9]\d*)(?![\w(:])|(?P<op>[-+*/&()%]))""",
    re.VERBOSE | re.ASCII,
)


class Wrong(Exception):
    """An error value: its type (DIVIDE_BY_ZERO, VALUE, REF …)."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(kind)
        self.value: Json = {"errorValue": {"type": kind, "message": message} if message else {"type": kind}}


def effective(formula: str, look: Look) -> Json:
    """The value of `=…`; an error value where it has none."""
    try:
        tokens = _tokens(formula[1:])
        value, rest = _sum(tokens, 0, look)
        if rest != len(tokens):
            raise Wrong("LOADING")
    except Wrong as error:
        return error.value
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"numberValue": int(value) if value == int(value) and abs(value) < 2**53 else value}


Value = float | str | bool
Token = tuple[str, str]


def _tokens(text: str) -> list[Token]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise Wrong("LOADING")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


def _is(tokens: Sequence[Token], at: int, marks: str) -> bool:
    return at < len(tokens) and tokens[at][0] == "op" and tokens[at][1] in marks


def _sum(tokens: Sequence[Token], at: int, look: Look) -> tuple[Value, int]:
    left, at = _product(tokens, at, look)
    while _is(tokens, at, "+-&"):
        mark = tokens[at][1]
        right, at = _product(tokens, at + 1, look)
        if mark == "&":
            left = _text(left) + _text(right)
        else:
            left = _number(left) + (_number(right) if mark == "+" else -_number(right))
    return left, at


def _product(tokens: Sequence[Token], at: int, look: Look) -> tuple[Value, int]:
    left, at = _factor(tokens, at, look)
    while _is(tokens, at, "*/"):
        mark = tokens[at][1]
        right, at = _factor(tokens, at + 1, look)
        if mark == "/" and _number(right) == 0:
            raise Wrong("DIVIDE_BY_ZERO", "Function DIVIDE parameter 2 cannot be zero.")
        left = _number(left) * _number(right) if mark == "*" else _number(left) / _number(right)
    return left, at


def _factor(tokens: Sequence[Token], at: int, look: Look) -> tuple[Value, int]:
    if _is(tokens, at, "+-"):
        value, rest = _factor(tokens, at + 1, look)
        return (-_number(value) if tokens[at][1] == "-" else value), rest
    if _is(tokens, at, "("):
        value, at = _sum(tokens, at + 1, look)
        if not _is(tokens, at, ")"):
            raise Wrong("ERROR", "Formula parse error.")
        at += 1
    elif at < len(tokens) and tokens[at][0] != "op":
        value, at = _atom(*tokens[at], look), at + 1
    else:
        raise Wrong("ERROR", "Formula parse error.")
    while _is(tokens, at, "%"):
        value, at = _number(value) / 100, at + 1
    return value, at


def _atom(kind: str, text: str, look: Look) -> Value:
    if kind == "number":
        return float(text)
    if kind == "text":
        return text[1:-1].replace('""', '"')
    if kind == "error":
        raise Wrong("REF", "Reference does not exist")
    if kind == "bool":
        return text == "TRUE"
    title, cell = a1.split(text)
    box = a1.box(cell.replace("$", ""))
    if box is None or box.top is None or box.left is None:
        raise Wrong("REF")
    found = look(title, box.top, box.left)
    if found is None:
        return 0.0
    if "errorValue" in found:
        raise Wrong(found["errorValue"]["type"], found["errorValue"].get("message", ""))
    plain = next(iter(found.values()))
    return plain if isinstance(plain, (bool, str)) else float(plain)


def _number(value: Value) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise Wrong("VALUE", "Function parameter expects number values.") from None
    return float(value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return value if isinstance(value, str) else general(value)
