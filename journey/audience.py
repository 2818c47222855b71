"""Which conditions hold for which customers: any number of them in one pass over the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from journey import features
from journey.conditions import Compiled, compile_column
from journey.conditions.examples import Value, column_type, column_value, typed_value
from journey.conditions.features import KINDS
from journey.conditions.sql import Sql, joined
from journey.conditions.syntax import Column, Feature, Field
from journey.conditions.to_sql import is_moment, predicate
from journey.conditions.tokens import Unreadable
from journey.facts.orders import MOSTLY_ALONE
from journey.facts.views import quoted
from journey.fields import Names
from journey.texts import Text


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
    alone = only is not None or bool(con.execute(MOSTLY_ALONE).fetchall()[0][0])
    rows = features.select(needed, at, zone, only=only, present=None if not needed else present, alone=alone)
    selected = [Sql("customer_id")]
    selected += [
        "coalesce(" + predicate(compiled, at, zone) + f", false) AS c{i}" for i, compiled in enumerate(wanted.values())
    ]
    selected += [Sql(f"{quoted(column.column)} AS x{i}") for i, column in enumerate(extra)]
    query = "SELECT " + joined(selected, ", ") + " FROM (" + rows + ")"
    table = con.sql(query.text, params=list(query.params)).to_arrow_table()
    return table.rename_columns(["customer_id", *wanted, *columns])


@dataclass(frozen=True)
class ExampleProblem:
    """A header of the Tests tab (then `example` is None), or a value under it, that cannot be read."""

    header: str
    example: int | None
    said: Text


@dataclass(frozen=True)
class OnExamples:
    """For each example, by key, whether the condition holds; and what could not be read (that cell then counts as empty)."""

    met: list[dict[str, bool]]
    problems: list[ExampleProblem]


def on_examples(
    con: duckdb.DuckDBPyConnection | None,
    wanted: Mapping[str, Compiled],
    examples: Sequence[Mapping[str, str]],
    names: Names,
    at: datetime,
    zone: ZoneInfo,
) -> OnExamples:
    """The same SQL over example customers: each maps headers (an attribute, or a feature as in a condition) to typed text.

    `con` is any DuckDB connection; none of its views is read; None opens one in memory. What an example does not say is worked
    out or as for a customer without facts (`journey.conditions.examples`). Raises ValueError for a condition with errors.
    """
    problems: list[ExampleProblem] = []
    headers: dict[str, Column] = {}
    for header in dict.fromkeys(h for example in examples for h in example):
        column, found = compile_column(header, names)
        problems += [ExampleProblem(header, None, p.said) for p in found if p.severity == "error"]
        if column is not None:
            headers[header] = column
    columns = sorted({c for compiled in wanted.values() for c in compiled.columns}, key=lambda c: c.column)
    rows: list[tuple[Value, ...]] = []
    for i, example in enumerate(examples):
        given: dict[Column, Value] = {}
        for header, typed in example.items():
            try:
                value = typed_value(headers[header], typed, names, at, zone) if header in headers else None
            except Unreadable as found:
                problems.append(ExampleProblem(header, i, found.said))
                continue
            if value is not None:
                given[headers[header]] = value
        rows.append(tuple(column_value(column, given, at, zone) for column in columns))
    with duckdb.connect() if con is None else con.cursor() as cursor:
        met = [_met(cursor, wanted, columns, row, at, zone) for row in rows]
    return OnExamples(met, problems)


def _met(
    con: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, Compiled],
    columns: Sequence[Column],
    row: Sequence[Value],
    at: datetime,
    zone: ZoneInfo,
) -> dict[str, bool]:
    """Which conditions hold for one row of values."""
    if not wanted:
        return {}
    values = [Sql(f"CAST(? AS {_sql_type(c)}) AS {quoted(c.column)}", (value,)) for c, value in zip(columns, row, strict=True)]
    relation = "SELECT " + joined([Sql("1 AS one"), *values], ", ")
    tested = joined(["coalesce(" + predicate(compiled, at, zone) + ", false)" for compiled in wanted.values()], ", ")
    query = "SELECT " + tested + " FROM (" + relation + ")"
    found = con.execute(query.text, list(query.params)).fetchone() or ()
    return dict(zip(wanted, map(bool, found), strict=True))


def _sql_type(column: Column) -> str:
    if is_moment(column):
        return "TIMESTAMPTZ"
    return {"text": "VARCHAR", "number": "DOUBLE", "date": "DATE", "yes_no": "BOOLEAN"}[column_type(column)]


def _column(name: str) -> Column:
    kind = KINDS.get(name)
    if kind is None or kind.field:
        return Field(kind.field if kind else name, "text" if kind else "number")
    return Feature(name)
