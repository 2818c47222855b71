"""`init --sheet`: from an empty Sheet that a person made and shared to one that a team can work in, whatever goes wrong on the way."""

from __future__ import annotations

import contextlib
import io
import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sheets_server import Fault, Kind, Seen, SheetsServer
from shop import Ran

from bot import cli
from bot.config import load_config
from bot.sheet_access import access_of
from journey.texts import LANGS, Lang
from sheets_sync.check import CheckContext, read_workbook
from sheets_sync.examples import tests_at as examples_at
from sheets_sync.google.client import connect
from sheets_sync.google.reading import FIELDS, state
from sheets_sync.google.sheet import SheetState
from sheets_sync.google.waiting import Waiting
from sheets_sync.xlsx import XlsxSource

CONTEXT = CheckContext(("email", "line", "sms", "push"), run_tests=examples_at(datetime(2026, 12, 1, tzinfo=UTC)))
FIRST: Mapping[Lang, str] = {"ja": "シート1", "en": "Sheet1"}
CAMPAIGNS: Mapping[Lang, str] = {"ja": "施策", "en": "Campaigns"}


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as running:
        yield running


def folder_for(server: SheetsServer, folder: Path, more: str = "") -> Path:
    """A folder with the key file and a config that leads to the server."""
    folder.mkdir(parents=True, exist_ok=True)
    server.key_file(folder / "service-account.json")
    config = f'# ours\n[sheet]  # where\napi_root = "{server.url}"\ntoken_uri = "{server.token_uri}"\n{more}'
    (folder / "config.toml").write_text(config, encoding="utf-8")
    return folder


def init(folder: Path, address: str, *more: str, lang: Lang = "ja", code: int = 0) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    words = ["init", str(folder), "--sheet", address, "--lang", lang, *more]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        got = cli.run(words, {"LANG": "ja_JP.UTF-8", "USER": "tester"})
    assert got == code, f"exit {got}\n{out.getvalue()}\n{err.getvalue()}"
    return Ran(got, out.getvalue(), err.getvalue())


def look(folder: Path, book: Any) -> SheetState:
    client = connect(access_of(load_config(folder / "config.toml")), Waiting(5.0))
    return state(client.spreadsheet(book.id, FIELDS))


def kinds(server: SheetsServer, since: int) -> list[str]:
    return [seen.kind for seen in server.seen[since:]]


@pytest.mark.parametrize("lang", LANGS)
def test_an_empty_sheet_becomes_the_template_at_one_stroke(
    server: SheetsServer, tmp_path: Path, ready_made: Mapping[Lang, Path], lang: Lang
) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create(tabs=(FIRST[lang],))
    done = init(folder, book.url, "--json", lang=lang).json
    local = XlsxSource(ready_made[lang]).snapshot()
    titles = [tab.title for tab in local.tabs]
    assert done["sheet"]["added"] == titles == list(book.titles) and done["sheet"]["kept"] == []
    assert [Path(path).name for path in done["created"]] == ["inbox", "secret", "sheet-push.gs"]
    assert (folder / "sheet-push.gs").stat().st_mode & 0o777 == 0o600
    config = tomllib.loads((folder / "config.toml").read_text("utf-8"))
    assert config["sheet"] == {"api_root": server.url, "token_uri": server.token_uri, "source": book.url}
    assert (folder / "config.toml").read_text("utf-8").startswith("# ours\n[sheet]  # where\n")
    assert kinds(server, 0).count("read") == 1 and kinds(server, 0).count("write") == 1

    read, wanted = read_workbook(look(folder, book).snapshot, CONTEXT), read_workbook(local, CONTEXT)
    assert read.problems == ()
    assert read.workbook == wanted.workbook and read.headers == wanted.headers and read.lang == lang
    assert read.cells == wanted.cells and read.titles == wanted.titles
    assert all(result.passed for result in read.tests)

    before, version = len(server.seen), book.version
    again = init(folder, book.id, "--json", lang=lang).json
    assert again == {"created": [], "sheet": {"title": done["sheet"]["title"], "added": [], "kept": titles}}
    assert "write" not in kinds(server, before) and book.version == version


def test_the_commands_work_with_the_new_sheet(server: SheetsServer, tmp_path: Path) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create()
    said = init(folder, book.url)
    assert "施策" in said.out and "tabiji sync" in said.err
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        config = str(folder / "config.toml")
        assert cli.run(["check", "--json", "--config", config], {"LANG": "ja_JP.UTF-8"}) == 0, out.getvalue()
    assert json.loads(out.getvalue())["problems"] == []


def test_a_folder_without_a_config_gets_one_before_the_sheet_is_asked(tmp_path: Path) -> None:
    """The key file is the next step of the docs: `doctor` needs the config to say so."""
    address = "https://docs.google.com/spreadsheets/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789/edit#gid=0"
    refused = init(tmp_path / "new", address, code=1)
    assert "service-account.json" in refused.err
    sheet = tomllib.loads((tmp_path / "new" / "config.toml").read_text("utf-8"))["sheet"]
    assert sheet == {"source": address.removesuffix("#gid=0"), "credentials": "service-account.json"}
    assert (tmp_path / "new" / "inbox").is_dir() and (tmp_path / "new" / "data" / "secret").stat().st_mode & 0o777 == 0o600


def test_what_people_typed_stays_and_a_missing_tab_comes_back(server: SheetsServer, tmp_path: Path) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create()
    init(folder, book.url)
    campaigns = book.tab("施策")
    campaigns.type("B2", "わたしたちの名前")
    campaigns.type("AD1", "メモ")
    campaigns.put_note("B2", "相談中")
    book.tab("メッセージ").type("K2", "よい")
    book.person = "suzuki@example.com"
    grids = {title: book.tab(title).grid() for title in book.titles}
    titles = list(book.titles)
    delete(server, folder, book, "テスト", "使い方")
    done = init(folder, book.url, "--json").json
    assert done["sheet"]["added"] == ["使い方", "テスト"]
    assert done["sheet"]["kept"] == [title for title in titles if title not in ("使い方", "テスト")]
    assert list(book.titles) == titles
    assert {title: book.tab(title).grid() for title in titles} == grids
    assert campaigns.note("B2") == "相談中"
    assert not read_workbook(look(folder, book).snapshot, CONTEXT).blocked


def delete(server: SheetsServer, folder: Path, book: Any, *titles: str) -> None:
    client = connect(access_of(load_config(folder / "config.toml")), Waiting(5.0))
    ids = [tab.id for tab in look(folder, book).tabs if tab.title in titles]
    client.change(book.id, [{"deleteSheet": {"sheetId": number}} for number in ids])


@pytest.mark.parametrize(
    ("kind", "fault"), [("read", "503"), *(("write", f) for f in ("429", "500", "cut", "cut-after", "half"))]
)
def test_one_failure_on_the_way_is_got_over(server: SheetsServer, tmp_path: Path, kind: Kind, fault: Fault) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create()
    version = book.version
    server.fail(fault, kind=kind, times=1)
    done = init(folder, book.url, "--json").json
    assert len(done["sheet"]["added"]) == 11 == len(book.titles)
    assert book.tab("施策").value("A2") == "C01"
    assert book.version == version + 1  # applied once, though nobody may have been told


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_a_write_that_always_fails_fills_nothing_half_and_a_later_run_completes(
    server: SheetsServer, tmp_path: Path, fault: Fault
) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create()
    version = book.version
    server.fail(fault, kind="write", times=None)
    failed = init(folder, book.url, code=3)
    assert failed.err.strip() and "Traceback" not in failed.err
    assert list(book.titles) == ["シート1"] and book.tab("シート1").grid() == [] and book.version == version
    assert "source" not in (folder / "config.toml").read_text("utf-8")
    server.mend()
    assert len(init(folder, book.url, "--json").json["sheet"]["added"]) == 11


def test_what_a_person_types_while_the_sheet_is_filled_is_not_written_over(server: SheetsServer, tmp_path: Path) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create()

    def typing(seen: Seen) -> None:
        if seen.kind == "write":
            server.before = None
            book.tab("シート1").type("B2", "買い物メモ")

    server.before = typing
    init(folder, book.url)
    guide = book.tab("使い方")
    assert guide.value("B1") == "このブックの使い方"
    assert any("買い物メモ" in row for row in guide.grid())
    assert not read_workbook(look(folder, book).snapshot, CONTEXT).problems


def test_a_sheet_that_is_not_shared_is_told_with_the_address_to_share_it_with(server: SheetsServer, tmp_path: Path) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create(shared=False)
    assert server.email in init(folder, book.url, code=1).err


def test_another_workbook_in_the_config_is_not_taken_over(server: SheetsServer, tmp_path: Path) -> None:
    book = server.create()
    for source in (
        'source = "ours.xlsx"\n',
        'source = "https://docs.google.com/spreadsheets/d/1ZZZZZZZZZZZZZZZZZZZZZZZZZZ/edit"\n',
    ):
        folder = folder_for(server, tmp_path / "team", source)
        before = (folder / "config.toml").read_text("utf-8")
        said = init(folder, book.url, code=1).err
        assert source.split('"')[1] in said and book.url in said
        assert (folder / "config.toml").read_text("utf-8") == before
    assert server.seen == []


@pytest.mark.parametrize(
    "address", ["", "ours.xlsx", "https://example.com/x", "https://docs.google.com/document/d/abc/edit", "\0"]
)
def test_what_is_no_sheet_is_refused_before_anything_is_made(tmp_path: Path, address: str) -> None:
    assert init(tmp_path / "new", address, code=1).err.strip()
    assert not (tmp_path / "new").exists()
    assert init(tmp_path / "new", "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789", "--template", "b2b", code=1).err.strip()
    assert not (tmp_path / "new").exists()


def test_a_new_public_address_makes_a_new_script_with_the_same_key(server: SheetsServer, tmp_path: Path) -> None:
    folder, book = folder_for(server, tmp_path / "team"), server.create()
    init(folder, book.url)
    before = (folder / "sheet-push.gs").read_text("utf-8")
    assert "http://127.0.0.1:8765/hooks/sheet" in before
    config = (folder / "config.toml").read_text("utf-8")
    (folder / "config.toml").write_text(config + '\n[web]\nbase_url = "https://t.example"\n', encoding="utf-8")
    assert [Path(p).name for p in init(folder, book.url, "--json").json["created"]] == ["sheet-push.gs"]
    after = (folder / "sheet-push.gs").read_text("utf-8")
    assert after == before.replace("http://127.0.0.1:8765", "https://t.example")
