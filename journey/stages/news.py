"""The facts that are new since the last run: what may move a customer by `data`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb
from sqlalchemy import Connection, select

from journey.facts import FactStore
from journey.facts.views import scan
from journey.store.tables import segments

_KINDS = ("customers", "purchases", "events")

# A dated fact tells when it happened; a changed customer row only when it was heard of. So a dated fact, where there is one,
# is the cause: a customer file that comes along with an old history does not make that history recent.
_NEWEST = """
CREATE OR REPLACE TEMP TABLE news AS
WITH dated AS ({dated}),
newest AS (SELECT customer_id, max(struct_pack(moment := moment, fact := fact)) AS top FROM dated GROUP BY customer_id)
SELECT customer_id, coalesce(top.moment, changed.moment) AS moment, coalesce(top.fact, 'customer') AS fact
FROM newest FULL JOIN ({changed}) AS changed USING (customer_id)
"""
_PURCHASES = (
    "SELECT customer_id, ordered_at AS moment, 'purchase:' || coalesce(order_id, '') AS fact FROM {source} WHERE {when}"
)
_EVENTS = """SELECT customer_id, "at" AS moment, 'event:' || event AS fact FROM {source} WHERE {when}"""
_CHANGED = (
    "SELECT customer_id, max(changed_at) AS moment FROM {source} WHERE changed_at >= ? AND changed_at <= ? GROUP BY customer_id"
)
_NONE = "SELECT NULL::VARCHAR AS customer_id, NULL::TIMESTAMPTZ AS moment WHERE false"


def added_since(facts: FactStore, connection: Connection, generation: int) -> Mapping[str, Sequence[Path]]:
    """The segment files that count now and did not at `generation`. A merged segment is among them, with old rows too."""
    rows = connection.execute(
        select(segments.c.kind, segments.c.file).where(
            segments.c.added > generation, segments.c.removed.is_(None), segments.c.kind.in_(_KINDS)
        )
    )
    found: dict[str, list[Path]] = {kind: [] for kind in _KINDS}
    for row in rows:
        found[row.kind].append(facts.folder / "segments" / row.file)
    return found


def find_news(con: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[Path]], since: datetime, now: datetime) -> None:
    """Makes the table `news`: `customer_id`, `moment`, `fact` (`purchase:ORDER`, `event:NAME`, `customer`), the newest new fact of
    each customer that has one, none dated after `now`.

    New is what was imported since the last run (at `since`), and what was dated after it and has happened by now. `files` are
    those of `added_since`: they tell what came in at the very moment of the last run, but after it.
    """
    dated: list[str] = []
    values: list[object] = []
    for kind, at, query in (("purchases", "ordered_at", _PURCHASES), ("events", '"at"', _EVENTS)):
        dated.append(query.format(source=kind, when=f"customer_id IS NOT NULL AND {at} > ? AND {at} <= ?"))
        values += [since, now]
        if files[kind]:
            when = f"customer_id IS NOT NULL AND imported_at >= ? AND {at} <= ?"
            dated.append(query.format(source=scan(files[kind]), when=when))
            values += [since, now]
    changed = _NONE
    if files["customers"]:
        changed = _CHANGED.format(source=scan(files["customers"]))
        values += [since, now]
    con.execute(_NEWEST.format(dated=" UNION ALL ".join(dated), changed=changed), values)


def no_news(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the table `news` empty: for a pass over facts that were all known before."""
    con.execute(
        _NEWEST.format(dated="SELECT NULL::VARCHAR customer_id, NULL::TIMESTAMPTZ moment, NULL fact WHERE false", changed=_NONE)
    )
