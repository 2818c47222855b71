"""Merging what happened: purchases and events. The same file twice changes nothing (uploads.md).

Lines of an order come and go together. Rows without a number of their own merge by multiplicity: there are as many of a row as the
file that had it most often.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from journey.facts import COLUMNS, Change
from journey.facts.views import quoted
from journey.texts import Text, text
from sheets_sync.uploads.people import make_unknown
from sheets_sync.uploads.stage import ROW

_NOT_COMPARED = ("line", "imported_at")
_NAMED = 3


@dataclass(frozen=True)
class Merged:
    """How many rows were news, how many of those have no customer, how many were known; and what to tell."""

    accepted: int
    unchanged: int
    guests: int = 0
    said: tuple[Text, ...] = ()


def merge_purchases(change: Change, rows: str, columns: Collection[str]) -> Merged:
    """Merges a SELECT of staged purchases, customers filled in."""
    compared = [c for c in COLUMNS["purchases"] if c not in _NOT_COMPARED]
    _take(change, "purchases", rows, columns, compared)
    duck = change.duck
    duck.execute(
        "CREATE OR REPLACE TEMP TABLE orders AS SELECT order_id, count(*) AS n, sum(h::HUGEINT) AS h, min(customer_id) AS who"
        " FROM taken WHERE order_id IS NOT NULL GROUP BY order_id"
    )
    stored = f"SELECT *, {_hash(compared)} AS h FROM ({change.source('purchases')})"
    duck.execute(
        "CREATE OR REPLACE TEMP TABLE known_orders AS SELECT order_id, count(*) AS n, sum(h::HUGEINT) AS h, min(customer_id) AS who"
        f" FROM ({stored}) SEMI JOIN orders USING (order_id) GROUP BY order_id"
    )
    duck.execute(
        "CREATE OR REPLACE TEMP TABLE news_orders AS SELECT order_id, k.order_id IS NOT NULL AS known,"
        " k.who IS NOT NULL AND o.who IS NOT NULL AND k.who <> o.who AS moved"
        " FROM orders AS o LEFT JOIN known_orders AS k USING (order_id)"
        " WHERE k.n IS DISTINCT FROM o.n OR k.h IS DISTINCT FROM o.h"
    )
    _loose(change, stored, "order_id IS NULL")
    [(replaced,)] = duck.execute("SELECT count(*) FROM news_orders WHERE known").fetchall()
    if replaced:
        change.remove_where("purchases", "order_id IN (SELECT order_id FROM news_orders WHERE known)")
    news = (
        "SELECT * FROM taken WHERE order_id IN (SELECT order_id FROM news_orders)"
        f" UNION ALL SELECT * FROM taken WHERE {quoted(ROW)} IN (SELECT {quoted(ROW)} FROM loose)"
    )
    lined = (
        f"SELECT * EXCLUDE (h), CASE WHEN order_id IS NULL THEN 1 ELSE row_number() OVER"
        f" (PARTITION BY order_id ORDER BY {quoted(ROW)}) END AS line, ?::TIMESTAMPTZ AS imported_at FROM ({news})"
    )
    accepted = change.add("purchases", duck.sql(lined, params=[change.now]))
    make_unknown(change, "SELECT customer_id FROM taken")
    [(rows_all, guests)] = duck.execute(
        f"SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM ({news}) WHERE customer_id IS NULL)"
    ).fetchall()
    return Merged(accepted, rows_all - accepted, guests, _told(change))


def merge_events(change: Change, rows: str, columns: Collection[str]) -> Merged:
    """Merges a SELECT of staged events, customers filled in. An event with a message id counts once, whatever file brings it."""
    compared = [c for c in COLUMNS["events"] if c not in _NOT_COMPARED]
    _take(change, "events", rows, columns, compared)
    duck = change.duck
    stored = f"SELECT *, {_hash(compared)} AS h FROM ({change.source('events')})"
    _loose(change, stored, "message_id IS NULL")
    news = (
        f"SELECT * FROM taken WHERE {quoted(ROW)} IN (SELECT {quoted(ROW)} FROM loose) UNION ALL"
        f" (SELECT taken.* FROM taken ANTI JOIN (SELECT message_id FROM ({change.source('events')})) AS k USING (message_id)"
        f" WHERE message_id IS NOT NULL QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY {quoted(ROW)}) = 1)"
    )
    added = f"SELECT * EXCLUDE (h), ?::TIMESTAMPTZ AS imported_at FROM ({news})"
    accepted = change.add("events", duck.sql(added, params=[change.now]))
    make_unknown(change, "SELECT customer_id FROM taken")
    [(rows_all,)] = duck.execute("SELECT count(*) FROM taken").fetchall()
    return Merged(accepted, rows_all - accepted)


def _take(change: Change, kind: str, rows: str, columns: Collection[str], compared: Sequence[str]) -> None:
    types = COLUMNS[kind]  # type: ignore[index]
    have = {*columns, "customer_id"}
    cast = ", ".join(f"CAST({quoted(c) if c in have else 'NULL'} AS {types[c]}) AS {quoted(c)}" for c in compared)
    change.duck.execute(
        f"CREATE OR REPLACE TEMP VIEW taken AS SELECT *, {_hash(compared)} AS h FROM (SELECT {quoted(ROW)}, {cast} FROM ({rows}))"
    )


def _hash(columns: Sequence[str]) -> str:
    return f"hash({', '.join(map(quoted, columns))})"


def _loose(change: Change, stored: str, which: str) -> None:
    """The rows without a number of their own that go beyond the known ones of their kind: table `loose`."""
    change.duck.execute(
        "CREATE OR REPLACE TEMP TABLE loose AS"
        f" WITH mine AS (SELECT {quoted(ROW)}, h, row_number() OVER (PARTITION BY h ORDER BY {quoted(ROW)}) AS nth"
        f" FROM taken WHERE {which}),"
        f" known AS (SELECT h, count(*) AS n FROM ({stored}) WHERE {which} GROUP BY h)"
        f" SELECT {quoted(ROW)} FROM mine LEFT JOIN known USING (h) WHERE nth > coalesce(n, 0)"
    )


def _told(change: Change) -> tuple[Text, ...]:
    moved = [row[0] for row in change.duck.execute("SELECT order_id FROM news_orders WHERE moved ORDER BY 1").fetchall()]
    return (text("uploads.orders_moved", count=len(moved), orders=moved[:_NAMED]),) if moved else ()
