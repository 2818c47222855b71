"""From rows of text to typed rows in a scratch file, and a reason for each row that is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from journey.customers import mask
from journey.fields import CONSENT_CHANNELS
from journey.texts import Text, text
from sheets_sync.uploads import values
from sheets_sync.uploads.columns import Layout
from sheets_sync.uploads.files import Batch, Source
from sheets_sync.uploads.guess import TypeGuess

ROW = " row"
"""The row's number, beside its values; no column of a file can have a name with a space in it."""

_REQUIRED = {
    "purchases": ("ordered_at",),
    "products": ("product",),
    "events": ("event", "at"),
    "consents": ("channel", "status"),
}
_WHO = ("customer_id", "email", "phone")
_SHOWN = 60
_NEVER = r"^9999[-/年]?12[-/月]?31日?$"  # how shop systems write that points do not expire


@dataclass
class Staged:
    """A file taken apart: `path` holds the rows that were understood (Parquet, with their number under `ROW`), `rejected` the reasons
    of the others by row, as (header, sentence); `rows` counts both. `types` are the guessed types of custom attributes."""

    source: Source
    layout: Layout
    path: Path
    rows: int = 0
    rejected: dict[int, list[tuple[str, Text]]] = field(default_factory=dict)
    broken_orders: dict[str, int] = field(default_factory=dict)
    guesses: dict[str, TypeGuess] = field(default_factory=dict)

    def reject(self, row: int, header: str, said: Text) -> None:
        """Notes why a row is refused."""
        self.rejected.setdefault(row, []).append((header, said))


def stage(
    source: Source,
    layout: Layout,
    path: Path,
    *,
    zone: ZoneInfo,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> Staged:
    """Reads the whole file once and writes what was understood to `path`. `progress` hears how many rows were read so far."""
    staged = Staged(source, layout, path)
    writer: pq.ParquetWriter | None = None
    try:
        for batch in source.batches():
            table = _Typing(staged, batch, zone, now).table()
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="lz4", write_statistics=False)
            writer.write_table(table)
            staged.rows += len(batch.rows) + len(batch.unfit)
            if progress is not None:
                progress(staged.rows)
        if writer is None:
            nothing = [pa.array([], pa.string()) for _ in layout.headers]
            table = _Typing(staged, Batch(np.empty(0, np.int64), nothing, []), zone, now).table()
            writer = pq.ParquetWriter(path, table.schema)
    finally:
        if writer is not None:
            writer.close()
    return staged


@dataclass
class _Typing:
    """One batch on its way from text to types."""

    staged: Staged
    batch: Batch
    zone: ZoneInfo
    now: datetime
    columns: dict[str, pa.Array] = field(default_factory=dict)

    def table(self) -> pa.Table:
        """The rows of the batch that were understood."""
        layout = self.staged.layout
        self.columns[ROW] = pa.array(self.batch.rows)
        for name, i in layout.fields.items():
            self._read(name, values.tidied(self.batch.columns[i]), layout.headers[i])
        for i, custom in layout.custom.items():
            if layout.kind == "customers":
                cells = values.tidied(self.batch.columns[i])
                self.staged.guesses.setdefault(custom.key, TypeGuess()).see(cells)
                self.columns[custom.key] = cells
        for name in _REQUIRED.get(layout.kind, ()):
            self._require(name)
        if layout.kind == "customers":
            self._require("customer_id" if "customer_id" in layout.fields else "email" if "email" in layout.fields else "phone")
        if layout.kind == "purchases":
            self._amounts()
        if layout.kind == "events":
            self.columns["properties"] = self._properties()
        if layout.kind in ("events", "consents"):
            self._require_who()
        if layout.kind == "consents":
            self._refuse_coming_yes()
        for unfit in self.batch.unfit:
            self.staged.reject(unfit.row, "", unfit.said)
        self._break_orders()
        table = pa.table(self.columns)
        bad = self.staged.rejected
        if bad and len(self.batch.rows):
            keep = np.fromiter((row not in bad for row in self.batch.rows.tolist()), bool, len(self.batch.rows))
            table = table.filter(pa.array(keep))
        return table

    def _read(self, name: str, cells: pa.StringArray, header: str) -> None:
        kind = self.staged.layout.types[name]
        excel = self.staged.source.form == "xlsx"
        if name == "points_expire_on":
            cells = pc.if_else(pc.match_substring_regex(cells, _NEVER), pa.scalar(None, pa.string()), cells)
        if kind == "consent":
            self._consent(name, cells, header, excel)
            return
        if kind == "number":
            found = values.numbers(cells)
        elif kind == "moment":
            found = values.moments(cells, self.zone, excel)
        elif kind == "day":
            found = values.days(cells, excel)
        elif kind == "id":
            found = values.ids(cells)
        elif kind == "yes_no":
            found = values.each(cells, values.yes_no, pa.bool_())
        elif kind == "text":
            found = cells
        else:
            found = values.each(cells, self._parsers()[kind], pa.string())
        self._refuse(cells, found, header, kind)
        self.columns[name] = found

    def _parsers(self) -> Mapping[str, Callable[[str], str | None]]:
        return {
            "email": values.email,
            "phone": lambda value: values.phone(value, self.zone),
            "place": values.place,
            "channel": values.channel,
        }

    def _consent(self, name: str, cells: pa.StringArray, header: str, excel: bool) -> None:
        channel = name.removesuffix("_consent")
        assert channel in CONSENT_CHANNELS
        words = values.each(cells, values.yes_no, pa.bool_())
        others = pc.if_else(pc.is_null(words), cells, pa.scalar(None, pa.string()))
        times = values.moments(others, self.zone, excel)
        times = pc.if_else(pc.fill_null(pc.greater(times, pa.scalar(self.now, values.MOMENT)), False), None, times)
        said = pc.coalesce(words, pc.if_else(pc.is_valid(times), True, pa.scalar(None, pa.bool_())))
        self._refuse(cells, said, header, "consent")
        self.columns[f"{channel} said"] = said
        self.columns[f"{channel} at"] = times

    def _refuse_coming_yes(self) -> None:
        """A yes that is still to come is none yet. A no counts from now, whenever it is dated."""
        if "at" not in self.columns:
            return
        coming = pc.greater(self.columns["at"], pa.scalar(self.now, values.MOMENT))
        for row in self._where(pc.fill_null(pc.and_(coming, self.columns["status"]), False)):
            self.staged.reject(row, self.staged.layout.header("at"), text("uploads.coming_yes"))

    def _refuse(self, cells: pa.StringArray, found: pa.Array, header: str, kind: str) -> None:
        if found.null_count == cells.null_count:
            return
        bad = pc.and_(pc.is_valid(cells), pc.is_null(found)).to_numpy(zero_copy_only=False)
        for i in np.flatnonzero(bad):
            value = " ".join(cells[int(i)].as_py().split())
            shown = mask(value) if kind in ("email", "phone", "id") else value
            shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
            self.staged.reject(int(self.batch.rows[i]), header, text(f"uploads.bad_{kind}", value=shown))

    def _require(self, name: str) -> None:
        for row in self._where(pc.is_null(self.columns[name])):
            self._missing(row, self.staged.layout.header(name))

    def _missing(self, row: int, header: str) -> None:
        if not any(h == header for h, _ in self.staged.rejected.get(row, ())):
            self.staged.reject(row, header, text("uploads.cell_missing", column=header))

    def _require_who(self) -> None:
        given = [name for name in _WHO if name in self.columns]
        nobody = self._all_null(given)
        for row in self._where(nobody):
            self._missing(row, self.staged.layout.header(given[0]))

    def _all_null(self, names: list[str]) -> pa.Array:
        nobody = pa.array(np.ones(len(self.batch.rows), bool))
        for name in names:
            nobody = pc.and_(nobody, pc.is_null(self.columns[name]))
        return nobody

    def _where(self, mask: pa.Array) -> list[int]:
        return self.batch.rows[np.flatnonzero(mask.to_numpy(zero_copy_only=False))].tolist()  # type: ignore[no-any-return]

    def _amounts(self) -> None:
        """The line's amount, or unit price times quantity; without a quantity a line counts one piece, a negative one minus one."""
        nothing = pa.nulls(len(self.batch.rows), pa.float64())
        price = self.columns.pop("unit_price", nothing)
        quantity = self.columns.get("quantity", nothing)
        amount = self.columns.get("amount", nothing)
        amount = pc.coalesce(amount, pc.multiply(price, pc.coalesce(quantity, 1.0)))
        layout = self.staged.layout
        header = layout.header("amount" if "amount" in layout.fields else "unit_price")
        for row in self._where(pc.is_null(amount)):
            self._missing(row, header)
        self.columns["amount"] = amount
        self.columns["quantity"] = pc.coalesce(quantity, pc.if_else(pc.less(amount, 0.0), -1.0, 1.0))

    def _properties(self) -> pa.Array:
        layout = self.staged.layout
        read = [(d.label, self.batch.columns[i].to_pylist()) for i, d in layout.custom.items()]
        made = [
            json.dumps(
                {label: cells[n].strip() for label, cells in read if cells[n].strip()}, ensure_ascii=False, sort_keys=True
            )
            for n in range(len(self.batch.rows))
        ]
        return pa.array(made, pa.string())

    def _break_orders(self) -> None:
        """Notes the orders that lost a line: half an order must not take the place of a whole one."""
        if "order_id" not in self.columns or not self.staged.rejected:
            return
        rejected = self.staged.rejected
        numbers = self.batch.rows.tolist()
        orders = self.columns["order_id"]
        for i, row in enumerate(numbers):
            if row in rejected and orders[i].is_valid:
                self.staged.broken_orders.setdefault(orders[i].as_py(), row)
        at = self.staged.layout.fields["order_id"]
        for unfit in self.batch.unfit:
            cell: Any = unfit.cells[at] if at < len(unfit.cells) else ""
            order = values.ids(values.tidied(pa.array([cell], pa.string())))[0].as_py()
            if order is not None:
                self.staged.broken_orders.setdefault(order, unfit.row)
