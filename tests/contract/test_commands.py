"""Each command says the same in Slack, typed or by mention, and in the terminal's chat: the same facts by the same handlers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_server import Message, says

from bot.chat import converse
from bot.commands import COMMANDS

sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))
from chat_shop import Team, base_shop, team

LOOKS = (
    "stages", "ステージ", "stage 休眠", "campaigns", "施策", "preview C01", "プレビュー　C01 K001", "why K001", "なぜ K001 C01",
    "customer K000", "顧客 K000", "deliveries", "保留", "report", "レポート", "problems", "sync versions", "取り込み 履歴",
    "help", "ヘルプ", "使い方",
)  # fmt: skip
REFUSED = (
    "aprove C01", "承認", "approve C1", "approve C01 C02", "stage 休民", "why NOBODY", "customer", "deliveries send 1", "test C01",
    "sync sideways", 'approve "C01', "preview C01 K000 too many", "deliveries release 999999", "<!channel>",
)  # fmt: skip
DECISIONS = (
    "approve c01",
    "pause 「C01」",
    "再開 C01",
    "reject C02 まだ早い",
    "停止 全部",
    "resume all",
    "sync",
    "approve settings",
)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal in which no cell of a table is folded."""
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture(scope="module")
def slack(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with team(base, tmp_path_factory.mktemp("slack") / "shop", people=("hanako",)) as made:
        yield made


LAYOUT = {"グラフ", "EC", "通常", "ec", "09:00"}
"""What only the terminal's tables need: the head of a bar, the map's name above a single map, the offset of a time."""


def facts(said: str) -> list[str]:
    """The words and numbers of an answer, without what each place lays out in its own way: lines, bars, heads, full times."""
    plain = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+|[█▏─—–·|]", " ", said)
    return [word for word in re.findall(r"[\w@.,:/%-]+", re.sub(r"(\d)人", r"\1", plain)) if word not in LAYOUT]


def in_terminal(made: Team, line: str) -> str:
    """What the chat in the terminal answers."""
    shown: list[str] = []
    converse(made.office, "hanako", [line], shown.append)
    return "\n".join(shown[1:])


def in_slack(made: Team, line: str, way: str) -> str:
    """What Slack shows, at the end of everything that was shown before."""
    hanako = made.slack.person("hanako")
    before = {m.ts for m in hanako.sees()}
    if way == "typed":
        hanako.command(line)
    elif way == "mention":
        hanako.say(made.crm, "{bot} " + line)
    else:
        hanako.say(hanako.dm, line)
    place = hanako.dm if way == "alone" else made.crm

    def came() -> Message | None:
        new = [m for m in hanako.sees(place) if m.ts not in before and m.user != hanako.id and m.metadata is None]
        return new[0] if new else None

    answer = hanako.waits(came, 10, line)
    return says(answer)


@pytest.mark.parametrize("line", [*LOOKS, *REFUSED])
def test_looking_and_refusals(slack: Team, line: str) -> None:
    told = facts(in_terminal(slack, line))
    assert told
    for way in ("typed", "mention", "alone"):
        shown = facts(in_slack(slack, line, way))
        missing = [word for word in told if word not in shown]
        assert not missing, f"{way}: {missing}"


def test_decisions(base: Path, tmp_path: Path) -> None:
    with (
        team(base, tmp_path / "one" / "shop", people=("hanako",)) as here,
        team(base, tmp_path / "two" / "shop", people=("hanako",)) as there,
    ):
        for line in DECISIONS:
            told, shown = facts(in_terminal(here, line)), facts(in_slack(there, line, "typed"))
            assert [word for word in told if word not in shown] == [], line
            assert here.office.in_force().standings.keys() == there.office.in_force().standings.keys()
            for campaign in ("C01", "C02"):
                assert (here.state(campaign), here.approval(campaign)) == (there.state(campaign), there.approval(campaign)), (
                    line
                )


def test_every_command_is_tried_here() -> None:
    tried = {word.split()[0].split("\u3000")[0] for word in (*LOOKS, *REFUSED, *DECISIONS)} | {"upload"}
    assert [c.name for c in COMMANDS if not tried & set(c.words)] == []
