"""What the channel is told while a team edits and decides: one card a campaign, always of what a yes would cover now."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from shop import CUSTOMERS, PURCHASES, Shop, new_shop
from slack_channel import Channel
from slack_limits import keeps_limits
from sqlalchemy import func, insert, select

from bot.desk import decide, flow
from bot.desk.asked import held_cards, mark
from bot.desk.card import campaign_card
from bot.slack.notices import MOST_CARDS, Notices
from bot.slack.presses import read
from bot.wiring import Installation, open_installation
from journey.clock import FrozenClock
from journey.ledger import Chosen
from journey.store.engine import reading, writing
from journey.store.tables import deliveries

NOW = "2026-06-01T10:00:00+09:00"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "shop"
    shop = new_shop(folder, NOW)
    rows = [[f"K{n:03d}", "山田", "花子", f"k{n:03d}@example.jp", "2026-01-10 09:00", "○"] for n in range(8)]
    shop.run("upload", shop.file("customers.csv", CUSTOMERS, rows))
    shop.run("upload", shop.file("orders.csv", PURCHASES, [["O1", "K000", "2026-05-20 12:00", "茶", "1200"]]))
    shop.run("sync", "--as", "Hanako")
    shop.run("assign")
    return folder


class Room:
    """A team's channel, its shop, and what keeps the one up to date with the other."""

    def __init__(self, folder: Path) -> None:
        self.shop = Shop(folder, NOW)
        self.office = self.opened()
        self.channel = Channel()
        self.notices = Notices(self.office, self.channel, "C1")

    def opened(self) -> Installation:
        return open_installation(self.shop.folder / "config.toml", now=NOW, environment={"LANG": "ja_JP.UTF-8"})

    def later(self, **by: float) -> None:
        assert isinstance(self.office.clock, FrozenClock)
        self.office.clock.move_to(self.office.now + timedelta(**by))

    def edit(self, tab: str, row: str, column: str, value: str) -> None:
        self.shop.edit(tab, row, column, value)
        flow.sync(self.office, by="Taro")

    def texts(self) -> list[str]:
        return [m["text"] for m in self.channel.messages.values()]

    def message(self, campaign: str) -> dict[str, Any]:
        """The newest message about a campaign."""
        return next(m for m in reversed(self.channel.messages.values()) if f" {campaign} " in m["text"])

    def buttons(self, campaign: str) -> dict[str, Any]:
        found = [e for x in self.message(campaign)["blocks"] if x["type"] == "actions" for e in x["elements"]]
        return {e["action_id"]: read(self.office.secret, e["value"], self.office.now) for e in found if "value" in e}


@pytest.fixture
def room(base: Path, tmp_path: Path) -> Iterator[Room]:
    shutil.copytree(base, tmp_path / "shop")
    made = Room(tmp_path / "shop")
    yield made
    for message in made.channel.messages.values():
        keeps_limits({"text": message["text"], "blocks": message["blocks"]})
    made.office.engine.dispose()


def test_what_waits_has_a_card_and_no_more_than_a_few_at_a_time(room: Room) -> None:
    room.notices.refresh()
    waiting = [c for c, s in room.office.in_force().standings.items() if s.approval == "pending"]
    assert len(waiting) > MOST_CARDS
    assert len(room.texts()) == MOST_CARDS + 1
    assert sum("承認のお願い" in t for t in room.texts()) == MOST_CARDS
    assert f"あと {len(waiting) - MOST_CARDS}件" in room.texts()[-1]
    calls = room.channel.calls
    room.notices.refresh()
    assert room.channel.calls == calls, "nothing changed, nothing is said"
    offer = room.office.in_force().standings[waiting[0]].offer
    assert room.buttons(waiting[0])["tabiji.approve"].offer == offer


def test_an_approved_card_says_who_and_makes_room_for_the_next(room: Room) -> None:
    room.notices.refresh()
    before = len(room.texts())
    decide.approve(room.office, "C01", "tanaka")
    room.notices.refresh()
    said = room.message("C01")
    assert "承認済み" in said["text"]
    assert "tanaka" in json.dumps(said["blocks"], ensure_ascii=False)
    assert room.buttons("C01") == {}
    assert len(room.texts()) == before + 1, "the next that waits"


def test_an_edit_voids_the_card_visibly_and_brings_another_with_what_changed(room: Room) -> None:
    room.notices.refresh()
    decide.approve(room.office, "C01", "tanaka")
    room.notices.refresh()
    room.later(minutes=5)
    room.edit("メッセージ", "M01", "件名", "はじめまして、旅茶です")
    room.notices.refresh()
    card = json.dumps(room.message("C01")["blocks"], ensure_ascii=False)
    assert "承認のお願い" in room.message("C01")["text"]
    assert "はじめまして、旅茶です" in card
    assert "tanaka さんが" in card, "what was approved runs on until then"
    first = room.buttons("C01")["tabiji.approve"]
    room.later(minutes=5)
    room.edit("メッセージ", "M01", "件名", "ようこそ旅茶へ")
    room.notices.refresh()
    assert sum("編集されたため" in t for t in room.texts()) == 1
    second = room.buttons("C01")["tabiji.approve"]
    assert (first.offer, first.content) != (second.offer, second.content)
    assert first.nonce != second.nonce


def test_a_stage_that_moves_voids_the_approval_and_the_card_says_which_cell(room: Room) -> None:
    decide.approve(room.office, "C01", "tanaka")
    room.later(minutes=5)
    room.shop.edit_map("ジャーニー EC 通常", "条件", "興味・学習", "購入回数 < 1")
    flow.sync(room.office, by="Taro")
    document = campaign_card(room.office, "C01")
    assert document["approval"] == "void"
    assert [(c["column"], c["after"]) for c in document["changes"]] == [("条件", "購入回数 < 1")]
    room.notices.refresh()
    assert "承認が失効しました" in room.message("C01")["text"]


def test_a_pause_shows_on_the_card_and_its_buttons_are_new(room: Room) -> None:
    decide.approve(room.office, "C01", "tanaka")
    room.later(minutes=5)
    room.edit("メッセージ", "M01", "件名", "ようこそ旅茶へ")
    room.notices.refresh()
    before = room.buttons("C01")
    assert "tabiji.pause" in before
    decide.pause(room.office, "C01", "suzuki")
    room.notices.refresh()
    after = room.buttons("C01")
    assert "tabiji.resume" in after
    assert "tabiji.pause" not in after
    assert before["tabiji.approve"].nonce != after["tabiji.approve"].nonce


def test_a_rejection_with_its_reason_and_a_crossed_out_campaign_end_their_cards(room: Room) -> None:
    room.notices.refresh()
    decide.reject(room.office, "C01", "tanaka", "文面が長い")
    room.edit("施策", "C02", "有効", "×")
    room.notices.refresh()
    assert "却下" in room.message("C01")["text"]
    assert "文面が長い" in json.dumps(room.message("C01")["blocks"], ensure_ascii=False)
    assert "無効（×）" in room.message("C02")["text"]


def test_what_nobody_decides_is_reminded_of_once_a_day_and_expires_after_a_week(room: Room) -> None:
    room.notices.refresh()
    number = len(room.texts())
    room.later(hours=25)
    room.notices.refresh()
    assert len(room.texts()) == number + 1
    assert "判断を待っています" in room.texts()[-1]
    room.notices.refresh()
    room.later(hours=12)
    room.notices.refresh()
    assert len(room.texts()) == number + 1, "not at night, not twice a day"
    room.later(hours=12)
    room.notices.refresh()
    assert len(room.texts()) == number + 2
    room.later(days=6)
    room.notices.refresh()
    assert sum("期限切れ" in t for t in room.texts()) == MOST_CARDS
    assert "tabiji.approve" in room.buttons("C01"), "and each is asked anew, with today's data"


def test_after_a_restart_nothing_is_said_twice(room: Room) -> None:
    room.notices.refresh()
    calls, texts = room.channel.calls, room.texts()
    again = Notices(room.opened(), room.channel, "C1")
    again.refresh()
    again.refresh(whole=True)
    assert room.texts() == texts
    assert room.channel.calls >= calls


def test_settings_that_protect_customers_ask_by_a_card_of_their_own(room: Room) -> None:
    room.later(minutes=5)
    room.edit("設定", "送信しない時間", "値", "22:00-8:00")
    room.notices.refresh()
    card = next(m for m in room.channel.messages.values() if "お客さまを守る設定" in m["text"])
    assert "22:00-8:00" in json.dumps(card["blocks"], ensure_ascii=False)
    decide.approve(room.office, "settings", "tanaka")
    room.notices.refresh()
    done = next(m for m in room.channel.messages.values() if "設定の承認" in m["text"])
    assert "tanaka" in json.dumps(done["blocks"], ensure_ascii=False)


def test_errors_in_the_sheet_are_one_message_until_they_are_mended(room: Room) -> None:
    room.notices.refresh()
    before = len(room.texts())
    room.edit("施策", "C01", "ステージ", "休民")
    room.notices.refresh()
    room.notices.refresh()
    assert len(room.texts()) == before + 1
    alert = list(room.channel.messages.values())[-1]
    assert "エラーが" in alert["text"]
    assert "休眠" in json.dumps(alert["blocks"], ensure_ascii=False), "what would be right"
    room.edit("施策", "C01", "ステージ", "興味・学習")
    room.notices.refresh()
    assert len(room.texts()) == before + 1
    assert "エラーはなくなり" in room.texts()[-1]


def test_at_night_only_what_is_urgent_is_told(room: Room) -> None:
    room.notices.refresh()
    before = len(room.texts())
    room.later(hours=13)
    room.edit("施策", "C01", "ステージ", "休民")
    room.notices.refresh()
    assert len(room.texts()) == before
    room.notices.standing("sheet", ["シートに届きません。"])
    room.notices.refresh()
    assert len(room.texts()) == before + 1
    assert "シートに届きません。" in json.dumps(list(room.channel.messages.values())[-1]["blocks"], ensure_ascii=False)
    room.notices.standing("sheet", [])
    room.later(hours=11)
    room.notices.refresh()
    assert any("直りました" in text for text in room.texts())
    assert any("エラーが" in text for text in room.texts()[before:])


def test_the_digest_comes_once_a_week_on_its_day(room: Room) -> None:
    room.notices.refresh()
    room.later(days=3)
    room.notices.refresh()
    assert not any("先週のまとめ" in text for text in room.texts()), "the shop began on Monday"
    room.later(days=4, minutes=-1)
    room.notices.refresh()
    assert not any("先週のまとめ" in text for text in room.texts()), "not before the hour"
    room.later(minutes=1)
    room.notices.refresh()
    room.later(hours=1)
    room.notices.refresh()
    assert [text.split("\n")[0] for text in room.texts() if "先週のまとめ" in text] == [
        "📊 先週のまとめ（2026-06-01 〜 2026-06-07）"
    ]
    room.later(days=7)
    room.notices.refresh()
    assert sum("先週のまとめ" in text for text in room.texts()) == 2, "and the one before stays"


def hold(room: Room, number: int, state: str = "planned", reason: str = "bulk") -> None:
    """Deliveries that wait for a person."""
    now = room.office.now
    values = {
        "campaign_id": "C01", "step": "1", "kind": "promotional", "priority": 1, "state": state, "reason": reason, "planned_at": now,
        "first_due_at": now, "due_at": now, "channel": "email", "detail": {"day": "2026-06-01", "planned": 1532, "limit": 1000},
    }  # fmt: skip
    with writing(room.office.engine) as connection:
        taken = connection.scalar(select(func.count()).select_from(deliveries)) or 0
        rows = [{**values, "customer_id": f"K{taken + n}", "occurrence": f"{reason}{taken + n}"} for n in range(number)]
        connection.execute(insert(deliveries), rows)


def test_held_deliveries_ask_and_the_card_says_who_decided(room: Room) -> None:
    hold(room, 3)
    room.notices.refresh()
    shown = next(m for m in room.channel.messages.values() if "送る前に確認" in m["text"])
    said = json.dumps(shown["blocks"], ensure_ascii=False)
    assert "3通を送る" in said
    assert "1,532通の予定です" in said
    with reading(room.office.engine) as connection:
        before = mark(connection, "held:C01:bulk")
    assert before == held_cards(room.office)[0]["mark"]
    hold(room, 2)
    room.notices.refresh()
    with reading(room.office.engine) as connection:
        assert mark(connection, "held:C01:bulk") not in ("", before), "a press on three does not release five"
    assert sum("送る前に確認" in text for text in room.texts()) == 1
    room.later(minutes=1)
    decide.settle(room.office, "drop", Chosen(campaign="C01", reason="bulk"), "tanaka")
    room.notices.refresh()
    done = next(m for m in room.channel.messages.values() if "判断済み: C01" in m["text"])
    assert "tanaka さんが" in json.dumps(done["blocks"], ensure_ascii=False)
    assert "button" not in json.dumps(done["blocks"])


def test_what_is_in_doubt_is_sent_again_or_left_by_a_person(room: Room) -> None:
    hold(room, 2, "in_doubt", "interrupted")
    room.notices.refresh()
    shown = next(m for m in room.channel.messages.values() if "届いたか不明" in m["text"])
    labels = [e["text"]["text"] for x in shown["blocks"] if x["type"] == "actions" for e in x["elements"]]
    assert labels == ["2通をもう一度送る", "2通をこのままにする"]
