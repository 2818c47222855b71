"""A Google Sheet of size, and how soon an edit is live: on the local server, by hand.

`.venv/bin/python tests/benchmarks/sheet.py [--rounds 5]`. Targets: 200 campaigns, 1,000 message rows and 20 journeys are parsed,
checked and compared in under 1 s, with one read call and at most 5 write calls; an edit is live within 10 s of a poll at the default
setting and 2 s after a push; an unchanged Sheet costs no read of the Sheet.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "flow")]

from daemon import MailShop, free_port, running  # noqa: E402
from sheets_server import Book, SheetsServer  # noqa: E402
from workbook_desks import LocalSheetDesk  # noqa: E402
from workbooks import Tabs, good  # noqa: E402

from bot.desk.status import program_view  # noqa: E402
from bot.push import HEADER, PATH, push_key, signed  # noqa: E402
from bot.secret import read_secret  # noqa: E402
from bot.wiring import Installation, open_installation  # noqa: E402
from sheets_sync.check import read_workbook  # noqa: E402
from sheets_sync.diff import changes  # noqa: E402
from sheets_sync.google.reading import FIELDS, state  # noqa: E402
from sheets_sync.google.source import GoogleSource  # noqa: E402
from sheets_sync.sync import sync  # noqa: E402

JOURNEYS, CAMPAIGNS, MESSAGES = 20, 200, 1000
NOW = "2026-12-01T10:00:00+09:00"


def large() -> Tabs:
    """A good workbook of that size."""
    tabs = good()
    map_, campaign, message = tabs.pop("ジャーニー EC"), tabs["施策"][1], tabs["メッセージ"][1]
    for n in range(JOURNEYS):
        own = [list(row) for row in map_]
        own[0][1], own[1][1], own[4][1] = f"ジャーニー{n}", f"j{n}", str(n)
        tabs[f"ジャーニー {n}"] = own
    tabs["メッセージ"] = [
        tabs["メッセージ"][0],
        *([f"M{n}", *message[1:7], f"本文 {n}。{{{{ 顧客.姓|様 }}}}", *message[8:]] for n in range(MESSAGES)),
    ]
    rows = []
    for n in range(CAMPAIGNS):
        row = list(campaign)
        row[0], row[1], row[3], row[7] = f"C{n:03d}", f"施策{n}", f"j{n % JOURNEYS}", f"M{n}"
        rows.append(row)
    tabs["施策"] = [tabs["施策"][0], *rows]
    tabs["テスト"] = tabs["テスト"][:1]
    return tabs


def of_size(rounds: int) -> None:
    """Parse, check and difference; calls of a sync and of what is written back."""
    with SheetsServer() as server, tempfile.TemporaryDirectory() as folder:
        desk = LocalSheetDesk(server, Path(folder))
        desk.lay(large())
        config = f'language = "ja"\n[sheet]\nsource = "{desk.book.url}"\napi_root = "{server.url}"\n'
        (Path(folder) / "config.toml").write_text(config, encoding="utf-8")
        installation = open_installation(Path(folder) / "config.toml", now=NOW, environment={})
        source = desk.source
        assert isinstance(source, GoogleSource)
        installation.__dict__["source"] = source
        context = installation.check_context()
        raw = source.client.spreadsheet(desk.book.id, FIELDS)
        before = read_workbook(state(raw).snapshot, context).rows

        def pure() -> None:
            found = read_workbook(state(raw).snapshot, context)
            assert not [p for p in found.problems if p.severity == "error"], found.problems[:3]
            changes(before, found.rows, found.titles, found.headers, ja=True)

        print(f"answer of {len(json.dumps(raw)) / 2**20:.1f} MB; parse, check, diff: {_median(pure, rounds):.2f} s")
        _round(installation, desk, "first")
        desk.type("メッセージ", "F5", "べつの件名")
        _round(installation, desk, "after an edit")
        _round(installation, desk, "unchanged")


def _round(installation: Installation, desk: LocalSheetDesk, label: str) -> None:
    server, start, begun = desk.server, len(desk.server.seen), time.perf_counter()
    sync(installation.engine, installation.source, installation.now, installation.check_context())
    synced = time.perf_counter() - begun
    said = installation.source.write_back(installation.source.snapshot(), program_view(installation))
    assert said is None, said
    kinds = [seen.kind for seen in server.seen[start:]]
    calls = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("drive", "read", "write"))
    print(f"{label}: sync {synced:.2f} s, with write-back {time.perf_counter() - begun:.2f} s; calls: {calls}")


def live(rounds: int) -> None:
    """From an edit to its state in the Sheet, through the daemon; and what an untouched Sheet costs."""
    with SheetsServer() as server, tempfile.TemporaryDirectory() as made:
        book = server.create()
        folder = Path(made) / "shop"
        folder.mkdir()
        server.key_file(folder / "service-account.json")
        port = free_port()
        (folder / "config.toml").write_text(
            f'language = "ja"\n[sheet]\nsource = "{book.url}"\napi_root = "{server.url}"\ntoken_uri = "{server.token_uri}"\n'
            f"[web]\nport = {port}\n",
            encoding="utf-8",
        )
        shop = MailShop(folder, NOW)
        shop.web_port = port
        shop.run("init", str(folder), "--sheet", book.url, "--lang", "ja")
        shop.run("sync")
        shop.run("approve", "--all")
        key = push_key(read_secret(folder / "data" / "secret", {}))
        with running(shop):
            _until(lambda: book.tab("施策").value("U2") == "配信中")
            for label, push in (("by a poll", False), ("after a push", True)):
                times = []
                for n in range(rounds):
                    time.sleep(4 + n % 3 * 0.7)
                    on = book.tab("施策").value("C2") == "○"
                    book.tab("施策").type("C2", "×" if on else "○")
                    begun = time.perf_counter()
                    if push:
                        _push(port, book, key)
                    _until(lambda wanted="無効" if on else "配信中": book.tab("施策").value("U2") == wanted)
                    times.append(time.perf_counter() - begun)
                print(f"live {label}: median {statistics.median(times):.1f} s, worst {max(times):.1f} s")
            time.sleep(6)
            reads, looks = server.count("read"), server.count("drive")
            time.sleep(30)
            print(
                f"untouched for 30 s: {server.count('read') - reads} reads, {server.count('drive') - looks} questions to Drive"
            )


def _push(port: int, book: Book, key: str) -> None:
    body = json.dumps({"sheet": book.id, "at": datetime.now(UTC).isoformat()}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", body, {HEADER: signed(key, body)})
    urllib.request.urlopen(request, timeout=10).close()


def _until(reached: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def _median(work: Callable[[], None], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--rounds", type=int, default=5)
    chosen = asked.parse_args()
    of_size(chosen.rounds)
    live(chosen.rounds)
