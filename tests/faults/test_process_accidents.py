"""What happens to operators: each accident ends with a sentence and an exit code, no traceback, and nothing half done."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "flow"))
from daemon import PROGRAM, ROOT, MailShop, environment, mailing_base, running, until
from shop import Ran

from journey.store.engine import sqlite_module

NOW = "2026-06-02T10:00:00+09:00"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = mailing_base(tmp_path_factory.mktemp("base") / "shop")
    (folder / "config.toml").write_text('language = "ja"\n', encoding="utf-8")  # mail goes to the outbox again: asks anew
    MailShop(folder, "2026-06-01T11:00:00+09:00").run("approve", "--all")
    return folder


@pytest.fixture
def shop(base: Path, tmp_path: Path) -> MailShop:
    shutil.copytree(base, tmp_path / "shop")
    return MailShop(tmp_path / "shop", NOW)


def process(shop: MailShop, *words: str, out: int = subprocess.PIPE, limit: int = 0, **env: str) -> Ran:
    """The program as a process of its own; no file may grow beyond `limit` bytes where one is given."""

    def small_files() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    arguments = [*PROGRAM, *words, "--config", str(shop.folder / "config.toml"), "--now", shop.now]
    done = subprocess.run(
        arguments, stdout=out, stderr=subprocess.PIPE, cwd=ROOT, env=environment(**env), preexec_fn=small_files, timeout=60
    )
    return Ran(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def sentence(ran: Ran, code: int, *wanted: str) -> None:
    """Ended with this code and one sentence that holds these words."""
    assert (ran.code, "Traceback" in ran.err) == (code, False), ran.err
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    for word in wanted:
        assert word in ran.err


def test_a_disk_that_fills_up(shop: MailShop) -> None:
    full = process(shop, "upload", shop.newcomers(range(100, 130)), limit=1_000)
    assert (full.code in (1, 3), "Traceback" in full.err) == (True, False)
    assert len(shop.json("customers")) == 1
    shop.run("upload", shop.newcomers(range(100, 130)))
    state = (shop.folder / "data" / "state.sqlite").stat().st_size
    sentence(process(shop, "tick", limit=min(state, 100_000)), 3, "空き容量")
    assert {d["state"] for d in shop.deliveries()} <= {"planned"}
    shop.run("tick")
    assert len(shop.mails()) == 30


def _unlink(shop: MailShop) -> None:
    for segment in (shop.folder / "data").rglob("customers*.parquet"):
        segment.unlink()


def _truncate(shop: MailShop) -> None:
    for segment in (shop.folder / "data").rglob("customers*.parquet"):
        segment.write_bytes(segment.read_bytes()[:-20])


@pytest.mark.parametrize("accident", [_unlink, _truncate])
def test_a_segment_that_is_missing_or_cut(shop: MailShop, accident: Callable[[MailShop], None]) -> None:
    accident(shop)
    for words in (["tick"], ["customers"], ["upload", shop.newcomers(range(5, 7))]):
        sentence(shop.run(*words, code=3), 3, "customers-")
    shop.run("stages")


@pytest.mark.parametrize("from_byte", [0, 8192])
def test_a_store_that_is_garbage(shop: MailShop, from_byte: int) -> None:
    store = shop.folder / "data" / "state.sqlite"
    with closing(sqlite_module().connect(store)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # nothing is left in files beside it
    store.write_bytes(store.read_bytes()[:from_byte] + b"\xa5" * 100_000)
    for command in ("stages", "tick", "run"):
        sentence(shop.run(command, code=1), 1, "壊れています", "バックアップ")


def test_a_store_that_is_gone_begins_anew_and_mails_nobody(shop: MailShop) -> None:
    shutil.rmtree(shop.folder / "data")
    shop.run("tick")
    shop.run("upload", shop.newcomers(range(100, 102)))
    shop.run("tick")
    assert shop.mails() == []


def test_a_clock_set_back(shop: MailShop) -> None:
    for command in ("tick", "assign", "run"):
        sentence(shop.run(command, code=1, now="2020-01-01T00:00"), 1, "2026-06-01")
    shop.run("stages", now="2020-01-01T00:00")


@pytest.mark.parametrize(
    "given", ["garbage", "2026-13-01", "0001-01-01T00:00", "9999-12-31", "2026-06-02T10:00+99:00", "10:00"]
)
def test_a_now_that_is_none(shop: MailShop, given: str) -> None:
    sentence(shop.run("tick", code=1, now=given), 1, given)


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (b"x = [", "config.toml"),
        (b"\xff\xfe", "config.toml"),
        (b'[sheet]\nsorce = "a"', "sheet.source"),
        (b'[web]\nport = "a"', "web.port"),
        (b'[channels.email]\nkind = "smpt"', "smtp"),
    ],
)
def test_a_config_that_is_wrong(shop: MailShop, written: bytes, named: str) -> None:
    (shop.folder / "config.toml").write_bytes(written)
    ran = shop.run("tick", code=1)
    sentence(ran, 1, named)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 x", b"PK\x03\x04 half of a copy"])
def test_a_workbook_that_is_none(shop: MailShop, content: bytes) -> None:
    shop.run("upload", shop.newcomers(range(100, 101)))
    (shop.folder / "journey.xlsx").write_bytes(content)
    sentence(shop.run("sync", code=1), 1, "journey.xlsx")
    ticked = shop.run("tick", code=1)  # the last good version runs on
    assert "journey.xlsx" in ticked.out
    assert len(shop.mails()) == 1


def test_an_inbox_with_anything_in_it(shop: MailShop) -> None:
    inbox = shop.folder / "inbox"
    (inbox / "a folder.csv").mkdir()
    (inbox / "empty.csv").write_bytes(b"")
    (inbox / "big.bin").write_bytes(b"\x00\xff" * 5_000_000)
    (inbox / "dangling.csv").symlink_to("/nowhere/at/all")
    (inbox / "a\nname.csv").write_text("what,is\nthis,?\n")
    shutil.copy(shop.newcomers(range(100, 101)), inbox / "z.csv")
    done = shop.json("tick", code=1)
    assert {Path(u["file"]).name for u in done["unreadable"]} == {"empty.csv", "big.bin", "a\nname.csv"}
    assert [u["accepted"] for u in done["uploads"]] == [1]
    assert (inbox / "problems" / "empty.csv.txt").read_text("utf-8").strip()
    again = shop.json("tick")
    assert (again["unreadable"], again["uploads"]) == ([], [])


def test_a_secret_that_others_can_read(shop: MailShop) -> None:
    (shop.folder / "data" / "secret").chmod(0o644)
    sentence(shop.run("tick", code=1), 1, "chmod 600")


def test_a_port_that_is_taken(shop: MailShop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (shop.folder / "config.toml").write_text(f'language = "ja"\n[web]\nport = {port}\n', encoding="utf-8")
        sentence(shop.run("run", code=3), 3, str(port), "[web] port")


@pytest.mark.parametrize(
    "locale", [{"LANG": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_a_locale_without_japanese(shop: MailShop, locale: dict[str, str]) -> None:
    ran = process(shop, "stages", **locale)
    assert (ran.code, "興味・学習" in ran.out, ran.err) == (0, True, "")


def test_a_locale_that_lacks_a_sign(shop: MailShop) -> None:
    arguments = [*PROGRAM, "stages", "--config", str(shop.folder / "config.toml")]
    done = subprocess.run(arguments, capture_output=True, cwd=ROOT, env=environment(PYTHONIOENCODING="cp932"), timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "興味・学習" in done.stdout.decode("cp932")


def test_a_reader_that_has_gone(shop: MailShop) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ran = process(shop, "check", out=write)
    finally:
        os.close(write)
    assert ran.err == ""


def test_a_user_without_a_name_or_a_home(shop: MailShop, monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def nobody(_: int) -> None:
        raise KeyError("uid not found")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    shop.run("pause", "C01")
    assert {c["id"]: c["state"] for c in shop.json("campaigns")}["C01"] == "paused"


def test_the_store_goes_while_the_daemon_runs(shop: MailShop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        shop.web_port = free.getsockname()[1]
    (shop.folder / "config.toml").write_text(
        f'language = "ja"\n[sheet]\npoll_seconds = 0.2\n[web]\nport = {shop.web_port}\n', encoding="utf-8"
    )
    with running(shop) as daemon:
        daemon.says("次に見直すのは")
        shutil.rmtree(shop.folder / "data" / "segments")
        shutil.copy(shop.newcomers(range(100, 101)), shop.folder / "inbox" / "z.csv")
        until(lambda: "error" in daemon.log)
        until(lambda: daemon.get("/healthz") == (200, "ok\n"))
        assert daemon.stop()[0] == 0
        complaints = [line.partition(" error ")[2] for line in daemon.log.splitlines() if " error " in line]
        assert len(complaints) == len(set(complaints)) <= 2, "the same complaint again and again"
        assert "Traceback" not in daemon.log
    assert (shop.folder / "inbox" / "z.csv").exists(), "a file went away without being taken in"
