"""Files that grow without end, lie about their size, or point elsewhere: a sentence each, little memory, nothing outside."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from journey.errors import InputError
from sheets_sync.uploads import survey as survey_module
from sheets_sync.uploads.files import open_source

CHILD = Path(survey_module.__file__).with_name("xlsx_child.py")
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"'
    ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{0}" Target="{1}"/></Relationships>'
)
BOOK = (
    '<?xml version="1.0"?>{0}<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="a{1}" sheetId="1" r:id="r1"/></sheets></workbook>'
)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


def workbook(path: Path, sheet: bytes, head: str = "", inside: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", TYPES)
        package.writestr("_rels/.rels", RELS.format("officeDocument", "xl/workbook.xml"))
        package.writestr("xl/workbook.xml", BOOK.format(head, inside))
        package.writestr("xl/_rels/workbook.xml.rels", RELS.format("worksheet", "worksheets/sheet1.xml"))
        package.writestr("xl/worksheets/sheet1.xml", sheet)
    return path


def sheet(rows: bytes) -> bytes:
    return f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>'.encode() + rows + b"</sheetData></worksheet>"


def cell(place: str, value: str) -> bytes:
    return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'.encode()


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        open_source(path, path.parent / "scratch")
    assert caught.value.said.say("ja")
    return caught.value.said.key


def test_packed_text_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "FREE_UNPACKED", 8 * 1024**2)
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(64):
            file.write(b"customer_id,name\n" + b" " * 1024**2)
    assert refused(path) == "uploads.too_big"


def test_a_workbook_that_unpacks_to_far_more_than_it_is(tmp_path: Path) -> None:
    assert refused(workbook(tmp_path / "a.xlsx", sheet(b" " * 80 * 1024**2))) == "uploads.too_big"


@pytest.mark.parametrize("head", [LAUGHS, OUTSIDE])
def test_entities_are_not_followed(tmp_path: Path, head: str) -> None:
    assert refused(workbook(tmp_path / "a.xlsx", sheet(b""), head, "&b;")).startswith("uploads.")


def test_a_cell_at_the_far_corner_takes_neither_memory_nor_columns(tmp_path: Path) -> None:
    rows = b'<row r="1">' + cell("A1", "customer_id") + b'</row><row r="1048576">' + cell("XFD1048576", "x") + b"</row>"
    source = open_source(workbook(tmp_path / "a.xlsx", sheet(rows)), tmp_path / "scratch")
    assert source.headers == ("customer_id",)
    assert sum(len(batch.rows) for batch in source.batches()) == 0


def test_more_than_the_child_may_hold_is_said(tmp_path: Path) -> None:
    rows = b"".join(b'<row r="%d">' % n + cell(f"A{n}", f"c{n}") + b"</row>" for n in range(1, 2_000))
    path = workbook(tmp_path / "a.xlsx", sheet(rows))
    limited = CHILD.read_text(encoding="utf-8").replace("MEMORY = 256 * 1024 * 1024", "MEMORY = 24 * 1024 * 1024")
    (tmp_path / "child.py").write_text(limited, encoding="utf-8")
    for script, key in ((CHILD, "sheet"), (tmp_path / "child.py", "error")):
        done = subprocess.run([sys.executable, "-I", str(script), str(path), str(tmp_path / "out.csv")], capture_output=True)
        assert key in json.loads(done.stdout or b'{"error": "too_big"}')


def test_names_inside_a_package_write_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", sheet(b'<row r="1">' + cell("A1", "customer_id") + b"</row>"))
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("../../outside.txt", "x")
    before = {p for p in tmp_path.parent.rglob("*") if p.is_file()}
    open_source(path, tmp_path / "scratch")
    assert {p for p in tmp_path.parent.rglob("*") if p.is_file()} - before == {tmp_path / "scratch" / "sheet.csv"}
