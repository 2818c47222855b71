"""An earlier version comes back, whole, beside a workbook that stays as it is until somebody edits it."""

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select
from workbooks import CONTEXT, Tabs, campaign_cell, good, put, snapshot

from journey.errors import InputError, OutsideError
from journey.settings import settings_in_force
from journey.store.engine import open_store, reading, writing
from journey.store.tables import audit, campaign_state, deliveries
from journey.texts import Text, text
from journey.versions import Renames, Version, current, editors_since, get, listed
from sheets_sync import attempts
from sheets_sync.check import CheckContext, read_workbook
from sheets_sync.program_view import ProgramView
from sheets_sync.restore import restore
from sheets_sync.snapshot import Snapshot
from sheets_sync.sync import SyncResult, sync

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
CAMPAIGN, MESSAGE, STAGE = ("C01", "W01", "X01"), ("M1", "HELLO"), ("first", "start")


class Book:
    """A workbook in memory that people edit, that is saved anew without an edit, and that cannot be reached at times."""

    name = "book"

    def __init__(self) -> None:
        self.tabs: Tabs = good()
        self.saved = 0
        self.out = False
        self.person = "suzuki@example.com"

    def revision(self) -> str:
        return self.snapshot().revision

    def snapshot(self) -> Snapshot:
        if self.out:
            raise OutsideError(text("sync.no_versions"))
        return replace(snapshot(self.tabs, revision=f"{self.saved} {self.tabs!r}"), edited_by=self.person, edited_at=NOW)

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        return None


class Team:
    """A book, its store, and a clock that moves with every step."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = open_store(folder)
        self.book = Book()
        self.context: CheckContext = CONTEXT
        self.now = NOW

    def sync(self, **answers: Any) -> SyncResult:
        self.now += timedelta(hours=1)
        return sync(self.engine, self.book, self.now, self.context, by="佐藤", **answers)

    def to(self, version: object) -> SyncResult:
        self.now += timedelta(hours=1)
        return restore(self.engine, self.book, str(version), self.now, self.context, by="田中", lang="ja")

    @property
    def in_force(self) -> Version:
        with reading(self.engine) as connection:
            found = current(connection)
        assert found is not None
        return found

    def version(self, number: int) -> Version:
        with reading(self.engine) as connection:
            return get(connection, number)

    @property
    def stopped(self) -> set[str]:
        with reading(self.engine) as connection:
            return set(connection.scalars(select(campaign_state.c.campaign_id).where(campaign_state.c.stopped)))


@pytest.fixture
def team(tmp_path: Path) -> Team:
    made = Team(tmp_path)
    made.sync()
    return made


def content(version: Version) -> tuple[Any, ...]:
    return version.rows, version.workbook, version.drafts


def say(tabs: Tabs, body: str) -> None:
    put(tabs, "メッセージ", "H2", body)


def test_a_version_comes_back_as_a_new_one(team: Team) -> None:
    say(team.book.tabs, "二つ目")
    team.book.person = "tanaka@example.com"
    assert team.sync().edited_by == ("tanaka@example.com",)
    result = team.to("１")
    assert (result.version, result.changed, result.blocked) == (3, True, False)
    assert [(c.tab, c.id, c.column, c.before, c.after) for c in result.changes] == [
        ("メッセージ", "M1", "本文", "二つ目", "はじめまして。")
    ]
    assert content(team.in_force) == content(team.version(1))
    assert [p.severity for p in result.problems] == ["warning"]
    with reading(team.engine) as connection:
        assert [(v.id, v.by, v.edited_by, v.restored) for v in listed(connection)] == [
            (3, "田中", (), 1),
            (2, "佐藤", ("tanaka@example.com",), None),
            (1, "佐藤", ("suzuki@example.com",), None),
        ]
        assert listed(connection)[0].changes == 1
        assert connection.execute(select(audit.c.action, audit.c.who, audit.c.detail)).all() == [
            ("restore", "田中", {"version": 3, "restored": 1})
        ]


def test_the_unchanged_workbook_stays_beside_it(team: Team) -> None:
    say(team.book.tabs, "二つ目")
    team.sync()
    team.to(1)
    kept = content(team.in_force)
    assert team.sync().version == 3
    team.book.saved += 1  # saved again, or a comment on it
    assert team.sync().problems[0].said.values["version"] == 3
    team.context = replace(CONTEXT, channels=("email", "sms", "line", "push"))
    assert team.sync().version == 3
    team.book.tabs["データ 顧客"] = [["顧客ID"], ["1"]]
    team.book.tabs["メモ"] = [["来週の予定"]]
    result = team.sync()
    assert (result.version, result.changed, content(team.in_force)) == (3, False, kept)


def test_the_next_edit_counts_and_brings_all_that_was_waiting(team: Team) -> None:
    say(team.book.tabs, "二つ目")
    team.book.person = "tanaka@example.com"
    team.sync()
    team.to(1)
    put(team.book.tabs, "設定", "B4", "旅の店")
    team.book.person = "mori@example.com"
    result = team.sync()
    assert result.changed and not any(p.said.key == "sync.beside" for p in result.problems)
    assert team.in_force.workbook.variants("M1")[0].body == "二つ目"
    assert result.edited_by == ("tanaka@example.com", "佐藤", "mori@example.com")  # all whose edits come into force by it


def test_the_version_before_is_the_way_back_to_the_workbook(team: Team) -> None:
    say(team.book.tabs, "二つ目")
    team.sync()
    team.to(1)
    back = team.to(2)
    assert back.changed and back.problems == ()
    assert not team.sync().changed
    assert content(team.in_force) == content(team.version(2))


def test_the_same_version_changes_nothing_but_holds_an_edit_off(team: Team) -> None:
    assert not team.to(1).changed
    say(team.book.tabs, "まだ")
    held = team.to(1)
    assert (held.version, held.changed) == (1, False)
    assert team.sync().version == 1
    say(team.book.tabs, "もう")
    assert team.sync().version == 2


def test_an_x_in_the_workbook_goes_on(team: Team) -> None:
    campaign_cell(team.book.tabs, "C01", "有効", "×")
    team.sync()
    team.to(1)
    assert team.in_force.workbook.campaign("C01").active
    assert team.stopped == {"C01"}
    campaign_cell(team.book.tabs, "C01", "有効", "○")
    team.sync()
    assert team.stopped == set()


def test_an_x_under_a_new_id_stops_the_campaign_under_its_old_one(team: Team) -> None:
    put(team.book.tabs, "施策", "A2", "W01")
    team.sync(renamed={"C01": "W01"})
    campaign_cell(team.book.tabs, "W01", "有効", "×")
    team.sync()
    team.to(1)
    assert team.stopped == {"C01"}


def test_an_x_after_going_back_counts_at_once_under_the_new_id(team: Team) -> None:
    put(team.book.tabs, "施策", "A2", "W01")
    team.sync(renamed={"C01": "W01"})
    team.to(1)
    campaign_cell(team.book.tabs, "W01", "有効", "×")
    campaign_cell(team.book.tabs, "C02", "きっかけ", "まいにち")
    assert team.sync().blocked
    assert team.stopped == {"C01"}


def test_going_back_needs_no_workbook_within_reach(team: Team) -> None:
    campaign_cell(team.book.tabs, "C01", "有効", "×")
    team.sync()
    team.book.out = True
    assert team.to(1).changed
    assert team.stopped == {"C01"}
    team.book.out = False
    team.book.saved += 1
    assert not team.sync().changed
    say(team.book.tabs, "後から")
    assert team.sync().changed


def test_a_broken_workbook_keeps_nobody_from_going_back(team: Team) -> None:
    say(team.book.tabs, "二つ目")
    team.sync()
    campaign_cell(team.book.tabs, "C02", "きっかけ", "まいにち")
    assert team.sync().blocked
    assert not team.to(1).blocked
    result = team.sync()
    assert result.blocked and content(team.in_force) == content(team.version(1))
    campaign_cell(team.book.tabs, "C02", "きっかけ", "毎日")
    assert team.sync().changed


def test_protecting_settings_loosen_only_by_approval(team: Team) -> None:
    put(team.book.tabs, "設定", "B3", "1/日, 1/週")
    team.sync()
    team.to(1)
    wanted = team.in_force.workbook.settings
    with reading(team.engine) as connection:
        assert settings_in_force(connection, wanted).cap_promotional.per_week == 1
    assert wanted.cap_promotional.per_week == 2


@pytest.mark.parametrize("wanted", ["0", "3", "-1", "abc", "", "1.5", "9" * 5_000, "\x00", "٣"])
def test_an_unknown_version_is_one_sentence(team: Team, wanted: str) -> None:
    say(team.book.tabs, "二つ目")
    team.sync()
    with pytest.raises(InputError) as refused:
        team.to(wanted)
    assert refused.value.said.key == "sync.no_such_version"
    assert team.in_force.id == 2


def test_before_the_first_sync_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        Team(tmp_path).to(1)
    assert refused.value.said.key == "sync.no_versions"


def test_an_id_that_names_something_else_by_now_is_said(team: Team) -> None:
    put(team.book.tabs, "施策", "A2", "W01")
    team.sync(renamed={"C01": "W01"})
    team.book.tabs["施策"].append(["C01", "別の施策", "○", "ec", "休眠", "毎週月 9:00", None, "M2", "email", "販促"])
    assert team.sync().changed
    with writing(team.engine) as connection:
        connection.execute(insert(campaign_state).values(campaign_id="C01", paused=True))
    with pytest.raises(InputError) as refused:
        team.to(1)
    assert "C01" in refused.value.said.say("ja")


def test_who_edited_what_was_brought_back_counts_as_its_editor(team: Team) -> None:
    seen = team.now
    say(team.book.tabs, "二つ目")
    team.book.person = "tanaka@example.com"
    team.sync()
    approved = team.now
    team.to(1)
    with reading(team.engine) as connection:
        assert editors_since(connection, approved) == {"田中", "佐藤", "suzuki@example.com"}
        assert editors_since(connection, seen) >= {"tanaka@example.com"}
        assert editors_since(connection, team.now) == set()


def test_who_edited_while_something_else_blocked_is_known(team: Team) -> None:
    campaign_cell(team.book.tabs, "C02", "きっかけ", "まいにち")
    team.book.person = "tanaka@example.com"
    assert team.sync().edited_by == ("tanaka@example.com",)
    campaign_cell(team.book.tabs, "C02", "きっかけ", "毎日")
    team.book.tabs["データ 顧客"] = [["顧客ID"], ["1"]]
    team.book.person = "data@example.com"
    campaign_cell(team.book.tabs, "C02", "きっかけ", "まいにち")
    assert team.sync().edited_by == ("tanaka@example.com",)
    campaign_cell(team.book.tabs, "C02", "きっかけ", "毎日")
    team.book.person = "mori@example.com"
    assert team.sync().edited_by == ("tanaka@example.com", "mori@example.com")
    assert team.in_force.edited_by == ("tanaka@example.com", "mori@example.com")
    team.book.person = "suzuki@example.com"
    team.context = replace(CONTEXT, channels=("email", "sms", "line", "push"))
    assert not team.sync().changed
    say(team.book.tabs, "二つ目")
    assert team.sync().edited_by == ("suzuki@example.com",)


@given(st.lists(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=3), max_size=6))
def test_renames_that_follow_each_other_are_one(syncs: list[list[tuple[str, str]]]) -> None:
    """Whatever was called a, b and c at first: by and by things take names that are free, and new things come under free names."""
    first = {name: name for name in "abc"}  # what it was called at first → what it is called now
    others: set[str] = set()
    whole = Renames()
    for pairs in syncs:
        used = {*first.values(), *others}
        renamed: dict[str, str] = {}
        for old, new in pairs:
            if new in used or new in renamed.values():
                continue
            if old in used and old not in renamed:
                renamed[old] = new
            else:
                others.add(new)
                used.add(new)
        first = {was: renamed.get(now, now) for was, now in first.items()}
        others = {renamed.get(now, now) for now in others}
        whole = whole.then(Renames({}, {("j", old): ("j", new) for old, new in renamed.items()}, renamed, renamed))
    back = whole.back()
    for was, now in first.items():
        assert whole.campaigns.get(was, was) == whole.messages.get(was, was) == now
        assert whole.stage(("j", was)) == ("j", now)
        assert back.campaigns.get(now, now) == was
        assert back.stage(("j", now)) == ("j", was)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(["一", "二", "三"])),
        st.tuples(st.just("cross"), st.booleans()),
        st.tuples(st.just("break"), st.booleans()),
        st.tuples(st.just("campaign"), st.sampled_from(CAMPAIGN)),
        st.tuples(st.just("message"), st.sampled_from(MESSAGE)),
        st.tuples(st.just("stage"), st.sampled_from(STAGE)),
        st.tuples(st.just("sync"), st.just(None)),
        st.tuples(st.just("save"), st.just(None)),
        st.tuples(st.just("context"), st.booleans()),
        st.tuples(st.just("out"), st.booleans()),
        st.tuples(st.just("to"), st.integers(1, 6)),
    ),
    max_size=16,
)


class Story:
    """Plays steps, and says what must hold after each."""

    def __init__(self, folder: Path) -> None:
        self.team = Team(folder)
        self.team.sync()
        self.seen = copy.deepcopy(self.team.book.tabs)
        self.waiting: Tabs | None = None
        row = {"customer_id": "1", "step": "1", "occurrence": "1", "kind": "promotional", "priority": 1, "message_id": "M1"}
        times = {"planned_at": NOW, "first_due_at": NOW, "due_at": NOW}
        with writing(self.team.engine) as connection:
            connection.execute(insert(deliveries).values(campaign_id="C01", state="accepted", **row, **times))

    def play(self, step: str, value: Any) -> None:
        tabs, book = self.team.book.tabs, self.team.book
        campaign = next(row[0] for row in tabs["施策"] if row[1] == "ようこそ")
        broken = next(row[5] for row in tabs["施策"] if row[1] == "休眠") == "まいにち"
        if step == "say":
            say(tabs, value)
        elif step == "cross":
            campaign_cell(tabs, campaign, "有効", "×" if value else "○")
        elif step == "break":
            campaign_cell(tabs, "C02", "きっかけ", "まいにち" if value else "毎月末日 10:00")
        elif step == "save":
            book.saved += 1
        elif step == "context":
            self.team.context = replace(CONTEXT, channels=(*CONTEXT.channels, "push")) if value else CONTEXT
        elif step == "out":
            book.out = value
        elif step == "to":
            self.back(value)
        elif step == "sync":
            if not book.out:
                self.synced()
        elif not (book.out or broken):
            self.rename(step, campaign, value)
        self.holds()

    def rename(self, step: str, campaign: str, new: str) -> None:
        tabs, before = self.team.book.tabs, self.team.in_force
        self.synced()  # what else was typed is answered for first
        if step == "campaign":
            put(tabs, "施策", f"A{next(i for i, row in enumerate(tabs['施策'], 1) if row[0] == campaign)}", new)
        elif step == "message":
            put(tabs, "メッセージ", "A2", new)
            campaign_cell(tabs, campaign, "メッセージ", new)
        else:
            put(tabs, "ジャーニー EC", "C7", new)
        before = self.team.in_force
        old = {
            "campaign": next(c.id for c in before.workbook.campaigns if c.name == "ようこそ"),
            "message": next(m.message for m in before.workbook.messages if m.subject == "ようこそ"),
            "stage": before.workbook.journeys[0].stages[1].id,
        }[step]
        if old == new:
            self.synced()
            return
        self.waiting = None
        result = self.team.sync(renamed={old: new})
        assert not result.blocked, [p.said.say("en") for p in result.problems]
        self.seen = copy.deepcopy(tabs)

    def synced(self) -> None:
        before = self.team.in_force
        result = self.team.sync()
        tabs = self.team.book.tabs
        self.seen = copy.deepcopy(tabs)
        now = self.team.in_force
        mine = next(c for c in now.workbook.campaigns if c.name == "ようこそ")
        if next(row for row in tabs["施策"] if row[1] == "ようこそ")[2] == "×":
            assert mine.id in self.team.stopped or not mine.active, "an x counts at once, under whatever id"
        if self.waiting == tabs:
            assert (result.changed, content(now)) == (False, content(before))
            return
        self.waiting = None
        found = read_workbook(self.team.book.snapshot(), self.team.context)
        assert {p.said.say("ja") for p in result.problems} == {p.said.say("ja") for p in found.problems}, (
            "nothing is asked twice"
        )
        if found.blocked:
            assert (result.changed, content(now)) == (False, content(before))
        else:
            assert (now.rows, now.workbook) == (found.rows, found.workbook)

    def back(self, wanted: int) -> None:
        newest = self.team.in_force.id
        if wanted > newest:
            return
        self.team.to(wanted)
        if not self.team.book.out:
            self.seen = copy.deepcopy(self.team.book.tabs)
        self.waiting = copy.deepcopy(self.seen)
        assert content(self.team.in_force) == content(self.team.version(wanted))
        crossed = next(row for row in self.seen["施策"] if row[1] == "ようこそ")[2] == "×"
        mine = next(c for c in self.team.in_force.workbook.campaigns if c.name == "ようこそ")
        assert (mine.id in self.team.stopped) == crossed
        assert self.team.stopped <= {mine.id}

    def holds(self) -> None:
        version = self.team.in_force
        with reading(self.team.engine) as connection:
            sent = connection.execute(select(deliveries.c.campaign_id, deliveries.c.message_id)).one()
            last = attempts.last(connection)
        assert last is not None and last.version == version.id
        assert version.workbook.campaign(sent.campaign_id).name == "ようこそ", "history goes with its campaign"
        assert version.workbook.variants(sent.message_id)[0].subject == "ようこそ"


@given(STEPS)
def test_whatever_happens_the_version_asked_for_is_in_force(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]
) -> None:
    story = Story(tmp_path_factory.mktemp("story"))
    for step, value in steps:
        story.play(step, value)
