"""Who moves: the evaluated conditions against where everyone stands, as set-based SQL over temporary tables of one connection.

| table | columns |
| --- | --- |
| `evaluated` | `customer_id` and one BOOLEAN a column of `CompiledMaps.wanted` (made by the caller before each pass) |
| `news` | `customer_id`, `moment`, `fact` (journey.stages.news) |
| `standing` | as the view `placements`: where everyone stands after the passes so far |
| `moves` | as the view `transitions`, and `belongs`: every change of all passes so far, in the order of `pass` |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import duckdb

from journey.stages.maps import CompiledMap, CompiledMaps

PassKind = Literal["map", "quiet", "live"]


@dataclass(frozen=True)
class Pass:
    """One placing of all customers.

    `map`: a new map over the facts as they were at the last run; whoever moves was moved by the map. `quiet`: only customers of
    whom nothing new is known; time moved them, longer ago than entries count. `live`: everyone, at the run's moment.
    `at` is the moment its moves are dated, `number` its place among the passes of a run.
    """

    number: int
    kind: PassKind
    at: datetime


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `standing` (what the last run left) and an empty `moves`."""
    con.execute("CREATE OR REPLACE TEMP VIEW standing AS SELECT * FROM placements")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE moves (pass INTEGER, journey_id VARCHAR, customer_id VARCHAR, from_stage VARCHAR, "
        'to_stage VARCHAR, "at" TIMESTAMPTZ, cause VARCHAR, cause_at TIMESTAMPTZ, cause_fact VARCHAR, entry INTEGER, belongs BOOLEAN)'
    )


def run_pass(
    con: duckdb.DuckDBPyConnection,
    maps: CompiledMaps,
    this: Pass,
    in_force: Mapping[str, datetime],
    entry_age: timedelta,
    placed: Collection[str] = (),
) -> int:
    """Adds the moves of one pass to `moves`, brings `standing` up to date, and returns how many rows of `standing` changed.

    `in_force` holds since when each journey is in force; empty where nobody knows, which makes every move a first placement.
    `placed` are the journeys that were placed before: the only ones that a map pass can say of that the map moved someone.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE changed (journey_id VARCHAR, customer_id VARCHAR, from_stage VARCHAR, to_stage VARCHAR, "
        "stood BOOLEAN, belongs BOOLEAN)"
    )
    for compiled in maps.maps:
        _compare(con, compiled, quiet=this.kind == "quiet")
    if this.kind == "map":
        ids = [m.journey.id for m in maps.maps]
        con.execute(
            "INSERT INTO changed SELECT journey_id, customer_id, stage_id, NULL, true, false FROM standing "
            "WHERE NOT list_contains(?::VARCHAR[], journey_id)",
            [ids],
        )
    [(count,)] = con.execute("SELECT count(*) FROM changed").fetchall()
    if not count:
        return 0
    if this.kind == "map":
        _explain_map(con, this, placed)
    elif in_force:
        _explain(con, this, in_force, entry_age)
    else:
        _explain_map(con, this, ())
    _settle(con, this)
    return int(count)


def _compare(con: duckdb.DuckDBPyConnection, compiled: CompiledMap, *, quiet: bool) -> None:
    stage, values = compiled.stage()
    apart = "WHERE customer_id NOT IN (SELECT customer_id FROM news)" if quiet else ""
    con.execute(
        f"""
        INSERT INTO changed
        WITH now_on AS (SELECT customer_id, {stage} AS stage_id FROM evaluated WHERE {compiled.belongs}),
        was_on AS (SELECT customer_id, stage_id FROM standing WHERE journey_id = ?),
        both_ways AS (
            SELECT customer_id, was_on.stage_id AS from_stage, now_on.stage_id AS to_stage,
                was_on.customer_id IS NOT NULL AS stood, now_on.customer_id IS NOT NULL AS belongs
            FROM now_on FULL JOIN was_on USING (customer_id)
            WHERE was_on.stage_id IS DISTINCT FROM now_on.stage_id OR was_on.customer_id IS NULL OR now_on.customer_id IS NULL
        )
        SELECT ?, customer_id, from_stage, to_stage, stood, belongs FROM both_ways {apart}
        """,
        [*values, compiled.journey.id, compiled.journey.id],
    )


# The how-manieth entry: one more than the highest number that this customer's entries into the stage have reached.
_ENTRY = """
prior AS (
    SELECT journey_id, customer_id, to_stage, max(entry) AS entry
    FROM (
        SELECT journey_id, customer_id, to_stage, entry FROM transitions
        UNION ALL SELECT journey_id, customer_id, to_stage, entry FROM moves
    )
    WHERE to_stage IS NOT NULL AND customer_id IN (SELECT customer_id FROM changed)
    GROUP BY ALL
)
"""
_NUMBERED = "CASE WHEN changed.to_stage IS NULL THEN 0 ELSE coalesce(prior.entry, 0) + 1 END"


def _explain_map(con: duckdb.DuckDBPyConnection, this: Pass, placed: Collection[str]) -> None:
    con.execute(
        f"""
        INSERT INTO moves
        WITH {_ENTRY}
        SELECT $pass, journey_id, customer_id, changed.from_stage, to_stage, $at::TIMESTAMPTZ,
            CASE WHEN list_contains($placed::VARCHAR[], journey_id) OR NOT changed.belongs THEN 'map' ELSE 'first' END,
            $at::TIMESTAMPTZ, NULL, {_NUMBERED}, changed.belongs
        FROM changed LEFT JOIN prior USING (journey_id, customer_id, to_stage)
        """,
        {"pass": this.number, "at": this.at, "placed": list(placed)},
    )


def _explain(con: duckdb.DuckDBPyConnection, this: Pass, in_force: Mapping[str, datetime], entry_age: timedelta) -> None:
    con.execute(
        "CREATE OR REPLACE TEMP TABLE placed AS SELECT unnest(?::VARCHAR[]) AS journey_id, unnest(?::TIMESTAMPTZ[]) AS since",
        [list(in_force), list(in_force.values())],
    )
    # Newcomers to a journey: never on any stage of it. Of them it matters how long they have been around.
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE newcomers AS
        SELECT journey_id, customer_id FROM (SELECT journey_id, customer_id FROM changed WHERE belongs AND NOT stood) AS come
        WHERE NOT EXISTS (
            SELECT 1 FROM transitions AS t WHERE t.journey_id = come.journey_id AND t.customer_id = come.customer_id
        ) AND NOT EXISTS (
            SELECT 1 FROM moves AS m WHERE m.journey_id = come.journey_id AND m.customer_id = come.customer_id
                AND m.from_stage IS DISTINCT FROM m.to_stage
        )
        """
    )
    con.execute(
        """
        CREATE OR REPLACE TEMP TABLE born AS
        WITH who AS (
            SELECT customer_id, joined_at, first_seen_at FROM customers
            WHERE customer_id IN (SELECT customer_id FROM newcomers)
        ),
        unknown AS (SELECT customer_id FROM who WHERE joined_at IS NULL),
        facts AS (
            SELECT customer_id, min(ordered_at) AS moment FROM purchases
            WHERE customer_id IN (SELECT customer_id FROM unknown) GROUP BY customer_id
            UNION ALL
            SELECT customer_id, min("at") FROM events
            WHERE customer_id IN (SELECT customer_id FROM unknown) GROUP BY customer_id
        ),
        oldest AS (SELECT customer_id, min(moment) AS moment FROM facts GROUP BY customer_id)
        SELECT who.customer_id, coalesce(who.joined_at, oldest.moment, who.first_seen_at) AS moment
        FROM who LEFT JOIN oldest USING (customer_id)
        """
    )
    con.execute(
        f"""
        INSERT INTO moves
        WITH {_ENTRY},
        told AS (
            SELECT changed.*, born.moment AS born_at, news.moment AS news_at, news.fact,
                newcomers.customer_id IS NOT NULL
                    AND (born.moment < placed.since OR born.moment < $recent::TIMESTAMPTZ) IS NOT FALSE AS old
            FROM changed
            JOIN placed USING (journey_id)
            LEFT JOIN newcomers USING (journey_id, customer_id)
            LEFT JOIN born ON newcomers.customer_id = born.customer_id
            LEFT JOIN news ON changed.customer_id = news.customer_id
        )
        SELECT $pass, journey_id, customer_id, changed.from_stage, to_stage, $at::TIMESTAMPTZ,
            CASE WHEN old THEN 'first' WHEN news_at IS NOT NULL OR born_at IS NOT NULL THEN 'data' ELSE 'time' END,
            CASE WHEN old THEN least(born_at, $at::TIMESTAMPTZ)
                WHEN fact = 'customer' AND born_at IS NOT NULL THEN least(born_at, news_at)
                WHEN news_at IS NOT NULL THEN news_at
                ELSE least(born_at, $at::TIMESTAMPTZ) END,
            CASE WHEN NOT old THEN coalesce(fact, CASE WHEN born_at IS NOT NULL THEN 'customer' END) END,
            {_NUMBERED}, changed.belongs
        FROM told AS changed LEFT JOIN prior USING (journey_id, customer_id, to_stage)
        """,
        {"pass": this.number, "at": this.at, "recent": this.at - entry_age},
    )


def _settle(con: duckdb.DuckDBPyConnection, this: Pass) -> None:
    """Makes `standing` what it is after this pass."""
    name = f"standing_{this.number}"
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {name} AS
        SELECT journey_id, customer_id, stage_id, since, entry, cause FROM standing AS was
        WHERE NOT EXISTS (
            SELECT 1 FROM changed WHERE changed.journey_id = was.journey_id AND changed.customer_id = was.customer_id
        )
        UNION ALL
        SELECT journey_id, customer_id, to_stage, "at", entry, cause FROM moves WHERE pass = ? AND belongs
        """,
        [this.number],
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW standing AS SELECT * FROM {name}")
