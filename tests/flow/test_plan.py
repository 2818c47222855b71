"""Planning as stories: what becomes a row of the ledger, when, and what waits for a person."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from sqlalchemy import Engine, select, update

from journey.approvals import Ground, Standing, approve, pause, resume
from journey.facts import FactStore
from journey.fields import Names
from journey.ledger import Chosen, drop, release
from journey.model import (
    AfterInStage,
    Campaign,
    Delay,
    JourneyMap,
    MessageVariant,
    Once,
    OnEnter,
    Recurring,
    Settings,
    Stage,
    Workbook,
)
from journey.plan import Audience, PlanReport, estimate, plan
from journey.stages import assign
from journey.store.engine import open_store, reading, writing
from journey.store.tables import consents, deliveries, occurrences

TOKYO = ZoneInfo("Asia/Tokyo")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
T0 = datetime(2026, 11, 2, 10, tzinfo=TOKYO).astimezone(UTC)  # a Monday
MAP = JourneyMap(
    "ec", "EC", (Stage("new", "新規", "ポイント < 10"), Stage("good", "優良", "ポイント >= 10")), ("good", "new"), priority=10
)
WELCOME = Campaign("C01", "はじめまして", True, OnEnter(), "M", journey="ec", stages=("new",))
STAYED = Campaign("C02", "そろそろ", True, AfterInStage(30), "M", journey="ec", stages=("new",))
NEWS = Campaign("C03", "お知らせ", True, Recurring("week", (0,), at=time(12)), "M")


@dataclass
class Shop:
    """One installation, whose stays are written by hand, so that each story says exactly what happened."""

    engine: Engine
    facts: FactStore
    book: Workbook = field(
        default_factory=lambda: Workbook(journeys=(MAP,), messages=(MessageVariant("M", body="こんにちは"),))
    )
    settings: Settings = field(default_factory=Settings)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    moves: list[dict[str, Any]] = field(default_factory=list)
    stand: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def have(self, *campaigns: Campaign) -> "Shop":
        self.book = replace(self.book, campaigns=campaigns)
        return self

    def customers(self, *ids: str, now: datetime = T0, **attributes: Any) -> None:
        for i in ids:
            self.people[i] = {"customer_id": i, "first_seen_at": now, "changed_at": now, **attributes}
        self._keep(now)

    def move(
        self, who: str | Sequence[str], to: str | None, at: datetime, cause: str = "data", cause_at: datetime | None = None
    ) -> None:
        for customer in [who] if isinstance(who, str) else who:
            if customer not in self.people:
                self.people[customer] = {"customer_id": customer, "first_seen_at": at, "changed_at": at}
            before = self.stand.get(("ec", customer))
            entry = 1 + sum(m["customer_id"] == customer and m["to_stage"] == to for m in self.moves)
            where = {"journey_id": "ec", "customer_id": customer}
            since = {"at": at, "cause": cause, "cause_at": cause_at or at, "entry": entry}
            self.moves.append({**where, "from_stage": before and before["stage_id"], "to_stage": to, **since})
            self.stand["ec", customer] = {**where, "stage_id": to, "since": at, "entry": entry, "cause": cause}
        self._keep(at)

    def _keep(self, now: datetime) -> None:
        kinds = {"customers": self.people.values(), "transitions": self.moves, "placements": self.stand.values()}
        with self.facts.change(now) as change:
            for kind, rows in kinds.items():
                keys = dict.fromkeys(k for r in rows for k in r)
                if keys:
                    change.replace(kind, pa.Table.from_pylist([{**keys, **r} for r in rows]))  # type: ignore[arg-type]

    @property
    def ground(self) -> Ground:
        return Ground(self.book, {}, {"email": "outbox"})

    def audience(self, campaign: Campaign, now: datetime) -> Audience:
        with closing(self.facts.open()) as con, reading(self.engine) as connection:
            return estimate(connection, con, Names.of(self.book), campaign, self.settings, now)

    def approve(self, now: datetime = T0) -> None:
        def foreseen(campaign: Campaign) -> tuple[int, int | None]:
            found = self.audience(campaign, now)
            return found.foreseen, found.existing

        approve(self.engine, self.ground, None, who="hanako", now=now, estimate=foreseen, admin=True)

    def standings(self, now: datetime) -> dict[str, Standing]:
        with reading(self.engine) as connection:
            return self.ground.standings(connection, now)

    def plan(self, now: datetime) -> PlanReport:
        report = plan(self.engine, self.facts, self.book, self.standings(now), self.settings, now, TOKYO)
        if report.campaigns:  # whatever the story: planning twice adds nothing
            again = plan(self.engine, self.facts, self.book, self.standings(now), self.settings, now, TOKYO)
            assert again.campaigns == ()
        return report

    def rows(self, **wanted: str) -> list[Any]:
        query = select(deliveries).filter_by(**wanted).order_by(deliveries.c.id)
        with reading(self.engine) as connection:
            return list(connection.execute(query))

    def summary(self) -> list[tuple[str, str, str, str, str | None]]:
        return [(r.campaign_id, r.customer_id, r.occurrence, r.state, r.reason) for r in self.rows()]


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    open_store(folder).dispose()
    return folder


@pytest.fixture
def shop(empty_store: Path, tmp_path: Path) -> Iterator[Shop]:
    shutil.copytree(empty_store, tmp_path, dirs_exist_ok=True)
    engine = open_store(tmp_path)
    yield Shop(engine, FactStore(tmp_path / "facts", engine))
    engine.dispose()


def test_going_live_mails_nobody_and_then_each_entry_once(shop: Shop) -> None:
    shop.have(WELCOME)
    shop.move(["a", "b"], "new", T0 - 2 * DAY, "first")
    shop.move("c", "new", T0 - HOUR)
    shop.move("d", "new", T0, "time")
    shop.approve(T0)
    assert shop.plan(T0).planned == 0
    shop.move("e", "new", T0 + HOUR)
    assert shop.plan(T0 + HOUR).planned == 1
    [row] = shop.rows()
    assert (row.customer_id, row.occurrence, row.step, row.due_at) == ("e", "1", "1", T0 + HOUR)
    assert shop.plan(T0 + DAY).planned == 0


@pytest.mark.parametrize("cause", ["map", "first"])
def test_redrawing_the_map_and_first_placements_mail_nobody(shop: Shop, cause: str) -> None:
    shop.have(WELCOME, replace(STAYED, trigger=AfterInStage(2)))
    shop.approve()
    shop.move(["a", "b"], "new", T0 + HOUR, cause)
    assert [shop.plan(T0 + n * DAY).planned for n in range(1, 4)] == [0] * 3


@pytest.mark.parametrize(
    ("cause_at", "planned"),
    [
        (T0 - HOUR, 0),
        (T0, 0),
        (T0 + HOUR, 0),
        (T0 + 2 * DAY - timedelta(minutes=1), 0),
        (T0 + 2 * DAY + HOUR, 1),
        (T0 + 5 * DAY, 1),
    ],
)
def test_what_was_caused_long_ago_is_no_entry(shop: Shop, cause_at: datetime, planned: int) -> None:
    shop.have(WELCOME)
    shop.approve(T0)
    shop.move("a", "new", T0 + 5 * DAY, "data", cause_at)
    assert shop.plan(T0 + 5 * DAY).planned == planned


def test_a_delay_keeps_its_time_and_leaves_the_condition_to_the_moment_of_sending(shop: Shop) -> None:
    shop.have(replace(WELCOME, trigger=OnEnter(Delay(3, "d", time(10))), audience="ポイント > 5"))
    shop.approve()
    shop.move("a", "new", T0 + HOUR)
    shop.plan(T0 + HOUR)
    [row] = shop.rows()
    assert (row.state, row.due_at) == ("planned", T0 + 3 * DAY)


def test_without_a_delay_the_condition_decides_now(shop: Shop) -> None:
    shop.have(replace(WELCOME, audience="ポイント > 5"))
    shop.approve()
    shop.customers("rich", points=7.0)
    shop.customers("poor", points=3.0)
    shop.customers("unknown")
    shop.move(["rich", "poor", "unknown"], "new", T0 + HOUR)
    report = shop.plan(T0 + HOUR)
    assert dict(report.campaigns[0].skipped) == {"condition": 2}
    assert {r.customer_id: (r.state, r.reason) for r in shop.rows()} == {
        "rich": ("planned", None),
        "poor": ("skipped", "condition"),
        "unknown": ("skipped", "condition"),
    }


@pytest.mark.parametrize(
    ("reentry", "after", "outcome"),
    [
        (timedelta(days=365), 30 * DAY, ("skipped", "already")),
        (timedelta(days=30), 29 * DAY, ("skipped", "already")),
        (timedelta(days=30), 30 * DAY, ("planned", None)),
        (None, HOUR, ("planned", None)),
    ],
)
def test_entering_again(shop: Shop, reentry: timedelta | None, after: timedelta, outcome: tuple[str, str | None]) -> None:
    shop.have(replace(WELCOME, reentry=reentry))
    shop.approve()
    shop.move("a", "new", T0 + HOUR)
    shop.plan(T0 + HOUR)
    with writing(shop.engine) as connection:
        connection.execute(update(deliveries).values(state="accepted", sent_at=T0 + HOUR))
    shop.move("a", "good", T0 + HOUR + after - timedelta(minutes=1))
    shop.move("a", "new", T0 + HOUR + after)
    shop.plan(T0 + HOUR + after)
    assert [(r.occurrence, r.state, r.reason) for r in shop.rows()] == [("1", "accepted", None), ("2", *outcome)]


def test_what_was_never_sent_does_not_bar_the_next_entry(shop: Shop) -> None:
    shop.have(WELCOME)
    shop.approve()
    shop.move("a", "new", T0 + HOUR)
    shop.plan(T0 + HOUR)
    with writing(shop.engine) as connection:
        connection.execute(update(deliveries).values(state="skipped", reason="no_address"))
    shop.move("a", "good", T0 + DAY)
    shop.move("a", "new", T0 + 2 * DAY)
    assert shop.plan(T0 + 2 * DAY).planned == 1


def test_existing_customers_once_and_with_their_number_known(shop: Shop) -> None:
    shop.have(replace(WELCOME, include_existing=True))
    shop.move(["a", "b"], "new", T0 - 100 * DAY, "first")
    shop.move("c", "good", T0 - 100 * DAY, "first")
    shop.approve()
    assert shop.standings(T0)["C01"].existing == 2
    assert shop.plan(T0 + HOUR).planned == 2
    assert {(r.customer_id, r.due_at) for r in shop.rows()} == {("a", T0), ("b", T0)}
    # who is moved there by a redrawn map later is not one of them
    shop.move("c", "new", T0 + 2 * HOUR, "map")
    shop.move("d", "new", T0 + 2 * HOUR, "data")
    assert shop.plan(T0 + 2 * HOUR).planned == 1
    assert shop.rows()[-1].customer_id == "d"


def test_existing_customers_of_an_approval_before_the_first_placing(shop: Shop) -> None:
    shop.have(replace(WELCOME, include_existing=True))
    shop.customers("a", "b", now=T0 - HOUR, points=3.0, joined_at=T0 - 300 * DAY)
    shop.approve(T0)
    for now, planned in ((T0 + HOUR, 2), (T0 + 2 * HOUR, 0)):
        assign(shop.engine, shop.facts, shop.book, 1, now)
        assert shop.plan(now).planned == planned
    assert {(r.customer_id, r.due_at) for r in shop.rows()} == {("a", T0), ("b", T0)}
    # Old history that comes in later is not among those the approval was about.
    shop.customers("c", now=T0 + 3 * HOUR, points=3.0, joined_at=T0 - 300 * DAY)
    assign(shop.engine, shop.facts, shop.book, 1, T0 + 3 * HOUR)
    assert shop.plan(T0 + 3 * HOUR).planned == 0


def test_existing_customers_of_a_delayed_or_conditional_campaign(shop: Shop) -> None:
    delayed = replace(WELCOME, include_existing=True, trigger=OnEnter(Delay(1, "d", time(9))), audience="ポイント > 5")
    shop.have(delayed)
    shop.customers("rich", points=7.0)
    shop.customers("poor", points=3.0)
    shop.move(["rich", "poor"], "new", T0 - 100 * DAY, "first")
    shop.approve()
    assert shop.plan(T0).planned == 1
    assert [(r.customer_id, r.due_at) for r in shop.rows()] == [("rich", T0 + 23 * HOUR)]


def test_after_days_in_stage_counts_stays_that_began_since(shop: Shop) -> None:
    shop.have(STAYED)
    shop.move("old", "new", T0 - 10 * DAY)
    shop.approve()
    shop.move(["stays", "leaves"], "new", T0 + HOUR)
    shop.move("leaves", "good", T0 + 10 * DAY)
    due = T0 + 30 * DAY
    assert [shop.plan(due + n * DAY - timedelta(minutes=1)).planned for n in (-15, -1, 0)] == [0] * 3
    assert shop.plan(due).planned == 1
    assert shop.plan(due + 5 * DAY).planned == 0
    assert [(r.customer_id, r.due_at) for r in shop.rows()] == [("stays", due)]


def test_after_days_in_stage_with_existing_ones(shop: Shop) -> None:
    shop.have(replace(STAYED, include_existing=True))
    shop.move("long", "new", T0 - 100 * DAY, "first")
    shop.move("short", "new", T0 - 10 * DAY, "first")
    shop.approve()
    shop.plan(T0)
    assert {r.customer_id: r.due_at for r in shop.rows()} == {"long": T0, "short": T0 + 20 * DAY}


def test_an_occurrence_freezes_its_whole_audience(shop: Shop) -> None:
    shop.have(
        replace(NEWS, audience="ポイント > 5"),
        replace(NEWS, id="C04", journey="ec"),
        replace(NEWS, id="C05", journey="ec", stages=("good",)),
    )
    shop.customers("guest", points=9.0)
    shop.customers("rich", points=7.0)
    shop.customers("poor", points=3.0)
    shop.move(["rich"], "good", T0 - DAY, "first")
    shop.move(["poor"], None, T0 - DAY, "first")
    shop.approve()
    assert shop.plan(T0 + HOUR).planned == 0
    report = shop.plan(T0 + 3 * HOUR)
    assert [(c.campaign_id, c.occurrence, c.planned) for c in report.campaigns] == [
        ("C04", "2026-11-02", 2),
        ("C05", "2026-11-02", 1),
        ("C03", "2026-11-02", 2),
    ]
    assert {(r.campaign_id, r.customer_id) for r in shop.rows()} == {
        ("C03", "guest"), ("C03", "rich"), ("C04", "rich"), ("C04", "poor"), ("C05", "rich"),
    }  # fmt: skip
    assert {r.due_at for r in shop.rows()} == {T0 + 2 * HOUR}


def test_of_missed_occurrences_only_the_newest_and_late_ones_are_asked_about(shop: Shop) -> None:
    shop.have(NEWS)
    shop.customers("a")
    shop.approve()
    woken = T0 + 24 * DAY  # Thursday; missed: 2, 9, 16 and 23 November
    shop.plan(woken)
    assert shop.summary() == [("C03", "a", "2026-11-23", "planned", "late_start")]
    with reading(shop.engine) as connection:
        assert [(o.occurrence, o.hold, o.audience) for o in connection.execute(select(occurrences))] == [
            ("2026-11-23", "late_start", 1)
        ]
    on_time = T0 + 28 * DAY + 20 * HOUR
    shop.plan(on_time)
    assert shop.summary()[1:] == [("C03", "a", "2026-11-30", "planned", None)]


def test_recurrences_missed_while_paused_are_not_made_up(shop: Shop) -> None:
    shop.have(NEWS)
    shop.customers("a")
    shop.approve()
    pause(shop.engine, shop.ground, "C03", who="taro", now=T0 + HOUR)
    assert shop.plan(T0 + 3 * HOUR).planned == 0
    resume(shop.engine, shop.ground, "C03", who="taro", now=T0 + 4 * HOUR)
    assert shop.plan(T0 + 5 * HOUR).planned == 0
    assert shop.plan(T0 + 7 * DAY + 3 * HOUR).planned == 1


def test_one_resumed_between_the_judging_and_the_planning_keeps_its_day(shop: Shop) -> None:
    shop.have(NEWS)
    shop.customers("a")
    shop.approve()
    pause(shop.engine, shop.ground, "C03", who="taro", now=T0 + HOUR)
    judged = shop.standings(T0 + HOUR + timedelta(minutes=30))
    resume(shop.engine, shop.ground, "C03", who="taro", now=T0 + HOUR + timedelta(minutes=40))
    # Placing took so long that 12:00 has passed: it fell due after the resume all the same.
    plan(shop.engine, shop.facts, shop.book, judged, shop.settings, T0 + 3 * HOUR, TOKYO)
    assert shop.plan(T0 + 3 * HOUR + timedelta(minutes=1)).planned == 1


@pytest.mark.parametrize(
    "times",
    [
        {"trigger": Recurring("day", at=time(12))},
        {"start": None},
        {"end": None, "trigger": Recurring("week", (0, 2), at=time(12))},
    ],
)
def test_new_times_count_from_their_approval(shop: Shop, times: dict[str, Any]) -> None:
    shop.have(replace(NEWS, trigger=Recurring("week", (2,), at=time(12)), start=date(2026, 11, 4), end=date(2026, 11, 30)))
    shop.customers("a")
    shop.approve()
    shop.have(replace(NEWS, **{"start": date(2026, 11, 1), **times}))
    shop.approve(T0 + 5 * HOUR)
    assert shop.plan(T0 + 5 * HOUR).planned == 0  # not the 12:00 that it would have had today
    shop.have(replace(shop.book.campaigns[0], name="お知らせ 改"))
    shop.approve(T0 + 9 * DAY + 3 * HOUR)  # a text edit takes nothing away
    assert shop.plan(T0 + 9 * DAY + 3 * HOUR).planned == 1


def test_recurrences_missed_while_switched_off_are_not_made_up(shop: Shop) -> None:
    shop.have(NEWS)
    shop.customers("a")
    shop.approve()
    shop.have(replace(NEWS, active=False))
    assert shop.plan(T0 + 3 * HOUR).planned == 0
    shop.have(NEWS)
    assert shop.plan(T0 + 5 * HOUR).planned == 0


def test_recurrences_missed_while_the_audience_was_void_are_not_made_up(shop: Shop) -> None:
    shop.have(replace(NEWS, journey="ec"))
    shop.move("a", "new", T0 - DAY, "first")
    shop.approve()
    shop.book = replace(shop.book, journeys=(replace(MAP, audience="ポイント は 空"),))
    shop.approve(T0 + 3 * HOUR)  # void since before 12:00, and no tick ran meanwhile
    assert shop.plan(T0 + 3 * HOUR).planned == 0
    assert shop.plan(T0 + 7 * DAY + 3 * HOUR).planned == 1


def test_an_approved_edit_misses_no_occurrence(shop: Shop) -> None:
    shop.have(NEWS)
    shop.customers("a")
    shop.approve()
    shop.have(replace(NEWS, name="お知らせ 改"))
    shop.approve(T0 + 3 * HOUR)  # after 12:00, before the tick that would have planned it
    assert shop.plan(T0 + 3 * HOUR).planned == 1


def test_entries_during_a_short_pause_are_planned_after_it(shop: Shop) -> None:
    shop.have(WELCOME)
    shop.approve()
    pause(shop.engine, shop.ground, None, who="taro", now=T0)
    shop.move("early", "new", T0 + HOUR)
    shop.move("late", "new", T0 + 4 * DAY)
    assert shop.plan(T0 + 4 * DAY).planned == 0
    resume(shop.engine, shop.ground, None, who="taro", now=T0 + 4 * DAY)
    shop.plan(T0 + 4 * DAY + HOUR)
    assert shop.summary() == [("C01", "late", "1", "planned", None)]


def edited(change: Callable[[Campaign], Campaign]) -> Callable[[Shop], None]:
    return lambda shop: shop.have(*(change(c) for c in shop.book.campaigns)) and None


@pytest.mark.parametrize(
    ("event", "planned"),
    [
        (edited(lambda c: replace(c, active=False)), 0),
        (edited(lambda c: replace(c, end=date(2026, 11, 1))), 1),  # an edit: the approved version has no end
        (edited(lambda c: replace(c, name="別名", audience="ポイント > 100")), 1),
        (lambda s: s.have() and None, 0),
        (lambda s: setattr(s, "book", replace(s.book, journeys=(replace(MAP, audience="ポイント > 0"),))), 0),
    ],
)
def test_only_what_is_approved_and_runs_is_planned(shop: Shop, event: Callable[[Shop], None], planned: int) -> None:
    shop.have(WELCOME)
    shop.approve()
    event(shop)
    shop.move("a", "new", T0 + HOUR)
    assert shop.plan(T0 + HOUR).planned == planned


def test_never_approved_plans_nothing(shop: Shop) -> None:
    shop.have(WELCOME, NEWS)
    shop.move("a", "new", T0 + HOUR)
    assert shop.plan(T0 + DAY).planned == 0


def test_a_condition_on_what_was_received(shop: Shop) -> None:
    shop.have(WELCOME, replace(NEWS, audience='受信("M")'))
    shop.customers("a", "b")
    shop.approve()
    shop.move("a", "new", T0 + HOUR)
    shop.plan(T0 + HOUR)
    with writing(shop.engine) as connection:
        connection.execute(update(deliveries).values(state="accepted", sent_at=T0 + HOUR, message_id="M"))
    shop.plan(T0 + 3 * HOUR)
    assert [(r.campaign_id, r.customer_id) for r in shop.rows(state="planned")] == [("C03", "a")]
    assert shop.audience(shop.book.campaigns[1], T0 + 3 * HOUR).size == 1


def test_start_and_end_bound_occurrences(shop: Shop) -> None:
    shop.have(replace(NEWS, trigger=Recurring("day", at=time(12)), start=date(2026, 11, 4), end=date(2026, 11, 5)))
    shop.customers("a")
    shop.approve()
    for n in range(6):
        shop.plan(T0 + n * DAY + 3 * HOUR)
    assert [r.occurrence for r in shop.rows()] == ["2026-11-04", "2026-11-05"]


def test_once_goes_once(shop: Shop) -> None:
    shop.have(replace(NEWS, trigger=Once(date(2026, 11, 3), time(12))))
    shop.customers("a", "b")
    shop.approve()
    counted = Counter(shop.plan(T0 + n * 13 * HOUR).planned for n in range(8))
    assert counted == {0: 7, 2: 1}
    assert {r.occurrence for r in shop.rows()} == {"once"}


def test_once_waits_for_the_end_of_a_pause(shop: Shop) -> None:
    shop.have(replace(NEWS, trigger=Once(date(2026, 11, 2), time(12))))
    shop.customers("a")
    shop.approve()
    pause(shop.engine, shop.ground, None, who="taro", now=T0 + HOUR)
    assert shop.plan(T0 + 3 * HOUR).planned == 0
    resume(shop.engine, shop.ground, None, who="taro", now=T0 + 4 * HOUR)
    shop.plan(T0 + 4 * HOUR)
    assert shop.summary() == [("C03", "a", "once", "planned", None)]


def test_a_day_far_above_what_was_foreseen_is_held(shop: Shop) -> None:
    shop.have(WELCOME)
    shop.settings = Settings(bulk_limit=10)
    shop.approve()
    shop.move([f"a{n}" for n in range(10)], "new", T0 + HOUR)
    assert shop.plan(T0 + HOUR).campaigns[0].held is None
    shop.move([f"b{n}" for n in range(3)], "new", T0 + 2 * HOUR)
    held = shop.plan(T0 + 2 * HOUR).campaigns[0].held
    assert held is not None
    assert (held.reason, held.detail) == ("bulk", {"day": "2026-11-02", "planned": 13, "limit": 10})
    assert [r.reason for r in shop.rows()] == [None] * 10 + ["bulk"] * 3
    shop.move("c", "new", T0 + DAY)  # the next day begins anew
    shop.plan(T0 + DAY)
    assert shop.rows()[-1].reason is None


def test_without_a_setting_a_thousand_or_three_times_the_estimate(shop: Shop) -> None:
    shop.have(WELCOME)
    shop.approve()
    shop.move([f"a{n:04}" for n in range(1000)], "new", T0 + HOUR)
    assert shop.plan(T0 + HOUR).campaigns[0].held is None
    shop.move("one more", "new", T0 + HOUR)
    assert shop.plan(T0 + 2 * HOUR).campaigns[0].held is not None


@pytest.mark.parametrize(
    ("approved", "now", "reason"), [(10, 12, None), (10, 13, "bulk"), (100, 120, None), (100, 121, "bulk"), (50, 5, None)]
)
def test_an_audience_that_grew_is_held(shop: Shop, approved: int, now: int, reason: str | None) -> None:
    shop.have(NEWS)
    shop.customers(*(f"a{n}" for n in range(approved)))
    shop.approve()
    shop.people.clear()
    shop.customers(*(f"a{n}" for n in range(now)))
    shop.plan(T0 + 3 * HOUR)
    assert {r.reason for r in shop.rows()} == {reason}
    assert len(shop.rows()) == now


@pytest.mark.parametrize(("settle", "again"), [(release, None), (drop, "bulk")])
def test_a_larger_audience_that_was_released_is_agreed_to(shop: Shop, settle: Any, again: str | None) -> None:
    shop.have(NEWS)
    shop.customers(*(f"a{n}" for n in range(10)))
    shop.approve()
    shop.customers(*(f"b{n}" for n in range(10)))
    shop.plan(T0 + 3 * HOUR)
    with writing(shop.engine) as connection:
        assert settle(connection, Chosen((), NEWS.id, "bulk"), "Hanako", T0 + 4 * HOUR) == 20
    shop.plan(T0 + 3 * HOUR + 7 * DAY)
    assert {r.reason for r in shop.rows() if r.occurrence > (T0 + 3 * DAY).date().isoformat()} == {again}


def test_a_crash_between_campaigns_loses_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.have(WELCOME, replace(WELCOME, id="C02", priority=1), NEWS)
    shop.approve()
    shop.move(["a", "b"], "new", T0 + 3 * HOUR)
    now = T0 + 3 * HOUR
    from journey.plan import entries

    frozen = entries.freeze

    def breaks(connection: Any, campaign: Campaign, rows: Any, at: datetime) -> int:
        if campaign.id == "C01":
            frozen(connection, campaign, rows, at)
            raise RuntimeError("power cut")
        return frozen(connection, campaign, rows, at)

    monkeypatch.setattr(entries, "freeze", breaks)
    with pytest.raises(RuntimeError):
        plan(shop.engine, shop.facts, shop.book, shop.standings(now), shop.settings, now, TOKYO)
    assert {r.campaign_id for r in shop.rows()} == {"C02"}  # smaller priority goes first
    monkeypatch.undo()
    shop.plan(now)
    assert Counter(r.campaign_id for r in shop.rows()) == {"C01": 2, "C02": 2, "C03": 2}


def test_the_journey_breaks_ties_of_priority(shop: Shop) -> None:
    other = replace(MAP, id="b2b", priority=1)
    shop.book = replace(shop.book, journeys=(MAP, other))
    shop.have(
        NEWS,
        replace(NEWS, id="C09", journey="b2b"),
        replace(NEWS, id="C10", priority=99),
        replace(NEWS, id="C08", journey="ec"),
    )
    shop.customers("a")
    shop.move("a", "new", T0)
    shop.stand["b2b", "a"] = {**shop.stand["ec", "a"], "journey_id": "b2b"}
    shop.move("a", "good", T0)
    shop.approve()
    assert [c.campaign_id for c in shop.plan(T0 + 3 * HOUR).campaigns] == ["C10", "C09", "C08", "C03"]


def test_several_stages_tell_their_entries_apart(shop: Shop) -> None:
    shop.have(replace(WELCOME, stages=("new", "good"), reentry=None))
    shop.approve()
    shop.move("a", "new", T0 + HOUR)
    shop.move("a", "good", T0 + 2 * HOUR)
    shop.plan(T0 + 2 * HOUR)
    assert [r.occurrence for r in shop.rows()] == ["new/1", "good/1"]


@pytest.mark.parametrize(("before", "after"), [(("new",), ("new", "good")), (("new", "good"), ("new",)), (("new",), ())])
def test_a_stay_is_known_whatever_stages_the_campaign_had(
    shop: Shop, before: tuple[str, ...], after: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journey.plan.entries._CHUNK", 1)
    shop.have(replace(WELCOME, stages=before, reentry=None))
    shop.approve()
    shop.move(["a", "b"], "new", T0 + HOUR)
    assert shop.plan(T0 + HOUR).planned == 2
    shop.have(replace(WELCOME, stages=after, reentry=None))
    shop.approve(T0 + 2 * HOUR)
    assert shop.plan(T0 + 2 * HOUR).planned == 0
    # Another stage is another stay, though its number is the same; and so is the next entry.
    shop.move("a", "good", T0 + 3 * HOUR)
    assert shop.plan(T0 + 3 * HOUR).planned == (after != ("new",))
    shop.move("a", "new", T0 + 4 * HOUR)
    assert shop.plan(T0 + 4 * HOUR).planned == 1


def test_what_an_approval_is_shown(shop: Shop) -> None:
    campaign = replace(WELCOME, channels=("line", "email"), include_existing=True)
    shop.have(campaign)
    shop.customers("a", line_id="U1", email="a@example.com")
    shop.customers("b", email="b@example.com")
    shop.customers("c", email="c@example.com")
    shop.customers("d")
    shop.customers("e", email="e@example.com")
    shop.move(["a", "b", "c", "d"], "new", T0 - 40 * DAY, "first")
    shop.move(["e"], "new", T0 - 2 * DAY)
    shop.move(["e"], "good", T0 - DAY)
    with writing(shop.engine) as connection:
        for who, channel, granted in [("a", "line", True), ("a", "email", True), ("b", "email", True), ("c", "email", False)]:
            connection.execute(consents.insert().values(customer_id=who, channel=channel, granted=granted))
    found = shop.audience(campaign, T0)
    assert found == Audience(4, 1, True, {"line": 1, "email": 1}, {"no_consent": 1, "no_address": 1})
    assert (found.foreseen, found.existing) == (5, 4)
    urgent = shop.audience(replace(campaign, kind="transactional"), T0)
    assert (urgent.channels, urgent.skips) == ({"line": 1, "email": 2}, {"no_address": 1})


def test_with_real_placing_from_going_live_to_a_redrawn_map(shop: Shop) -> None:
    """The same through `stages.assign`: history imported, a newcomer, a map redrawn, a long sleep."""

    def day(now: datetime) -> int:
        assign(shop.engine, shop.facts, shop.book, 1, now)
        return shop.plan(now).planned

    shop.have(WELCOME, replace(WELCOME, id="C02", stages=("good",)))
    shop.customers("a", "b", now=T0 - HOUR, points=3.0, joined_at=T0 - 300 * DAY)
    assert day(T0) == 0
    shop.approve(T0)
    assert day(T0) == 0
    # a newcomer, and history that is imported late
    shop.customers("c", now=T0 + DAY, points=3.0, joined_at=T0 + DAY - HOUR)
    shop.customers("d", now=T0 + DAY, points=3.0, joined_at=T0 - 200 * DAY)
    assert day(T0 + DAY) == 1
    assert shop.summary() == [("C01", "c", "1", "planned", None)]
    # the map is redrawn: everyone becomes good, and after a new approval still nobody hears of it
    redrawn = replace(MAP, stages=(Stage("new", "新規", "ポイント < 2"), Stage("good", "優良", "ポイント >= 2")))
    shop.book = replace(shop.book, journeys=(redrawn,))
    assert day(T0 + 2 * DAY) == 0
    shop.approve(T0 + 2 * DAY)
    assert [day(T0 + n * DAY) for n in range(2, 6)] == [0] * 4
