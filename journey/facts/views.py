"""The views over one generation of facts: one a kind, with the same columns whether there is data or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from journey.facts.schema import COLUMNS, CUSTOMERS, KINDS, Kind
from journey.fields import STANDARD
from journey.model import FieldDef
from journey.names import fold

_YES = ("true", "t", "yes", "y", "1", "on", "はい", "○", "〇", "◯", "有", "あり", "済", "同意")
_NO = ("false", "f", "no", "n", "0", "off", "いいえ", "×", "✕", "x", "無", "なし", "未", "不同意")


def quoted(name: str) -> str:
    """A column name as an SQL identifier, whatever characters it holds."""
    return '"' + name.replace('"', '""').replace("\x00", "") + '"'


def literal(value: str) -> str:
    """A text as an SQL literal, for places where DuckDB takes no parameters (views, COPY)."""
    return "'" + value.replace("'", "''") + "'"


def make_views(
    con: duckdb.DuckDBPyConnection,
    files: Mapping[Kind, Sequence[Path]],
    columns: Mapping[str, Sequence[str]],
    attributes: Mapping[str, FieldDef],
    fields: Sequence[FieldDef],
) -> None:
    """Makes the view of each kind over its segment files. `columns` are those of each customers file, by its name.

    `attributes` are the custom columns that the segments hold (by key); `fields` beats their guessed types and adds columns that no
    file has brought yet.
    """
    for kind in KINDS:
        if kind != "customers":
            con.execute(f"CREATE OR REPLACE TEMP VIEW {kind} AS {_fixed(kind, files.get(kind, ()))}")
    people = files.get("customers", ())
    raw = f"SELECT * FROM {scan(people)}" if people else _empty(CUSTOMERS)
    present = {c for file in people for c in columns[file.name]} if people else CUSTOMERS
    con.execute(f"CREATE OR REPLACE TEMP VIEW customers AS {_customers(raw, present, attributes, fields)}")


def file_columns(con: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    """The columns that segment files have, by the file's name."""
    if not files:
        return {}
    found: dict[str, list[str]] = {file.name: [] for file in files}
    listed = ", ".join(literal(str(file)) for file in files)
    # The root of a file's schema is no column; it alone has children, for segments hold no nested values.
    rows = con.execute(f"SELECT file_name, name FROM parquet_schema([{listed}]) WHERE num_children IS NULL").fetchall()
    for file, column in rows:
        found[Path(file).name].append(column)
    return {file: tuple(names) for file, names in found.items()}


def scan(files: Sequence[Path], more: str = "") -> str:
    """The table function that reads segment files; columns are matched by name."""
    return f"read_parquet([{', '.join(literal(str(f)) for f in files)}], union_by_name = true{more})"


def _fixed(kind: Kind, files: Sequence[Path]) -> str:
    columns = COLUMNS[kind]
    if not files:
        return _empty(columns)
    names = ", ".join(quoted(c) for c in columns)
    return f"SELECT {names} FROM read_parquet([{', '.join(literal(str(f)) for f in files)}])"


def _empty(columns: Mapping[str, str]) -> str:
    return f"SELECT {', '.join(f'NULL::{kind} AS {quoted(name)}' for name, kind in columns.items())} WHERE false"


def _customers(raw: str, have: Collection[str], attributes: Mapping[str, FieldDef], fields: Sequence[FieldDef]) -> str:
    standard = {f.key for f in STANDARD}
    wanted = {**attributes, **{f.key: f for f in fields}}
    selected = [quoted(c) if c in have else f"NULL::{t} AS {quoted(c)}" for c, t in CUSTOMERS.items()]
    own = {f.key for f in fields}
    for field in wanted.values():
        if field.key in standard or field.key in CUSTOMERS:
            continue
        # A column may have come in under the label before the Fields tab gave it a key.
        names = dict.fromkeys((field.key, fold(field.label), *map(fold, field.aliases)))
        sources = [n for n in names if n in have and n not in CUSTOMERS and (n == field.key or n not in own)]
        text = f"coalesce({', '.join(map(quoted, sources))})" if sources else "NULL::VARCHAR"
        selected.append(f"{_typed(text, field.type)} AS {quoted(field.key)}")
    return f"SELECT {', '.join(selected)} FROM ({raw})"


def _typed(text: str, field_type: str) -> str:
    if field_type == "number":
        return f"TRY_CAST(regexp_replace({text}, '[,¥円]', '', 'g') AS DOUBLE)"
    if field_type == "date":
        forms = "['%Y年%m月%d日', '%Y%m%d', '%Y/%m/%d', '%Y.%m.%d']"
        return f"coalesce(TRY_CAST({text} AS DATE), CAST(try_strptime({text}, {forms}) AS DATE))"
    if field_type == "yes_no":
        yes, no = (", ".join(map(literal, words)) for words in (_YES, _NO))
        return f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"
    return text
