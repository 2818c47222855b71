"""From facts to files in the outbox, with everything real: placing, approval, planning, gate, making, why, preview, test."""

from __future__ import annotations

import email
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from journey import consents, versions
from journey.approvals import Ground, approve
from journey.clock import FrozenClock
from journey.errors import InputError
from journey.facts import FactStore
from journey.lock import raise_epoch
from journey.model import Campaign, JourneyMap, MessageVariant, OnEnter, Recurring, Settings, Stage, Workbook
from journey.plan import plan
from journey.stages import assign
from journey.store.engine import open_store, reading, writing
from journey.store.tables import audit, deliveries
from journey.why import why
from messaging.cases import Gatherer
from messaging.channels.outbox import Outbox
from messaging.links import Links
from messaging.looking import FactsLook
from messaging.making import MessageMaker
from messaging.outgoing import AddressBook, ChannelGuard, Ruling
from messaging.preview import Previewer
from messaging.sender import Sender

NOON = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # a Monday in Tokyo
MAP = JourneyMap(
    "ec", "EC", (Stage("interest", "興味", "orders = 0"), Stage("first", "初回", "orders >= 1")), ("first", "interest")
)
WELCOME = Campaign("C1", "お礼", True, OnEnter(), "M1", journey="ec", stages=("first",))
WEEKLY = Campaign("C2", "週報", True, Recurring("week", weekdays=(1,)), "M2", journey="ec", audience='都道府県 = "東京都"')
ROWS = (
    MessageVariant("M1", subject="{{ 顧客.姓|様 }}へ", body="{{ 注文.商品 }}をありがとうございます。\n\n{{ 配信停止URL }}"),
    MessageVariant("M2", subject="今週", body="こんにちは"),
)
BOOK = Workbook(journeys=(MAP,), campaigns=(WELCOME, WEEKLY), messages=ROWS, settings=Settings())
_MOMENT = pa.timestamp("us", tz="UTC")


class House:
    """Everything real but the clock."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_store(folder)
        self.facts = FactStore(folder, self.engine)
        self.clock = FrozenClock(NOON)
        self.outbox = Outbox(folder / "outbox")
        self.channels = {"email": self.outbox}
        self.kinds = {"email": "outbox"}
        self.maker = MessageMaker(Links(b"s" * 32, "http://127.0.0.1:8000"), self.channels, "ja")
        self.book = AddressBook(b"s" * 32)
        self.look = FactsLook(self.facts, self.maker, self.book)
        self.gatherer = Gatherer(self.book, ChannelGuard(self.channels, "", True, (), "ja"))
        with writing(self.engine) as connection:
            versions.add(connection, BOOK, {}, now=NOON, source_hash="1")

    def customers(self, *ids: str, prefecture: str = "東京都") -> None:
        now = self.clock.now()
        columns = {
            "customer_id": list(ids),
            "email": [f"{i}@example.jp" for i in ids],
            "last_name": ["佐藤"] * len(ids),
            "prefecture": [prefecture] * len(ids),
        }
        table = pa.table(columns)
        for name in ("first_seen_at", "changed_at"):
            table = table.append_column(name, pa.array([now] * len(ids), _MOMENT))
        with self.facts.change(now) as change:
            change.add("customers", table)
            said = [consents.Statement(i, "email", True, now, "form", asked=True) for i in ids]
            list(consents.record(change.connection, said, now))

    def buys(self, customer: str, product: str) -> None:
        now = self.clock.now()
        row = {"customer_id": [customer], "order_id": [f"o-{customer}"], "product": [product]}
        table = pa.table(row).append_column("line", pa.array([1], pa.int32()))
        for name in ("ordered_at", "imported_at"):
            table = table.append_column(name, pa.array([now], _MOMENT))
        for name in ("amount", "quantity"):
            table = table.append_column(name, pa.array([1.0], pa.float64()))
        with self.facts.change(now) as change:
            change.add("purchases", table)

    def yes(self) -> None:
        approve(
            self.engine,
            Ground(BOOK, {}, self.kinds),
            None,
            who="aki",
            now=self.clock.now(),
            estimate=lambda _: (9, None),
            admin=True,
        )

    def tick(self) -> int:
        now = self.clock.now()
        with reading(self.engine) as connection:
            ruled = Ruling(self.kinds)(connection, now)
        assign(self.engine, self.facts, ruled.workbook, 1, now)
        plan(self.engine, self.facts, ruled.workbook, ruled.standings, ruled.settings, now, ruled.zone)
        with writing(self.engine) as connection:
            epoch = raise_epoch(connection)
        sender = Sender(
            self.engine, epoch, self.clock, Ruling(self.kinds), self.look, self.maker, self.gatherer, self.channels, "ja"
        )
        sender.start()
        return sender.send_due().accepted

    def why(self, customer: str) -> dict[str, tuple[str, str | None, str]]:
        now = self.clock.now()
        with reading(self.engine) as connection:
            ruled = Ruling(self.kinds)(connection, now)
            lines = why(connection, self.facts, ruled.workbook, ruled.standings, customer, now)
            for line in lines:
                assert line.detail.say("en")
        return {line.campaign: (line.decision, line.reason, line.detail.say("ja")) for line in lines}

    def previewer(self) -> Previewer:
        return Previewer(self.engine, Ruling(self.kinds), self.look, self.gatherer, self.maker, self.channels, "ja")

    def mails(self) -> list[str]:
        return sorted(p.name for p in self.outbox.folder.rglob("*.eml"))


def test_story(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.customers("a", "b")
    assert house.tick() == 0
    assert house.why("a")["C1"][1] == "not_approved"
    house.yes()
    assert house.tick() == 0, "going live mails nobody"
    assert house.why("a")["C1"][:2] == ("skipped", "left_stage")
    assert "初回" in house.why("a")["C1"][2]

    house.clock.move_to(NOON + timedelta(hours=1))
    house.buys("a", "お茶")
    assert house.tick() == 1
    assert house.tick() == 0, "a repeated tick sends nothing again"
    [mail] = house.outbox.folder.rglob("*.eml")
    message = email.message_from_bytes(mail.read_bytes(), policy=default)
    assert message["Subject"] == "佐藤様へ"
    body = message.get_body(("plain",))
    assert body is not None
    assert "お茶をありがとうございます" in body.get_content()
    assert (
        message["List-Unsubscribe"] in f"<{body.get_content().split('http')[0]}>" or "127.0.0.1" in message["List-Unsubscribe"]
    )
    assert house.why("a")["C1"][0] == "sent"

    house.clock.move_to(NOON + timedelta(days=1))  # Tuesday noon: the weekly one fell due at 10:00
    house.customers("c", prefecture="大阪府")
    assert house.tick() == 2
    decision, reason, detail = house.why("c")["C2"]
    assert (decision, reason) == ("skipped", "condition")
    assert "都道府県 = 大阪府" in detail
    assert house.tick() == 0


def test_unsubscribed_meanwhile(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.customers("a")
    house.tick()
    house.yes()
    house.clock.move_to(NOON + timedelta(hours=1))
    house.buys("a", "お茶")
    with writing(house.engine) as connection:
        consents.unsubscribe(connection, "a", "email", house.clock.now(), "page")
    assert house.tick() == 0
    assert house.why("a")["C1"][:2] == ("skipped", "no_consent")


def test_preview_writes_nothing_and_counts_by_the_gate(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.customers("a", "b")
    house.customers("d", prefecture="北海道")
    house.tick()
    with writing(house.engine) as connection:
        consents.unsubscribe(connection, "b", "email", NOON, "page")
    seen = house.previewer().preview("C2", NOON)
    assert seen.sends == {"interest": {"email": 1}}
    assert seen.refused == {"condition": 1, "no_consent": 1}
    assert seen.sample is not None
    assert (seen.sample.customer_id, seen.sample.subject) == ("a", "今週")
    assert "こんにちは" in seen.sample.said
    chosen = house.previewer().preview("C2", NOON, customer="b").sample
    assert chosen is not None
    assert chosen.refused == "no_consent"
    with pytest.raises(InputError, match="nobody"):
        house.previewer().preview("C2", NOON, customer="nobody")
    with pytest.raises(InputError, match="C1"):
        house.previewer().preview("C9", NOON)
    with reading(house.engine) as connection:
        assert connection.execute(select(deliveries)).all() == []
    assert house.mails() == []


def test_a_test_message_goes_to_the_team_alone(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.customers("a")
    house.tick()
    sample = house.previewer().test_send("C1", "team@example.jp", "aki", NOON)
    assert sample.subject.startswith("【テスト】")
    [mail] = house.outbox.folder.rglob("*.eml")
    assert email.message_from_bytes(mail.read_bytes(), policy=default)["To"] == "team@example.jp"
    with reading(house.engine) as connection:
        assert connection.execute(select(deliveries)).all() == []
        [row] = connection.execute(select(audit).where(audit.c.action == "test")).all()
    assert row.detail["address"] == "t***@example.jp"
    with pytest.raises(InputError):
        house.previewer().test_send("C1", "not an address", "aki", NOON)


def test_an_edited_message_waits_while_the_approved_one_runs_on(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.customers("a")
    house.tick()
    house.yes()
    edited = replace(BOOK, messages=(replace(ROWS[0], subject="新しい件名"), ROWS[1]))
    with writing(house.engine) as connection:
        versions.add(connection, edited, {}, now=NOON, source_hash="2")
    house.clock.move_to(NOON + timedelta(hours=1))
    house.buys("a", "お茶")
    assert house.tick() == 1
    [mail] = house.outbox.folder.rglob("*.eml")
    assert email.message_from_bytes(mail.read_bytes(), policy=default)["Subject"] == "佐藤様へ"
