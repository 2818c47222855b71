"""A shop whose mail goes to a scripted server on this machine, and `tabiji run` as a process of its own."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from shop import CUSTOMERS, Shop, new_shop

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from bot.cli import main; main()"]
PATIENCE = 30.0
"""Seconds that a test waits for what usually takes less than two."""
DAY1, DAY2 = "2026-06-01T10:00:00+09:00", "2026-06-02T10:00:00+09:00"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def until(reached: Callable[[], Any], what: str = "") -> Any:
    """Waits until `reached` gives something true, and gives that back."""
    end = time.monotonic() + PATIENCE
    while not (found := reached()):
        assert time.monotonic() < end, f"waited in vain: {what or reached}"
        time.sleep(0.05)
    return found


def customer(number: int, joined: str = "2026-06-01 20:00", consent: str = "○", address: str | None = None) -> list[str]:
    """A row of a customers file."""
    return [f"K{number:03d}", "山田", "花子", address or f"k{number:03d}@example.jp", joined, consent]


def mailing_base(folder: Path, lang: str = "ja") -> Path:
    """A shop, live and approved since the first of June; whoever registers later is welcomed by C01 (and C02 three days after)."""
    shutil.copytree(_live(lang), folder, dirs_exist_ok=True)
    return folder


@cache
def _live(lang: str) -> Path:
    """The same, once for all tests of a process."""
    made = Path(tempfile.mkdtemp(prefix="tabiji-live-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    folder = made / "shop"
    new_shop(folder, DAY1, lang)
    shop = MailShop(folder, DAY1, lang)
    configure(shop, 1)
    shop.run("upload", shop.file("first.csv", CUSTOMERS, [customer(0, "2025-06-01 09:00")]))
    shop.run("sync")
    shop.run("assign")
    shop.run("approve", "--all")
    return folder


class MailShop(Shop):
    """A shop that sends by SMTP. `web_port` is where its pages are served."""

    web_port: int = 0

    def newcomers(self, numbers: range) -> str:
        """A customers file of people who registered yesterday; its path."""
        return self.file(f"new{numbers.start}.csv", CUSTOMERS, [customer(n) for n in numbers])

    def states(self, campaign: str = "C01") -> dict[str, str]:
        """Customer → state of a campaign's deliveries."""
        return {d["customer"]: d["state"] for d in self.deliveries(campaign=campaign)}


def mailing_shop(base: Path, folder: Path, smtp_port: int, **config: Any) -> MailShop:
    """A copy of the base, on its second day, with mail to `smtp_port`."""
    shutil.copytree(base, folder)
    shop = MailShop(folder, DAY2)
    configure(shop, smtp_port, **config)
    return shop


def configure(
    shop: MailShop, smtp_port: int, *, trial: bool = True, email: str = "", every: float = 10, more: str = ""
) -> None:
    """Writes the shop's config.toml: mail by SMTP, quick looks, pages on a free port."""
    shop.web_port = free_port()
    hosts = f'"127.0.0.1:{smtp_port}"' if trial else ""
    (shop.folder / "config.toml").write_text(
        f"""language = "{shop.lang}"
[sheet]
poll_seconds = 0.2
[stages]
every_minutes = {every}
[channels.email]
kind = "smtp"
host = "127.0.0.1"
port = {smtp_port}
tls = false
{email}
[web]
port = {shop.web_port}
[safety]
trial_hosts = [{hosts}]
{more}
""",
        encoding="utf-8",
    )


@dataclass
class Process:
    """A daemon. `log` is what it has written to standard error so far."""

    child: subprocess.Popen[bytes]
    path: Path
    base: str

    @property
    def log(self) -> str:
        return self.path.read_text(encoding="utf-8", errors="replace")

    def says(self, wanted: str, times: int = 1) -> None:
        """Waits until the log holds the text so many times."""

        def said() -> bool:
            if self.log.count(wanted) >= times:
                return True
            assert self.child.poll() is None, f"ended with {self.child.returncode} before {wanted!r}:\n{self.log}"
            return False

        until(said, f"{wanted!r} in {self.path}")

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Sends the signal and waits; the exit code and how many seconds it took."""
        begun = time.monotonic()
        self.child.send_signal(number)
        return self.child.wait(PATIENCE), time.monotonic() - begun

    def get(self, path: str) -> tuple[int, str]:
        """What the served pages answer."""
        with urllib.request.urlopen(self.base + path, timeout=10) as answer:
            return answer.status, answer.read().decode()


def environment(**more: str) -> dict[str, str]:
    """What a child process of a test sees."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "TABIJI_"))}
    return {**kept, "LANG": "C.UTF-8", "USER": "tester", **more}


@contextmanager
def running(shop: MailShop, now: str | None = "", **secrets: str) -> Iterator[Process]:
    """`tabiji run` for the length of a test. `now` empty: the shop's; None: the machine's clock. `secrets` are for its environment."""
    given = [] if now is None else ["--now", now or shop.now]
    log = shop.folder / "daemon.log"
    with log.open("wb") as out:
        words = [*PROGRAM, "run", "--config", str(shop.folder / "config.toml"), *given]
        child = subprocess.Popen(words, stdout=out, stderr=out, cwd=ROOT, env=environment(**secrets))
    try:
        yield Process(child, log, f"http://127.0.0.1:{shop.web_port}")
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(PATIENCE)
