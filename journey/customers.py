"""Reading customers for chat, `why` and previews, and masking what tells who they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import duckdb

from journey.facts.views import quoted

_MAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")
_PHONE = re.compile(r"\+?[\d\s()./-]{9,}")


def read(con: duckdb.DuckDBPyConnection, ids: Sequence[str], columns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The customers with these ids, in the order of `ids`, unknown ones left out; each a mapping of `customer_id` and `columns` to
    typed values (None where empty). No `columns`: all of the view. Raises KeyError for a column that the view does not have."""
    view = con.table("customers")
    wanted = ("customer_id", *(c for c in columns if c != "customer_id")) if columns else tuple(view.columns)
    for column in wanted:
        if column not in view.columns:
            raise KeyError(column)
    names = ", ".join(quoted(c) for c in wanted)
    found = con.sql(f"SELECT {names} FROM customers WHERE list_contains(?, customer_id)", params=[list(ids)]).to_arrow_table()
    by_id = {row["customer_id"]: row for row in found.to_pylist()}
    return [by_id[i] for i in dict.fromkeys(ids) if i in by_id]


def mask(value: str) -> str:
    """An address by its shape, in a form that its owner would know again: `t***@example.com`, `090****5678`.

    Anything without the shape of an address (most customer ids) stays as it is; an id that is an address is masked too.
    """
    if _MAIL.fullmatch(value):
        name, _, host = value.rpartition("@")
        return f"{name[0]}***@{host}"
    if _PHONE.fullmatch(value) and (value.startswith(("0", "+")) or not value.isdigit()):
        digits = re.sub(r"\D", "", value)
        if 9 <= len(digits) <= 15:
            return f"{digits[:3]}****{digits[-4:]}"
    return value
