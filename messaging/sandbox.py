"""Templates from cells, run within limits: no attribute of any Python object, no method call, and an end to every appetite.

Jinja2's own sandbox keeps a template from the interpreter, but not from `'a' * 10 ** 9` or from loops within loops. Here a template is
an allow-list of constructs (`messaging.template_check`), and whatever can grow is counted against the `Budget` of one rendering.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

from jinja2 import StrictUndefined
from jinja2.runtime import LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from journey.errors import InputError
from journey.texts import Lang, text
from messaging import filters
from messaging.values import EMPTY, shown_as_empty

SECONDS = 0.5
"""Of the processor's time, so that a busy machine holds no message back."""
STEPS = 20_000
CHARACTERS = 2_000_000
LONGEST = 200_000
RANGE = 1_000
BIGGEST = 10**30

LOOP_NAMES = ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem", "depth")


class RenderProblem(InputError):
    """The message cannot be made for this customer: the delivery is held with reason `render`."""


@dataclass
class Budget:
    """What one rendering may still use: steps (loop turns, filter calls, outputs), characters made, and time."""

    steps: int = STEPS
    characters: int = CHARACTERS
    until: float = field(default_factory=lambda: time.thread_time() + SECONDS)

    def step(self, made: int = 0) -> None:
        """Counts one step that makes `made` characters or list items. Raises RenderProblem when anything runs out."""
        self.steps -= 1
        self.characters -= made
        if self.steps < 0 or self.characters < 0 or made > LONGEST or time.thread_time() > self.until:
            raise RenderProblem(text("messages.too_much"))


_budget: ContextVar[Budget] = ContextVar("budget of the rendering under way")


def _spend(made: int = 0) -> None:
    _budget.get().step(made)


class Missing(StrictUndefined):
    """A name that does not exist: any use of it ends the rendering."""

    __slots__ = ()


class LimitedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja2 over plain data. A dot or bracket looks an item up in a mapping; Python's own attributes do not exist."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    intercepted_unops = frozenset({"+", "-"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`: an item of a mapping, or one of the documented names of `loop`."""
        if isinstance(obj, LoopContext) and attribute in LOOP_NAMES:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`: an item of a mapping (a missing value is empty), or of a list or text by number or slice."""
        if isinstance(obj, Mapping):
            if argument in obj:
                return shown_as_empty(obj[argument])
        elif isinstance(obj, (list, tuple, str)) and isinstance(argument, (int, slice)) and not isinstance(argument, bool):
            try:
                return obj[argument]
            except (IndexError, ValueError, TypeError):
                return EMPTY
        return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers (and `+` on two texts or lists), with results that stay small."""
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            _spend(len(left) + len(right))
            return left + right
        if operator == "+" and isinstance(left, list) and isinstance(right, list):
            _spend(len(left) + len(right))
            return left + right
        if not (_number(left) and _number(right)):
            raise RenderProblem(text("messages.not_numbers", operator=operator))
        if operator == "**" and (abs(left) > 10**6 or abs(right) > 12):
            raise RenderProblem(text("messages.too_much"))
        _spend()
        result = self.binop_table[operator](left, right)
        if isinstance(result, complex) or not abs(result) < BIGGEST:
            raise RenderProblem(text("messages.too_much"))
        return result

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        """`-x` and `+x`, on numbers only."""
        if not _number(arg):
            raise RenderProblem(text("messages.not_numbers", operator=operator))
        return self.unop_table[operator](arg)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@cache
def environment(lang: Lang, *, html: bool) -> LimitedEnvironment:
    """The environment of one language, escaping for HTML or not. It is the same for all templates and holds no data."""
    env = LimitedEnvironment(
        autoescape=html,
        undefined=Missing,
        optimized=False,  # folding constants would run a template's operators outside any budget
        keep_trailing_newline=False,
        finalize=_finalizer(lang),
        cache_size=0,
    )
    env.globals = {"range": _range, "link": filters.url}
    env.filters = {name: _counted(made) for name, made in filters.table(lang).items()}
    env.filters.update({"_each": _each, "_flat": _flat, "_concat": _concat})
    env.tests = dict(filters.TESTS)
    return env


def run(root: Callable[[Any], Iterator[str]], context: Any) -> str:
    """The text that a compiled template's root function makes of a context, within a fresh budget.

    Raises RenderProblem, whatever goes wrong inside; never with a customer's values in it.
    """
    token = _budget.set(Budget())
    try:
        pieces: list[str] = []
        for piece in root(context):
            _spend(len(piece))
            pieces.append(piece)
        return "".join(pieces)
    except RenderProblem:
        raise
    except Exception as error:  # any failure of a template is that message's own problem, never the sender's
        raise RenderProblem(text("messages.cannot_make", why=type(error).__name__)) from None
    finally:
        _budget.reset(token)


def _finalizer(lang: Lang) -> Callable[[Any], Any]:
    def finalize(value: Any) -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, Undefined):
            return str(value)
        if isinstance(value, (bool, int, float, date, datetime)) or value is None:
            return filters.plain(value, lang)
        raise RenderProblem(text("messages.not_a_value"))

    return finalize


def _counted(made: Callable[..., Any]) -> Callable[..., Any]:
    def counted(value: Any, *args: Any, **options: Any) -> Any:
        _spend()
        grown = made(value, *args, **options)
        _spend(len(grown) if isinstance(grown, (str, list)) else 0)
        return grown

    return counted


def _each(value: Any) -> Iterator[Any]:
    if isinstance(value, Undefined):
        str(value)
    if not isinstance(value, (list, tuple, range)) and value != "":
        raise RenderProblem(text("messages.not_a_list"))
    for item in value:
        _spend()
        yield item


def _flat(value: Any) -> Any:
    for item in value:
        if isinstance(item, (list, tuple, Mapping)):  # a list of lists of lists … doubles with every line
            raise RenderProblem(text("messages.not_a_value"))
    _spend(len(value))
    return list(value)


def _concat(parts: Any) -> Any:
    shown = [p if isinstance(p, str) else filters.plain(p, "en") for p in parts]
    _spend(sum(map(len, shown)))
    if any(isinstance(p, Markup) for p in shown):
        return Markup("").join(shown)
    return "".join(shown)


def _range(*bounds: Any) -> range:
    made = range(*bounds)
    if len(made) > RANGE:
        raise RenderProblem(text("messages.too_much"))
    return made
