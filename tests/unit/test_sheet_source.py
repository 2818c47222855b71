"""What the source of a Sheet asks Google, and when: little, and never too little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sheets_server import SheetsServer
from workbook_desks import LocalSheetDesk
from workbooks import good

from bot.desk.flow import sync_workbook
from bot.desk.status import write_status
from bot.wiring import open_installation
from sheets_sync.program_view import CampaignView, ProgramView

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[LocalSheetDesk]:
    with SheetsServer() as server:
        made = LocalSheetDesk(server, tmp_path)
        made.lay(good())
        yield made


def view(sent: int) -> ProgramView:
    shown = {"C01": CampaignView("running", "approved", 310, sent)}
    return ProgramView(at=datetime(2026, 12, 1, 1, tzinfo=UTC), zone=TOKYO, version=3, campaigns=shown)


def asked(desk: LocalSheetDesk, start: int) -> Counter[str]:
    return Counter(seen.kind for seen in desk.server.seen[start:] if seen.kind != "token")


def test_an_unchanged_sheet_costs_no_read_however_often_it_is_looked_at(desk: LocalSheetDesk) -> None:
    desk.source.revision()
    start = len(desk.server.seen)
    for _ in range(20):
        desk.source.revision()
        desk.source.snapshot()
    assert asked(desk, start) == {"drive": 20}


def test_the_programs_own_writes_cost_no_further_read(desk: LocalSheetDesk) -> None:
    before = desk.source.revision()
    assert desk.source.write_back(desk.source.snapshot(), view(12)) is None
    start = len(desk.server.seen)
    assert desk.source.revision() == before
    assert asked(desk, start) == {"drive": 1}
    assert desk.source.write_back(desk.source.snapshot(), view(12)) is None, "the same again"
    assert asked(desk, start) == {"drive": 2}


def test_a_write_is_looked_at_although_drive_has_not_heard_of_it_yet(desk: LocalSheetDesk) -> None:
    before = desk.source.revision()
    assert desk.source.write_back(desk.source.snapshot(), view(12)) is None
    desk.server.drive_lag = 60
    start = len(desk.server.seen)
    assert desk.source.write_back(desk.source.snapshot(), view(13)) is None
    assert asked(desk, start)["write"] == 1, "written once, and seen to be so"
    assert desk.seen("施策", "X2") == "13"
    desk.server.drive_lag = 0
    assert desk.source.revision() == before


def test_who_edited_last_is_known_across_the_programs_own_writes(desk: LocalSheetDesk) -> None:
    desk.book.person = "suzuki@example.com"
    desk.type("メッセージ", "F2", "べつの件名")
    desk.source.revision()
    assert desk.source.snapshot().edited_by == "suzuki@example.com"
    assert desk.source.write_back(desk.source.snapshot(), view(12)) is None
    desk.source.revision()
    assert desk.source.snapshot().edited_by == "suzuki@example.com"


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(
    ("at_google", "now", "writes"), [(True, "2026-12-01T10:00", 0), (False, "2026-12-01T10:00", 2), (True, None, 2)]
)
def test_under_a_given_clock_a_real_sheet_is_left_alone(
    desk: LocalSheetDesk, tmp_path: Path, at_google: bool, now: str | None, writes: int, bare: bool
) -> None:
    source = desk.book.id if bare else desk.book.url
    root = "" if at_google else f'api_root = "{desk.server.url}"'
    (tmp_path / "config.toml").write_text(f'[sheet]\nsource = "{source}"\n{root}\n', encoding="utf-8")
    installation = open_installation(tmp_path / "config.toml", now=now, environment={})
    installation.__dict__["source"] = desk.source  # the local server stands for Google here
    sync_workbook(installation)
    start = len(desk.server.seen)
    assert write_status(installation) is None
    assert asked(desk, start)["write"] == writes
