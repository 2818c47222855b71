"""The client against the local Sheets server: what a call does there, and what the server's own limits and faults do to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sheets_server import SheetsServer
from sheets_server.book import Book

from journey.errors import InputError, OutsideError
from sheets_sync.google.access import Access, spreadsheet_id
from sheets_sync.google.client import SheetsClient, connect
from sheets_sync.google.waiting import Waiting

QUICK = Waiting(60.0, sleep=lambda seconds: None, random=lambda: 0.0)
"""Patient, but never asleep: for waits that the server does not insist on."""


@pytest.fixture(scope="module")
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as server:
        yield server


@pytest.fixture
def book(server: SheetsServer) -> Iterator[Book]:
    yield server.create(tabs=("施策",))
    server.mend()
    server.quota(10**9, 10**9)


def client_of(server: SheetsServer, folder: Path, waiting: Waiting = QUICK) -> SheetsClient:
    key = server.key_file(folder / "service-account.json")
    return connect(Access(key, server.url + "/", server.token_uri), waiting)


def test_the_story_of_an_edit(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    client = client_of(server, tmp_path)
    wanted = str(spreadsheet_id(book.url))
    first = client.file(wanted)
    book.person = "suzuki@example.com"
    book.tab("施策").type("A1", "送信")
    second = client.file(wanted)
    assert int(second.version) > int(first.version)
    assert (second.editor, second.can_edit) == ("suzuki@example.com", True)
    assert second.modified_at is not None
    client.put_values(wanted, [{"range": "施策!A2:B2", "values": [["=1+1", "'0901"]]}])
    tab = client.change(wanted, [{"addSheet": {"properties": {"title": "状況"}}}])["replies"][0]["addSheet"]["properties"]
    assert book.tab("施策").grid() == [["送信"], ["=1+1", "'0901"]], "never a formula"
    assert (tab["title"], book.titles) == ("状況", ["施策", "状況"])
    third = client.file(wanted)
    assert int(third.version) > int(second.version)
    assert third.editor == "", "the program itself"
    read = client.spreadsheet(wanted, "sheets(properties(title),data(rowData(values(formattedValue))))")
    rows = read["sheets"][0]["data"][0]["rowData"]
    assert [[cell.get("formattedValue") for cell in row["values"]] for row in rows] == [["送信"], ["=1+1", "'0901"]]


def test_all_or_nothing(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    client = client_of(server, tmp_path)
    with pytest.raises(InputError) as refused:
        client.change(book.id, [{"addSheet": {"properties": {"title": "新"}}}, {"deleteSheet": {"sheetId": 99}}])
    assert refused.value.said.key == "google.refused"
    assert book.titles == ["施策"]


def test_one_token_serves_many_calls_and_a_lost_one_is_replaced(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    client = client_of(server, tmp_path)
    before = server.count("token")
    for _ in range(5):
        client.file(book.id)
    assert server.count("token") == before + 1
    server.tokens.expire()
    client.change(book.id, [{"addSheet": {"properties": {"title": "新"}}}])
    assert server.count("token") == before + 2
    assert book.titles == ["施策", "新"]


def test_another_key_counts_without_starting_anew(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    client = client_of(server, tmp_path)
    client.file(book.id)
    server.tokens.delete_key()
    server.tokens.expire()
    with pytest.raises(InputError) as refused:
        client.file(book.id)
    assert refused.value.said.key == "google.key_dead"
    server.key_file(tmp_path / "service-account.json", mode=0o644)
    with pytest.raises(InputError) as shared:
        client.file(book.id)
    assert shared.value.said.key == "google.key_shared"
    (tmp_path / "service-account.json").chmod(0o600)
    assert client.file(book.id).version


def test_who_may_not(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    client = client_of(server, tmp_path)
    book.share("reader")
    assert client.file(book.id).can_edit is False
    with pytest.raises(InputError) as viewer:
        client.put_values(book.id, [{"range": "施策!A1", "values": [["x"]]}])
    book.share(None)
    keys = []
    for call in (
        lambda: client.file(book.id),
        lambda: client.spreadsheet(book.id, "properties"),
        lambda: client.file("1" * 44),
    ):
        with pytest.raises(InputError) as refused:
            call()
        keys.append(refused.value.said.key)
    assert [viewer.value.said.key, *keys] == ["google.viewer", "google.unseen", "google.unshared", "google.unseen"]


def test_the_servers_quota_is_kept_to(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    """A limit lower than Google's: the client waits as long as the server asks, with a real clock."""
    server.quota(reads=2, writes=2, seconds=1)
    client = client_of(server, tmp_path, Waiting(30.0))
    for n in range(3):
        client.spreadsheet(book.id, "properties")
        client.change(book.id, [{"addSheet": {"properties": {"title": f"新{n}"}}}])
    assert book.titles == ["施策", "新0", "新1", "新2"], "each once"


def test_its_own_budget_comes_first(server: SheetsServer, book: Book, tmp_path: Path) -> None:
    client = client_of(server, tmp_path, Waiting(0.0))
    before = server.count("read")
    spent = 0
    for _ in range(70):
        try:
            client.spreadsheet(book.id, "spreadsheetId")
        except OutsideError as error:
            spent += error.said.key == "google.spent"
    assert (server.count("read") - before, spent) == (60, 10)


DONE = {"slow-after", "cut-after", "half", "malformed"}
"""Faults of the answer to what was carried out."""


@pytest.mark.parametrize("kind", ["drive", "read", "write", "token"])
@pytest.mark.parametrize("fault", ["429", "429-retry-after", "503", "cut", "cut-after", "half", "malformed", "html", "huge"])
def test_each_fault_once_and_for_good(server: SheetsServer, book: Book, tmp_path: Path, fault: str, kind: str) -> None:
    client = client_of(server, tmp_path)
    writes = 0

    def all_calls() -> None:
        nonlocal writes
        client.file(book.id)
        client.spreadsheet(book.id, "properties")
        writes += 1
        client.change(book.id, [{"addSheet": {"properties": {"title": f"新{writes}"}}}])

    server.fail(fault, kind=kind)  # type: ignore[arg-type]
    refused = fault == "huge"
    try:
        all_calls()
        assert not refused
        assert kind != "write" or fault.startswith("429")
    except OutsideError:
        assert kind == "write"
        assert ("新1" in book.titles) == (fault in DONE), "in doubt, and never repeated"
    except InputError as error:
        assert refused
        assert error.said.key == "google.huge"
    all_calls()
    assert len(book.titles) == len(set(book.titles))
    server.tokens.expire()
    server.fail(fault, kind=kind, times=None)  # type: ignore[arg-type]
    said = set()
    for _ in range(3):
        with pytest.raises((OutsideError, InputError)) as failed:
            all_calls()
        said.add(failed.value.said.say("ja"))
    assert len(said) == 1, "told once"
    server.mend()
    all_calls()
