"""Every way in which a press may be wrong: redelivered, repeated, forged, expired, unauthorised, edited since. None launches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from chat_shop import Team, base_shop, card, running, team
from shop import Shop
from slack_server import says
from sqlalchemy import func, select

from bot.config import Roles
from bot.desk import flow
from bot.slack import presses
from journey.store.engine import reading
from journey.store.tables import approvals, audit, chat_seen


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture
def staff(base: Path, tmp_path: Path) -> Iterator[Team]:
    """A team with a role each."""
    people = ("mio", "ken", "aya", "rei")
    with team(base, tmp_path / "shop", people=people, viewers="mio", editors="ken", approvers="aya", admins="rei") as made:
        yield made


def decisions(made: Team) -> int:
    """How many decisions there are."""
    with reading(made.office.engine) as connection:
        return connection.scalar(select(func.count()).select_from(approvals)) or 0


def said_by(made: Team) -> list[tuple[str, str]]:
    """Who did what, of the audit log."""
    with reading(made.office.engine) as connection:
        return [(row.who, row.action) for row in connection.execute(select(audit).order_by(audit.c.id))]


def test_a_press_by_who_may_decides_once_and_everyone_sees_it(staff: Team) -> None:
    aya, shown = staff.slack.person("aya"), card(staff)
    delivery = aya.press(shown, "Approve")
    assert delivery.acked
    answer = aya.waits_for("承認しました")
    assert not answer.only and answer.thread_ts == shown.ts and "aya" in says(answer)
    assert staff.approval() == "approved"
    assert (said_by(staff)[-1][1], aya.id in said_by(staff)[-1][0]) == ("approve", True)
    count = decisions(staff)
    # Delivered again, under the same envelope and under another one; then pressed again, by the same person and by somebody else.
    staff.slack.sockets.again(delivery)
    staff.slack.sockets.again(delivery, same_envelope=True)
    aya.press(shown, "Approve")
    aya.waits_for("二度は行いません")
    staff.slack.person("rei").press(shown, "Approve")
    staff.slack.person("rei").waits_for("二度は行いません")
    assert decisions(staff) == count
    # The other buttons of the card have nothing to say any more either.
    staff.slack.person("rei").press(shown, "Pause")
    assert staff.state() == "running"


@pytest.mark.parametrize(
    ("who", "button"), [("mio", "Approve"), ("ken", "Approve"), ("mio", "Pause"), ("mio", "Test"), ("ken", "Reject")]
)
def test_who_may_not_is_told_alone(staff: Team, who: str, button: str) -> None:
    person, shown = staff.slack.person(who), card(staff)
    count = decisions(staff)
    person.press(shown, button)
    answer = person.waits_for("権限がありません")
    assert answer.only == person.id and person.modal is None
    assert decisions(staff) == count and staff.approval() == "pending"
    # and nothing is used up by it
    staff.slack.person("aya").press(shown, "Approve")
    staff.slack.person("aya").waits_for("承認しました")


def test_a_stranger_a_guest_and_a_removed_member_may_nothing(staff: Team) -> None:
    shown = card(staff)
    stranger = staff.slack.person("stranger")
    stranger.press(shown, "Approve")
    stranger.waits_for("権限がありません")
    aya = staff.slack.person("aya")
    aya.user.deleted = True
    aya.press(shown, "Approve")
    aya.waits_for("権限がありません")
    assert staff.approval() == "pending"


def test_an_expired_card_decides_nothing_but_still_stops(staff: Team) -> None:
    aya = staff.slack.person("aya")
    shown = card(staff, expires=staff.office.now - timedelta(seconds=1))
    for button in ("Approve", "Reject", "Test", "Resume"):
        aya.press(shown, button)
    aya.waits(lambda: sum("期限" in says(m) for m in aya.sees()) == 4 or None, 5, "four refusals")
    assert staff.approval() == "pending" and decisions(staff) == 1
    aya.press(shown, "Pause")
    aya.waits_for("一時停止しました")


@pytest.mark.parametrize("how", ["another secret", "mangled", "empty", "other subject", "huge"])
def test_what_the_program_did_not_sign_means_nothing(staff: Team, how: str) -> None:
    aya, shown = staff.slack.person("aya"), card(staff)
    good = next(e["value"] for b in shown.blocks for e in b["elements"] if e["action_id"] == "tabiji.approve")
    other = presses.showing(b"x" * 32, staff.office.now)
    value = {
        "another secret": other.token("approve", "campaign:C01", offer=staff.office.in_force().standings["C01"].offer),
        "mangled": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "empty": "-",
        "other subject": good[: len(good) // 2],
        "huge": "A" * 1999,
    }[how]
    aya.press(shown, "Approve", value)
    aya.waits(lambda: next((m for m in aya.sees() if m.only), None), 5, "a refusal")
    assert staff.approval() == "pending" and decisions(staff) == 1


def test_edited_since_it_was_shown(staff: Team, tmp_path: Path) -> None:
    aya, shown = staff.slack.person("aya"), card(staff)
    Shop(tmp_path / "shop", "2026-06-01T10:00:00+09:00").edit("メッセージ", "M01", "件名", "別の件名")
    flow.sync(staff.office, by="ken")
    aya.press(shown, "Approve")
    assert aya.waits_for("編集されました").only == aya.id
    aya.press(shown, "Reject")
    aya.submit(aya.waits_for_modal(), {"reason": "古い"})
    aya.waits(lambda: sum("編集されました" in says(m) for m in aya.sees()) == 2 or None, 5, "the second refusal")
    assert staff.approval() == "pending" and decisions(staff) == 1


def test_a_rejection_asks_for_the_reason_and_counts_once(staff: Team) -> None:
    aya, shown = staff.slack.person("aya"), card(staff)
    aya.press(shown, "Reject")
    form = aya.waits_for_modal()
    assert staff.approval() == "pending", "nothing is decided before the form is sent"
    delivery = aya.submit(form, {"reason": "時期が早い"})
    answer = aya.waits_for("却下しました")
    assert not answer.only and answer.thread_ts == shown.ts
    assert staff.approval() == "rejected"
    assert staff.office.in_force().standings["C01"].rejected_reason == "時期が早い"
    count = decisions(staff)
    staff.slack.sockets.again(delivery)
    aya.press(shown, "Approve")
    aya.waits_for("二度は行いません")
    assert decisions(staff) == count


def test_a_test_goes_to_who_pressed_as_often_as_they_like(staff: Team) -> None:
    ken, shown = staff.slack.person("ken"), card(staff)
    for _ in range(2):
        ken.press(shown, "Test")
        form = ken.waits_for_modal()
        ken.submit(form)
    ken.waits(lambda: sum("ken@example.com" in says(m) for m in ken.sees() if m.only) == 2 or None, 8, "both")
    assert [what for who, what in said_by(staff) if ken.id in who] == ["test", "test"]
    staff.slack.person("aya").press(shown, "Approve")
    staff.slack.person("aya").waits_for("承認しました")


def test_pressed_before_a_restart_and_delivered_again_after_it(staff: Team) -> None:
    aya, shown = staff.slack.person("aya"), card(staff)
    delivery = aya.press(shown, "Approve")
    aya.waits_for("承認しました")
    staff.chat.close()
    with running(staff.office, staff.slack):
        count = decisions(staff)
        staff.slack.sockets.again(delivery)
        aya.press(shown, "Approve")
        aya.waits_for("二度は行いません")
        assert decisions(staff) == count
    with reading(staff.office.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(chat_seen)) == 2
    assert list((staff.office.store_folder / "slack").iterdir()) == []


def test_whoever_edited_the_sheet_may_not_approve_it(base: Path, tmp_path: Path) -> None:
    with team(base, tmp_path / "shop", people=("hanako", "taro"), roles=Roles(two_person=True)) as made:
        shown = card(made)
        hanako, taro = made.slack.person("hanako"), made.slack.person("taro")
        hanako.press(shown, "Approve")  # the shop was synced as Hanako
        hanako.waits_for("two_person")
        assert made.approval() == "pending"
        taro.press(shown, "Approve")
        taro.waits_for("承認しました")
        assert made.approval() == "approved"
