"""What the reports say about stages and campaigns."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from stage_town import DAY, EC, NOON, Town, book, drawn

from journey.fields import Names
from journey.model import Campaign, Goal, OnEnter, Workbook
from journey.reports import (
    CampaignNumbers,
    Flow,
    StageCount,
    campaign_numbers,
    conversions,
    delivery_rows,
    flows,
    stage_counts,
    stage_history,
    structure,
)
from journey.store.engine import reading, writing
from journey.store.tables import deliveries

WORKBOOK = book(drawn("ec", EC))
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """Two customers from the first of June; `a` buys on the third (July: again), `b` falls asleep on the tenth, `c` comes."""
    town = Town(tmp_path)
    town.hear_of(NOON - DAY, a={}, b={})
    town.buy(NOON - DAY, ("b", "b1", NOON - 82 * DAY))
    town.assign(WORKBOOK, NOON)
    town.buy(NOON + 2 * DAY, ("a", "a1", NOON + 2 * DAY))
    town.assign(WORKBOOK, NOON + 2 * DAY)
    town.assign(WORKBOOK, NOON + 9 * DAY)
    town.buy(NOON + 31 * DAY, ("a", "a2", NOON + 31 * DAY))
    town.hear_of(NOON + 31 * DAY, c={})
    town.assign(WORKBOOK, NOON + 31 * DAY)
    return town


def counts(document: object) -> dict[str, int | None]:
    assert isinstance(document, dict)
    [journey] = document["journeys"]
    return {s["id"]: s["customers"] for s in journey["stages"]}


def test_stages_before_and_after_the_first_placing(tmp_path: Path, town: Town) -> None:
    empty = Town(tmp_path / "empty")
    document = stage_counts(empty.engine, empty.facts, WORKBOOK)
    assert document["at"] is None
    assert counts(document) == {"interest": 0, "first": 0, "dormant": 0, "repeat": 0}
    document = stage_counts(town.engine, town.facts, WORKBOOK)
    assert document["at"] == "2026-07-02T12:00:00+09:00"
    assert counts(document) == {"interest": 1, "first": 0, "dormant": 1, "repeat": 1}


def test_stages_as_they_stood(town: Town) -> None:
    document = stage_counts(town.engine, town.facts, WORKBOOK, NOON + 3 * DAY)
    assert document["at"] == "2026-06-04T12:00:00+09:00"
    assert counts(document) == {"interest": 0, "first": 2, "dormant": 0, "repeat": 0}


def test_history_is_the_end_of_each_local_day(town: Town) -> None:
    days = [date(2026, 5, 31), date(2026, 6, 1), date(2026, 6, 3), date(2026, 6, 10)]
    found = stage_history(town.facts, WORKBOOK, days)
    assert [(c.day, c.stage_id, c.customers) for c in found if c.customers] == [
        (days[1], "interest", 1),
        (days[1], "first", 1),
        (days[2], "first", 2),
        (days[3], "first", 1),
        (days[3], "dormant", 1),
    ]
    assert found[0] == StageCount(days[0], "ec", "interest", 0)
    assert stage_history(town.facts, WORKBOOK, []) == []


def test_structure_by_month(town: Town) -> None:
    rows = structure(town.facts, WORKBOOK, NOON + 31 * DAY)
    assert [(r["month"], r["stage"], r["customers"]) for r in rows if r["customers"]] == [
        ("2026-06", "first", 1),
        ("2026-06", "dormant", 1),
        ("2026-07", "interest", 1),
        ("2026-07", "dormant", 1),
        ("2026-07", "repeat", 1),
    ]


def test_flows_are_customers_moving_and_nothing_else(town: Town) -> None:
    town.assign(book(drawn("ec", [(s, c.replace("90", "10")) for s, c in EC])), NOON + 42 * DAY)
    found = flows(town.facts, WORKBOOK)
    assert {(f.from_stage, f.to_stage): f.customers for f in found} == {
        (None, "interest"): 1,
        ("interest", "first"): 1,
        ("first", "dormant"): 1,
        ("first", "repeat"): 1,
        ("repeat", "dormant"): 1,
    }
    assert flows(town.facts, WORKBOOK, NOON + 5 * DAY, NOON + 20 * DAY) == [Flow("ec", "first", "dormant", 1)]


def deliver(
    town: Town, campaign: str, customer: str, state: str, at: datetime | None = None, reason: str | None = None
) -> None:
    with writing(town.engine) as connection:
        connection.execute(
            insert(deliveries).values(
                campaign_id=campaign,
                customer_id=customer,
                step="1",
                occurrence=str(at),
                kind="promotional",
                priority=1,
                state=state,
                reason=reason,
                planned_at=NOON,
                first_due_at=NOON,
                due_at=NOON,
                sent_at=at,
            )
        )


def test_numbers_of_campaigns(town: Town) -> None:
    deliver(town, "C1", "a", "accepted", NOON)
    deliver(town, "C1", "b", "bounced", NOON)
    deliver(town, "C1", "c", "skipped", reason="no_consent")
    deliver(town, "C1", "d", "planned", reason="bulk")
    deliver(town, "C1", "e", "planned")
    deliver(town, "C2", "a", "in_doubt")
    with reading(town.engine) as connection:
        assert campaign_numbers(connection) == {
            "C1": CampaignNumbers(sent=2, skipped=1, planned=1, held=1),
            "C2": CampaignNumbers(in_doubt=1),
        }


def test_deliveries_mask_ids_that_are_addresses(town: Town) -> None:
    deliver(town, "C1", "taro@example.com", "accepted", NOON)
    deliver(town, "C1", "00123", "skipped", reason="cap")
    with reading(town.engine) as connection:
        rows = delivery_rows(connection, TOKYO)
        assert [(r["customer"], r["state"], r["reason"], r["sent_at"]) for r in rows] == [
            ("t***@example.com", "accepted", None, "2026-06-01T12:00:00+09:00"),
            ("00123", "skipped", "cap", None),
        ]
        assert list(rows[0]) == [
            "id", "campaign", "customer", "step", "occurrence", "message", "variant", "channel", "state", "reason",
            "due_at", "sent_at",
        ]  # fmt: skip
        [row] = delivery_rows(connection, TOKYO, state="accepted", unmask=True)
        assert row["customer"] == "taro@example.com"


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal("order"), 1),
        (Goal("event", "visit"), 1),
        (Goal("event", "other"), 0),
        (Goal("stage", "first"), 2),  # b's newest new fact is the visit
        (Goal("stage", "dormant"), 0),
        (Goal("condition", "orders >= 1"), 2),
        (Goal("condition", "shoe_size >= 1"), None),
        (None, None),
    ],
)
def test_conversions_count_what_follows_within_the_window(tmp_path: Path, goal: Goal | None, reached: int | None) -> None:
    town = Town(tmp_path)
    town.hear_of(NOON - DAY, a={}, b={}, c={})
    campaign = Campaign("C1", "C1", True, OnEnter(), "M1", journey="ec", goal=goal, goal_window=timedelta(days=3))
    workbook = Workbook(journeys=WORKBOOK.journeys, campaigns=(campaign,))
    town.assign(workbook, NOON)
    for customer in ("a", "b"):
        deliver(town, "C1", customer, "accepted", NOON)
    deliver(town, "C1", "c", "skipped")
    later = NOON + 2 * DAY
    town.buy(later, ("a", "a1", later), ("b", "b1", NOON - DAY), ("c", "c1", later))  # before, or not sent: not by the mail
    town.visit(later, ("b", later), ("a", NOON + 5 * DAY))
    town.assign(workbook, later)
    with reading(town.engine) as connection, closing(town.facts.open()) as con:
        found = conversions(connection, con, workbook, later, Names.of(workbook))
    assert found.get("C1") == reached


def test_a_returned_order_is_no_conversion(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.hear_of(NOON - DAY, a={})
    campaign = Campaign("C1", "C1", True, OnEnter(), "M1", goal=Goal("order"))
    deliver(town, "C1", "a", "accepted", NOON)
    town.buy(NOON + DAY, ("a", "a1", NOON + DAY))
    town.buy(NOON + 2 * DAY, ("a", "a1", NOON + 2 * DAY), returned=True)
    workbook = Workbook(campaigns=(campaign,))
    with reading(town.engine) as connection, closing(town.facts.open()) as con:
        assert conversions(connection, con, workbook, NOON + DAY, Names.of(workbook)) == {"C1": 1}
        assert conversions(connection, con, workbook, NOON + 3 * DAY, Names.of(workbook)) == {"C1": 0}
