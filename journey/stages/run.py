"""The use case: place every customer on a stage of each journey they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection, Engine, delete, insert, select

from journey.facts import Change, FactStore
from journey.model import Workbook
from journey.stages.evaluated import evaluate_into
from journey.stages.maps import CompiledMaps, compile_maps, map_hash
from journey.stages.moves import Pass, begin, run_pass
from journey.stages.news import differences, find_news, no_news
from journey.stages.renames import rename, renamed_in_force
from journey.store.engine import reading, writing
from journey.store.tables import journeys_in_force, stage_runs
from journey.versions import Renames, renames_since

_BEFORE = timedelta(seconds=1)
"""A quiet pass lies this much before the age at which entries stop counting, so that they are older however it is compared."""


@dataclass(frozen=True)
class StageRun:
    """What a run did. `counts` is {journey: {stage: customers}}, with "" for those who belong but stand on no stage.

    `generation` are the facts it read, `map_hash` the meaning of the maps it placed by. `moved` counts transitions, `causes`
    the same by cause. `changed` is False where nothing had to be written at all.
    """

    at: datetime
    version_id: int | None
    generation: int
    map_hash: str
    customers: int
    moved: int
    counts: Mapping[str, Mapping[str, int]]
    causes: Mapping[str, int] = field(default_factory=dict)
    changed: bool = True


@dataclass(frozen=True)
class _Before:
    """Where the last run left things: the run, its row, and since when each journey is in force (under the names of now)."""

    last: StageRun | None
    row_id: int | None
    in_force: Mapping[str, datetime]
    renames: Sequence[Renames] = ()


def bring_into_force(connection: Connection, journeys: Collection[str], now: datetime) -> None:
    """Notes since when journeys are in force, in the transaction of the version that brings them; those known keep their moment."""
    known = set(connection.scalars(select(journeys_in_force.c.journey_id)))
    if new := [j for j in journeys if j not in known]:
        connection.execute(insert(journeys_in_force), [{"journey_id": j, "since": now} for j in new])


def last_run(connection: Connection) -> StageRun | None:
    """The newest committed run, None before the first."""
    return _before(connection).last


def assign(engine: Engine, facts: FactStore, workbook: Workbook, version_id: int, now: datetime) -> StageRun:
    """Places all customers at `now` by the maps of `workbook`; transitions, placements and the run commit as one transaction.

    Who moved why: uploads.md, "Who has entered a stage"; the order of the passes: docs/architecture.md, "Stages". Running it again
    at the same `now` over the same facts changes nothing. The caller refuses a `now` before the store's time. Raises InputError
    where a condition cannot be read.
    """
    maps = compile_maps(workbook, facts.attributes())
    meaning = map_hash(workbook)
    while True:
        with reading(engine) as connection:
            before = _before(connection)
        generation = facts.generation()
        last = before.last
        if last is not None and (last.at, last.generation, last.map_hash) == (now, generation, meaning):
            return StageRun(now, version_id, generation, meaning, last.customers, 0, last.counts, changed=False)
        with closing(facts.open(generation, workbook.fields)) as con:
            with reading(engine) as connection:
                _place(connection, con, facts, workbook, maps, before, meaning, now)
            run = _found(con, maps, version_id, generation, meaning, now)
            done = _commit(con, engine, facts, run, before)
        if done is not None:
            return done
        # Another run committed meanwhile: what we read is no longer where customers stand. Once more, from there.


def _before(connection: Connection) -> _Before:
    row = connection.execute(select(stage_runs).order_by(stage_runs.c.id.desc()).limit(1)).first()
    if row is None:
        return _Before(None, None, {})
    last = StageRun(row.at, row.version_id, row.generation, row.map_hash, row.customers, row.moved, row.counts)
    renames = [r for r in renames_since(connection, row.version_id) if r.journeys or r.stages]
    in_force = {r.journey_id: r.since for r in connection.execute(select(journeys_in_force))}
    return _Before(last, row.id, renamed_in_force(in_force, renames), renames)


def _place(
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    facts: FactStore,
    workbook: Workbook,
    maps: CompiledMaps,
    before: _Before,
    meaning: str,
    now: datetime,
) -> None:
    """Runs the passes; leaves `standing` and `moves` in `con`."""
    zone = ZoneInfo(workbook.settings.time_zone)
    entry_age = workbook.settings.entry_age
    last = before.last
    if before.renames:
        rename(con, before.renames)
    begin(con)
    in_force = {m.journey.id: before.in_force.get(m.journey.id, now) for m in maps.maps} if before.in_force else {}
    if last is None:
        no_news(con)
        evaluate_into(connection, con, con, maps.wanted, now, zone)
        run_pass(con, maps, Pass(1, "live", now), in_force, entry_age)
        return
    find_news(con, differences(facts, connection, last.generation), last.at, now)
    long_ago = now - entry_age - _BEFORE
    slept = last.at < long_ago
    if meaning != last.map_hash:
        # The facts and the moment of the last run, so that nothing but the map can move anyone here.
        with closing(facts.open(last.generation, workbook.fields)) as then:
            if before.renames:
                rename(then, before.renames)
            evaluate_into(connection, con, then, maps.wanted, last.at, zone)
        placed = renamed_in_force(dict.fromkeys(last.counts, last.at), before.renames)
        run_pass(con, maps, Pass(1, "map", long_ago if slept else now), in_force, entry_age, tuple(placed))
    if slept:
        evaluate_into(connection, con, con, maps.wanted, long_ago, zone)
        run_pass(con, maps, Pass(2, "quiet", long_ago), in_force, entry_age)
    evaluate_into(connection, con, con, maps.wanted, now, zone)
    run_pass(con, maps, Pass(3, "live", now), in_force, entry_age)


def _found(
    con: duckdb.DuckDBPyConnection, maps: CompiledMaps, version_id: int | None, generation: int, meaning: str, now: datetime
) -> StageRun:
    """The run as the tables of `con` tell it; `changed` is whether any placement did."""
    [(customers,)] = con.execute("SELECT count(*) FROM customers").fetchall()
    [(touched,)] = con.execute("SELECT count(*) FROM moves").fetchall()
    by_cause = con.execute(
        "SELECT cause, count(*) FROM moves WHERE from_stage IS DISTINCT FROM to_stage GROUP BY cause ORDER BY cause"
    ).fetchall()
    by_stage = con.execute(
        "SELECT journey_id, coalesce(stage_id, ''), count(*) FROM standing GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    counts: dict[str, dict[str, int]] = {m.journey.id: {} for m in maps.maps}
    for journey_id, stage_id, number in by_stage:
        counts[journey_id][stage_id] = number
    causes = dict(by_cause)
    moved = sum(causes.values())
    return StageRun(now, version_id, generation, meaning, customers, moved, counts, causes, changed=bool(touched))


def _commit(
    con: duckdb.DuckDBPyConnection, engine: Engine, facts: FactStore, run: StageRun, before: _Before
) -> StageRun | None:
    """Commits the run, or returns None where another run came first."""
    if not run.changed and not before.renames:
        with writing(engine) as connection:
            return _record(connection, run, before) if _newest(connection, before) else None
    with facts.change(run.at) as change:
        if not _newest(change.connection, before):
            return None
        _write(con, change, afresh=bool(before.renames))
        if change.generation == run.generation and change.changed:
            # Our own placements are nothing new; facts that came in since we read are, to the next run.
            run = replace(run, generation=change.generation + 1)
        return _record(change.connection, run, before)


def _newest(connection: Connection, before: _Before) -> bool:
    return connection.scalar(select(stage_runs.c.id).order_by(stage_runs.c.id.desc()).limit(1)) == before.row_id


_TRANSITIONS = 'journey_id, customer_id, from_stage, to_stage, "at", cause, cause_at, cause_fact, entry'
_NEW = f"SELECT {_TRANSITIONS} FROM moves WHERE from_stage IS DISTINCT FROM to_stage"


def _write(con: duckdb.DuckDBPyConnection, change: Change, *, afresh: bool) -> None:
    change.replace("placements", con.sql("SELECT * FROM standing"))
    if afresh:
        change.replace("transitions", con.sql(f"SELECT {_TRANSITIONS} FROM transitions UNION ALL {_NEW}"))
    else:
        change.add("transitions", con.sql(_NEW))


def _record(connection: Connection, run: StageRun, before: _Before) -> StageRun:
    connection.execute(
        insert(stage_runs).values(
            at=run.at,
            version_id=run.version_id,
            generation=run.generation,
            map_hash=run.map_hash,
            customers=run.customers,
            moved=run.moved,
            counts=run.counts,
        )
    )
    # A journey that vanished is forgotten here: should it come back, it is placed anew, as a first placement.
    connection.execute(delete(journeys_in_force))
    rows = [{"journey_id": j, "since": before.in_force.get(j, run.at)} for j in run.counts]
    if rows:
        connection.execute(insert(journeys_in_force), rows)
    return run
