"""The status workbook is made of whatever was typed: it always opens, and nothing in it is a formula."""

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from workbooks import CONTEXT, good, put, snapshot

from sheets_sync.check import read_workbook
from sheets_sync.program_view import CampaignView, LogRow, ProgramView, StageView
from sheets_sync.snapshot import Merged
from sheets_sync.writeback import status_book

NASTY: Any = st.text(max_size=30) | st.sampled_from(
    ["=1+1", "+1", "-1", "@x", "\t=1", "\x00", "9" * 40_000, "\ud800", "\ufffe"]
)


@settings(max_examples=15)
@given(st.data())
def test_hostile_cells_are_shown_as_text(data: st.DataObject) -> None:
    tabs = good()
    for _ in range(3):
        tab = data.draw(st.sampled_from(sorted(tabs)))
        put(tabs, tab, f"{chr(65 + data.draw(st.integers(0, 12)))}{data.draw(st.integers(1, 14))}", data.draw(NASTY))
    tabs[data.draw(NASTY) or "x"] = [[data.draw(NASTY)]]
    corner = st.integers(1, 25)
    merged = {}
    for tab in ("施策", "ジャーニー EC"):
        top, left = data.draw(corner), data.draw(corner)
        merged[tab] = [Merged(top, left, top + data.draw(st.integers(0, 4)), left + data.draw(st.integers(0, 9)))]
    cells = snapshot(tabs, merged)
    view = ProgramView(
        datetime(2026, 12, 1, tzinfo=UTC),
        ZoneInfo("Asia/Tokyo"),
        campaigns={"C01": CampaignView("running", "approved", 3, lift=data.draw(NASTY))},
        stages={("ec", "first"): StageView(3, (("C01", "paused"),))},
        problems=read_workbook(cells, CONTEXT).problems,
        log=(LogRow(datetime(2026, 12, 1, tzinfo=UTC), data.draw(NASTY), "approve", data.draw(NASTY)),),
    )
    made = io.BytesIO()
    status_book(cells, view).save(made)
    for sheet in load_workbook(made):
        assert not [c.coordinate for row in sheet.iter_rows() for c in row if c.data_type == "f"]
