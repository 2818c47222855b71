"""The bot's commands over the wire: typed in Slack, answered by the real slack-bolt, in Japanese and English."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_shop import Team, base_shop, team


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture
def everyone(base: Path, tmp_path: Path) -> Iterator[Team]:
    with team(base, tmp_path / "shop") as made:
        yield made


def test_what_everyone_asks_and_decides(everyone: Team) -> None:
    hanako = everyone.slack.person("hanako")
    delivery = hanako.command("stages")
    assert delivery.acked and delivery.delay < 1
    hanako.waits_for("休眠")
    hanako.command("ステージ　休眠")
    hanako.waits_for("購入回数")
    hanako.command("approve c01")
    said = hanako.waits_for("承認しました")
    assert not said.only, "everyone sees a decision"
    assert "決めた人: hanako" in hanako.reads() and everyone.approval() == "approved"
    hanako.command("全部")
    hanako.waits_for("分かりません")
    hanako.command("停止 全部")
    hanako.waits_for("一時停止しました")
    assert everyone.state() == "paused"
    hanako.command("")
    assert hanako.waits_for("この一覧").only == hanako.id
    assert logging.getLogger("tabiji").getEffectiveLevel() <= logging.WARNING, "the program's own log goes on"
    assert "一時停止" not in "\n".join(m.text for m in everyone.slack.person("taro").sees() if m.only)
