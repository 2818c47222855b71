"""One staged file into the facts: everything that an upload changes, inside one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import repeat

import pyarrow as pa
from sqlalchemy import insert, select, update

from journey.consents import Statement, record
from journey.facts import Change
from journey.facts.store import known_attributes
from journey.facts.views import quoted
from journey.fields import CONSENT_CHANNELS, STANDARD
from journey.model import FieldDef, FieldType
from journey.store.tables import attributes, uploads
from journey.texts import Text, text
from sheets_sync.uploads.adopt import adopt
from sheets_sync.uploads.keyed import merge
from sheets_sync.uploads.lines import Merged, merge_events, merge_purchases
from sheets_sync.uploads.people import make_unknown, parquet, who
from sheets_sync.uploads.stage import ROW, Staged

_STANDARD = frozenset(f.key for f in STANDARD)


def apply(change: Change, staged: Staged, fields: tuple[FieldDef, ...]) -> Merged:
    """Merges a staged file into the facts as the change sees them. `fields` are those of the workbook's Fields tab."""
    kind = staged.layout.kind
    _reject_broken_orders(change, staged)
    change.duck.execute(f"CREATE OR REPLACE TEMP VIEW staged AS SELECT * FROM {parquet(staged.path)} {_without_broken(staged)}")
    columns = [c for c in change.duck.table("staged").columns if c != ROW]
    if kind == "products":
        return _keyed(
            merge(change, "products", "SELECT * FROM staged", columns),
            _count(change, "merged", "news"),
            _count(change, "merged"),
        )
    rows = who(change, "staged", columns)
    if kind == "purchases":
        return merge_purchases(change, rows, columns)
    if kind == "events":
        return merge_events(change, rows, columns)
    if kind == "consents":
        return _consents(change, rows, columns, staged)
    return _customers(change, rows, columns, staged, fields)


def _keyed(doubles: int, accepted: int, rows: int) -> Merged:
    said = (text("uploads.doubles", count=doubles),) if doubles else ()
    return Merged(accepted, rows - accepted, 0, said)


def _customers(change: Change, rows: str, columns: list[str], staged: Staged, fields: tuple[FieldDef, ...]) -> Merged:
    repeated = _handed_in_before(change, staged)
    own = ["customer_id", *(c for c in columns if " " not in c and c != "customer_id")]
    told = _register(change, staged, fields)
    if "customer_id" in columns:
        adopt(change, rows, columns)
    doubles = merge(change, "customers", rows, own, repeated=repeated)
    channels = [c for c in CONSENT_CHANNELS if f"{c} said" in columns]
    if channels:
        _record_columns(change, rows, channels, staged, repeated)
    merged = _keyed(doubles, _count(change, "merged", "news"), _count(change, "merged"))
    return replace(merged, said=(*merged.said, *told))


def _record_columns(change: Change, rows: str, channels: list[str], staged: Staged, repeated: bool) -> None:
    """Hears the consent columns of a customer file; customers whose consent changed are news too (table `merged`)."""
    parts = [
        f'SELECT customer_id, \'{c}\' AS channel, "{c} said" AS said, "{c} at" AS at, {quoted(ROW)} AS n FROM ({rows})'
        f' WHERE "{c} said" IS NOT NULL'
        for c in channels
    ]
    said = change.duck.sql(f"SELECT * FROM ({' UNION ALL '.join(parts)}) ORDER BY customer_id, n").to_arrow_table()
    source = text("uploads.source_customers", file=staged.source.path.name).say("ja")
    heard = _statements(said.drop_columns(["n"]), repeat(source))
    news = pa.array(list(record(change.connection, heard, change.now, repeated=repeated)), pa.bool_())
    change.duck.register("heard", pa.table({"customer_id": said["customer_id"], "news": news}))
    change.duck.execute("UPDATE merged SET news = true WHERE customer_id IN (SELECT customer_id FROM heard WHERE news)")
    change.duck.unregister("heard")


def _consents(change: Change, rows: str, columns: list[str], staged: Staged) -> Merged:
    at = '"at"' if "at" in columns else "NULL::TIMESTAMPTZ"
    given = ", ".join(f"coalesce({quoted(c)}, '')" if c in columns else "''" for c in ("source", "text"))
    said = change.duck.sql(f"SELECT customer_id, channel, status, {at}, {given} FROM ({rows}) ORDER BY {quoted(ROW)}")
    table = said.to_arrow_table()
    make_unknown(change, f"SELECT customer_id FROM ({rows})")
    heard = _statements(table, repeat(True))
    news = list(record(change.connection, heard, change.now, repeated=_handed_in_before(change, staged)))
    return Merged(sum(news), len(news) - sum(news))


def _statements(table: pa.Table, *more: Iterable[object]) -> Iterator[Statement]:
    """A statement a row: its first values are the table's columns, in their order, the next ones `more`."""
    for batch in table.to_batches(max_chunksize=10_000):
        yield from map(Statement, *(column.to_pylist() for column in batch.columns), *more)


def _register(change: Change, staged: Staged, fields: tuple[FieldDef, ...]) -> tuple[Text, ...]:
    """Keeps the custom attributes that the file brought; returns what to say of those that are new."""
    known = known_attributes(change.connection)
    by_key = {f.key: f for f in fields}
    brought = {d.key: replace(d, type=staged.guesses[d.key].type(_type(known, d.key))) for d in staged.layout.custom.values()}
    brought |= {name: by_key[name] for name in staged.layout.fields if name in by_key and name not in _STANDARD}
    for key, field in brought.items():
        row = {"label": field.label, "type": field.type}
        if key not in known:
            change.connection.execute(insert(attributes).values(key=key, **row))
        elif known[key].type != field.type:
            change.connection.execute(update(attributes).where(attributes.c.key == key).values(type=field.type))
    new = [d.label for d in staged.layout.custom.values() if d.key not in known]
    return (text("uploads.new_attributes", names=new[:20]),) if new else ()


def _type(known: dict[str, FieldDef], key: str) -> FieldType | None:
    return known[key].type if key in known else None


def _handed_in_before(change: Change, staged: Staged) -> bool:
    query = select(uploads.c.id).where(uploads.c.sha256 == staged.source.sha256, uploads.c.kind == staged.layout.kind).limit(1)
    return change.connection.execute(query).first() is not None


def _reject_broken_orders(change: Change, staged: Staged) -> None:
    if not staged.broken_orders:
        return
    _register_broken(change, staged)
    whole = change.duck.execute(
        f"SELECT {quoted(ROW)}, order_id FROM {parquet(staged.path)} WHERE order_id IN (SELECT order_id FROM broken)"
    ).fetchall()
    header = staged.layout.header("order_id")
    for row, order in whole:
        if row not in staged.rejected:
            staged.reject(row, header, text("uploads.order_broken", order=order, row=staged.broken_orders[order]))


def _register_broken(change: Change, staged: Staged) -> None:
    change.duck.execute("CREATE OR REPLACE TEMP TABLE broken (order_id VARCHAR)")
    change.duck.register("broken_list", pa.table({"order_id": list(staged.broken_orders)}))
    change.duck.execute("INSERT INTO broken SELECT order_id FROM broken_list")
    change.duck.unregister("broken_list")


def _without_broken(staged: Staged) -> str:
    return "WHERE order_id IS NULL OR order_id NOT IN (SELECT order_id FROM broken)" if staged.broken_orders else ""


def _count(change: Change, table: str, where: str = "true") -> int:
    [(count,)] = change.duck.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()
    return int(count)
