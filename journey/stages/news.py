"""The facts that are new since the last run: what may move a customer by `data`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from sqlalchemy import Connection, and_, or_, select

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
# Who is given twice, by a rewritten file and by what it came from, is not news; two changes of one moment are (a given clock stands).
_CHANGED = """
SELECT customer_id, least(max(changed_at), ?) AS moment FROM (
    (SELECT customer_id, changed_at FROM {came} WHERE changed_at >= ?)
    EXCEPT ALL (SELECT customer_id, changed_at FROM {gone} WHERE changed_at >= ? AND changed_at <> ?)
) GROUP BY customer_id
"""
_NONE = "SELECT NULL::VARCHAR AS customer_id, NULL::TIMESTAMPTZ AS moment WHERE false"

READING = timedelta(days=1)
"""A file takes less than this to be read. Its facts are stamped with the moment it was handed in, which a run may have overtaken."""


@dataclass(frozen=True)
class Difference:
    """How the segment files of a kind differ from those of an earlier generation: what came, and what is no more.

    A file that came may hold old rows too (it was merged, or written anew): those are in the ones that are `gone`.
    """

    came: Sequence[Path]
    gone: Sequence[Path]


def differences(facts: FactStore, connection: Connection, generation: int) -> Mapping[str, Difference]:
    """How the segments that count now differ from those that counted at `generation` (of the newest run), by kind."""
    rows = connection.execute(
        select(segments.c.kind, segments.c.file, segments.c.removed).where(
            segments.c.kind.in_(_KINDS),
            or_(
                and_(segments.c.added > generation, segments.c.removed.is_(None)),
                and_(segments.c.added <= generation, segments.c.removed > generation),
            ),
        )
    )
    came: dict[str, list[Path]] = {kind: [] for kind in _KINDS}
    gone: dict[str, list[Path]] = {kind: [] for kind in _KINDS}
    for row in rows:
        (came if row.removed is None else gone)[row.kind].append(facts.folder / "segments" / row.file)
    return {kind: Difference(came[kind], gone[kind]) for kind in _KINDS}


def find_news(con: duckdb.DuckDBPyConnection, files: Mapping[str, Difference], since: datetime, now: datetime) -> None:
    """Makes the table `news`: `customer_id`, `moment`, `fact` (`purchase:ORDER`, `event:NAME`, `customer`), the newest new fact of
    each customer that has one, none dated after `now`.

    New is what the last run (at `since`) did not see, and what was dated after it and has happened by now. `files` are those of
    `differences`: what the run saw is told by them, for a file may be handed in before a run and become facts after it.
    """
    dated: list[str] = []
    values: list[object] = []
    for kind, at, query in (("purchases", "ordered_at", _PURCHASES), ("events", '"at"', _EVENTS)):
        dated.append(query.format(source=kind, when=f"customer_id IS NOT NULL AND {at} > ? AND {at} <= ?"))
        values += [since, now]
        if files[kind].came:
            when = f"customer_id IS NOT NULL AND imported_at >= ? AND {at} <= ?"
            unseen, bound = f"SELECT * FROM {scan(files[kind].came)} WHERE {when}", [since - READING, now]
            if files[kind].gone:
                unseen, bound = f"({unseen}) EXCEPT ALL (SELECT * FROM {scan(files[kind].gone)} WHERE {when})", bound * 2
            dated.append(query.format(source=f"({unseen})", when="true"))
            values += bound
    changed = _NONE
    if files["customers"].came:
        nobody = "(SELECT NULL::VARCHAR AS customer_id, NULL::TIMESTAMPTZ AS changed_at)"
        gone = scan(files["customers"].gone) if files["customers"].gone else nobody
        changed = _CHANGED.format(came=scan(files["customers"].came), gone=gone)
        values += [now, since - READING, since - READING, since]
    con.execute(_NEWEST.format(dated=" UNION ALL ".join(dated), changed=changed), values)


def no_news(con: duckdb.DuckDBPyConnection) -> None:
    """Makes the table `news` empty: for a pass over facts that were all known before."""
    con.execute(
        _NEWEST.format(dated="SELECT NULL::VARCHAR customer_id, NULL::TIMESTAMPTZ moment, NULL fact WHERE false", changed=_NONE)
    )
