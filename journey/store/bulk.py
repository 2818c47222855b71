"""Hundreds of thousands of rows into a table of the state store, in the caller's transaction.

SQLAlchemy converts and checks each value of each row anew, which costs several times what the database needs. Here it writes the
statement, each column's values are converted by its type, and the driver gets the rows as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that may say what to do on a conflict, in the words of the connection's database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_rows(connection: Connection, statement: Insert, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Executes an INSERT for all rows, in their order. `names` are the columns that the values of each row are for.

    None is NULL, whatever the column's type. Columns with a default of Python's must be named.
    """
    if not rows:
        return
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    given = {name: values for name, values in columns.items() if values.count(None) < len(values)}
    compiled = statement.inline().compile(dialect=connection.dialect, column_keys=list(given))
    types = {name: statement.table.c[name].type.dialect_impl(connection.dialect) for name in given}
    converted = {name: _converted(values, types[name].bind_processor(connection.dialect)) for name, values in given.items()}
    if compiled.positional:
        ordered = [converted[name] for name in compiled.positiontup or ()]
        connection.exec_driver_sql(str(compiled), list(zip(*ordered, strict=True)))
    else:
        connection.exec_driver_sql(
            str(compiled), [dict(zip(converted, values, strict=True)) for values in zip(*converted.values(), strict=True)]
        )


def _converted(values: Sequence[Any], process: Callable[[Any], Any] | None) -> Sequence[Any]:
    if process is None:
        return values
    made: list[Any] = []
    last = done = None
    for value in values:
        if value is not last:  # in bulk the same moment comes again and again
            last, done = value, None if value is None else process(value)
        made.append(done)
    return made
