"""What a run of the sender does with what it meets: caps, twins, refusals, holds, and nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sending_shop import NOW, Provider, Shop, campaign, people
from sqlalchemy import select

from journey.errors import InputError
from journey.ledger import Chosen, PlannedRow, counts, drop, freeze, received, release
from journey.ledger.change import RETRIES
from journey.model import Cap, Recurring, Settings
from journey.store.engine import reading, writing
from journey.store.tables import audit, consents, deliveries, delivery_log, occurrences, suppressions
from journey.texts import text
from messaging.channels.base import NotAccepted, Parcel
from messaging.ports import InForce, Made, Order


def test_sends_once_and_a_repeat_sends_nothing(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(23))
    told = []
    report = shop.start().send_due(progress=told.append)
    assert report.accepted == 23
    assert (told[-1].done, told[-1].due) == (23, 23)
    for _ in range(3):
        assert shop.start().send_due().accepted == 0
    assert shop.provider.counts.total() == 23
    with reading(shop.engine) as connection:
        row = connection.execute(deliveries.select().limit(1)).one()
    assert row.payload_hash
    assert row.header_id
    assert row.local_day == "2026-11-02"
    assert row.provider_id == "p"
    with reading(shop.engine) as connection:
        assert counts(connection) == {"C1": {"accepted": 23}}
        assert received(connection, ["M1"], ["c001"]).to_pylist() == [{"customer_id": "c001", "message": "M1", "at": NOW}]


def test_freezing_twice_adds_nothing_and_skips_have_their_trail(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    rows = [PlannedRow("a", "1", "1", NOW), PlannedRow("b", "1", "1", NOW, "skipped", "condition", {"audience": "x"})]
    with writing(shop.engine) as connection:
        assert freeze(connection, campaign(), rows, NOW) == 2
        assert freeze(connection, campaign(), rows, NOW) == 0
        assert connection.execute(select(delivery_log.c.state, delivery_log.c.reason)).all() == [("skipped", "condition")]


def test_smaller_priority_goes_first_and_the_other_waits_for_its_room(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.settings = Settings()  # 1 a day
    shop.add(campaign("LOW", priority=200), ["a", "b"])
    shop.add(campaign("HIGH", priority=10), ["a"])
    report = shop.start().send_due()
    assert report.accepted == 2
    assert report.deferred == {"priority": 1}
    sent = {(r.campaign, r.customer): (r.state, r.reason) for r in shop.rows()}
    assert sent["HIGH", "a"] == ("accepted", None)
    assert sent["LOW", "a"] == ("planned", "priority")
    assert sent["LOW", "b"] == ("accepted", None)
    shop.clock.move_to(NOW + timedelta(days=1))
    assert shop.start().send_due().accepted == 1


def test_room_is_kept_for_what_comes_later_today(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.settings = Settings()
    shop.add(campaign("LOW", priority=200), ["a"])
    shop.add(campaign("HIGH", priority=10), ["a"], due=NOW + timedelta(hours=3))
    assert shop.start().send_due().deferred == {"priority": 1}
    shop.clock.move_to(NOW + timedelta(hours=3))
    assert shop.start().send_due().accepted == 1
    assert shop.reasons()["a"] in {("accepted", None), ("planned", "priority")}


def test_a_cap_gives_up_after_three_days(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.settings = Settings(cap_promotional=Cap(per_week=1))
    shop.add(campaign("C0"), ["a"])
    shop.start().send_due()
    shop.add(campaign("C1"), ["a"])
    for day in range(4):
        assert shop.reasons()["a"][0] in ("planned", "accepted")
        shop.clock.move_to(NOW + timedelta(days=day))
        shop.start().send_due()
    [row] = shop.rows(campaign="C1")
    with reading(shop.engine) as connection:
        trail = connection.scalars(select(delivery_log.c.reason).where(delivery_log.c.delivery_id == row.id)).all()
    assert (row.state, row.reason) == ("skipped", "cap")
    assert trail == ["cap"] * 4


def test_two_customers_with_one_address_get_one(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.people = {c: {"email": "family@example.com"} for c in ("a", "b", "far")}
    with writing(shop.engine) as connection:
        connection.execute(consents.insert(), [{"customer_id": c, "channel": "email", "granted": True} for c in shop.people])
    shop.add(campaign(), ["a", "b"])
    shop.start().send_due()
    assert sorted(shop.reasons().values()) == [("accepted", None), ("skipped", "already")]
    shop.add(campaign(), ["far"])
    shop.start().send_due()
    assert shop.reasons()["far"] == ("skipped", "already")
    assert shop.provider.counts == {"family@example.com": 1}


def test_what_was_certainly_refused_is_tried_again_and_then_given_up(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(kind="transactional"), ["a"])
    shop.provider.answer = lambda parcel: NotAccepted(f"450 {parcel.address} later", permanent=False)
    tried: list[Parcel] = []
    shop.provider.before = tried.append
    for wait in RETRIES:
        assert shop.start().send_due().not_accepted == 1
        assert shop.start().send_due().not_accepted == 0, "not before its time"
        assert shop.reasons()["a"] == ("planned", "retry")
        shop.clock.move_to(shop.clock.now() + wait)
    assert shop.start().send_due().failed == 1
    assert shop.reasons()["a"] == ("failed", "gave_up")
    assert len(tried) == len(RETRIES) + 1
    assert len({p.attempt_id for p in tried}) == 1


def test_a_bounce_bars_the_address(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), ["a"])
    shop.provider.answer = lambda _: NotAccepted("550 no such user", permanent=True, bounced=True)
    shop.start().send_due()
    assert shop.reasons()["a"] == ("failed", "address_refused")
    with reading(shop.engine) as connection:
        assert connection.scalars(select(suppressions.c.reason)).all() == ["bounce"]
    shop.provider = Provider()
    shop.add(campaign("C2"), ["a"])
    shop.start().send_due()
    assert [r.reason for r in shop.rows(campaign="C2")] == ["suppressed"]


def test_a_server_that_is_down_is_left_alone_for_the_run(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(40))
    tried = []
    shop.provider.before = tried.append
    shop.provider.answer = lambda _: NotAccepted("421", permanent=False)
    report = shop.start().send_due()
    assert report.stalled == ("email",)
    assert len(tried) == shop.provider.window
    assert shop.states() == {"planned": 40}
    shop.provider.answer = Provider().answer
    shop.clock.move_to(NOW + timedelta(minutes=5))
    assert shop.start().send_due().accepted == 40


def test_a_message_that_cannot_be_made_waits_for_another_content(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), ["a", "b"])

    def making(order: Order, in_force: InForce) -> Made:
        if order.address.startswith("a@"):
            raise InputError(text("delivery.no_variant", message="M1", channel="email"))
        return Made(b"ok")

    shop.make = making
    assert shop.start().send_due().held == {"render": 1}
    assert shop.reasons() == {"a": ("planned", "render"), "b": ("accepted", None)}
    assert shop.start().send_due().held == {}, "asked once, not each time"
    shop.make = None
    shop.content = "h2"
    assert shop.start().send_due().accepted == 1


def test_a_channel_that_may_not_be_used_holds_until_it_may(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(8))
    shop.refusals["email"] = "差出人がありません"
    assert shop.start().send_due().held == {"channel_off": 8}
    assert shop.start().send_due().held == {}
    shop.refusals.clear()
    assert shop.start().send_due().accepted == 8


def test_held_rows_starve_nobody_and_do_not_turn_in_circles(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign("HELD", priority=1), people(50))
    shop.holds["HELD"] = "paused"
    shop.add(campaign("FREE", priority=9), people(5))
    report = shop.start().send_due()
    assert (report.accepted, report.held) == (5, {"paused": 50})
    assert shop.start().send_due().held == {}
    shop.holds.clear()
    assert shop.start().send_due().accepted == 50


def test_too_late_asks_and_a_person_answers(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(4), due=NOW - timedelta(hours=25))
    assert shop.start().send_due().held == {"late_start": 4}
    ids = [row.id for row in shop.rows()]
    with writing(shop.engine) as connection:
        assert release(connection, Chosen(ids=(ids[0],)), "aki", NOW) == 1
        assert drop(connection, Chosen(ids=(ids[1],)), "aki", NOW) == 1
        assert release(connection, Chosen(campaign="C1", reason="bulk"), "aki", NOW) == 0
    assert shop.start().send_due().accepted == 1
    assert shop.states() == {"accepted": 1, "cancelled": 1, "planned": 2}
    with reading(shop.engine) as connection:
        who = connection.execute(select(audit.c.who, audit.c.action)).all()
    assert [tuple(row) for row in who] == [
        ("aki", "deliveries.release"),
        ("aki", "deliveries.drop"),
        ("aki", "deliveries.release"),
    ]


def test_bulk_is_held_at_the_limit_of_a_day(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.settings = replace(shop.settings, bulk_limit=10)
    shop.add(campaign(), people(15))
    report = shop.start().send_due()
    assert (report.accepted, report.held) == (10, {"bulk": 5})
    with writing(shop.engine) as connection:
        assert release(connection, Chosen(campaign="C1", reason="bulk"), "aki", NOW) == 5
    assert shop.start().send_due().accepted == 5


def test_an_older_recurrence_gives_way(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    daily = campaign(trigger=Recurring("day"))
    for day, due in (("2026-11-01", NOW - timedelta(days=1)), ("2026-11-02", NOW)):
        shop.add(daily, ["a"], due=due, occurrence=day)
        with writing(shop.engine) as connection:
            connection.execute(
                occurrences.insert().values(campaign_id="C1", occurrence=day, due_at=due, frozen_at=due, audience=1)
            )
    report = shop.start().send_due()
    assert (report.accepted, report.skipped) == (1, {"too_late": 1})


def test_an_erased_customer_and_one_who_fits_no_more(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), ["a", "b", "c"])
    del shop.people["a"]
    shop.gone.add("b")
    assert shop.start().send_due().skipped == {"condition": 2}
    assert shop.provider.counts == {"c@example.com": 1}


def test_stopping_between_windows(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(30))
    report = shop.start().send_due(stop=lambda: len(shop.provider.accepted) >= 8)
    assert report.stopped
    assert report.accepted == len(shop.provider.accepted) == 10
    assert shop.states() == {"accepted": 10, "planned": 20}


def test_quiet_hours_that_begin_in_mid_run(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(20))

    def evening(_: Parcel) -> None:
        if len(shop.provider.accepted) >= 7:
            shop.clock.move_to(NOW + timedelta(hours=10))

    shop.provider.after = evening
    report = shop.start().send_due()
    assert report.accepted <= 7 + shop.provider.window
    assert report.deferred["quiet"] == 20 - report.accepted
