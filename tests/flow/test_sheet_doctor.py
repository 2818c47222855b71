"""`doctor` beside somebody who sets a Google Sheet up for the first time: after each step it says what the next one is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sheets_server import SheetsServer
from sheets_server.book import Book
from shop import new_shop

from bot.config import Config, Sheet
from bot.sheet_doctor import sheet_findings
from journey.texts import LANGS
from sheets_sync.google.waiting import Waiting

DOCS = Path(__file__).parents[2] / "docs" / "google-sheet.md"


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as server:
        yield server


@dataclass
class Setup:
    """A folder on the way to a Sheet."""

    folder: Path
    server: SheetsServer
    book: Book

    def look(self, **sheet: str) -> dict[str, list[str]]:
        """What the doctor finds: state → keys. Each sentence can be said in both languages."""
        usual = {"source": self.book.url, "api_root": self.server.url, "token_uri": self.server.token_uri}
        config = Config(self.folder, sheet=Sheet(**{**usual, **sheet}))
        found: dict[str, list[str]] = {"good": [], "note": [], "bad": []}
        for finding in sheet_findings(config, Waiting(1.0, sleep=lambda seconds: None)):
            for lang in LANGS:
                assert finding.said.say(lang)
            found[finding.state].append(finding.said.key.removeprefix("google."))
        return found

    def says(self, lang: str, **sheet: str) -> str:
        usual = {"source": self.book.url, "api_root": self.server.url, "token_uri": self.server.token_uri}
        config = Config(self.folder, sheet=Sheet(**{**usual, **sheet}))
        return "\n".join(f.said.say("ja" if lang == "ja" else "en") for f in sheet_findings(config) if f.state == "bad")

    @property
    def key(self) -> Path:
        return self.folder / "service-account.json"


@pytest.fixture
def setup(server: SheetsServer, tmp_path: Path) -> Iterator[Setup]:
    yield Setup(tmp_path, server, server.create(shared=False))
    server.mend()


def test_from_nothing_to_all_good(setup: Setup, server: SheetsServer) -> None:
    """The steps of the docs in their order, each forgotten once."""
    assert setup.look(source="https://docs.google.com/spreadsheets/")["bad"] == ["bad_address"]
    assert setup.look()["bad"] == ["key_missing"]
    server.key_file(setup.key, mode=0o644)
    assert setup.look()["bad"] == ["key_shared"]
    assert f"chmod 600 {setup.key}" in setup.says("ja")
    setup.key.chmod(0o600)
    server.fail("403-disabled", kind="drive", times=None)
    server.fail("403-disabled", kind="read", times=None)
    off = setup.look()
    assert (off["good"], off["bad"]) == (["key_good", "signed_in"], ["api_off", "api_off"])
    assert "Google Sheets API" in setup.says("ja")
    assert "Google Drive API" in setup.says("ja")
    server.mend()
    assert setup.look()["bad"] == ["unshared"]
    assert server.email in setup.says("ja")
    setup.book.share("reader")
    assert setup.look()["bad"] == ["viewer"]
    assert server.email in setup.says("en")
    setup.book.share("writer")
    assert setup.look() == {"good": ["key_good", "signed_in", "reached"], "note": ["stand_in"], "bad": ["empty"]}
    assert f"tabiji init . --sheet {setup.book.id}" in setup.says("ja")
    setup.book.add_tab("ジャーニー EC")
    assert setup.look() == {"good": ["key_good", "signed_in", "reached"], "note": ["stand_in"], "bad": []}


def test_a_wrong_address(setup: Setup, server: SheetsServer) -> None:
    server.key_file(setup.key)
    assert setup.look(source="https://docs.google.com/spreadsheets/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789/edit")["bad"] == [
        "nowhere"
    ]


def test_one_api_of_the_two_is_off(setup: Setup, server: SheetsServer) -> None:
    server.key_file(setup.key)
    setup.book.share("writer")
    server.fail("403-disabled", kind="drive", times=None)
    assert "Google Drive API" in setup.says("en")
    assert setup.look()["bad"] == ["api_off"]
    server.mend()
    server.fail("403-disabled", kind="read", times=None)
    assert "Google Sheets API" in setup.says("en")
    assert setup.look()["bad"] == ["api_off"]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [("", "key_broken"), ('{"type": "authorized_user"}', "key_other"), ('{"installed": {}}', "key_other")],
)
def test_a_file_that_is_no_key(setup: Setup, content: str, wanted: str) -> None:
    setup.key.write_text(content)
    setup.key.chmod(0o600)
    assert setup.look()["bad"] == [wanted]


def test_a_key_damaged_on_its_way(setup: Setup, server: SheetsServer) -> None:
    key = json.loads(server.key_file(setup.key).read_text())
    setup.key.write_text(json.dumps({**key, "private_key": key["private_key"][:400]}))
    assert setup.look()["bad"] == ["key_broken"]
    setup.key.write_text(json.dumps({**key, "client_email": "nobody@other.iam.gserviceaccount.com"}))
    assert setup.look()["bad"] == ["key_dead"]


def test_a_key_elsewhere(setup: Setup, server: SheetsServer) -> None:
    (setup.folder / "keys").mkdir()
    server.key_file(setup.folder / "keys" / "google.json")
    setup.book.share("writer")
    setup.book.add_tab("Campaigns")
    assert setup.look(credentials="keys/google.json")["bad"] == []
    assert setup.look(credentials=str(setup.folder / "keys" / "google.json"))["bad"] == []
    assert setup.look(credentials="")["bad"] == ["key_missing"]
    assert setup.look(credentials="keys")["bad"] == ["key_folder"]


def test_a_clock_that_is_wrong(setup: Setup, server: SheetsServer) -> None:
    server.key_file(setup.key)
    usual = server.token_clock
    try:
        for hours in (-2, 2):
            server.token_clock = lambda hours=hours: usual() + hours * 3600  # type: ignore[misc]
            assert setup.look() == {"good": ["key_good"], "note": ["stand_in"], "bad": ["clock"]}
            assert "時計" in setup.says("ja")
    finally:
        server.token_clock = usual


def test_a_key_that_was_deleted(setup: Setup, server: SheetsServer) -> None:
    server.key_file(setup.key)
    server.tokens.delete_key()
    assert setup.look()["bad"] == ["key_dead"]


def test_google_cannot_be_reached_or_is_busy(setup: Setup, server: SheetsServer) -> None:
    server.key_file(setup.key)
    setup.book.share("writer")
    assert setup.look(api_root="http://127.0.0.1:9", token_uri="http://127.0.0.1:9/token")["bad"] == ["unreachable"]
    assert setup.look(api_root="http://127.0.0.1:9")["bad"] == ["unreachable"], "once, though two were asked"
    assert setup.look(token_uri="nonsense")["bad"] == ["bad_root"]
    for fault, key in (("429", "busy"), ("503", "server"), ("cut", "cut"), ("html", "garbled"), ("malformed", "garbled")):
        server.fail(fault, times=None)  # type: ignore[arg-type]
        assert setup.look()["bad"] == [key]
        server.mend()


def test_a_local_workbook_has_no_such_steps(tmp_path: Path) -> None:
    assert list(sheet_findings(Config(tmp_path))) == []
    assert list(sheet_findings(replace(Config(tmp_path), sheet=Sheet(source="data/workbook.xlsx")))) == []


def test_it_changes_nothing_and_costs_one_read(setup: Setup, server: SheetsServer) -> None:
    server.key_file(setup.key)
    setup.book.share("writer")
    setup.book.add_tab("Journey EC")
    version, before = setup.book.version, {kind: server.count(kind) for kind in ("drive", "read", "write", "token")}  # type: ignore[arg-type]
    assert setup.look()["bad"] == []
    assert setup.book.version == version
    asked = {kind: server.count(kind) - before[kind] for kind in before}  # type: ignore[arg-type]
    assert asked == {"drive": 1, "read": 1, "write": 0, "token": 1}


def test_the_command(setup: Setup, server: SheetsServer, tmp_path: Path) -> None:
    """Each broken step is told once, and what needs the Sheet is not tried without it."""
    shop = new_shop(tmp_path / "shop", "2026-06-03T10:00:00+09:00")
    config = shop.folder / "config.toml"
    config.write_text(
        f'language = "ja"\n[sheet]\nsource = "{setup.book.url}"\napi_root = "{server.url}"\ntoken_uri = "{server.token_uri}"\n'
    )
    bad = [f["text"] for f in shop.json("doctor", code=1) if f["state"] == "bad"]
    assert len(bad) == 1
    assert "docs/google-sheet.md" in bad[0]
    server.key_file(shop.folder / "service-account.json")
    bad = [f["text"] for f in shop.json("doctor", code=1) if f["state"] == "bad"]
    assert len(bad) == 1
    assert server.email in bad[0]
