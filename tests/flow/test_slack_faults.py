"""Slack fails at every step of a press: each decision is taken once, none is lost without a word, and nothing else is decided."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from chat_shop import Team, base_shop, card, office, running, team
from slack_server import Person, SlackServer, says
from sqlalchemy import func, select

from journey.store.engine import reading
from journey.store.tables import approvals, audit

FAULTS = ("429", "500", "cut", "cut-after", "malformed")
STEPS = range(1, 5)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


def counts(made: Team) -> tuple[int, int]:
    """How often C01 was approved, and how often anything else was decided."""
    with reading(made.office.engine) as connection:
        yes = (approvals.c.subject == "campaign:C01") & (approvals.c.decision == "approved")
        ours = connection.scalar(select(func.count()).select_from(approvals).where(yes)) or 0
        rest = connection.scalar(select(func.count()).select_from(audit).where(audit.c.subject != "campaign:C01")) or 0
    return ours, rest


def settled(made: Team) -> None:
    """Waits until nothing is kept that is not done."""
    end = time.monotonic() + 30
    while any((made.office.store_folder / "slack").iterdir()):
        assert time.monotonic() < end, "a letter was never done"
        time.sleep(0.05)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_press_while_slack_fails_at_each_step(base: Path, tmp_path: Path, fault: str) -> None:
    for step in STEPS:
        with team(base, tmp_path / f"shop{step}", people=("aya",), approvers="aya") as made:
            aya, shown = made.slack.person("aya"), card(made)
            before = counts(made)
            made.slack.fail(fault, nth=step)
            aya.press(shown, "Approve")
            settled(made)
            made.slack.mend()
            if made.approval() != "approved":  # then somebody was told, and presses again
                assert [m for m in aya.sees() if m.only]
                aya.press(shown, "Approve")
                settled(made)
            assert made.approval() == "approved"
            assert counts(made) == (1, before[1]), f"{fault} at call {step}"


def test_restarts_between_press_and_answer(base: Path, tmp_path: Path) -> None:
    """Delivered again and again, to a bot that is stopped and started in between: one decision."""
    shutil.copytree(base, tmp_path / "shop")
    with SlackServer() as slack:
        crm, aya = slack.channel("#crm"), slack.person("aya")
        delivery = None
        for _ in range(3):
            made = office(tmp_path / "shop", slack, {"approvers": (aya.id,)})
            with running(made, slack) as (place, chat):
                here = Team(slack, place, chat, crm)
                if delivery is None:
                    delivery = aya.press(card(here), "Approve")
                slack.sockets.again(delivery)
                slack.sockets.again(delivery, same_envelope=True)
        with reading(made.engine) as connection:
            assert (
                connection.scalar(select(func.count()).select_from(approvals).where(approvals.c.subject == "campaign:C01")) == 1
            )


def test_while_slack_cannot_be_reached_the_bot_waits_and_then_comes(base: Path, tmp_path: Path) -> None:
    shutil.copytree(base, tmp_path / "shop")
    with SlackServer() as slack:
        slack.channel("#crm")
        aya = slack.person("aya")
        slack.fail("500", method="auth.test", times=5)
        with running(office(tmp_path / "shop", slack), slack):
            aya.command("stages")
            aya.waits_for("休眠")


def test_sockets_that_are_replaced_and_cut_lose_nothing(base: Path, tmp_path: Path) -> None:
    with team(base, tmp_path / "shop", people=("aya",)) as made:
        aya = made.slack.person("aya")
        for turn, reason in enumerate(("warning", "refresh_requested", "refresh_requested")):
            made.slack.sockets.disconnect(reason)  # type: ignore[arg-type]
            heard = _until_heard(aya, made, f"stage nowhere{turn}")
            assert heard
        assert made.slack.mistakes == []


def _until_heard(aya: Person, made: Team, line: str) -> bool:
    """Types it until Slack delivers it, as a person does while a connection is replaced."""
    for _ in range(20):
        if aya.command(line).acked:
            aya.waits_for(line.split()[-1])
            return True
        time.sleep(0.5)
    return False


def test_the_answer_comes_by_another_way_where_its_address_is_gone(base: Path, tmp_path: Path) -> None:
    with team(base, tmp_path / "shop", people=("aya",)) as made:
        aya = made.slack.person("aya")
        delivery = aya.command("help", wait=False)
        made.slack.work.response_urls.clear()
        assert delivery.wait()
        assert aya.waits_for("この一覧").only == aya.id


def test_a_reader_sees_no_live_token(base: Path, tmp_path: Path) -> None:
    with team(base, tmp_path / "shop", people=("aya",)) as made:
        aya = made.slack.person("aya")
        aya.command("<!channel> <@U1> *x*")
        answer = aya.waits_for("channel")
        assert "<!channel>" not in answer.text and "mrkdwn" not in str(answer.blocks)
        assert "channel" in says(answer)
