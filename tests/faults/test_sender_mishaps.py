"""What a run leaves behind when something around it fails, when it is slow, and when its way out is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sending_shop import NOW, Provider, Shop, campaign, people
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError

from journey.ledger import Chosen, Delivery, Evidence, claim, record, retry
from journey.ledger.read import sent_on_day
from journey.model import Cap, Recurring
from journey.store.engine import reading, writing
from journey.store.tables import consents, deliveries, occurrences
from messaging.channels.base import Accepted, Answer, InDoubt, NotAccepted, Parcel
from messaging.ports import InForce, Seen


def _locked(_: Connection) -> None:
    raise OperationalError("BEGIN IMMEDIATE", {}, Exception("database is locked"))


def test_a_look_that_fails_keeps_no_row(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(20))
    sender = shop.start()

    def broken(rows: Sequence[Delivery], in_force: InForce, now: object) -> Mapping[int, Seen]:
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        replace(sender, look=broken).send_due()
    assert shop.states() == {"planned": 20}
    assert sender.send_due().accepted == 20, "the same process goes on"


def test_a_store_that_fails_once_loses_no_answer(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(20))
    sender = shop.start()

    def once(connection: Connection) -> None:
        if shop.provider.accepted:
            event.remove(shop.engine, "begin", once)
            _locked(connection)

    event.listen(shop.engine, "begin", once)
    with pytest.raises(OperationalError):
        sender.send_due()
    assert shop.states() == {"accepted": 5, "planned": 15}
    assert sender.send_due().accepted == 15
    assert max(shop.provider.counts.values()) == 1


@pytest.mark.parametrize("policy", ["hold", "repeat"])
def test_a_store_that_stays_locked_leaves_doubt_by_name(tmp_path: Path, policy: str) -> None:
    shop = Shop.open(tmp_path, Provider(when_in_doubt=policy))
    shop.add(campaign(), people(20))
    sender = shop.start()

    def locked(connection: Connection) -> None:
        if shop.provider.accepted:
            _locked(connection)

    event.listen(shop.engine, "begin", locked)
    with pytest.raises(OperationalError):
        sender.send_due()
    event.remove(shop.engine, "begin", locked)
    assert shop.states() == {"handed_over": 5, "leased": 15}
    sender.send_due()
    assert shop.states() == ({"in_doubt": 5, "accepted": 15} if policy == "hold" else {"accepted": 20})
    assert max(shop.provider.counts.values()) == (1 if policy == "hold" else 2)


def test_a_look_holds_for_a_minute(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(50))

    def slowly(_: Parcel) -> None:
        shop.clock.move_to(shop.clock.now() + timedelta(seconds=10))
        shop.gone = set(people(50)[20:])  # meanwhile these fit no more

    shop.provider.after = slowly
    report = shop.start().send_due()
    assert (report.accepted, report.skipped) == (20, {"condition": 30})


def test_a_small_window_finds_out_that_the_server_is_down(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(40))
    tried: list[Parcel] = []
    shop.provider.before = tried.append
    shop.provider.answer = lambda _: NotAccepted("421", permanent=False)
    assert shop.start(window=2).send_due().stalled == ("email",)
    assert len(tried) == 6


def test_one_full_mailbox_says_nothing_of_the_server(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(40))

    def half(parcel: Parcel) -> Answer:
        return NotAccepted("452", permanent=False) if parcel.address[:4] < "c004" else Accepted("p")

    shop.provider.answer = half
    report = shop.start(window=1).send_due()
    assert (report.stalled, report.accepted, report.not_accepted) == ((), 36, 4)


def test_a_channel_taken_out_of_the_campaign_holds_nobody(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.people["c0"] = {"email": "c0@example.com", "sms": "+819011112222"}
    with writing(shop.engine) as connection:
        connection.execute(consents.insert(), [{"customer_id": "c0", "channel": c, "granted": True} for c in ("sms", "email")])
    shop.refusals = {"sms": "off"}
    shop.add(campaign(channels=("sms", "email")), ["c0"])
    sender = shop.start()
    assert sender.send_due().held == {"channel_off": 1}
    assert sender.send_due().held == {}
    shop.campaigns["C1"] = campaign(channels=("email",))
    assert sender.send_due().accepted == 1


def test_a_quiet_hour_is_no_deferral_that_counts(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    night = NOW + timedelta(hours=10)  # 22:00 in Tokyo
    shop.clock.move_to(night)
    shop.settings = replace(shop.settings, cap_promotional=replace(shop.settings.cap_promotional, per_day=1))
    shop.add(campaign("HIGH", priority=1), ["a"], due=night + timedelta(minutes=30))
    shop.add(campaign("LOW", priority=9), ["a"], due=night)
    assert shop.start().send_due().deferred == {"quiet": 1}


@pytest.mark.parametrize("mark", ["once", "existing:2026-10-01T00:00:00+00:00", "7"])
def test_what_a_campaign_was_before_does_not_stand_in_its_way(tmp_path: Path, mark: str) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(trigger=Recurring("day")), people(3), occurrence="2026-11-02")
    with writing(shop.engine) as connection:
        for name, due in ((mark, NOW - timedelta(days=9)), ("2026-11-02", NOW)):
            connection.execute(
                occurrences.insert().values(campaign_id="C1", occurrence=name, due_at=due, frozen_at=NOW, audience=3)
            )
    assert shop.start().send_due().accepted == 3


@pytest.mark.parametrize("first", [InDoubt("?"), NotAccepted("550", permanent=True)])
def test_a_late_acceptance_after_a_persons_retry_counts_on_its_day(tmp_path: Path, first: Answer) -> None:
    shop = Shop.open(tmp_path)
    shop.settings = replace(shop.settings, cap_promotional=Cap(per_day=1))
    shop.add(campaign(), ["a"])
    shop.provider.answer = lambda _: first
    sender = shop.start()
    sender.send_due()
    with reading(shop.engine) as connection:
        attempt = connection.scalar(select(deliveries.c.attempt_id))
    assert attempt is not None
    with writing(shop.engine) as connection:
        assert retry(connection, Chosen(ids=(1,)), "aki", NOW) == 1
        assert record(connection, [Evidence(attempt, "accepted")], NOW) == {attempt: "accepted"}
    shop.provider.answer = lambda _: Accepted("p")
    shop.add(campaign("C2"), ["a", "b"])
    report = sender.send_due()
    assert (report.accepted, report.deferred) == (1, {"cap": 1})


def test_what_every_batch_asks_is_answered_by_an_index(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(3))
    asked: list[tuple[str, Any]] = []
    event.listen(shop.engine, "before_cursor_execute", lambda _c, _u, said, values, *_: asked.append((said, values)))
    with writing(shop.engine) as connection:
        claim(connection, 1, ["C1", "C2"], NOW, 2)
        sent_on_day(connection, ["C1", "C2"], "2026-11-02")
        plans = [
            " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values))
            for said, values in tuple(asked)
            if "deliveries" in said
        ]
    assert "ix_deliveries_state_priority_due_at_id" in plans[0]
    assert "ORDER BY" not in plans[0], "it sorts all that is due for each batch"
    assert "COVERING INDEX ix_deliveries_campaign_id_local_day_state" in plans[1]
