"""What every source of a workbook must hold: the local file, a Google Sheet on the local server, and a real one where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from workbook_desks import KINDS, Desk, desk
from workbooks import CONTEXT, good
from workbooks import snapshot as plain

from journey.problems import Problem
from journey.texts import text
from sheets_sync.check import read_workbook
from sheets_sync.program_view import CampaignView, LogRow, ProgramView, StageView

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
BROKEN = Problem("施策", "F2", "error", text("workbook.bad_trigger", typed="=1+1"))


@pytest.fixture(params=KINDS)
def laid(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with desk(request.param, tmp_path, good()) as made:
        yield made


def view(**more: Any) -> ProgramView:
    return ProgramView(
        at=NOW,
        zone=TOKYO,
        version=3,
        campaigns={"C01": CampaignView("running", "approved", 310, 12), "C02": CampaignView("held", "void")},
        stages={("ec", "first"): StageView(310, (("C01", "running"), ("C02", "paused")))},
        **more,
    )


def write(laid: Desk, shown: ProgramView) -> None:
    said = laid.source.write_back(laid.source.snapshot(), shown)
    assert said is None, said.say("en")


def test_the_same_workbook_has_the_same_revision_and_cells(laid: Desk) -> None:
    first = laid.source.snapshot()
    assert laid.source.revision() == first.revision == laid.another().revision()
    assert [tab.title for tab in first.tabs] == list(good())
    assert read_workbook(first, CONTEXT).workbook == read_workbook(plain(good()), CONTEXT).workbook


def test_another_cell_is_another_revision(laid: Desk) -> None:
    before = laid.source.revision()
    laid.type("メッセージ", "F2", "こんにちは")
    assert laid.source.revision() != before
    assert laid.source.snapshot().revision == laid.source.revision()


def test_what_is_unchanged_is_not_read_again(laid: Desk) -> None:
    first = laid.source.snapshot()
    assert laid.source.snapshot() is first


def test_writing_back_is_no_new_revision_for_anybody(laid: Desk) -> None:
    before = laid.source.revision()
    write(laid, view(problems=(BROKEN,), log=(LogRow(NOW, "佐藤", "approve", "campaign:C01"),)))
    assert laid.source.revision() == before
    assert laid.another().revision() == before


def test_what_belongs_to_the_program_is_seen(laid: Desk) -> None:
    log = (LogRow(NOW, "=cmd", "approve", "campaign:C01", "+1\x00"),)
    write(laid, view(problems=(BROKEN,), log=log, unassigned={"ec": 4}))
    assert [laid.seen("施策", f"{column}2") for column in "UVWXY"] == ["配信中", "承認済み", "310", "12", ""]
    assert [laid.seen("施策", f"{column}1") for column in "UVWXY"] == ["状態", "承認", "対象数", "送信", "開封"]
    assert (laid.seen("ジャーニー EC", "C11"), laid.seen("ジャーニー EC", "C12")) == ("310", "C01 ▶, C02 ⏸")
    assert [laid.seen("履歴", f"{column}2") for column in "BCDE"] == ["=cmd", "approve", "campaign:C01", "+1"]
    assert "読めません" in laid.seen_note("施策", "F2")
    assert laid.seen("施策", "F2") == "ステージに入って3日後 10:00"


def test_a_mended_mark_goes_and_what_people_noted_stays(laid: Desk) -> None:
    laid.note("施策", "F2", "佐藤さんに聞く")
    write(laid, view(problems=(BROKEN,)))
    assert laid.seen_note("施策", "F2").startswith("佐藤さんに聞く") and "読めません" in laid.seen_note("施策", "F2")
    write(laid, view())
    assert laid.seen_note("施策", "F2") == "佐藤さんに聞く"
    assert [p for tab in laid.source.snapshot().tabs for p in tab.cells.values() if "Tabiji" in p.note] == []


TYPED = (
    "=1+1",
    "+81 3",
    "-5",
    "@here",
    "'quoted",
    '=HYPERLINK("http://x")',
    "0901234567",
    "１２",
    "9-21",
    "1:1",
    "1e5",
    "TRUE",
)


def test_what_was_typed_as_text_stays_what_was_typed(laid: Desk) -> None:
    tabs = good()
    tabs["メッセージ"] += [[f"T{i}", "email", None, None, None, typed] for i, typed in enumerate(TYPED)]
    laid.lay(tabs)
    cells = next(t for t in laid.source.snapshot().tabs if t.title == "メッセージ").cells
    found = [cells[5 + i, 6] for i in range(len(TYPED))]
    assert [(c.text, c.value, c.turned, c.problem) for c in found] == [(t, t, False, None) for t in TYPED]
