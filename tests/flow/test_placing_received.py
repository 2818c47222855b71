"""Stages that look at what the ledger says was received."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from sqlalchemy import insert

from journey.facts import FactStore
from journey.model import JourneyMap, MessageVariant, Stage, Workbook
from journey.stages import assign
from journey.store.engine import open_store, writing
from journey.store.tables import deliveries

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)


def test_a_stage_of_those_who_received_a_message(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    facts = FactStore(tmp_path, engine)
    with facts.change(NOW) as change:
        change.add("customers", pa.table({"customer_id": ["a", "b"], "first_seen_at": [NOW, NOW], "changed_at": [NOW, NOW]}))
    stages = (Stage("cold", "Cold", 'not received("M1")'), Stage("warm", "Warm", 'received("M1")'))
    workbook = Workbook(journeys=(JourneyMap("j", "J", stages, ("warm", "cold")),), messages=(MessageVariant("M1"),))
    assert assign(engine, facts, workbook, 1, NOW).counts == {"j": {"cold": 2}}
    later = NOW + timedelta(hours=1)
    with writing(engine) as connection:
        connection.execute(
            insert(deliveries).values(
                campaign_id="C",
                customer_id="a",
                step="1",
                occurrence="1",
                kind="promotional",
                priority=1,
                state="accepted",
                message_id="M1",
                planned_at=NOW,
                first_due_at=NOW,
                due_at=NOW,
                sent_at=later,
            )
        )
    run = assign(engine, facts, workbook, 1, later)
    assert (run.counts, run.causes) == ({"j": {"cold": 1, "warm": 1}}, {"time": 1})
