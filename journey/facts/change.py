"""One change of facts under way: the segments it adds and removes, inside one transaction of the state store."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Connection

from journey.facts.schema import COLUMNS, KINDS, SORTED_BY, Kind
from journey.facts.views import literal, quoted, scan

SMALL_ROWS = 100_000
MANY = 12


@dataclass(frozen=True)
class Segment:
    """One immutable Parquet file of a kind; `file` is its name in the folder of segments."""

    kind: Kind
    file: str
    rows: int


class Change:
    """What `FactStore.change` hands out.

    `connection` is the transaction of the state store; `duck` a DuckDB connection whose views show the facts as they were when
    the change began. Nothing written here can be seen by anyone before the commit.
    """

    def __init__(
        self,
        connection: Connection,
        duck: duckdb.DuckDBPyConnection,
        folder: Path,
        generation: int,
        current: Sequence[Segment],
        now: datetime,
    ) -> None:
        self.connection = connection
        self.duck = duck
        self.now = now
        self.generation = generation
        self._folder = folder
        self._current = list(current)
        self.added: list[Segment] = []
        self.removed: set[str] = set()

    @property
    def changed(self) -> bool:
        """Whether anything was added or removed."""
        return bool(self.removed or any(s.rows for s in self.added))

    def files(self) -> Mapping[Kind, list[Path]]:
        """The segment files of each kind as they would count if the change were committed now."""
        files: dict[Kind, list[Path]] = {kind: [] for kind in KINDS}
        for segment in self._live():
            files[segment.kind].append(self._folder / segment.file)
        return files

    def source(self, kind: Kind) -> str:
        """A SELECT of a kind's rows as its segments hold them now, changes included (custom attributes as text)."""
        files = self.files()[kind]
        if not files:
            return f"SELECT {', '.join(f'NULL::{t} AS {quoted(c)}' for c, t in COLUMNS[kind].items())} WHERE false"
        return f"SELECT * FROM {scan(files)}"

    def add(self, kind: Kind, rows: Any) -> int:
        """Adds rows as a new segment and returns how many there were.

        `rows` is a DuckDB relation of any connection, or an Arrow table or record batch reader. Columns of the kind that it
        lacks are empty; further columns are kept as text for customers (custom attributes) and dropped elsewhere.
        """
        source = rows if isinstance(rows, duckdb.DuckDBPyRelation) else self.duck.from_arrow(rows)
        return self._write(kind, source).rows

    def remove(self, kind: Kind) -> None:
        """Removes all rows of a kind."""
        for segment in self._live(kind):
            self._drop(segment)

    def replace(self, kind: Kind, rows: Any) -> int:
        """Puts `rows` in the place of all rows of the kind; returns how many there are."""
        self.remove(kind)
        return self.add(kind, rows)

    def remove_where(self, kind: Kind, condition: str, parameters: Sequence[object] = ()) -> int:
        """Removes the rows for which an SQL condition over the kind's columns holds; only the segments that hold such rows are
        written anew. Returns how many rows went."""
        went = 0
        for segment in self._live(kind):
            source = scan([self._folder / segment.file])
            [(found,)] = self.duck.execute(f"SELECT count(*) FROM {source} WHERE {condition}", parameters).fetchall()
            if not found:
                continue
            went += found
            self._drop(segment)
            if found < segment.rows:
                kept = self.duck.sql(f"SELECT * FROM {source} WHERE ({condition}) IS NOT TRUE", params=list(parameters))
                self._write(kind, kept)
        return went

    def merge_small(self) -> None:
        """Makes one segment of many small ones, so that a day of small uploads does not slow every reader."""
        for kind in KINDS:
            small = [s for s in self._live(kind) if s.rows < SMALL_ROWS]
            if len(small) > MANY:
                for segment in small:
                    self._drop(segment)
                self._write(kind, self.duck.sql(f"SELECT * FROM {scan([self._folder / s.file for s in small])}"))

    def _live(self, kind: Kind | None = None) -> list[Segment]:
        every = [*self._current, *self.added]
        return [s for s in every if (kind is None or s.kind == kind) and s.rows and s.file not in self.removed]

    def _drop(self, segment: Segment) -> None:
        if segment in self.added:
            # Written by this very change: it never counts, but readers inside the change may still hold it.
            self.added.remove(segment)
            self.added.append(Segment(segment.kind, segment.file, 0))
        else:
            self.removed.add(segment.file)

    def _write(self, kind: Kind, source: duckdb.DuckDBPyRelation) -> Segment:
        columns = COLUMNS[kind]
        have = set(source.columns)
        selected = [f"CAST({quoted(c) if c in have else 'NULL'} AS {sql}) AS {quoted(c)}" for c, sql in columns.items()]
        if kind == "customers":
            selected += [f"CAST({quoted(c)} AS VARCHAR) AS {quoted(c)}" for c in source.columns if c not in columns]
        name = f"{kind}-{uuid.uuid4().hex}.parquet"
        path = self._folder / name
        ordered = source.project(", ".join(selected)).order(", ".join(map(quoted, SORTED_BY[kind])))
        segment = Segment(kind, name, 0)
        self.added.append(segment)
        ordered.write_parquet(str(path), compression="zstd")
        with path.open("rb") as written:
            os.fsync(written.fileno())
        [(count,)] = self.duck.execute(f"SELECT num_rows FROM parquet_file_metadata({literal(str(path))})").fetchall()
        self.added.remove(segment)
        segment = Segment(kind, name, int(count))
        self.added.append(segment)
        return segment
