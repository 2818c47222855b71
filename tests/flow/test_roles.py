"""Who may decide: roles of config.toml by the operating system's user, and the two-person rule."""

from pathlib import Path

import pytest
from shop import Shop, new_shop

from bot.commands import Speaker, answer
from bot.desk import decide
from bot.wiring import open_installation
from journey.errors import InputError, UsageError

NOW = "2026-06-01T10:00:00+09:00"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = new_shop(tmp_path / "shop", NOW)
    made.run("sync", "--as", "Hanako")
    return made


def with_roles(shop: Shop, lines: str) -> None:
    path = shop.folder / "config.toml"
    path.write_text(path.read_text("utf-8") + f"\n[roles]\n{lines}\n", encoding="utf-8")


def test_without_roles_as_records_a_name(shop: Shop) -> None:
    (done,) = shop.json("approve", "C01", "--as", "Hanako")
    assert done["changed"] is True


def test_with_roles_as_is_refused(shop: Shop) -> None:
    with_roles(shop, 'approvers = ["somebody"]')
    assert "--as" in shop.run("approve", "C01", "--as", "somebody", code=2).err


def test_who_has_no_role_is_told_who_does(shop: Shop) -> None:
    with_roles(shop, 'approvers = ["somebody"]\nadmins = ["boss"]')
    said = shop.run("approve", "C01", code=2).err
    assert "somebody" in said
    assert "boss" in said
    assert {c["approval"] for c in shop.json("campaigns")} <= {"pending", "none"}


def test_a_higher_role_may_do_what_a_lower_one_may(shop: Shop) -> None:
    installation = open_installation(shop.folder / "config.toml", now=NOW)
    with_roles(shop, f'admins = ["{installation.user}"]')
    shop.run("approve", "C01")
    shop.run("pause", "C01")


def test_whoever_brought_the_edit_in_may_not_approve_it(shop: Shop) -> None:
    with_roles(shop, "two_person = true")
    installation = open_installation(shop.folder / "config.toml", now=NOW)
    with pytest.raises(InputError) as refused:
        decide.approve(installation, "C01", "Hanako")
    assert "two_person" in refused.value.said.say("ja")
    (done,) = decide.approve(installation, "C01", "Taro")
    assert done["changed"] is True


def test_an_unknown_role_name_is_wrong_usage(shop: Shop) -> None:
    with_roles(shop, 'viewers = ["x"]')
    installation = open_installation(shop.folder / "config.toml", now=NOW)
    with pytest.raises(UsageError):
        decide.speaker(installation, None, may="admin")


def test_in_chat_too_each_does_what_their_role_may(shop: Shop) -> None:
    with_roles(shop, 'viewers = ["mio"]\neditors = ["ken"]\napprovers = ["aya"]')
    installation = open_installation(shop.folder / "config.toml", now=NOW)

    def refused(who: str, line: str) -> bool:
        return "権限がありません" in answer(installation, Speaker(who), line).text

    assert [refused("mio", line) for line in ("stages", "pause C01", "sync", "sync to 1", "approve C01")] == [
        False, True, True, True, True,
    ]  # fmt: skip
    assert [refused("ken", line) for line in ("pause C01", "sync", "resume C01", "approve C01")] == [False, False, True, True]
    assert not refused("aya", "approve C01") and not refused("aya", "sync")
    assert refused("nobody", "stages")
