"""Field masks: `a,b.c,d(e,f/g)`, as in the `fields` of a query and of a request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sheets_server.discovery import Api
from sheets_server.errors import Json, unmatched

Mask = Mapping[str, "Mask"]
"""Names to what is wanted of them; an empty mapping wants everything below."""

EVERYTHING: Mask = {}


@lru_cache(maxsize=500)
def parse(text: str) -> Mask:
    """The mask that `text` spells. `*` is everything at its place; where two paths overlap, the wider wins.

    Raises ApiError (400) where it cannot be read.
    """
    tokens = [token for token in re.split(r"([,()])", text) if token]
    tree: dict[str, Any] = {}
    if not tokens or _list(tokens, 0, tree, text) != len(tokens):
        raise unmatched(text)
    return _widest(tree)


def _list(tokens: Sequence[str], at: int, tree: dict[str, Any], text: str) -> int:
    """Paths from token `at` on into the tree, ends marked with a star; the place of the token behind them."""
    while True:
        if at >= len(tokens) or tokens[at] in ",()":
            raise unmatched(text)
        inner = tree
        for name in re.split(r"[./]", tokens[at]):
            inner = inner.setdefault(name, {})
        at += 1
        if at < len(tokens) and tokens[at] == "(":
            at = _list(tokens, at + 1, inner, text)
            if at >= len(tokens) or tokens[at] != ")":
                raise unmatched(text)
            at += 1
        else:
            inner["*"] = {}
        if at >= len(tokens) or tokens[at] != ",":
            return at
        at += 1


def _widest(tree: dict[str, Any]) -> Mask:
    return {} if "*" in tree else {name: _widest(inner) for name, inner in tree.items()}


def check(api: Api, schema: str, mask: Mask, before: str = "") -> None:
    """Refuses (400) a path that `schema` has not."""
    _check(api, api.schemas[schema], mask, before)


def _check(api: Api, shape: Json, mask: Mask, before: str) -> None:
    while "$ref" in shape or shape.get("type") == "array":
        shape = api.schemas[shape["$ref"]] if "$ref" in shape else shape["items"]
    for name, inner in mask.items():
        if "additionalProperties" in shape:
            continue
        if name not in shape.get("properties", {}):
            raise unmatched(before + name)
        _check(api, shape["properties"][name], inner, f"{before}{name}.")


def wants(mask: Mask, *path: str) -> bool:
    """Whether anything at or below `path` is wanted."""
    for name in path:
        if not mask:
            return True
        if name not in mask:
            return False
        mask = mask[name]
    return True


def below(mask: Mask, *path: str) -> Mask:
    """The mask below `path`, which must be wanted."""
    for name in path:
        if not mask:
            return EVERYTHING
        mask = mask[name]
    return mask


def pick(value: Any, mask: Mask) -> Any:
    """Of a JSON value what the mask wants; lists are gone through."""
    if isinstance(value, list):
        return [pick(item, mask) for item in value]
    if not mask or not isinstance(value, dict):
        return value
    return {name: pick(value[name], inner) for name, inner in mask.items() if name in value}


def paths(mask: Mask, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each path to its end."""
    for name, inner in mask.items():
        if inner:
            yield from paths(inner, (*before, name))
        else:
            yield (*before, name)


def merged(old: Json, new: Json, mask: Mask) -> Json:
    """`old` with everything the mask names taken from `new`, or taken away where `new` has it not. Neither is changed."""
    if not mask:
        return new
    result = dict(old)
    for name, inner in mask.items():
        value = new.get(name)
        if inner:
            kept = merged(old.get(name) or {}, value or {}, inner)
            value = kept if kept or value is not None else None
        if value is None or value == {}:
            result.pop(name, None)
        else:
            result[name] = value
    return result
