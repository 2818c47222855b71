"""The stage run at 1M customers, 10M purchases and 10M events, against the same work as hand-written DuckDB SQL in one run.

By hand: `.venv/bin/python tests/benchmarks/stages.py [--customers 1000000] [--lines 2] [--rounds 3]`. Each measurement is a process of
its own; the target is 1.5 times the hand-written SQL at most, and less than 1 GB, for orders of one line (`--lines 1`) as of several.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from journey.facts import FactStore
from journey.model import JourneyMap, Stage, Workbook
from journey.stages import assign
from journey.store.engine import open_store

NOW = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
BEFORE = NOW - timedelta(days=1)
STAGES = (
    ("interest", "orders = 0"),
    ("browsing", 'orders = 0 and events("view", 30d) >= 1'),
    ("first", "orders = 1 and days_since_last_order <= 90"),
    ("dormant", "orders >= 1 and days_since_last_order > 90"),
    ("repeat", "orders between 2 and 9 and days_since_last_order <= 90"),
    ("regular", "orders >= 10 and days_since_last_order <= 90"),
    ("loyal", "orders >= 10 and revenue >= 100000 and days_since_last_order <= 90"),
    ("vip", "revenue(365d) >= 200000 and days_since_last_order <= 30 and points >= 1000"),
)
MAP = JourneyMap("ec", "EC", tuple(Stage(i, i, c) for i, c in STAGES), tuple(i for i, _ in reversed(STAGES)))
WORKBOOK = Workbook(journeys=(MAP,))


def generate(folder: Path, customers: int, lines: int) -> None:
    """The facts, as segments, with so many lines an order."""
    facts = FactStore(folder, open_store(folder))
    with facts.change(BEFORE) as change:
        con = change.duck
        change.add(
            "customers",
            con.sql(
                f"""SELECT printf('C%08d', range) AS customer_id, TIMESTAMPTZ '2022-01-01' + to_hours((hash(range) % 35000)::INTEGER)
                AS joined_at, (hash(range + 1) % 3000)::DOUBLE AS points, TIMESTAMPTZ '{BEFORE}' AS first_seen_at,
                TIMESTAMPTZ '{BEFORE}' AS changed_at FROM range({customers})"""
            ),
        )
        # Some buy a lot, a fifth nothing.
        who = f"printf('C%08d', (power(hash({{number}} + {{salt}}) % 1000000 / 1000000.0, 1.5) * {customers} * 0.8)::BIGINT)"
        when = f"TIMESTAMPTZ '{NOW}' - to_minutes((hash({{number}} + {{salt}}) % 1000000)::INTEGER)"
        order = f"(range // {lines})"
        change.add(
            "purchases",
            con.sql(
                f"""SELECT {who.format(number=order, salt=7)} AS customer_id,
                'O' || {order} AS order_id, (range % {lines})::INTEGER + 1 AS line,
                {when.format(number=order, salt=11)} AS ordered_at, (hash(range) % 9000 + 100)::DOUBLE AS amount, 1.0 AS quantity,
                'P' || (hash(range + 3) % 500) AS product, TIMESTAMPTZ '{BEFORE}' AS imported_at FROM range({customers * 10})"""
            ),
        )
        change.add(
            "events",
            con.sql(
                f"""SELECT {who.format(number="range", salt=23)} AS customer_id,
                CASE WHEN range % 5 = 0 THEN 'cart' ELSE 'view' END AS event,
                {when.format(number="range", salt=29)} AS "at", TIMESTAMPTZ '{BEFORE}' AS imported_at FROM range({customers * 10})"""
            ),
        )


def change_a_little(folder: Path, customers: int) -> None:
    """A day's purchases of one customer in a hundred."""
    facts = FactStore(folder, open_store(folder))
    with facts.change(LATER) as change:
        change.add(
            "purchases",
            change.duck.sql(
                f"""SELECT printf('C%08d', range * 100) AS customer_id, 'N' || range AS order_id, 1 AS line,
                TIMESTAMPTZ '{LATER}' - to_minutes((range % 1000)::INTEGER) AS ordered_at, 500.0 AS amount, 1.0 AS quantity,
                TIMESTAMPTZ '{LATER}' AS imported_at FROM range({customers // 100})"""
            ),
        )


def by_us(folder: Path, now: datetime) -> None:
    """What the product does."""
    engine = open_store(folder)
    assign(engine, FactStore(folder, engine), WORKBOOK, 1, now)


BY_HAND = """
CREATE TEMP TABLE placed AS
WITH lines AS (
    SELECT customer_id, order_id, ordered_at, coalesce(amount, 0) AS amount, coalesce(quantity, 0) AS quantity
    FROM purchases WHERE customer_id IS NOT NULL AND ordered_at <= $now
),
orders AS (
    SELECT customer_id, min(ordered_at) AS ordered_at FROM lines WHERE order_id IS NOT NULL GROUP BY customer_id, order_id
    HAVING bool_or(amount >= 0 AND quantity >= 0)
        AND NOT (bool_or(amount < 0 OR quantity < 0)
            AND sum(amount) <= 0 AND sum(quantity) <= 0)
    UNION ALL SELECT customer_id, ordered_at FROM lines WHERE order_id IS NULL AND amount >= 0 AND quantity >= 0
),
o AS (SELECT customer_id, count(*) AS n, max(ordered_at) AS last FROM orders GROUP BY customer_id),
r AS (
    SELECT customer_id, sum(amount) AS s, sum(amount) FILTER (WHERE ordered_at > $now - INTERVAL 365 DAY) AS s365
    FROM lines GROUP BY customer_id
),
e AS (
    SELECT customer_id, count(*) AS views FROM events
    WHERE event = 'view' AND "at" <= $now AND "at" > $now - INTERVAL 30 DAY GROUP BY customer_id
),
f AS (
    SELECT c.customer_id, c.points, coalesce(o.n, 0) AS n, coalesce(r.s, 0) AS s, coalesce(r.s365, 0) AS s365,
        coalesce(e.views, 0) AS views,
        date_diff('day', CAST(timezone('Asia/Tokyo', o.last) AS DATE), CAST(timezone('Asia/Tokyo', $now) AS DATE)) AS quiet
    FROM customers c LEFT JOIN o USING (customer_id) LEFT JOIN r USING (customer_id) LEFT JOIN e USING (customer_id)
)
SELECT customer_id, CASE
    WHEN s365 >= 200000 AND quiet <= 30 AND points >= 1000 THEN 'vip'
    WHEN n >= 10 AND s >= 100000 AND quiet <= 90 THEN 'loyal'
    WHEN n >= 10 AND quiet <= 90 THEN 'regular'
    WHEN n BETWEEN 2 AND 9 AND quiet <= 90 THEN 'repeat'
    WHEN n >= 1 AND quiet > 90 THEN 'dormant'
    WHEN n = 1 AND quiet <= 90 THEN 'first'
    WHEN n = 0 AND views >= 1 THEN 'browsing'
    WHEN n = 0 THEN 'interest' END AS stage_id
FROM f
"""
MOVED = """
CREATE TEMP TABLE moved AS
SELECT customer_id, was.stage_id AS from_stage, now_on.stage_id AS to_stage FROM placed AS now_on FULL JOIN placements AS was
USING (customer_id) WHERE was.customer_id IS NULL OR now_on.customer_id IS NULL OR was.stage_id IS DISTINCT FROM now_on.stage_id
"""
FIRST = """SELECT 'ec' AS journey_id, customer_id, from_stage, to_stage, $now AS "at", 'first' AS cause, $now AS cause_at,
NULL::VARCHAR AS cause_fact, 1 AS entry FROM moved ORDER BY customer_id"""
NEXT = """
WITH news AS (
    SELECT customer_id, max_by('purchase:' || order_id, ordered_at) AS fact, max(ordered_at) AS moment FROM purchases
    WHERE (imported_at > $last OR ordered_at > $last) AND ordered_at <= $now GROUP BY customer_id
    UNION ALL SELECT customer_id, max_by('event:' || event, "at"), max("at") FROM events
    WHERE (imported_at > $last OR "at" > $last) AND "at" <= $now GROUP BY customer_id
),
newest AS (SELECT customer_id, max_by(fact, moment) AS fact, max(moment) AS moment FROM news GROUP BY customer_id),
entries AS (
    SELECT customer_id, to_stage, max(entry) AS entry FROM transitions WHERE customer_id IN (SELECT customer_id FROM moved) GROUP BY ALL
)
SELECT 'ec' AS journey_id, customer_id, from_stage, to_stage, $now AS "at",
    CASE WHEN newest.moment IS NULL THEN 'time' ELSE 'data' END AS cause, coalesce(newest.moment, $now) AS cause_at,
    newest.fact AS cause_fact, coalesce(entries.entry, 0) + 1 AS entry
FROM moved LEFT JOIN newest USING (customer_id) LEFT JOIN entries USING (customer_id, to_stage) ORDER BY customer_id
"""


def by_hand(folder: Path, now: datetime) -> None:
    """The same answers, as one would write them for just this map."""
    facts = FactStore(folder, open_store(folder))
    last = NOW if now > NOW else None
    with closing(facts.open()) as con:
        con.execute(BY_HAND, {"now": now})
        con.execute(MOVED)
        values = {"now": now} if last is None else {"now": now, "last": last}
        con.execute("CREATE TEMP TABLE told AS " + (FIRST if last is None else NEXT), values)
        out = folder / f"hand-{now:%d}"
        out.mkdir(exist_ok=True)
        con.execute(f"COPY told TO '{out}/transitions.parquet' (COMPRESSION zstd)")
        con.execute(
            f"""COPY (
                SELECT 'ec' AS journey_id, customer_id, coalesce(told.to_stage, was.stage_id) AS stage_id,
                    coalesce(told."at", was.since) AS since, coalesce(told.entry, was.entry) AS entry,
                    coalesce(told.cause, was.cause) AS cause
                FROM told FULL JOIN placements AS was USING (customer_id) ORDER BY customer_id
            ) TO '{out}/placements.parquet' (COMPRESSION zstd)"""
        )
        for file in out.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())


def measured(what: str, folder: Path, now: datetime) -> tuple[float, float]:
    """Seconds and megabytes of one run in a process of its own."""
    command = [sys.executable, __file__, "--child", what, "--folder", str(folder), "--at", now.isoformat()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return found["seconds"], found["megabytes"]


def child(what: str, folder: Path, now: datetime) -> None:
    """One run, measured from inside: without the start of the interpreter, with all that it ever held."""
    start = time.perf_counter()
    {"ours": by_us, "hand": by_hand}[what](folder, now)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}))


def agree(folder: Path, now: datetime) -> None:
    """Both came to the same transitions."""
    facts = FactStore(folder, open_store(folder))
    with closing(facts.open()) as con:
        columns = 'customer_id, from_stage, to_stage, "at", cause, cause_at, entry'
        hand = f"SELECT {columns} FROM read_parquet('{folder}/hand-{now:%d}/transitions.parquet')"
        ours = f'SELECT {columns} FROM transitions WHERE "at" = ?'
        [(apart,)] = con.execute(
            f"SELECT count(*) FROM (({hand} EXCEPT {ours}) UNION ALL ({ours} EXCEPT {hand}))", [now, now]
        ).fetchall()
        assert apart == 0, f"{apart} transitions differ"


def main() -> None:
    """Generates once, then measures both in turn, on a fresh copy each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--at", type=datetime.fromisoformat)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.folder, asked.at)
        return
    with tempfile.TemporaryDirectory() as base:
        start = time.perf_counter()
        made = Path(base) / "made"
        generate(made, asked.customers, asked.lines)
        print(f"generated in {time.perf_counter() - start:.1f} s, DuckDB {duckdb.__version__}")
        results: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for _ in range(asked.rounds):
            folder = Path(base) / "round"
            shutil.copytree(made, folder)
            for label, now in (("first placing", NOW), ("a day later", LATER)):
                if now == LATER:
                    change_a_little(folder, asked.customers)
                for what in ("hand", "ours"):
                    results.setdefault((label, what), []).append(measured(what, folder, now))
                agree(folder, now)
            shutil.rmtree(folder)
        for label in ("first placing", "a day later"):
            hand, ours = (statistics.median(s for s, _ in results[label, what]) for what in ("hand", "ours"))
            peak = max(m for _, m in results[label, "ours"])
            print(f"{label}: by hand {hand:.2f} s, ours {ours:.2f} s, ratio {ours / hand:.2f}, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
