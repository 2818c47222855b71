"""The facts of an installation: immutable Parquet segments, and the manifest in the state store that makes them count.

A change writes its files first, flushes them to the disk, and then commits the manifest rows together with whatever state rides
along. A crash before the commit leaves files that no manifest row names; a later change collects them.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update

from journey.errors import OutsideError
from journey.facts.change import Change, Segment
from journey.facts.duck import Duck
from journey.facts.schema import KINDS, Kind
from journey.facts.views import file_columns, make_views
from journey.model import FieldDef
from journey.store.engine import reading, writing
from journey.store.tables import attributes, meta, segments, stage_runs
from journey.texts import text

GENERATION = "facts_generation"
KEPT = timedelta(days=1)
STALE_SECONDS = 86_400.0


class FactStore:
    """Customers, purchases, events, products, placements and transitions of one installation.

    `folder` holds the files (`segments/`, and `scratch/` for spills and uploads in work); `engine` is the state store.
    """

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = folder
        self.engine = engine
        self._segments = folder / "segments"
        self._scratch = folder / "scratch"
        self._duck = Duck(self._scratch)
        self._columns: Mapping[str, tuple[str, ...]] = {}  # of the customers files last looked at: segments never change

    def generation(self) -> int:
        """The number of the newest committed change; 0 where nothing was ever written."""
        with reading(self.engine) as connection:
            return _generation(connection)

    def attributes(self) -> tuple[FieldDef, ...]:
        """The custom attributes that files brought, with their guessed types, in the order of their keys."""
        with reading(self.engine) as connection:
            return tuple(known_attributes(connection).values())

    def open(self, generation: int | None = None, fields: Sequence[FieldDef] = ()) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with a view a kind (docs/architecture.md) of that generation (None: the newest).

        `fields` are the workbook's: they type and name custom attributes. Never waits for a writer. Any thread may open one; all share
        one DuckDB and its memory limit. The caller closes it: that frees its temporary tables and what was registered with it.
        Raises OutsideError where a segment file is gone.
        """
        with reading(self.engine) as connection:
            at = _generation(connection) if generation is None else generation
            files = self._files(connection, at)
            known = known_attributes(connection)
        con = self._duck.cursor()
        try:
            self._make_views(con, files, known, fields)
        except duckdb.IOException as error:
            con.close()
            why = str(error).splitlines()[0][:300]
            raise OutsideError(text("facts.unreadable", folder=self._segments, why=why)) from error
        return con

    def _make_views(
        self,
        con: duckdb.DuckDBPyConnection,
        files: Mapping[Kind, Sequence[Path]],
        known: Mapping[str, FieldDef],
        fields: Sequence[FieldDef],
    ) -> None:
        people, seen = files["customers"], self._columns
        columns = {file.name: seen[file.name] for file in people if file.name in seen}
        columns |= file_columns(con, [file for file in people if file.name not in columns])
        self._columns = columns  # other threads hold the one they saw: it is replaced, never changed
        make_views(con, files, columns, known, fields)

    def scratch(self) -> Path:
        """A name for a folder of one's own for passing files; it is made by who uses it, and collected when left behind."""
        return self._scratch / uuid.uuid4().hex

    @contextmanager
    def change(self, now: datetime) -> Iterator[Change]:
        """One change of facts and of the state that rides along, in one transaction: all of it or nothing.

        A second writer waits for the first. Raises `generation` by one where facts were added or removed.
        """
        self._segments.mkdir(parents=True, exist_ok=True)
        with writing(self.engine) as connection:
            generation = _generation(connection, lock=True)
            current = self._current(connection, generation)
            con = self._duck.cursor()
            change = Change(connection, con, self._segments, generation, current, now)
            try:
                self._make_views(con, change.files(), known_attributes(connection), ())
                yield change
                change.merge_small()
                if change.changed:
                    self._commit(connection, change, now)
                gone = self._forget(connection, generation, now)
            except BaseException:
                for added in change.added:
                    (self._segments / added.file).unlink(missing_ok=True)
                raise
            finally:
                con.close()
            listed = set(connection.scalars(select(segments.c.file)))
        self._collect(listed, gone | {s.file for s in change.added if not s.rows})

    def _commit(self, connection: Connection, change: Change, now: datetime) -> None:
        generation = change.generation + 1
        _sync_folder(self._segments)
        if change.removed:
            connection.execute(
                update(segments).where(segments.c.file.in_(sorted(change.removed))).values(removed=generation, removed_at=now)
            )
        rows = [
            {"kind": s.kind, "file": s.file, "rows": s.rows, "added": generation, "created_at": now}
            for s in change.added
            if s.rows
        ]
        if rows:
            connection.execute(insert(segments), rows)
        done = connection.execute(update(meta).where(meta.c.key == GENERATION).values(value=generation))
        if not done.rowcount:
            connection.execute(insert(meta).values(key=GENERATION, value=generation))

    def _forget(self, connection: Connection, generation: int, now: datetime) -> set[str]:
        """Drops manifest rows that no reader needs: removed for a day, and not seen by the newest placing of customers."""
        placed = connection.scalar(select(stage_runs.c.generation).order_by(stage_runs.c.id.desc()).limit(1))
        needed = generation if placed is None else placed
        old = and_(segments.c.removed.is_not(None), segments.c.removed <= needed, segments.c.removed_at < now - KEPT)
        gone = set(connection.scalars(select(segments.c.file).where(old)))
        if gone:
            connection.execute(delete(segments).where(old))
        return gone

    def _collect(self, listed: set[str], gone: set[str]) -> None:
        # Segment files are only made inside the transaction, so one that was there before it and is not listed is an orphan.
        # A writer that came right after us may be making files now: only what we know to be gone, or what is old, goes.
        stale = time.time() - STALE_SECONDS
        for file in self._segments.iterdir():
            if file.name in gone or (file.name not in listed and file.stat().st_mtime < stale):
                file.unlink(missing_ok=True)
        if self._scratch.is_dir():
            for left in self._scratch.iterdir():
                if left.stat().st_mtime < stale:
                    shutil.rmtree(left, ignore_errors=True)

    def _current(self, connection: Connection, generation: int) -> list[Segment]:
        rows = connection.execute(
            select(segments.c.kind, segments.c.file, segments.c.rows)
            .where(
                segments.c.added <= generation,
                or_(segments.c.removed.is_(None), segments.c.removed > generation),
            )
            .order_by(segments.c.id)
        )
        return [Segment(row.kind, row.file, row.rows) for row in rows]

    def _files(self, connection: Connection, generation: int) -> Mapping[Kind, list[Path]]:
        files: dict[Kind, list[Path]] = {kind: [] for kind in KINDS}
        for segment in self._current(connection, generation):
            files[segment.kind].append(self._segments / segment.file)
        return files


def known_attributes(connection: Connection) -> dict[str, FieldDef]:
    """The custom attributes that files brought, by key."""
    rows = connection.execute(select(attributes).order_by(attributes.c.key))
    return {row.key: FieldDef(row.key, row.label, row.type) for row in rows}


def _generation(connection: Connection, lock: bool = False) -> int:
    query = select(meta.c.value).where(meta.c.key == GENERATION)
    value = connection.scalar(query.with_for_update() if lock else query)
    return int(value) if value is not None else 0


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
