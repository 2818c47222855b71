"""The team's day in Slack: a card appears, somebody tries it, a second person decides, the Home tab and dropped files."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_shop import Team, base_shop, running, team
from shop import CUSTOMERS, Shop
from slack_server import Message, says

from bot.desk import flow, look


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture
def crew(base: Path, tmp_path: Path) -> Iterator[Team]:
    with team(base, tmp_path / "shop", people=("ken", "aya", "mio"), viewers="mio", editors="ken", approvers="aya") as made:
        yield made


def card_of(made: Team, who: str, campaign: str) -> Message:
    """The card of a campaign, once it can be approved."""
    return made.slack.person(who).waits_for(
        lambda m: not m.only and campaign in says(m) and "tabiji.approve" in str(m.blocks), 20
    )


def test_from_the_card_to_the_decision(crew: Team) -> None:
    aya, ken = crew.slack.person("aya"), crew.slack.person("ken")
    shown = card_of(crew, "aya", "C01")
    ken.press(shown, "tabiji.test")
    ken.submit(ken.waits_for_modal())
    ken.waits_for("見本を ken@example.com")
    ken.press(shown, "tabiji.approve")
    ken.waits_for("権限がありません")
    aya.press(shown, "tabiji.approve")
    aya.waits_for("承認しました")
    aya.waits(lambda: "tabiji.approve" not in str(shown.blocks) or None, 10, "the card without buttons")
    assert "aya" in says(shown), "the card says who decided"
    assert crew.approval() == "approved"


def test_an_edit_makes_the_card_void_and_asks_anew(crew: Team, tmp_path: Path) -> None:
    aya, shown = crew.slack.person("aya"), card_of(crew, "aya", "C01")
    Shop(tmp_path / "shop", "2026-06-01T10:00:00+09:00").edit("メッセージ", "M01", "件名", "別の件名")
    flow.sync(crew.office, by="ken")
    crew.chat.changed()
    aya.waits(lambda: "tabiji.approve" not in str(shown.blocks) or None, 10, "the old card closed")
    again = card_of(crew, "aya", "C01")
    assert again.ts != shown.ts and "別の件名" in says(again)
    aya.press(shown, "tabiji.approve", version=0)  # from a window that still shows the old one
    aya.waits_for("編集されました")
    assert crew.approval() == "pending"
    aya.press(again, "tabiji.approve")
    aya.waits_for("承認しました")


def test_the_home_tab_stops_everything(crew: Team) -> None:
    ken, mio = crew.slack.person("ken"), crew.slack.person("mio")
    crew.slack.person("aya").command("approve C01")
    crew.slack.person("aya").waits_for("承認しました")
    mio.opens_home()
    assert "tabiji.pause_all" not in str(mio.waits_for_home().body)
    ken.opens_home()
    ken.press(ken.waits_for_home(), "tabiji.pause_all")
    told = mio.waits_for("一時停止しました")
    assert not told.only and "ken" in says(told), "everyone sees in the team's channel who stopped it"
    assert crew.state() == "paused"


def test_a_dropped_file_is_shown_and_taken_in_by_a_press(crew: Team) -> None:
    ken, mio = crew.slack.person("ken"), crew.slack.person("mio")
    content = "\r\n".join(
        [",".join(CUSTOMERS), "N001,鈴木,次郎,n001@example.jp,2026-05-30,○", ",空,欄,x@example.jp,2026-05-30,○"]
    )
    dropped = ken.drop("新規.csv", content.encode("cp932"), crew.crm)
    shown = ken.waits_for(lambda m: "tabiji.import" in str(m.blocks), 20)
    assert shown.thread_ts == dropped.ts and "新規.csv" in says(shown) and "x@example.jp" not in says(shown)
    assert [c["id"] for c in look.customers(crew.office, None)].count("N001") == 0
    mio.press(shown, "tabiji.import")
    mio.waits_for("権限がありません")
    ken.press(shown, "tabiji.import")
    ken.waits_for("新規.csv を取り込みました", 20)
    assert [c["id"] for c in look.customers(crew.office, None)].count("N001") == 1
    ken.waits(lambda: next((m for m in ken.dm.messages if m.files), None), 10, "the rejected rows")
    assert not [m for m in mio.sees() if m.files and m.ts != dropped.ts]
    offered = ken.waits_for(lambda m: m.only == ken.id and "tabiji.delete" in str(m.blocks))
    ken.press(offered, "tabiji.delete")
    ken.waits_for("⋯")  # the workspace keeps apps from deleting what people put there: the person is told how to
    ken.press(shown, "tabiji.import", version=0)
    ken.waits_for("二度は行いません", 20)


def test_a_picture_and_a_file_elsewhere_are_left_alone(crew: Team) -> None:
    ken, other = crew.slack.person("ken"), crew.slack.channel("#random")
    ken.drop("cat.png", b"\x89PNG", crew.crm)
    ken.drop("customers.csv", b"a,b\n1,2\n", other)
    ken.command("help")
    ken.waits_for("この一覧")
    assert not [m for m in ken.sees() if "tabiji.import" in str(m.blocks)]


def test_slack_goes_away_and_comes_back(crew: Team) -> None:
    aya = crew.slack.person("aya")
    crew.slack.sockets.disconnect("refresh_requested")
    time.sleep(1)
    aya.command("campaigns")
    aya.waits_for("C01", 10)
    crew.slack.fail("500", times=2)
    aya.command("approve C01")
    aya.waits(lambda: crew.approval() == "approved" or None, 10, "the decision") if crew.approval() != "approved" else None


def test_what_was_acknowledged_before_a_crash_is_done_after_it(crew: Team) -> None:
    """The process ends between the acknowledgement and the work: the letter lies in the store and is done at the next start."""
    from bot.slack.heard import Heard
    from bot.slack.keeping import Letterbox

    aya = crew.slack.person("aya")
    crew.chat.close()
    box = Letterbox(crew.office.store_folder / "slack")
    fresh = Heard("said", "command:1", aya.id, time.time(), channel=crew.crm.id, text="approve C01", slash=True)
    stale = Heard("said", "command:2", aya.id, time.time() - 3600, channel=crew.crm.id, text="approve C02", slash=True)
    assert box.keep(fresh) and box.keep(stale) and not box.keep(fresh)
    with running(crew.office, crew.slack):
        aya.waits_for("承認しました")
        aya.waits_for("止まっていた間")
    assert crew.approval("C01") == "approved" and crew.approval("C02") == "pending"
    assert box.left() == []
