"""What the local file must survive, and how the program shows itself beside it. What every source holds: tests/contract."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook as Book
from openpyxl import load_workbook
from openpyxl.comments import Comment
from workbooks import good, save

from journey.errors import InputError
from journey.problems import Problem
from journey.texts import text
from sheets_sync.program_view import CampaignView, LogRow, ProgramView, StageView
from sheets_sync.source import WorkbookSource
from sheets_sync.xlsx import XlsxSource, status_path

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return save(good(), tmp_path / "journey.xlsx", {"施策": ["A5:H5"]})


@pytest.fixture
def source(path: Path) -> WorkbookSource:
    return XlsxSource(path)


def view(**more: Any) -> ProgramView:
    return ProgramView(
        at=NOW,
        zone=TOKYO,
        version=3,
        campaigns={"C01": CampaignView("running", "approved", 310, 12), "C02": CampaignView("held", "void")},
        stages={("ec", "first"): StageView(310, (("C01", "running"), ("C02", "paused")))},
        **more,
    )


def test_an_unchanged_file_is_not_opened_again(source: WorkbookSource) -> None:
    first = source.snapshot()
    assert source.snapshot() is first


def test_cells_as_people_see_them(tmp_path: Path) -> None:
    book = Book()
    sheet = book.active
    values: list[tuple[Any, str, str]] = [
        (10.0, "General", "10"), (0.1, "0%", "10%"), (1.5, "General", "1.5"), (901234567, "0000000000", "0901234567"),
        ("0901234567", "@", "0901234567"), (date(2026, 12, 1), "yyyy-mm-dd", "2026-12-01"), (clock(9, 30), "h:mm", "09:30"),
        (datetime(2026, 12, 1, 9, 30), "yyyy-mm-dd h:mm", "2026-12-01 09:30"), (True, "General", "TRUE"), ("１２", "@", "１２"),  # noqa: DTZ001
    ]  # fmt: skip
    for row, (value, number_format, _) in enumerate(values, 1):
        sheet.cell(row=row, column=1, value=value).number_format = number_format
    sheet.cell(row=1, column=2, value="=1+1")
    sheet.cell(row=2, column=2, value="#REF!").data_type = "e"
    sheet.cell(row=3, column=2, value="注").comment = Comment("人のメモ", "x")
    sheet.merge_cells("D1:E2")
    sheet["D1"] = "まとめて"
    sheet["F3"] = "端"
    book.save(tmp_path / "a.xlsx")
    tab = XlsxSource(tmp_path / "a.xlsx").snapshot().tabs[0]
    assert [tab.cells[row, 1].text for row in range(1, len(values) + 1)] == [shown for _, _, shown in values]
    keys = [p.key for row in (1, 2) if (p := tab.cells[row, 2].problem)]
    assert keys == ["workbook.formula_without_result", "workbook.formula_error"]
    assert tab.cells[3, 2].note == "人のメモ"
    assert {tab.spread[place].text for place in ((1, 4), (1, 5), (2, 4), (2, 5))} == {"まとめて"}
    assert (1, 5) not in tab.cells
    assert [tab.cells[row, 1].turned for row in (1, 6, 7, 8)] == [False, True, True, True]


def _zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def _whole(path: Path, change: Callable[[bytes], bytes]) -> bytes:
    """The same archive with one sheet changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet2.xml"] = change(parts["xl/worksheets/sheet2.xml"])
    return _zipped(parts)


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda p: p.unlink(), "file_missing"),
        (lambda p: (p.unlink(), p.mkdir()), "file_is_folder"),
        (lambda p: p.write_bytes(b""), "file_broken"),
        (lambda p: p.write_bytes(p.read_bytes()[:-2000]), "file_broken"),
        (lambda p: p.write_bytes(b"ID,\xe5\x90\x8d\xe5\x89\x8d\n" * 50), "file_broken"),
        (lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000), "file_protected"),
        (lambda p: p.write_bytes(_zipped({"a.txt": b"hello"})), "file_broken"),
        (lambda p: p.write_bytes(_zipped({"xl/a": b"\0" * 60_000_000})), "file_bomb"),
        (lambda p: p.write_bytes(_zipped({f"xl/{i}": b"" for i in range(3000)})), "file_bomb"),
        (lambda p: p.write_bytes(_whole(p, lambda d: ENTITY + d)), "file_broken"),
        (lambda p: p.write_bytes(_whole(p, lambda d: d[: len(d) // 2])), "file_broken"),
        (lambda p: p.write_bytes(_whole(p, lambda d: d.replace(b'r="A1"', b'r="A999999"'))), "sheet_too_big"),
        (lambda p: os.truncate(p, 21 * 2**20), "file_too_big"),
    ],
)  # fmt: skip
def test_a_spoiled_file_is_one_sentence(path: Path, spoil: Callable[[Path], object], key: str) -> None:
    spoil(path)
    with pytest.raises(InputError) as found:
        XlsxSource(path).snapshot()
    assert found.value.said.key == f"workbook.{key}"
    assert "journey" in found.value.said.say("ja")


def test_the_status_workbook_shows_what_belongs_to_the_program(source: WorkbookSource, path: Path) -> None:
    problems = (
        Problem("施策", "F2", "error", text("workbook.bad_trigger", typed="=1+1")),
        Problem("施策", "F2", "warning", text("workbook.active_empty")),
        Problem("メッセージ", "B3", "warning", text("workbook.active_empty")),
    )
    log = (LogRow(NOW, "=cmd", "approve", "campaign:C01", "+1\x00"),)
    assert source.write_back(source.snapshot(), view(problems=problems, log=log, unassigned={"ec": 4})) is None
    book = load_workbook(status_path(path))
    assert book.sheetnames == [*good(), "状況", "履歴"]
    campaigns = book["施策"]
    headers = [cell.value for cell in campaigns[1]]
    row = dict(zip(headers, [cell.value for cell in campaigns[2]], strict=True))
    shown = [row[key] for key in ("ID", "状態", "承認", "対象数", "送信", "開封")]
    assert shown == ["C01", "配信中", "承認済み", 310, 12, None]
    assert "読めません" in campaigns["F2"].comment.text and campaigns["F2"].fill.start_color.rgb == "FFF4B6B6"
    assert book["メッセージ"]["B3"].fill.start_color.rgb == "FFFFE9A8"
    map_ = book["ジャーニー EC"]
    assert (map_["C11"].value, map_["C12"].value) == (310, "C01 ▶, C02 ⏸")
    assert [cell.value for cell in book["履歴"][2]][1:] == ["=cmd", "approve", "campaign:C01", "+1"]
    for sheet in book:
        assert not [cell.coordinate for cells in sheet.iter_rows() for cell in cells if cell.data_type == "f"]
    assert sorted(p.name for p in path.parent.iterdir()) == ["journey.status.xlsx", "journey.xlsx"]


def test_a_typed_formula_stays_text_and_notes_of_people_stay(tmp_path: Path) -> None:
    tabs = good("en")
    path = save(tabs, tmp_path / "journey.xlsx")
    book = load_workbook(path)
    book["Messages"]["F2"].value = "=HYPERLINK(1)"
    book["Messages"]["F2"].data_type = "s"
    book["Messages"]["F3"].comment = Comment("ask Sato", "me")
    book.save(path)
    source = XlsxSource(path)
    assert source.write_back(source.snapshot(), view()) is None
    shown = load_workbook(status_path(path))["Messages"]
    assert (shown["F2"].value, shown["F2"].data_type) == ("=HYPERLINK(1)", "s")
    assert shown["F3"].comment.text == "ask Sato"


def test_a_target_that_cannot_be_written_is_a_sentence(source: WorkbookSource, path: Path) -> None:
    status_path(path).mkdir()
    (status_path(path) / "x").write_text("x")
    said = source.write_back(source.snapshot(), view())
    assert said is not None and "journey.status.xlsx" in said.say("ja")
    assert [p for p in path.parent.iterdir() if p.suffix == ".tmp"] == []


def test_what_was_read_is_kept_for_the_next_process_and_for_no_other_file(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "data" / "workbook.json"
    first = XlsxSource(path, kept).snapshot()
    assert not kept.exists(), "no folder is made for it"
    kept.parent.mkdir()
    assert XlsxSource(path, kept).snapshot() == first
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text(kept.read_text().replace(json.dumps("はじめまして。"), json.dumps("ほんとうに読まれた")))
    assert "ほんとうに読まれた" in str(XlsxSource(path, kept).snapshot()), "read from what was kept"
    tabs = good()
    tabs["メッセージ"][1][7] = "べつの文"
    save(tabs, path)
    assert "べつの文" in str(XlsxSource(path, kept).snapshot())
    for broken in ("", "{", "[]", '{"of": 1}'):
        kept.write_text(broken)
        assert "べつの文" in str(XlsxSource(path, kept).snapshot())
