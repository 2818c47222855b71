"""The address of a Sheet, and the key file: what is refused, and with which cure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.errors import InputError
from journey.texts import LANGS
from sheets_sync.google.access import SCOPES, Access, email, read_key, spreadsheet_id

ID = "1AbC-dEf_0123456789abcdefghijklmnopqrstuvwxyz"
KEY: Mapping[str, Any] = {
    "type": "service_account",
    "client_email": "tabiji@project.iam.gserviceaccount.com",
    "private_key": "-----BEGIN PRIVATE KEY-----\n",
    "private_key_id": "abc",
    "token_uri": "https://oauth2.googleapis.com/token",
    "universe_domain": "elsewhere.example",
}


@pytest.mark.parametrize(
    "source",
    [
        ID,
        f" {ID}\n",
        f"https://docs.google.com/spreadsheets/d/{ID}",
        f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0",
        f"https://docs.google.com/spreadsheets/d/{ID}/edit?usp=sharing",
        f"https://docs.google.com/spreadsheets/d/{ID}?x=1",
        f"https://docs.google.com/spreadsheets/u/1/d/{ID}/edit",
        f"https://docs.google.com/a/example.com/spreadsheets/d/{ID}/edit",
        f"docs.google.com/spreadsheets/d/{ID}/edit",
        f"https://drive.google.com/open?id={ID}",
        f"https://drive.google.com/open?usp=drive&id={ID}&x=1",
        f"https://drive.google.com/file/d/{ID}/view",
        f"http://127.0.0.1:8000/spreadsheets/d/{ID}/edit",
    ],
)
def test_an_address_or_an_id_names_a_sheet(source: str) -> None:
    assert spreadsheet_id(source) == ID


@pytest.mark.parametrize(
    "source", ["journey.xlsx", "data/journey", "/srv/workbook", "旅路.xlsx", "C:\\journey.xlsx", "book", "", "d/e"]
)
def test_anything_else_is_a_file(source: str) -> None:
    assert spreadsheet_id(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "https://docs.google.com/spreadsheets/",
        "https://docs.google.com/document/d/" + ID,
        "https://docs.google.com/spreadsheets/d/e/2PACX-1vT0123456789abcdefghij/pubhtml",
        "https://example.com/journey.xlsx",
        "docs.google.com/spreadsheets",
        f"https://docs.google.com/spreadsheets/d/{ID}%2F..%2Fother",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_leads_to_no_sheet(source: str) -> None:
    with pytest.raises(InputError) as refused:
        spreadsheet_id(source)
    for lang in LANGS:
        assert "[sheet] source" in refused.value.said.say(lang)


@given(st.text(max_size=80))
def test_any_source_is_an_id_a_file_or_refused(source: str) -> None:
    try:
        found = spreadsheet_id(source)
    except InputError:
        return
    assert found is None or (found.isascii() and all(c.isalnum() or c in "-_" for c in found))


def key_file(folder: Path, content: bytes | Mapping[str, Any] = KEY, mode: int = 0o600) -> Path:
    path = folder / "service-account.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    path.chmod(mode)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        read_key(Access(path))
    said = {lang: refused.value.said.say(lang) for lang in LANGS}
    assert str(path) in said["ja"]
    return said["en"]


def test_a_key(tmp_path: Path) -> None:
    path = key_file(tmp_path, b"\xef\xbb\xbf" + json.dumps(KEY).encode())
    key = read_key(Access(path))
    assert email(Access(path)) == KEY["client_email"]
    assert key["token_uri"] == KEY["token_uri"]
    assert set(key) == {"client_email", "private_key", "private_key_id", "token_uri"}, "nothing else of a file is trusted"
    assert read_key(Access(path, token_uri="http://127.0.0.1:1/token"))["token_uri"] == "http://127.0.0.1:1/token"
    assert read_key(Access(key_file(tmp_path, {**KEY, "token_uri": ""})))["token_uri"] == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o602, 0o777, 0o610, 0o601])
def test_a_key_that_others_can_open(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode=mode)
    assert f"chmod 600 {path}" in refusal(path)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_that_only_its_owner_can_open(tmp_path: Path, mode: int) -> None:
    assert email(Access(key_file(tmp_path, mode=mode)))


def test_a_link_counts_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(key_file(tmp_path, mode=0o644))
    assert "chmod 600" in refusal(tmp_path / "link.json")


def test_no_key(tmp_path: Path) -> None:
    assert "is not there" in refusal(tmp_path / "none.json")
    assert "folder" in refusal(tmp_path)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_key_of_another_user(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(key_file(tmp_path, mode=0o200))


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "damaged"),
        (b"-----BEGIN PRIVATE KEY-----", "damaged"),
        (b"\xff\xfe{\x00", "damaged"),
        (b"\x00" * 100, "damaged"),
        (b"[" * 100_000, "damaged"),
        (b" " * 2_000_000, "damaged"),
        (b"[]", "not the key of a service account"),
        (b'"service_account"', "not the key of a service account"),
        ({**KEY, "type": "authorized_user"}, "not the key of a service account"),
        ({"installed": {"client_id": "x"}}, "not the key of a service account"),
        ({**KEY, "private_key": ""}, "damaged"),
        ({**KEY, "private_key": 7}, "damaged"),
        ({k: v for k, v in KEY.items() if k != "client_email"}, "damaged"),
    ],
)
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes | Mapping[str, Any], wanted: str) -> None:
    assert wanted in refusal(key_file(tmp_path, content))


def test_the_two_least_scopes() -> None:
    assert SCOPES == (
        "https://www.googleapis.com/auth/spreadsheets",
        "https://www.googleapis.com/auth/drive.metadata.readonly",
    )


def test_a_local_workbook_loads_no_library_of_googles() -> None:
    code = "import sys, bot.sheet_access; print(sorted(m for m in sys.modules if m.split('.')[0] in ('gspread', 'google', 'requests')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
