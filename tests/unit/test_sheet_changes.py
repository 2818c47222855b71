"""What is written into a Google Sheet: once and then no more, as text, beside what people typed and never over it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sheet_fake import FakeSheet, FakeTab, fake, place
from workbooks import good

from journey.problems import Problem
from journey.texts import text
from sheets_sync.google.changing import changes
from sheets_sync.google.edits import Writes
from sheets_sync.google.writing import write_back
from sheets_sync.marks import HEAD, SHADES, shade, split
from sheets_sync.program_view import CampaignView, LogRow, ProgramView, StageView
from sheets_sync.written import written

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
NASTY: Any = st.text(max_size=20) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "\t=1", "\x00", "9" * 40_000, "\ud800", "'a", "1:1"]
)
COLOURS = st.none() | st.sampled_from([{"red": 1.0, "green": 0.93333334}, {"blue": 0.5019608}, {}])


def view(**more: Any) -> ProgramView:
    known: dict[str, Any] = {
        "version": 3,
        "campaigns": {"C01": CampaignView("running", "approved", 310, 12), "C02": CampaignView("held", "void")},
        "stages": {("ec", "first"): StageView(310, (("C01", "running"), ("C02", "paused")))},
        "log": (LogRow(NOW, "sato", "approve", "C01"),),
    }
    return ProgramView(**{"at": NOW, "zone": TOKYO, **known, **more})


def problem(tab: str, cell: str, severity: Any = "error") -> Problem:
    return Problem(tab, cell, severity, text("workbook.active_empty"))


def wanted(sheet: FakeSheet, shown: ProgramView) -> Writes:
    state = sheet.state()
    return changes(state, written(state.snapshot, shown))


def carry_out(sheet: FakeSheet, shown: ProgramView) -> Writes:
    """One round; what was written."""
    writes = wanted(sheet, shown)
    if writes.requests:
        sheet.change("x", writes.requests)
    if writes.values:
        sheet.put_values("x", writes.values)
    return writes


def entered(tab: FakeTab, address: str) -> Any:
    return next(iter(tab.cells.get(place(address), {}).get("userEnteredValue", {None: None}).values()))


def test_the_programs_cells_are_filled_by_one_call_of_values_and_one_of_requests() -> None:
    sheet = fake(good())
    assert carry_out(sheet, view())
    assert sheet.writes == 2
    campaigns, chart = sheet.tab("施策"), sheet.tab("ジャーニー EC")
    assert [entered(campaigns, f"{c}1") for c in ("U", "V", "W", "AB")] == ["状態", "承認", "対象数", "リフト"]
    assert [entered(campaigns, f"{c}2") for c in ("A", "U", "V", "W", "X", "Y")] == ["C01", "配信中", "承認済み", 310, 12, None]
    assert [entered(chart, a) for a in ("C11", "C12", "B11")] == [310, "C01 ▶, C02 ⏸", None]
    assert campaigns.cells[place("W1")]["note"] == f"{HEAD}\n2026-12-01T10:00:00+09:00 時点\n〔/Tabiji〕"
    assert entered(sheet.tab("履歴"), "B2") == "sato"
    assert not wanted(sheet, view(at=NOW + timedelta(hours=1)))
    assert carry_out(sheet, view(at=NOW + timedelta(hours=1), version=4))
    assert "11:00" in campaigns.cells[place("W1")]["note"] and "11:00" in entered(sheet.tab("状況"), "A1")


@settings(max_examples=15, phases=[Phase.generate])
@given(st.data())
def test_once_is_enough_and_people_keep_what_is_theirs(data: st.DataObject) -> None:
    tabs = good()
    if data.draw(st.booleans()):
        tabs["施策"][0] = tabs["施策"][0][:20]
    if data.draw(st.booleans()):
        del tabs["ジャーニー EC"][10:]
    sheet = fake(tabs)
    for tab in sheet.tabs:
        tab.rows, tab.columns = max(len(tabs[tab.title]), 8), max(map(len, tabs[tab.title]))
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(1, tab.rows)), data.draw(st.integers(1, tab.columns))
            cell = tab.cells.setdefault(at, {})
            colour, note = data.draw(COLOURS), data.draw(NASTY)
            if colour is not None:
                cell["userEnteredFormat"] = {"backgroundColor": colour}
            if note and HEAD not in note:
                cell["note"] = note
            if data.draw(st.booleans()) and at[0] > 1 and at[1] > 1:
                tab.put(at, data.draw(NASTY | st.integers(0, 400)) or None)
    cells = ["F2", "B3", "A1", "C11", "W1", "ZZ99"]
    titles = st.sampled_from([tab.title for tab in sheet.tabs])
    found = st.lists(st.builds(problem, titles, st.sampled_from(cells), st.sampled_from(["error", "warning"])), max_size=6)
    before = sheet.state()
    for _ in range(3):
        shown = view(
            problems=tuple(data.draw(found)),
            campaigns={
                "C01": CampaignView("running", "approved", data.draw(st.none() | st.integers(0, 9)), lift=data.draw(NASTY))
            },
            log=tuple(LogRow(NOW, data.draw(NASTY), "approve", data.draw(NASTY)) for _ in range(data.draw(st.integers(0, 3)))),
        )
        carry_out(sheet, shown)
        assert not wanted(sheet, shown)
        for tab in sheet.tabs:
            for cell in tab.cells.values():
                assert set(cell.get("userEnteredValue", {"stringValue"})) <= {"stringValue", "numberValue", "formulaValue"}
        _same_for_people(before, sheet, shown)
    carry_out(sheet, view())
    after = sheet.state()
    for had in before.tabs:
        now = after.tab(had.title)
        for at in {*had.cells, *now.cells}:
            assert _looks(had, at) == _looks(now, at)


def _looks(tab: Any, at: Any) -> Any:
    cell = tab.cells.get(at)
    return (split(cell.note).own, shade(cell.colour) if cell.colour else None) if cell else ("", None)


def _same_for_people(before: Any, sheet: FakeSheet, shown: ProgramView) -> None:
    after = sheet.state()
    for tab in before.tabs:
        now = after.tab(tab.title)
        shows = next(t for t in written(before.snapshot, shown).tabs if t.title == tab.title)
        ours = {*shows.cells, *shows.labels, *shows.stale}
        for at in {*tab.cells, *now.cells} - ours:
            had, has = tab.cells.get(at), now.cells.get(at)
            assert (had.entered if had else None) == (has.entered if has else None)
            assert split(had.note if had else "").own == split(has.note if has else "").own


def test_a_mark_comes_goes_and_gives_the_colour_back() -> None:
    sheet = fake(good())
    carry_out(sheet, view())
    cell = sheet.tab("施策").cells[place("F2")]
    cell |= {"note": "ask Sato", "userEnteredFormat": {"backgroundColor": {"green": 1.0}}}
    carry_out(sheet, view(problems=(problem("施策", "F2"), problem("施策", "F2", "warning"))))
    cell = sheet.tab("施策").cells[place("F2")]
    said = text("workbook.active_empty").say("ja")
    assert cell["note"] == f"ask Sato\n{HEAD}\n{said}\n元の色: #00ff00\n〔/Tabiji〕"
    assert cell["userEnteredFormat"]["backgroundColor"]["red"] == int(SHADES["error"][1:3], 16) / 255
    carry_out(sheet, view(problems=(problem("施策", "F2", "warning"),)))
    assert cell["userEnteredFormat"]["backgroundColor"]["red"] == 1.0
    carry_out(sheet, view())
    assert (cell["note"], cell["userEnteredFormat"]) == (
        "ask Sato",
        {"backgroundColor": {"red": 0.0, "green": 1.0, "blue": 0.0}},
    )


def test_a_mark_that_was_carried_off_copied_or_half_deleted_by_people_goes_too() -> None:
    sheet = fake(good())
    carry_out(sheet, view(problems=(problem("施策", "F2"),)))
    tab = sheet.tab("施策")
    marked = tab.cells[place("F2")]
    tab.cells[place("F9")] = {"note": marked["note"], "userEnteredFormat": dict(marked["userEnteredFormat"])}
    tab.cells[place("G9")] = {"userEnteredFormat": dict(marked["userEnteredFormat"])}
    tab.cells[place("H9")] = {"note": marked["note"] + "\nSato: done", "userEnteredFormat": {"backgroundColor": {"blue": 1.0}}}
    carry_out(sheet, view())
    assert not tab.cells[place("F9")] and not tab.cells[place("G9")]
    assert tab.cells[place("H9")] == {"note": "Sato: done", "userEnteredFormat": {"backgroundColor": {"blue": 1.0}}}
    assert "note" not in marked and "userEnteredFormat" not in marked


def test_a_mark_inside_a_merged_range_is_seen_at_its_corner() -> None:
    sheet = fake(good())
    sheet.tab("施策").merges.append({"startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 4, "endColumnIndex": 6})
    carry_out(
        sheet, view(problems=(problem("施策", "F3", "warning"), Problem("施策", "E2", "error", text("sync.no_problems"))))
    )
    note = sheet.tab("施策").cells[place("E2")]["note"]
    assert text("workbook.active_empty").say("ja") in note and text("sync.no_problems").say("ja") in note
    assert "note" not in sheet.tab("施策").cells.get(place("F3"), {})


def test_what_is_left_of_a_campaign_that_was_cleared_goes_and_a_total_stays() -> None:
    sheet = fake(good())
    carry_out(sheet, view())
    tab = sheet.tab("施策")
    for column in range(1, 21):
        tab.cells.pop((3, column), None)
    tab.put(place("A9"), "合計")
    tab.put(place("W9"), "=SUM(W2:W8)")
    tab.put(place("X9"), 99)
    tab.put(place("Y2"), "=X2/W2")
    carry_out(sheet, view())
    assert [entered(tab, a) for a in ("U3", "V3", "W3")] == [None, None, None]
    assert [entered(tab, a) for a in ("W9", "X9", "Y2")] == ["=SUM(W2:W8)", 99, "=X2/W2"]


def test_a_stage_that_was_taken_out_leaves_no_count() -> None:
    sheet = fake(good())
    carry_out(sheet, view())
    tab = sheet.tab("ジャーニー EC")
    for row in range(6, 11):
        tab.cells.pop((row, 3), None)
    carry_out(sheet, view())
    assert [entered(tab, a) for a in ("C11", "C12")] == [None, None]


def test_status_and_log_are_shortened_and_what_stands_beside_them_stays() -> None:
    sheet = fake(good())
    many = tuple(LogRow(NOW, f"w{i}", "approve", "C01") for i in range(1_500))
    carry_out(sheet, view(log=many, problems=tuple(problem("施策", f"F{i}") for i in range(2, 30))))
    log, status = sheet.tab("履歴"), sheet.tab("状況")
    assert (entered(log, "B1001"), entered(log, "B1002")) == ("w999", None)
    log.put(place("G1"), "mine")
    carry_out(sheet, view())
    assert [entered(log, a) for a in ("B2", "B3", "G1")] == ["sato", None, "mine"]
    assert max(row for row, column in status.cells if entered(status, f"A{row}")) < 12
    many = (*many, LogRow(NOW, "last", "approve", "C01"))
    log.rows = 50
    carry_out(sheet, view(log=many))
    assert log.rows == 1_001


def test_english_words_in_an_english_workbook_and_tabs_of_either_language_are_found() -> None:
    sheet = fake({**good("en"), "LOG": []})
    carry_out(sheet, view())
    assert entered(sheet.tab("Campaigns"), "U2") == "running"
    assert [tab.title for tab in sheet.tabs][-2:] == ["LOG", "Status"]
    assert entered(sheet.tab("LOG"), "B1") == "Who"


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", "'x", "1:1", "TRUE"])
def test_hostile_values_stay_text(typed: str) -> None:
    sheet = fake(good())
    carry_out(
        sheet, view(log=(LogRow(NOW, typed, "approve", typed),), campaigns={"C01": CampaignView("running", "none", lift=typed)})
    )
    assert sheet.tab("履歴").cells[place("B2")]["userEnteredValue"] == {"stringValue": typed}
    assert sheet.tab("施策").cells[place("AB2")]["userEnteredValue"] == {"stringValue": typed}


def test_write_back_reads_once_and_writes_nothing_twice() -> None:
    sheet = fake(good())
    state = write_back(sheet, "x", sheet.read(), view(), sheet.read)
    assert sheet.writes == 2
    assert state == sheet.state()
    assert write_back(sheet, "x", state, view(), sheet.read) is state
