"""From an empty Sheet to a running campaign, as docs/google-sheet.md tells it, the numbers back in the Sheet; and the daemon."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from daemon import MailShop, free_port, running, until
from sheets_server import Book, SheetsServer
from shop import CUSTOMERS, PURCHASES, Shop

from bot.push import HEADER, PATH, push_key, signed
from bot.secret import read_secret

DAY1, DAY2 = "2026-12-01T10:00:00+09:00", "2026-12-02T10:00:00+09:00"


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer() as made:
        yield made


def config(folder: Path, server: SheetsServer, book: Book, more: str = "") -> None:
    """What the docs tell to write, and the local server in Google's place."""
    (folder / "config.toml").write_text(
        f"""language = "ja"
[sheet]
source = "{book.url}"
credentials = "service-account.json"
api_root = "{server.url}"
token_uri = "{server.token_uri}"
{more}
""",
        encoding="utf-8",
    )


def place(book: Book, tab: str, row_id: str, header: str) -> str:
    """The address of a cell by its row's ID and its column's header, or on a map by its row's label and its stage."""
    grid = book.tab(tab).grid()
    if tab.startswith("ジャーニー"):
        stages = next(row for row in grid if row[0] == "ステージ")
        row = next(n for n, cells in enumerate(grid, 1) if cells and cells[0] == row_id)
        return f"{chr(65 + stages.index(header))}{row}"
    column = grid[0].index(header)
    row = next(n for n, cells in enumerate(grid, 1) if cells and cells[0] == row_id)
    return f"{chr(65 + column)}{row}" if column < 26 else f"A{chr(65 + column - 26)}{row}"


def value(book: Book, tab: str, row_id: str, header: str) -> str:
    return book.tab(tab).value(place(book, tab, row_id, header))


def states(findings: list[dict[str, Any]]) -> str:
    return " ".join(f"{f['state']}: {f['text']}" for f in findings)


def test_the_steps_of_the_docs(server: SheetsServer, tmp_path: Path) -> None:
    book = server.create()
    folder = tmp_path / "myshop"
    folder.mkdir()
    server.key_file(folder / "service-account.json")
    config(folder, server, book)
    shop = Shop(folder, DAY1)

    assert "tabiji init" in states(shop.json("doctor", code=None)), "an empty Sheet: doctor says what to do next"
    shop.run("init", str(folder), "--sheet", book.url, "--template", "ec", "--lang", "ja")
    assert not [f for f in shop.json("doctor", code=None) if f["state"] == "bad"]
    assert shop.json("check")["problems"] == []

    shop.run("upload", shop.file("customers.csv", CUSTOMERS, [_customer(n, "2026-01-10 09:00") for n in range(5)]))
    shop.run("upload", shop.file("orders.csv", PURCHASES, [["O1", "K000", "2026-11-20 12:00", "茶", "1200"]]))
    shop.json("sync")
    shop.run("assign")
    shop.run("approve", "--all")
    shop.run("upload", shop.file("new.csv", CUSTOMERS, [_customer(n, "2026-12-01 20:00") for n in (7, 8)]), now=DAY2)
    ticked = shop.json("tick", now=DAY2)
    assert ticked["sent"]["accepted"] == 2

    # The numbers are in the Sheet, by themselves.
    assert [value(book, "ジャーニー EC 通常", "人数", stage) for stage in ("興味・学習", "初回購入", "休眠")] == ["6", "1", "0"]
    assert "C01 ▶" in value(book, "ジャーニー EC 通常", "施策", "興味・学習")
    shown = [value(book, "施策", "C01", header) for header in ("状態", "承認", "送信")]
    assert shown == ["配信中", "承認済み", "2"]
    assert "approve" in [row[2] for row in book.tab("履歴").grid() if len(row) > 2]

    # Nothing to do: no read of the Sheet and no write, and nothing new in force.
    reads, writes = server.count("read"), server.count("write")
    assert shop.json("sync", now=DAY2)["changed"] is False
    assert (server.count("write"), server.count("read") - reads <= 1) == (writes, True)

    # An edit waits for its yes, and only its own campaign.
    book.person = "suzuki@example.com"
    book.tab("メッセージ").type(place(book, "メッセージ", "M01", "件名"), "ようこそ、はじめまして")
    synced = shop.json("sync", now=DAY2)
    assert [(c["tab"], c["id"], c["after"]) for c in synced["changes"]] == [("メッセージ", "M01", "ようこそ、はじめまして")]
    assert synced["edited_by"] == "suzuki@example.com"
    pending = [c["id"] for c in shop.json("campaigns", now=DAY2) if c["approval"] == "pending"]
    assert pending == ["C01"]

    # A mistake is marked on its cell and changes nothing; mended, the mark goes.
    wrong = place(book, "施策", "C02", "ステージ")
    before, note, colour = book.tab("施策").value(wrong), book.tab("施策").note(wrong), book.tab("施策").colour(wrong)
    book.tab("施策").type(wrong, "休民")
    blocked = shop.json("tick", code=1, now=DAY2)["sync"]
    assert [(p["cell"], "休眠" in p["text"]) for p in blocked["problems"] if p["severity"] == "error"] == [(wrong, True)]
    assert blocked["version"] == synced["version"]
    assert "休眠" in book.tab("施策").note(wrong) and book.tab("施策").colour(wrong) != colour
    book.tab("施策").type(wrong, before)
    shop.run("tick", now=DAY2)
    assert (book.tab("施策").note(wrong), book.tab("施策").colour(wrong)) == (note, colour)

    # × stops at once; an earlier version comes back beside the Sheet until the next edit.
    book.tab("施策").type(place(book, "施策", "C03", "有効"), "×")
    shop.run("tick", now=DAY2)
    assert value(book, "施策", "C03", "状態") == "無効"
    first = shop.json("sync", "--versions", now=DAY2)["versions"]
    assert "suzuki@example.com" in {v["edited_by"] for v in first}
    shop.run("sync", "--to", "1", now=DAY2)
    assert shop.json("sync", now=DAY2)["changed"] is False
    assert value(book, "メッセージ", "M01", "件名") == "ようこそ、はじめまして"
    assert not server.mistakes


def _customer(number: int, joined: str) -> list[str]:
    return [f"K{number:03d}", "山田", "花子", f"k{number:03d}@example.jp", joined, "○"]


def test_the_daemon_beside_the_sheet(server: SheetsServer, tmp_path: Path) -> None:
    """A poll sees an edit, a push brings it sooner, forged ones do nothing, and an untouched Sheet costs no read."""
    book = server.create()
    folder = tmp_path / "myshop"
    folder.mkdir()
    server.key_file(folder / "service-account.json")
    port = free_port()
    config(folder, server, book, f"poll_seconds = 0.3\n[web]\nport = {port}")
    shop = MailShop(folder, DAY1)
    shop.web_port = port
    shop.run("init", str(folder), "--sheet", book.url, "--template", "ec", "--lang", "ja")
    shop.run("sync")
    shop.run("approve", "--all")
    with running(shop) as daemon:
        until(lambda: value(book, "施策", "C01", "状態") == "配信中", "the state of a campaign in the Sheet")

        book.tab("施策").type(place(book, "施策", "C01", "有効"), "×")
        until(lambda: value(book, "施策", "C01", "状態") == "無効", "an edit seen by a poll")

        book.tab("施策").type(place(book, "施策", "C01", "有効"), "○")
        assert _push(shop, book.id, "0" * 64) == 401
        assert _push(shop, "another", push_key(read_secret(folder / "data" / "secret", {}))) == 401
        assert _push(shop, book.id, push_key(read_secret(folder / "data" / "secret", {}))) == 204
        until(lambda: value(book, "施策", "C01", "状態") == "配信中", "an edit told by a push")

        until(lambda: server.count("drive") and _idle(server), "a Sheet that nobody touches is not read")
        server.fail("500", times=None)
        daemon.says("障害が起きています")
        looked = server.count("drive")
        until(lambda: server.count("drive") > looked + 6, "it goes on looking")
        assert daemon.log.count("障害が起きています") == 1, "told again and again"
        server.mend()
        book.tab("施策").type(place(book, "施策", "C01", "有効"), "×")
        until(lambda: value(book, "施策", "C01", "状態") == "無効", "it comes right by itself")
        code, _ = daemon.stop()
        assert code == 0
    assert "Traceback" not in daemon.log


def _idle(server: SheetsServer) -> bool:
    """Ten looks in a row that read nothing."""
    reads, looks = server.count("read"), server.count("drive")
    until(lambda: server.count("drive") >= looks + 10, "ten looks")
    return server.count("read") == reads


def _push(shop: MailShop, sheet: str, key: str) -> int:
    """A push as the script in the Sheet sends it; the status it is answered with."""
    body = json.dumps({"sheet": sheet, "at": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{shop.web_port}{PATH}", body, {HEADER: signed(key, body)})
    end = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return int(refused.code)
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
