"""Versions over the command line and in chat: the list, the way back, who may, and who counts as an editor."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shop import Shop, new_shop
from workbooks import good, snapshot

from bot.commands import Speaker, answer
from bot.desk import decide, flow, look
from bot.wiring import Installation, open_installation
from journey.errors import InputError, OutsideError
from journey.texts import Text, text
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Snapshot

NOW = "2026-06-01T10:00:00+09:00"
LATER = "2026-06-02T10:00:00+09:00"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = new_shop(tmp_path / "shop", NOW)
    made.run("sync", "--as", "花子")
    made.edit("施策", "C01", "名前", "新しい名前")
    made.run("sync", "--as", "太郎", now=LATER)
    made.now = LATER
    return made


def with_roles(shop: Shop, lines: str) -> None:
    path = shop.folder / "config.toml"
    path.write_text(path.read_text("utf-8") + f"\n[roles]\n{lines}\n", encoding="utf-8")


def name_of_c01(shop: Shop) -> str:
    return str(next(c["name"] for c in shop.json("campaigns") if c["id"] == "C01"))


def test_the_list_and_the_way_back(shop: Shop) -> None:
    newest, first = shop.json("sync", "--versions")["versions"]
    assert (newest["version"], newest["by"], newest["changes"], newest["in_force"]) == (2, "太郎", 1, True)
    assert (newest["at"], newest["edited_by"], newest["edited_at"], newest["restored"]) == (LATER, None, None, None)
    assert (first["version"], first["by"], first["in_force"]) == (1, "花子", False)

    unknown = shop.run("sync", "--to", "9", code=1)
    assert unknown.out == "" and len(unknown.err.strip().splitlines()) == 1 and "1〜2" in unknown.err

    back = shop.json("sync", "--to", "1", "--as", "次郎")
    assert (back["version"], back["changed"], len(back["changes"])) == (3, True, 1)
    assert [back["changes"][0][k] for k in ("tab", "id", "column")] == ["施策", "C01", "名前"]
    assert back["changes"][0]["before"] == "新しい名前"
    assert name_of_c01(shop) == back["changes"][0]["after"]

    assert shop.json("sync")["version"] == 3
    shop.run("tick")
    assert shop.json("sync", "--versions")["versions"][0]["restored"] == 1
    said = shop.run("sync", "--versions").out
    assert "版 1 に戻した" in said and "次郎" in said and "有効" in said
    assert "次に編集したとき" in shop.run("problems").out

    shop.edit("施策", "C01", "名前", "もっと新しい名前")
    assert shop.json("sync")["version"] == 4
    assert name_of_c01(shop) == "もっと新しい名前"

    with_roles(shop, 'editors = ["somebody"]')
    assert "somebody" in shop.run("sync", "--to", "1", code=2).err
    assert len(shop.json("sync", "--versions")["versions"]) == 4  # looking needs no role


@pytest.mark.parametrize(
    "words", [["--to", "1", "--versions"], ["--to", "1", "--new", "C01"], ["--versions", "--renamed", "A=B"]]
)
def test_one_thing_at_a_time(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "config.toml").touch()
    assert "--versions" in Shop(tmp_path, NOW).run("sync", *words, code=2).err


def test_before_the_first_sync_the_list_is_empty(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    assert Shop(tmp_path, NOW).json("sync", "--versions") == {"versions": []}
    assert "tabiji sync" in Shop(tmp_path, NOW).run("sync", "--versions").out


class Sheet:
    """A Sheet that tells who edited it, and that is out of reach at times."""

    name = "https://docs.google.com/spreadsheets/d/x"

    def __init__(self) -> None:
        self.tabs = good()
        self.person = "suzuki@example.com"
        self.out = False

    def revision(self) -> str:
        return self.snapshot().revision

    def snapshot(self) -> Snapshot:
        if self.out:
            raise OutsideError(text("sync.no_versions"))
        at = datetime(2026, 6, 1, 0, 30, tzinfo=UTC)
        return replace(snapshot(self.tabs, revision=repr(self.tabs)), edited_by=self.person, edited_at=at)

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        assert not self.out, "nothing is written to a Sheet that could not be read"
        return None


@pytest.fixture
def office(tmp_path: Path) -> Installation:
    (tmp_path / "config.toml").write_text(
        'language = "ja"\n[channels.email]\nkind = "outbox"\n[channels.sms]\nkind = "outbox"\n[channels.line]\nkind = "outbox"\n',
        encoding="utf-8",
    )
    installation = open_installation(tmp_path / "config.toml", now=NOW)
    installation.__dict__["source"] = Sheet()
    return installation


def test_the_same_in_chat(office: Installation) -> None:
    speaker = Speaker("次郎")
    assert "取り込んでください" in answer(office, speaker, "sync to 1").text
    flow.sync(office, by="太郎")
    office.source.tabs["メッセージ"][1][7] = "二つ目"  # type: ignore[attr-defined]
    flow.sync(office, by="太郎")
    assert "太郎" in answer(office, speaker, "sync versions").text
    assert "太郎" in answer(office, speaker, "取り込み 版").text
    said = answer(office, speaker, "sync to 1").text
    assert "版 3 にしました（変更 1 か所）" in said and "次に編集したとき" in said
    assert "版 4 にしました" in answer(office, speaker, "取り込み　戻す　２").text
    assert "1〜4" in answer(office, speaker, "sync --to 99").text
    assert "sync [versions | to VERSION]" in answer(office, speaker, "sync sideways").text
    assert look.versions(office)["versions"][0]["by"] == "次郎"


def test_who_edited_the_sheet_is_shown(office: Installation) -> None:
    found = flow.sync(office, by="佐藤")
    assert (found["edited_by"], found["edited_at"]) == ("suzuki@example.com", "2026-06-01T09:30:00+09:00")
    [version] = look.versions(office)["versions"]
    assert (version["by"], version["edited_by"]) == ("佐藤", "suzuki@example.com")
    assert "suzuki@example.com" in answer(office, Speaker("佐藤"), "sync versions").text
    office.source.tabs["メッセージ"][1][7] = "あたらしい本文"  # type: ignore[attr-defined]
    assert "編集した人: suzuki@example.com（最後の編集 2026-06-01 09:30）" in answer(office, Speaker("佐藤"), "sync").text
    assert flow.sync(office, by="佐藤")["edited_by"] is None


@pytest.mark.parametrize(
    ("who", "edited"),
    [
        ("suzuki", True),
        ("Suzuki", True),
        ("suzuki@example.com", True),
        ("SUZUKI@EXAMPLE.COM", True),
        ("佐藤", True),
        ("suzuki@example.org", False),
        ("tanaka", False),
        ("example.com", False),
    ],
)
def test_the_sheets_editor_may_not_approve_the_edit(office: Installation, who: str, edited: bool) -> None:
    office.config = replace(office.config, roles=replace(office.config.roles, two_person=True))
    flow.sync(office, by="佐藤")
    if edited:
        with pytest.raises(InputError) as refused:
            decide.approve(office, "C01", who)
        assert refused.value.said.key == "cli.second_person"
    else:
        assert decide.approve(office, "C01", who)[0]["changed"]


def test_a_sheet_out_of_reach_stops_neither_placing_nor_sending(office: Installation) -> None:
    flow.sync(office, by="佐藤")
    office.source.out = True  # type: ignore[attr-defined]
    done = flow.tick(office)
    assert done.unreachable and done.synced is None
    assert done.placed is not None and done.planned is not None and done.sent is not None
    assert [p.key for p in done.problems] == ["sync.no_versions"]  # said once
    office.source.out = False  # type: ignore[attr-defined]
    assert not flow.tick(office).unreachable


def test_history_and_approvals_go_back_too(office: Installation, tmp_path: Path) -> None:
    tabs = office.source.tabs  # type: ignore[attr-defined]
    flow.sync(office, by="佐藤")
    file = tmp_path / "orders.csv"
    file.write_text("注文番号,顧客ID,注文日時,金額\nA1,7,2026-05-30,500\n", encoding="utf-8")
    flow.upload(office, [file])
    assert flow.place(office).counts["ec"]["first"] == 1
    assert decide.approve(office, "C01", "森")[0]["changed"]
    tabs["ジャーニー EC"][6][2] = "start"
    tabs["施策"][1][0] = "W01"
    tabs["メッセージ"][1][7] = "べつの本文"
    assert flow.sync(office, by="佐藤", renamed={"ec/first": "ec/start", "C01": "W01"})["changed"]
    assert flow.place(office).counts["ec"]["start"] == 1
    assert {c["id"]: c["approval"] for c in look.campaigns(office)}["W01"] == "pending"

    assert flow.restore(office, "1", by="佐藤")["changed"]
    placed = flow.place(office)
    assert (placed.moved, placed.counts["ec"]["first"]) == (0, 1)
    assert {c["id"]: c["approval"] for c in look.campaigns(office)}["C01"] == "approved"
