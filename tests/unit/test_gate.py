"""The gate: each reason, its outcome, and the order in which they are asked (delivery.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.ledger import Defer, Delivery, Hold, Skip
from journey.model import Campaign, Cap, MessageVariant, OnEnter, Recurring, Settings, WindowSpan, Workbook
from messaging.caps import Use, full
from messaging.cases import world as make_world
from messaging.choose import choose
from messaging.gate import MAX_DEFERRALS, Case, Rival, Route, Send, World, decide
from messaging.ports import InForce

TOKYO = ZoneInfo("Asia/Tokyo")
NOON = datetime(2026, 11, 4, 3, 0, tzinfo=UTC)  # Wednesday 12:00 in Tokyo
TODAY = date(2026, 11, 4)
DAILY = Recurring("day")


def world(now: datetime = NOON, holidays: tuple[date, ...] = (), **settings: Any) -> World:
    return make_world(InForce(Workbook(settings=Settings(**settings), holidays=holidays), {}), now)


def delivery(**changes: Any) -> Delivery:
    row = Delivery(1, "C1", "a", "1", "1", 0, "promotional", 100, NOON, NOON, 0, 0, None, None, None, None)
    return replace(row, **changes)


def case(**changes: Any) -> Case:
    usable = Route("email", "a@example.jp", consent=True)
    return replace(Case(delivery(), Campaign("C1", "n", True, OnEnter(), "M1"), [usable], TOKYO), **changes)


def promotion(**changes: Any) -> Campaign:
    return replace(Campaign("C1", "n", True, OnEnter(), "M1"), **changes)


USED = [Use("promotional", "email", TODAY)]
# Each refusal alone, in the order of the table. What is later in the list never hides what is earlier.
REFUSALS: list[tuple[str, type, dict[str, Any]]] = [
    ("paused", Hold, {"hold": "paused"}),
    ("channel_off", Hold, {"routes": [Route("email", "a@example.jp", consent=True, refused="no sender")]}),
    ("bulk", Hold, {"bulk_limit": 10}),
    ("outside_dates", Skip, {"campaign": promotion(end=date(2026, 11, 3))}),
    ("already", Skip, {"last_sent": NOON - timedelta(days=364)}),
    ("left_stage", Skip, {"on_stage": False}),
    ("condition", Skip, {"condition": False}),
    ("no_address", Skip, {"routes": [Route("email", None, consent=True)]}),
    ("cap", Defer, {"uses": USED}),
    ("priority", Defer, {"rivals": [Rival("C0", "promotional")]}),
]


@pytest.mark.parametrize(("reason", "outcome", "facts"), REFUSALS, ids=[r[0] for r in REFUSALS])
def test_each_reason_and_its_outcome(reason: str, outcome: type, facts: dict[str, Any]) -> None:
    decision = decide(case(**facts), world())
    assert isinstance(decision, outcome)
    assert decision.reason == reason


@given(st.sets(st.integers(0, len(REFUSALS) - 1), min_size=1), st.booleans())
def test_the_first_of_several_is_kept(chosen: set[int], at_night: bool) -> None:
    facts: dict[str, Any] = {}
    for number in sorted(chosen, reverse=True):
        facts |= REFUSALS[number][2]
    decision = decide(case(**facts), world(NOON + timedelta(hours=10 if at_night else 0)))
    assert not isinstance(decision, Send)
    first = REFUSALS[min(chosen)][0]
    assert decision.reason == ("quiet" if at_night and first == "priority" else first)


def test_nothing_against_it() -> None:
    assert decide(case(), world()) == Send("email")


def test_channels_in_order_of_preference() -> None:
    routes = [
        Route("line", None),
        Route("sms", "+819012345678", consent=False),
        Route("push", "t", consent=True, suppressed=True),
        Route("email", "a@example.jp", consent=True),
    ]
    assert decide(case(routes=routes), world()) == Send("email")
    refused = decide(case(routes=routes[:3]), world())
    assert isinstance(refused, Skip)
    assert refused.reason == "no_consent"  # the one that came nearest
    assert refused.detail == {"channels": {"line": "no_address", "sms": "no_consent", "push": "suppressed"}}


def test_a_channel_that_is_full_gives_way_to_the_next() -> None:
    routes = [Route("sms", "+819012345678", consent=True), Route("email", "a@example.jp", consent=True)]
    around = world(cap_promotional=Cap(), cap_channel={"sms": Cap(1)})
    assert decide(case(routes=routes, uses=[Use("promotional", "sms", TODAY)]), around) == Send("email")


def test_a_channel_that_may_not_be_used_is_not_passed_by() -> None:
    routes = [Route("line", "U1", consent=True, refused="no sender"), Route("email", "a@example.jp", consent=True)]
    decision = decide(case(routes=routes), world())
    assert isinstance(decision, Hold)
    assert (decision.reason, decision.channel) == ("channel_off", "line")


def test_transactional_passes_by_consent_caps_and_quiet_hours_but_not_by_suppression() -> None:
    notice = promotion(kind="transactional")
    night = world(NOON + timedelta(hours=10))
    facts: dict[str, Any] = {"campaign": notice, "uses": USED * 5, "rivals": [Rival("C0", "promotional")]}
    assert decide(case(routes=[Route("email", "a@example.jp")], **facts), night) == Send("email")
    barred = decide(case(routes=[Route("email", "a@example.jp", suppressed=True)], **facts), night)
    assert isinstance(barred, Skip)
    assert barred.reason == "suppressed"


def test_cap_puts_off_to_the_same_hour_of_the_next_day_three_times() -> None:
    first = decide(case(uses=USED), world())
    assert isinstance(first, Defer)
    assert first.until == NOON + timedelta(days=1)
    assert first.counted
    over = decide(case(uses=USED, delivery=delivery(deferrals=MAX_DEFERRALS)), world())
    assert isinstance(over, Skip)
    assert over.reason == "cap"


def test_cap_looks_for_an_open_day() -> None:
    holiday = decide(case(uses=USED), world(holidays=(date(2026, 11, 5),)))
    assert isinstance(holiday, Defer)
    assert holiday.until.astimezone(TOKYO) == datetime(2026, 11, 6, 9, 0, tzinfo=TOKYO)


def test_a_week_is_seven_local_days() -> None:
    uses = [Use("promotional", "email", TODAY - timedelta(days=n)) for n in (1, 2, 6)]
    settings = Settings()
    assert full(settings, "promotional", "email", TODAY, uses) is not None
    uses[2] = Use("promotional", "email", TODAY - timedelta(days=7))
    assert full(settings, "promotional", "email", TODAY, uses) is None


def test_quiet_hours_are_the_customers_own() -> None:
    late_in_tokyo = NOON + timedelta(hours=10)
    assert isinstance(decide(case(), world(late_in_tokyo)), Defer)
    assert decide(case(zone=ZoneInfo("Europe/London")), world(late_in_tokyo)) == Send("email")
    decision = decide(case(), world(late_in_tokyo))
    assert isinstance(decision, Defer)
    assert decision.until.astimezone(TOKYO) == datetime(2026, 11, 5, 9, 0, tzinfo=TOKYO)
    assert not decision.counted


def test_window() -> None:
    weekdays = promotion(window=(WindowSpan(time(9), time(11), (0, 4)),))
    decision = decide(case(campaign=weekdays), world())
    assert isinstance(decision, Defer)
    assert decision.until.astimezone(TOKYO) == datetime(2026, 11, 6, 9, 0, tzinfo=TOKYO)


def test_late_is_counted_from_where_it_was_put_off_to() -> None:
    due = NOON - timedelta(hours=24)
    assert decide(case(delivery=delivery(due_at=due, first_due_at=due)), world()) == Send("email")
    due -= timedelta(minutes=1)
    late = decide(case(delivery=delivery(due_at=due, first_due_at=due)), world())
    assert isinstance(late, Hold)
    assert late.reason == "late_start"
    assert decide(case(delivery=delivery(due_at=NOON, first_due_at=due)), world()) == Send("email")
    assert decide(case(delivery=delivery(due_at=due, released_by="aki")), world()) == Send("email")


def test_of_recurrences_only_the_newest() -> None:
    older = case(campaign=promotion(trigger=DAILY), superseded_by="2026-11-04", delivery=delivery(occurrence="2026-11-03"))
    decision = decide(older, world())
    assert isinstance(decision, Skip)
    assert decision.reason == "too_late"


def test_reentry() -> None:
    sent = case(last_sent=NOON - timedelta(days=1))
    assert isinstance(decide(sent, world()), Skip)
    always = replace(sent, campaign=promotion(reentry=None))
    assert decide(always, world()) == Send("email")
    again_next_week = replace(sent, campaign=promotion(trigger=DAILY))
    assert decide(again_next_week, world()) == Send("email")


def row(**changes: Any) -> MessageVariant:
    return replace(MessageVariant("M1", body="x"), **changes)


def test_variant_by_language_then_channel() -> None:
    rows = [row(language="ja"), row(language="ja", channel="sms"), row(language="en"), row(variant="any")]
    assert choose(rows, "a", "email", ["en", "ja"]) == rows[2]
    assert choose(rows, "a", "sms", ["ja-JP"]) == rows[1]
    assert choose(rows, "a", "email", ["fr"]) == rows[3]
    assert choose(rows[1:2], "a", "email", ["ja"]) is None
    assert choose(rows[2:3], "a", "email", ["fr"]) == rows[2], "some language is better than nothing"


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.text(max_size=20))
def test_variants_are_stable_and_weighted(weights: list[int], customer: str) -> None:
    rows = [row(variant=str(n), weight=float(w)) for n, w in enumerate(weights)]
    got = choose(rows, customer, "email", [])
    assert got is not None
    assert got == choose(rows, customer, "email", [])
    assert got.weight > 0 or sum(weights) == 0


def test_weights_share_customers_out() -> None:
    rows = [row(variant="a", weight=1.0), row(variant="b", weight=3.0)]
    chosen = [choose(rows, f"c{i}", "email", []) for i in range(2_000)]
    share = sum(c is rows[1] for c in chosen) / 2_000
    assert 0.70 < share < 0.80
