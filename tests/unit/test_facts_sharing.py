"""One DuckDB for all connections of a fact store: each has its own views and tables, from any thread, and leaves nothing behind."""

from __future__ import annotations

import gc
import os
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from journey.facts import FactStore
from journey.model import FieldDef
from journey.store.engine import open_store

NOW = datetime(2026, 1, 10, tzinfo=UTC)
COLOUR = FieldDef("colour", "colour", "text")


@pytest.fixture
def facts(tmp_path: Path) -> FactStore:
    return FactStore(tmp_path / "facts", open_store(tmp_path))


def add(facts: FactStore, *customers: str) -> None:
    with facts.change(NOW) as change:
        change.add("customers", pa.table({"customer_id": list(customers)}))


def ids(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [row[0] for row in con.execute("SELECT customer_id FROM customers ORDER BY 1").fetchall()]


def bytes_held(con: duckdb.DuckDBPyConnection) -> int:
    [(held,)] = con.execute("SELECT sum(memory_usage_bytes + temporary_storage_bytes) FROM duckdb_memory()").fetchall()
    return int(held)


def spill(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("SET GLOBAL memory_limit = '40MB'")
    con.execute("CREATE TEMP TABLE big AS SELECT range AS n, hash(range) AS h, hash(range + 1) AS i FROM range(3000000)")


def test_two_open_connections_see_their_own_generation_fields_and_tables(facts: FactStore) -> None:
    add(facts, "a")
    with facts.open() as first:
        add(facts, "b")
        with facts.open(fields=[COLOUR]) as second:
            first.execute("CREATE TEMP TABLE mine AS SELECT 1 AS n")
            second.register("told", pa.table({"n": [1]}))
            assert (ids(first), ids(second)) == (["a"], ["a", "b"])
            assert "colour" in second.table("customers").columns
            assert "colour" not in first.table("customers").columns
            for con, table in ((second, "mine"), (first, "told")):
                with pytest.raises(duckdb.CatalogException):
                    con.execute(f"SELECT * FROM {table}")
        assert ids(first) == ["a"]


def test_a_connection_inside_a_change_sees_what_was_before_it(facts: FactStore) -> None:
    add(facts, "a")
    with facts.change(NOW) as change:
        change.add("customers", pa.table({"customer_id": ["b"]}))
        change.duck.execute("CREATE TEMP TABLE merged AS SELECT 1 AS n")
        with facts.open() as con:
            assert ids(con) == ["a"]
            with pytest.raises(duckdb.CatalogException):
                con.execute("SELECT * FROM merged")
    with facts.open() as con:
        assert ids(con) == ["a", "b"]


def test_every_connection_counts_in_utc_within_one_memory_limit(facts: FactStore) -> None:
    add(facts, "a")
    asked = "SELECT current_setting('TimeZone'), current_setting('memory_limit'), current_setting('temp_directory')"
    with facts.open() as one, facts.open() as two:
        found = one.execute(asked).fetchall()
        assert found == two.execute(asked).fetchall()
        assert (found[0][0], found[0][1]) == ("UTC", "667.5 MiB")


def test_stores_never_share_a_folder_to_spill_into(facts: FactStore) -> None:
    other = FactStore(facts.folder, facts.engine)
    asked = "SELECT current_setting('temp_directory')"
    with facts.open() as one, other.open() as two:
        assert one.execute(asked).fetchall() != two.execute(asked).fetchall()


def test_closing_frees_tables_registered_data_and_what_was_spilled(facts: FactStore) -> None:
    add(facts, "a")
    with facts.open() as watch:
        before = bytes_held(watch)
        given = pa.table({"n": list(range(1000))})
        gone = weakref.ref(given)
        with facts.open() as con:
            con.register("given", given)
            spill(con)
            [folder] = (facts.folder / "scratch").iterdir()
            assert sum(file.stat().st_size for file in folder.iterdir()) > 1_000_000
            assert bytes_held(con) > before + 30_000_000
        del given, con
        gc.collect()
        assert gone() is None
        assert bytes_held(watch) < before + 1_000_000
        assert sum(file.stat().st_size for file in folder.iterdir()) == 0


def test_a_store_that_goes_leaves_when_its_last_connection_does(facts: FactStore) -> None:
    add(facts, "a")
    other = FactStore(facts.folder, facts.engine)
    con = other.open()
    spill(con)
    del other
    gc.collect()
    assert ids(con) == ["a"]
    assert len(list((facts.folder / "scratch").iterdir())) == 1
    con.close()
    gc.collect()
    assert list((facts.folder / "scratch").iterdir()) == []


def test_a_store_that_slept_for_days_still_spills(facts: FactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    add(facts, "a")
    with facts.open() as con:
        spill(con)
    [folder] = (facts.folder / "scratch").iterdir()
    old = time.time() - 3 * 86_400
    os.utime(folder, (old, old))
    add(FactStore(facts.folder, facts.engine), "b")  # another process's, which takes it for left behind
    assert not folder.exists()
    monkeypatch.setattr("journey.facts.duck.IDLE_SECONDS", 0.0)
    with facts.open() as con:
        spill(con)
        with facts.open() as later:
            assert ids(later) == ids(con) == ["a", "b"]
            assert con.execute("SELECT count(*) FROM big").fetchall() == [(3_000_000,)]


def test_threads_read_while_one_writes(facts: FactStore) -> None:
    add(facts, "c000")

    def read(_: int) -> None:
        with facts.open(fields=[COLOUR]) as con:
            con.execute("CREATE TEMP TABLE mine AS SELECT * FROM customers")
            [(count, kinds)] = con.execute("SELECT count(*), count(DISTINCT customer_id) FROM mine").fetchall()
            assert count == kinds >= 1

    with ThreadPoolExecutor(6) as pool:
        reads = pool.map(read, range(40))
        for n in range(1, 6):
            add(facts, f"c{n:03}")
        list(reads)
    with facts.open() as con:
        assert ids(con) == [f"c{n:03}" for n in range(6)]


def test_files_with_different_columns_are_read_together_again_and_again(facts: FactStore) -> None:
    for n in range(4):
        with facts.change(NOW) as change:
            change.add("customers", pa.table({"customer_id": [f"c{n}"], f"k{n % 2}": [str(n)]}))
    fields = [FieldDef("k0", "k0", "number"), FieldDef("k1", "k1", "text")]
    for generation, count in ((None, 4), (2, 2), (None, 4)):
        with facts.open(generation, fields) as con:
            found = con.execute("SELECT customer_id, k0, k1 FROM customers ORDER BY 1").fetchall()
        assert found == [(f"c{n}", float(n) if n % 2 == 0 else None, str(n) if n % 2 else None) for n in range(count)]
