"""SQL text and its bound values, kept together so that neither can be put anywhere without the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sql:
    """DuckDB SQL with a `?` for each of `params`, in order."""

    text: str
    params: tuple[object, ...] = ()

    def __add__(self, other: Sql | str) -> Sql:
        if isinstance(other, str):
            return Sql(self.text + other, self.params)
        return Sql(self.text + other.text, self.params + other.params)

    def __radd__(self, before: str) -> Sql:
        return Sql(before + self.text, self.params)


def joined(parts: Iterable[Sql], between: str) -> Sql:
    """Several pieces with a text between them."""
    listed = list(parts)
    return Sql(between.join(p.text for p in listed), tuple(v for p in listed for v in p.params))


def one_of(column: str, values: Iterable[object]) -> Sql:
    """`column IN (?, …)`."""
    listed = tuple(values)
    return Sql(f"{column} IN ({', '.join('?' * len(listed))})", listed)
