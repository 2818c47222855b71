"""Merging what is: customers and products. A file's columns replace those of the rows it names; other columns stay as they were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from journey.facts import COLUMNS, Change
from journey.facts.views import quoted
from sheets_sync.uploads.stage import ROW

_DATED = ("first_seen_at", "changed_at", "points_at")


def merge(
    change: Change, kind: Literal["customers", "products"], rows: str, columns: Sequence[str], *, repeated: bool = False
) -> int:
    """Merges a SELECT of staged rows into customers (by `customer_id`) or products (by `product`).

    `columns` are the attributes that the file has. Of two rows with one key the later wins. Leaves the table `merged` with
    (`ROW`, the key, `news`) for each staged row. `repeated`: the very same file was handed in before, so its points are no newer
    truth. Returns how many rows a later one of the file went before.
    """
    key = "customer_id" if kind == "customers" else "product"
    duck, row, types = change.duck, quoted(ROW), COLUMNS[kind]
    mine = [c for c in columns if c != key]
    cast = "".join(f", CAST({quoted(c)} AS {types.get(c, 'VARCHAR')}) AS {quoted(c)}" for c in mine)
    duck.execute(f"CREATE OR REPLACE TEMP TABLE listed AS SELECT {row}, {key}{cast} FROM ({rows})")
    duck.execute(
        "CREATE OR REPLACE TEMP TABLE newest AS SELECT * FROM listed"
        f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {row} DESC) = 1"
    )
    duck.execute(f"CREATE OR REPLACE TEMP TABLE held AS SELECT * FROM ({change.source(kind)}) SEMI JOIN newest USING ({key})")
    have = duck.table("held").columns
    differs = [f"n.{quoted(c)} IS DISTINCT FROM {f'h.{quoted(c)}' if c in have else 'NULL'}" for c in mine]
    duck.execute(
        f'CREATE OR REPLACE TEMP TABLE judged AS SELECT n.*, h.{key} IS NOT NULL AS " known",'
        f' h.{key} IS NULL OR {" OR ".join(differs) or "false"} AS " news" FROM newest AS n LEFT JOIN held AS h USING ({key})'
    )
    points = kind == "customers" and "points" in mine
    which = "true" if points and not repeated else '" news"'
    kept = [f"h.{quoted(c)}" for c in have if c not in (*mine, key, *_DATED)]
    own = [f"n.{quoted(c)}" for c in (key, *mine)]
    values: list[object] = []
    if kind == "customers":
        kept.append("coalesce(h.first_seen_at, ?::TIMESTAMPTZ) AS first_seen_at")
        kept.append('CASE WHEN n." news" THEN ?::TIMESTAMPTZ ELSE h.changed_at END AS changed_at')
        kept.append("CASE WHEN n.points IS NOT NULL THEN ?::TIMESTAMPTZ END AS points_at" if points else "h.points_at")
        values = [change.now] * (3 if points else 2)
    duck.execute(
        f"CREATE OR REPLACE TEMP TABLE written AS SELECT {', '.join([*own, *kept])}"
        f" FROM (SELECT * FROM judged WHERE {which}) AS n LEFT JOIN held AS h USING ({key})",
        values,
    )
    change.remove_where(kind, f'{key} IN (SELECT {key} FROM judged WHERE " known" AND {which})')
    change.add(kind, duck.table("written"))
    duck.execute(
        f'CREATE OR REPLACE TEMP TABLE merged AS SELECT t.{row}, t.{key}, j." news" AS news'
        f" FROM listed AS t JOIN judged AS j USING ({key})"
    )
    [(doubles,)] = duck.execute("SELECT (SELECT count(*) FROM listed) - (SELECT count(*) FROM newest)").fetchall()
    return int(doubles)
