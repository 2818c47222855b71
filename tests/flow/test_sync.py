"""The workbook into force: whole or not at all, the difference said, × at once, renames asked about."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from workbooks import CONTEXT, Tabs, campaign_cell, good, put, snapshot

from journey.errors import InputError
from journey.model import dump
from journey.store.engine import open_store, reading, writing
from journey.store.tables import approvals, audit, campaign_state, deliveries, versions
from journey.texts import Text
from journey.versions import current, get, renames_since
from sheets_sync.attempts import last
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Snapshot
from sheets_sync.sync import SyncResult, check_only, sync

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


class TypedSource:
    """A workbook in memory; counts how often it was read."""

    name = "typed"

    def __init__(self, tabs: Tabs) -> None:
        self.tabs = tabs
        self.reads = 0

    def revision(self) -> str:
        return str(hash(repr(self.tabs)))

    def snapshot(self) -> Snapshot:
        self.reads += 1
        return snapshot(self.tabs, revision=self.revision())

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        return None


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path)


@pytest.fixture
def source() -> TypedSource:
    return TypedSource(good())


def synced(engine: Engine, source: TypedSource, days: int = 0, **answers: Any) -> SyncResult:
    return sync(engine, source, NOW + timedelta(days=days), CONTEXT, by="佐藤", **answers)


def stopped(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.scalars(select(campaign_state.c.campaign_id).where(campaign_state.c.stopped)))


def asked(result: SyncResult) -> list[tuple[str, Any, Any]]:
    return [(p.place, p.said.values["old"], p.said.values["new"]) for p in result.problems if p.said.key == "sync.renamed"]


def said_changes(result: SyncResult) -> list[tuple[Any, ...]]:
    """As programs read them (product.md)."""
    return [tuple(c.plain()[key] for key in ("tab", "id", "column", "before", "after")) for c in result.changes]


def test_the_first_sync_brings_the_workbook_into_force(engine: Engine, source: TypedSource) -> None:
    result = synced(engine, source)
    assert (result.version, result.changed, result.blocked) == (1, True, False)
    assert ("施策", "C01", "有効", None, "○") in said_changes(result)
    with reading(engine) as connection:
        version = current(connection)
    assert version is not None and version.applied_at == NOW
    assert [c.id for c in version.workbook.campaigns] == ["C01", "C02"]


def test_an_unchanged_workbook_is_not_even_read(engine: Engine, source: TypedSource) -> None:
    first = synced(engine, source)
    reads = source.reads
    again = synced(engine, source, 1)
    assert source.reads == reads
    assert (again.version, again.changed, again.changes) == (1, False, ())
    assert [p.said.say("ja") for p in again.problems] == [p.said.say("ja") for p in first.problems]
    sync(engine, source, NOW, replace(CONTEXT, channels=("email", "line", "push")))
    assert source.reads > reads


def test_what_only_moved_is_no_new_version(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    for row in source.tabs["セグメント"]:
        row.insert(0, row.pop())
    result = synced(engine, source, 1)
    assert (result.version, result.changed) == (1, False)


def test_the_difference_is_said_cell_by_cell(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    campaign_cell(source.tabs, "C01", "メッセージ", "M2")
    put(source.tabs, "ジャーニー EC", "C8", "購入回数 = 1")
    put(source.tabs, "設定", "B3", "1/日, 3/週")
    source.tabs["休日"].pop()
    result = synced(engine, source, 1)
    assert said_changes(result) == [
        ("設定", "cap_promotional", "値", "1/日, 2/週", "1/日, 3/週"),
        ("ジャーニー EC", "first", "条件", "購入回数 >= 1 かつ 最終購入からの日数 <= 90", "購入回数 = 1"),
        ("施策", "C01", "メッセージ", "M1", "M2"),
        ("休日", "2027-01-01", "日付", "2027-01-01", None),
        ("休日", "2027-01-01", "名前", "元日", None),
    ]
    with reading(engine) as connection:
        assert get(connection, 1).workbook.campaign("C01").message == "M1"
        assert connection.scalar(select(versions.c.changes).where(versions.c.id == 2)) == [c.plain() for c in result.changes]


@pytest.mark.parametrize(
    ("tab", "place", "value"),
    [("施策", "F3", "まいにち"), ("ジャーニー EC", "C8", "購入回数 >"), ("設定", "B2", "夜"), ("メッセージ", "B2", "fax")],
)
def test_a_blocking_problem_changes_nothing_at_all(
    engine: Engine, source: TypedSource, tab: str, place: str, value: str
) -> None:
    synced(engine, source)
    campaign_cell(source.tabs, "C01", "メッセージ", "M2")
    put(source.tabs, tab, place, value)
    result = synced(engine, source, 1)
    assert result.blocked and not result.changed and result.version == 1
    assert f"{tab}!{place}" in [p.place for p in result.problems]
    with reading(engine) as connection:
        version, attempt = current(connection), last(connection)
    assert version is not None and (version.id, version.workbook.campaign("C01").message) == (1, "M1")
    assert attempt is not None and [p.place for p in attempt.problems] == [p.place for p in result.problems]


def test_an_x_counts_at_once_even_while_the_workbook_is_broken(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    campaign_cell(source.tabs, "C01", "有効", "×")
    campaign_cell(source.tabs, "C02", "きっかけ", "まいにち")
    result = synced(engine, source, 1)
    assert (result.blocked, result.stopped, stopped(engine)) == (True, ("C01",), {"C01"})
    with reading(engine) as connection:
        assert connection.execute(select(audit.c.action, audit.c.subject, audit.c.who)).all() == [
            ("stop", "campaign:C01", "佐藤")
        ]
    put(source.tabs, "設定", "B2", "夜")
    assert synced(engine, source, 2).stopped == ()
    assert stopped(engine) == {"C01"}
    campaign_cell(source.tabs, "C01", "有効", "○")
    campaign_cell(source.tabs, "C02", "きっかけ", "毎日")
    put(source.tabs, "設定", "B2", "21:00-9:00")
    assert synced(engine, source, 3).changed
    assert stopped(engine) == set()


class Overtaken(TypedSource):
    """A workbook that somebody edits, and another process syncs, between our reading it and our transaction."""

    def __init__(self, tabs: Tabs, engine: Engine) -> None:
        super().__init__(tabs)
        self.engine = engine

    def snapshot(self) -> Snapshot:
        ours = super().snapshot()
        if self.reads == 1:
            campaign_cell(self.tabs, "C01", "有効", "×")
            synced(self.engine, TypedSource(self.tabs), 1)
        return ours


def test_an_older_look_never_undoes_a_newer_x(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    put(source.tabs, "設定", "B2", "22:00-9:00")
    late = Overtaken(source.tabs, engine)
    result = synced(engine, late, 1)
    with reading(engine) as connection:
        version = current(connection)
    assert version is not None
    assert (result.version, result.changed) == (version.id, False)
    assert version.workbook.campaign("C01").active is False


def test_drafts_are_kept_and_shown(engine: Engine, source: TypedSource) -> None:
    source.tabs["施策"].append(["C03", "考え中", "○", "ec", "休眠", None, None, "M1"])
    result = synced(engine, source)
    assert [(d.id, d.name) for d in result.drafts] == [("C03", "考え中")]
    with reading(engine) as connection:
        version = current(connection)
    assert version is not None and version.drafts == {"C03": "考え中"}
    assert [d.id for d in synced(engine, source).drafts] == ["C03"]


def test_an_earlier_clock_is_refused(engine: Engine, source: TypedSource) -> None:
    synced(engine, source, 2)
    campaign_cell(source.tabs, "C01", "メッセージ", "M2")
    with pytest.raises(InputError):
        synced(engine, source, 1)
    with reading(engine) as connection:
        assert connection.scalars(select(versions.c.id)).all() == [1]


def test_check_changes_nothing(engine: Engine, source: TypedSource) -> None:
    found = check_only(engine, source, CONTEXT)
    assert not found.reading.blocked and found.changes
    assert check_only(None, source, CONTEXT).reading.workbook == found.reading.workbook
    with reading(engine) as connection:
        assert current(connection) is None and last(connection) is None


def rename_campaign(tabs: Tabs) -> None:
    put(tabs, "施策", "A2", "W01")


def rename_stage(tabs: Tabs) -> None:
    put(tabs, "ジャーニー EC", "C7", "start")


def rename_journey(tabs: Tabs) -> None:
    put(tabs, "ジャーニー EC", "B2", "shop")
    campaign_cell(tabs, "C01", "ジャーニー", "shop")


def rename_message(tabs: Tabs) -> None:
    put(tabs, "メッセージ", "A2", "HELLO")
    campaign_cell(tabs, "C01", "メッセージ", "HELLO")


@pytest.mark.parametrize(
    ("rename", "place", "old", "new"),
    [
        (rename_campaign, "施策!A2", "C01", "W01"),
        (rename_stage, "ジャーニー EC!C7", "first", "start"),
        (rename_journey, "ジャーニー EC!B2", "ec", "shop"),
        (rename_message, "メッセージ!A2", "M1", "HELLO"),
    ],
)
def test_an_id_that_changed_is_asked_about(
    engine: Engine, source: TypedSource, rename: Any, place: str, old: str, new: str
) -> None:
    synced(engine, source)
    rename(source.tabs)
    result = synced(engine, source, 1)
    assert asked(result) == [(place, old, new)]
    assert result.blocked and result.version == 1
    as_new = check_only(engine, source, CONTEXT, new={new})
    assert not as_new.reading.blocked
    settled = synced(engine, source, 2, renamed={old: new})
    assert settled.changed and not settled.blocked and settled.renamed
    with reading(engine) as connection:
        assert renames_since(connection, 1) == (settled.renamed,)
    assert not synced(engine, source, 3).blocked


def test_a_thing_that_left_and_another_that_came_are_not_asked_about(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    source.tabs["施策"][1] = ["N01", "冬のお知らせ", "○", "ec", "休眠", "毎週月 9:00", None, "M2", "email", "販促"]
    assert synced(engine, source, 1).changed


def test_an_answer_that_fits_nothing_is_a_problem(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    result = synced(engine, source, 1, renamed={"C99": "C98"}, new={"C97"})
    assert [p.said.values["id"] for p in result.problems if p.severity == "error"] == ["C99", "C97"]


def test_a_renamed_campaign_keeps_what_was_decided_and_sent(engine: Engine, source: TypedSource) -> None:
    synced(engine, source)
    with reading(engine) as connection:
        version = current(connection)
    assert version is not None
    campaign = version.workbook.campaign("C01")
    with writing(engine) as connection:
        connection.execute(insert(campaign_state).values(campaign_id="C01", paused=True))
        content = {"campaign": dump(campaign), "messages": [dump(m) for m in version.workbook.variants("M1")], "existing": None}
        row = {
            "subject": "campaign:C01",
            "decision": "approved",
            "content_hash": "x",
            "audience_hash": "y",
            "by": "佐藤",
            "at": NOW,
        }
        connection.execute(insert(approvals).values(**row, content=content))
        sent = {
            "campaign_id": "C01",
            "customer_id": "1",
            "step": "1",
            "occurrence": "once",
            "kind": "promotional",
            "priority": 1,
        }
        connection.execute(insert(deliveries).values(**sent, state="accepted", planned_at=NOW, first_due_at=NOW, due_at=NOW))
    rename_campaign(source.tabs)
    rename_message(source.tabs | {"施策": [source.tabs["施策"][0], ["C01", *source.tabs["施策"][1][1:]]]})
    put(source.tabs, "施策", "H2", "HELLO")
    result = synced(engine, source, 1, renamed={"C01": "W01", "M1": "HELLO"})
    assert result.changed, [p.said.say("ja") for p in result.problems]
    with reading(engine) as connection:
        assert connection.execute(select(campaign_state.c.campaign_id, campaign_state.c.paused)).all() == [("W01", True)]
        kept = connection.execute(
            select(approvals.c.subject, approvals.c.content).where(approvals.c.subject != "settings")
        ).one()
        assert connection.scalars(select(deliveries.c.campaign_id)).all() == ["W01"]
        now_in_force = current(connection)
    assert now_in_force is not None
    assert kept.subject == "campaign:W01"
    assert kept.content["campaign"] == dump(now_in_force.workbook.campaign("W01"))
    assert kept.content["messages"] == [dump(m) for m in now_in_force.workbook.variants("HELLO")]


def test_a_workbook_of_size_is_checked_well_under_a_second(engine: Engine) -> None:
    tabs = good()
    head, row = tabs["施策"][0], tabs["施策"][1]
    tabs["施策"] = [head, *([f"C{i:03}", f"施策{i}", *row[2:6], f"購入回数 >= {i}", f"M{i}", *row[8:]] for i in range(200))]
    tabs["メッセージ"] = [
        tabs["メッセージ"][0],
        *(
            [f"M{i}", "", lang, "", "", f"件名{i}", "", f"本文{i} " * 20]
            for i in range(250)
            for lang in ("ja", "en", "zh", "ko")
        ),
    ]
    for number in range(19):
        tabs[f"ジャーニー {number}"] = [list(cells) for cells in tabs["ジャーニー EC"]]
        put(tabs, f"ジャーニー {number}", "B2", f"j{number}")
    put(tabs, "テスト", "C2", "ec/interest")
    source = TypedSource(tabs)
    assert sync(engine, source, NOW, CONTEXT).changed
    cells = source.snapshot()
    began = time.process_time()
    typed = _Held(cells)
    assert not check_only(engine, typed, CONTEXT).reading.blocked
    assert time.process_time() - began < 1  # of processor time, so that a busy machine makes no difference


class _Held(TypedSource):
    """Hands over cells that were made before."""

    def __init__(self, cells: Snapshot) -> None:
        super().__init__({})
        self.cells = cells

    def snapshot(self) -> Snapshot:
        return self.cells
