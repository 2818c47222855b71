"""What counts as missing in a template, and what stands in its place."""

from __future__ import annotations

import math
from typing import Any

from jinja2.runtime import Undefined


class Empty(str):
    """The value of an attribute that a customer lacks: empty text that is neither more nor less than anything."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__


EMPTY = Empty()


def missing(value: Any) -> bool:
    """Nothing there: None, an undefined name's value, not-a-number, or blank text."""
    if value is None or isinstance(value, Undefined):
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return isinstance(value, str) and not value.strip()


def shown_as_empty(value: Any) -> Any:
    """The value as templates see it: what is missing is `EMPTY`."""
    return EMPTY if missing(value) else value
