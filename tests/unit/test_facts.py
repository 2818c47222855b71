"""The fact store: segments, generations, crashes, collecting, views that are there when there is nothing."""

from __future__ import annotations

import multiprocessing
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import insert, select

from journey.errors import OutsideError
from journey.facts import COLUMNS, FactStore
from journey.facts.change import MANY
from journey.model import FieldDef
from journey.store.engine import BUSY_SECONDS, open_store, writing
from journey.store.tables import attributes, segments, stage_runs

NOW = datetime(2026, 1, 10, tzinfo=UTC)


@pytest.fixture
def facts(tmp_path: Path) -> FactStore:
    return FactStore(tmp_path / "facts", open_store(tmp_path))


def ids(facts: FactStore, generation: int | None = None) -> list[str]:
    with facts.open(generation) as con:
        return [r[0] for r in con.sql("SELECT customer_id FROM purchases ORDER BY 1").fetchall()]


def add(facts: FactStore, *customers: str, now: datetime = NOW) -> None:
    with facts.change(now) as change:
        change.add("purchases", pa.table({"customer_id": list(customers)}))


def files(facts: FactStore) -> set[str]:
    return {p.name for p in (facts.folder / "segments").iterdir()}


def test_every_view_has_its_columns_with_and_without_data(facts: FactStore) -> None:
    def shape() -> dict[str, list[tuple[str, str]]]:
        with facts.open() as con:
            views = {kind: con.table(kind) for kind in COLUMNS}
            return {kind: [(c, str(t)) for c, t in zip(v.columns, v.types, strict=True)] for kind, v in views.items()}

    empty = shape()
    assert empty["purchases"][0] == ("customer_id", "VARCHAR")
    with facts.change(NOW) as change:
        for kind, columns in COLUMNS.items():
            change.add(kind, pa.table({next(iter(columns)): ["x"]}))
    assert shape() == empty
    assert facts.generation() == 1


def test_custom_attributes_are_cast_by_their_type(facts: FactStore) -> None:
    with facts.change(NOW) as change:
        change.connection.execute(insert(attributes).values(key="数", label="数", type="number"))
        change.add("customers", pa.table({"customer_id": ["a", "b"], "数": ["¥1,200円", "x"], '変"な; --': ["1", None]}))
    odd = FieldDef('変"な; --', "変", "yes_no")
    with facts.open(fields=[odd, FieldDef("none", "none", "date")]) as con:
        assert con.sql('SELECT 数, "変""な; --", "none" FROM customers ORDER BY customer_id').fetchall() == [
            (1200.0, True, None),
            (None, None, None),
        ]


def test_a_generation_stays_readable_after_later_changes(facts: FactStore) -> None:
    add(facts, "a", "b")
    with facts.change(NOW) as change:
        assert change.remove_where("purchases", "customer_id = ?", ["a"]) == 1
        change.add("purchases", pa.table({"customer_id": ["c"]}))
    assert ids(facts) == ["b", "c"]
    assert ids(facts, 1) == ["a", "b"]
    assert ids(facts, 0) == []


def test_a_change_that_changes_nothing_raises_no_generation(facts: FactStore) -> None:
    with facts.change(NOW) as change:
        assert change.remove_where("purchases", "true") == 0
        change.add("purchases", pa.table({"customer_id": pa.array([], pa.string())}))
    assert facts.generation() == 0


def test_a_failure_takes_facts_and_state_back(facts: FactStore) -> None:
    with pytest.raises(ZeroDivisionError), facts.change(NOW) as change:
        change.add("purchases", pa.table({"customer_id": ["a"]}))
        change.connection.execute(insert(attributes).values(key="k", label="k", type="text"))
        raise ZeroDivisionError
    assert (facts.generation(), ids(facts), files(facts), facts.attributes()) == (0, [], set(), ())


def test_many_small_segments_become_one(facts: FactStore) -> None:
    for n in range(MANY + 1):
        add(facts, f"c{n:02}")
    with facts.engine.connect() as connection:
        live = connection.execute(select(segments.c.rows).where(segments.c.removed.is_(None))).all()
    assert [r.rows for r in live] == [MANY + 1]
    assert ids(facts) == [f"c{n:02}" for n in range(MANY + 1)]
    assert ids(facts, 3) == ["c00", "c01", "c02"]


def test_removed_files_go_after_a_day_but_not_before_the_newest_placing_moved_on(facts: FactStore) -> None:
    def placed(generation: int) -> None:
        with writing(facts.engine) as connection:
            connection.execute(
                insert(stage_runs).values(at=NOW, generation=generation, map_hash="", customers=0, moved=0, counts={})
            )

    add(facts, "a")
    placed(1)
    [first] = files(facts)
    with facts.change(NOW) as change:
        change.replace("purchases", pa.table({"customer_id": ["b"]}))
    add(facts, "c", now=NOW + timedelta(hours=5))
    add(facts, "d", now=NOW + timedelta(days=3))
    assert first in files(facts)
    assert ids(facts, 1) == ["a"]
    placed(4)
    add(facts, "e", now=NOW + timedelta(days=3))
    assert first not in files(facts)
    assert ids(facts) == ["b", "c", "d", "e"]


def test_what_a_crash_left_behind_is_collected(facts: FactStore) -> None:
    add(facts, "a")
    orphan = facts.folder / "segments" / "purchases-orphan.parquet"
    scratch = facts.folder / "scratch" / "left"
    scratch.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"PAR1")
    add(facts, "b")
    assert orphan.exists()  # it may be another writer's
    old = time.time() - 2 * 86_400
    for path in (orphan, scratch):
        os.utime(path, (old, old))
    add(facts, "c")
    assert not orphan.exists()
    assert not scratch.exists()
    assert ids(facts) == ["a", "b", "c"]


def test_a_lost_segment_is_said(facts: FactStore) -> None:
    add(facts, "a")
    for name in files(facts):
        (facts.folder / "segments" / name).unlink()
    with pytest.raises(OutsideError) as caught:
        facts.open()
    assert "purchases" in caught.value.said.say("ja")


def _writer(folder: Path, name: str, rounds: int) -> None:
    store = FactStore(folder / "facts", open_store(folder))
    for n in range(rounds):
        with store.change(NOW) as change:
            change.add("purchases", pa.table({"customer_id": [f"{name}{n}"]}))


def test_two_processes_write_one_after_the_other(tmp_path: Path) -> None:
    facts = FactStore(tmp_path / "facts", open_store(tmp_path))
    context: Any = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_writer, args=(tmp_path, name, 3)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert ids(facts) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    assert facts.generation() == 6


def test_readers_never_wait_for_a_writer(facts: FactStore) -> None:
    add(facts, "a")
    with facts.change(NOW) as change:
        change.add("purchases", pa.table({"customer_id": ["b"]}))
        started = time.monotonic()
        assert ids(facts) == ["a"]
        assert time.monotonic() - started < BUSY_SECONDS / 2
