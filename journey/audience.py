"""Which conditions hold for which customers: any number of them in one pass over the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from journey import features
from journey.conditions import Compiled
from journey.conditions.features import KINDS
from journey.conditions.sql import Sql, joined
from journey.conditions.syntax import Column, Feature, Field
from journey.conditions.to_sql import predicate
from journey.facts.views import quoted


def evaluate(
    con: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, Compiled],
    at: datetime,
    zone: ZoneInfo,
    *,
    only: Sequence[str] | None = None,
    columns: Sequence[str] = (),
) -> pa.Table:
    """`customer_id`, a BOOLEAN column a key of `wanted` (unknown is False) and the `columns` asked for; a row a customer, in no order.

    `con` holds the views that `journey.features` names. `only` restricts it to those customers. `columns` are attribute keys or
    names of features that need no argument (a feature wins over an attribute of its name); `joined_at`, `first_order_at` and
    `last_order_at` come out as moments. Raises ValueError for a condition with errors.
    """
    present = {str(row[0]) for row in con.execute("DESCRIBE customers").fetchall()}
    extra = [_column(name) for name in columns]
    needed = {column for compiled in wanted.values() for column in compiled.columns} | set(extra)
    rows = features.select(needed, at, zone, only=only, present=None if not needed else present)
    selected = [Sql("customer_id")]
    selected += [
        "coalesce(" + predicate(compiled, at, zone) + f", false) AS c{i}" for i, compiled in enumerate(wanted.values())
    ]
    selected += [Sql(f"{quoted(column.column)} AS x{i}") for i, column in enumerate(extra)]
    query = "SELECT " + joined(selected, ", ") + " FROM (" + rows + ")"
    table = con.sql(query.text, params=list(query.params)).to_arrow_table()
    return table.rename_columns(["customer_id", *wanted, *columns])


def _column(name: str) -> Column:
    kind = KINDS.get(name)
    if kind is None or kind.field:
        return Field(kind.field if kind else name, "text" if kind else "number")
    return Feature(name)
