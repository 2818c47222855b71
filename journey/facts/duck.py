"""The one DuckDB of a fact store: connections of a process share its threads, its memory limit and its folder to spill into."""

from __future__ import annotations

import os
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

import duckdb

MEMORY = "700MB"
THREADS = 2
IDLE_SECONDS = 43_200.0
"""After so long a rest a new one is begun: the folder of the old may have been taken for left behind, and collected."""


class Duck:
    """An in-memory DuckDB in UTC, made at the first `cursor()`.

    `MEMORY` bounds all its connections together. It spills into a folder of its own in `scratch`: two processes must not share one.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._giving = threading.Lock()
        self._opened: tuple[duckdb.DuckDBPyConnection, Path] | None = None
        self._used = 0.0

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection with temporary views and tables and registered data of its own, all of which go when it is closed.

        May be called from any thread; what it returns is for one thread at a time.
        """
        with self._giving:
            now = time.time()
            if self._opened is None or now - self._used > IDLE_SECONDS:
                # Never closed by us, for that would close what others still read from: it goes with its last connection.
                self._opened = self._open()
            self._used = now
            root, spill = self._opened
            with suppress(FileNotFoundError):  # DuckDB makes it when it first spills; a fresh date says that it is in use
                os.utime(spill)
            return root.cursor()

    def _open(self) -> tuple[duckdb.DuckDBPyConnection, Path]:
        self._scratch.mkdir(parents=True, exist_ok=True)  # DuckDB makes its folder, but not the one above
        spill = self._scratch / uuid.uuid4().hex
        root = duckdb.connect(
            ":memory:",
            config={
                "threads": THREADS,
                "memory_limit": MEMORY,
                "temp_directory": str(spill),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "allocator_background_threads": True,  # gives memory back soon after a query, not when the process ends
                "parquet_metadata_cache": True,  # segments never change
            },
        )
        root.execute("SET GLOBAL TimeZone = 'UTC'")
        return root, spill
