"""A customers file names the customer behind an address that stood for a customer of its own: then the two are one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from sqlalchemy import select

from journey.consents import Statement, record
from journey.facts import Change
from journey.store.tables import consents
from sheets_sync.uploads.people import OWN_KEYS

_HAPPENED: tuple[Literal["purchases", "events"], ...] = ("purchases", "events")
_CHUNK = 500


def adopt(change: Change, rows: str, columns: Collection[str]) -> None:
    """Gives what was kept under an address (purchases, events, consent) to the customer of whom `rows` says that it is theirs.

    `rows` is a SELECT of a staged customers file, customers filled in. Only a customer who is nothing but that id is taken over.
    """
    said = [
        f"SELECT {key.format(name)} AS was, min(customer_id) AS now FROM ({rows}) WHERE {name} IS NOT NULL GROUP BY 1"
        for name, key in OWN_KEYS
        if name in columns
    ]
    if not said:
        return
    change.duck.execute(
        f"CREATE OR REPLACE TEMP TABLE adopted AS SELECT was, min(now) AS now FROM ({' UNION ALL '.join(said)}) AS a"
        f" SEMI JOIN (SELECT customer_id AS was FROM ({change.source('customers')}) WHERE email IS NULL AND phone IS NULL) AS c"
        f" USING (was) WHERE was NOT IN (SELECT customer_id FROM ({rows})) GROUP BY was"
    )
    pairs: dict[str, str] = dict(change.duck.execute("SELECT was, now FROM adopted ORDER BY was").fetchall())
    if not pairs:
        return
    theirs = "customer_id IN (SELECT was FROM adopted)"
    for kind in _HAPPENED:
        change.duck.execute(
            f"CREATE OR REPLACE TEMP TABLE moving AS SELECT f.* REPLACE (a.now AS customer_id) FROM ({change.source(kind)}) AS f"
            " JOIN adopted AS a ON a.was = f.customer_id"
        )
        if change.remove_where(kind, theirs):
            change.add(kind, change.duck.table("moving"))
    change.remove_where("customers", theirs)
    _consents(change, pairs)


def _consents(change: Change, pairs: dict[str, str]) -> None:
    """What the address said, heard again from the customer; its own rows stay, as the record of what was said."""
    ids = list(pairs)
    for start in range(0, len(ids), _CHUNK):
        heard: list[Statement] = []
        for row in change.connection.execute(select(consents).where(consents.c.customer_id.in_(ids[start : start + _CHUNK]))):
            now = pairs[row.customer_id]
            if row.no_at is not None:
                heard.append(Statement(now, row.channel, False, row.no_at, row.no_source or "", asked=True))
            if row.yes_at is not None:
                asked = row.yes_source is not None
                heard.append(Statement(now, row.channel, True, row.yes_at, row.yes_source or "", row.yes_text or "", asked))
        list(record(change.connection, heard, change.now))
