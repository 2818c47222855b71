"""Every single request of a look at the Sheet fails, once and for good, in every way: nothing is half applied, all comes right.

What came of it is the table beside this file, sheet_faults.md; `python tests/faults/test_sheet_faults.py` writes it anew.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sheets_server import SheetsServer
from workbook_desks import LocalSheetDesk
from workbooks import good

from bot.desk.flow import sync_workbook
from bot.desk.status import write_status
from bot.wiring import Installation, open_installation
from journey.errors import TabijiError
from journey.texts import Text
from sheets_sync.google import carrying
from sheets_sync.google.client import connect
from sheets_sync.google.source import GoogleSource
from sheets_sync.google.waiting import Waiting

TABLE = Path(__file__).with_name("sheet_faults.md")
FAULTS = ("429", "500", "slow", "cut", "malformed")
"""`slow`, `cut`: the request was not carried out. `malformed`: it was, and its answer cannot be read."""
TO_WRITES = ("slow-after", "cut-after")
"""The request was carried out, and its answer was lost: it makes a difference only to what is written."""
NOW = "2026-12-01T10:00:00+09:00"


@dataclass
class Time:
    """A clock that only waiting moves."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@dataclass
class Shop:
    """An installation whose workbook is a Sheet on the local server, looked at as the daemon does it."""

    desk: LocalSheetDesk
    installation: Installation
    time: Time
    edits: int = 0
    told: list[Text] = field(default_factory=list)

    def look(self) -> list[str]:
        """One look: what was typed comes in, what the program knows goes out. Returns what there was to complain of."""
        said: list[Text] = []
        try:
            sync_workbook(self.installation)
        except TabijiError as error:
            said.append(error.said)
        try:
            status = write_status(self.installation)
        except TabijiError as error:
            status = error.said
        if status is not None:
            said.append(status)
        self.told += said
        return [one.key for one in said]

    def edit(self) -> str:
        """A person edits a message, and begins a campaign or takes it away again: a half-written row gets a mark."""
        self.edits += 1
        text = f"こんにちは {self.edits}"
        self.desk.type("施策", "A4", "C03" if self.edits % 2 else "")
        self.desk.type("施策", "B4", "書きかけ" if self.edits % 2 else "")
        self.desk.type("メッセージ", "F2", text)
        self.desk.note("施策", "B2", f"memo {self.edits}")
        return text

    def in_force(self) -> str:
        """The subject of M1 in the version in force."""
        version = self.installation.version()
        assert version is not None
        return version.workbook.messages[0].subject

    def whole(self, subject: str) -> None:
        """The Sheet and the store tell one story, and what people typed stands as they typed it."""
        assert self.in_force() == subject
        assert self.desk.seen("メッセージ", "F2") == subject
        assert self.desk.seen("施策", "U2") == "承認待ち"
        assert self.desk.seen_note("施策", "B2") == f"memo {self.edits}"
        assert self.desk.seen("施策", "F2") == "ステージに入って3日後 10:00"
        marks = [self.desk.seen_note("施策", f"{column}4") for column in "ABCDEFGH"]
        assert any("Tabiji" in mark for mark in marks) == bool(self.edits % 2)
        version = self.installation.version()
        assert version is not None
        status = self.desk.book.tab("状況").grid()
        assert [row[1] for row in status if row and row[0] == "有効な版"] in ([], [str(version.id)])


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """A shop with a first version in force and everything written back."""
    before, carrying.TIMEOUT = carrying.TIMEOUT, (1.0, 0.1)
    try:
        with SheetsServer() as server:
            desk = LocalSheetDesk(server, folder)
            desk.lay(good())
            config = f'language = "ja"\n[sheet]\nsource = "{desk.book.url}"\napi_root = "{server.url}"\n'
            (folder / "config.toml").write_text(config, encoding="utf-8")
            installation = open_installation(folder / "config.toml", now=NOW, environment={})
            time = Time()
            waiting = Waiting(3.0, time.sleep, time.monotonic, lambda: 0.5, lambda: datetime(2026, 12, 1, tzinfo=UTC))
            installation.__dict__["source"] = GoogleSource(lambda: connect(desk.access, waiting), desk.book.id, "Sheet")
            shop = Shop(desk, installation, time)
            subject = shop.edit()
            assert shop.look() == []
            shop.whole(subject)
            yield shop
    finally:
        carrying.TIMEOUT = before


def requests_of_a_look(shop: Shop) -> list[str]:
    """What a look at an edited Sheet asks for, in order."""
    shop.edit()
    start = len(shop.desk.server.seen)
    assert shop.look() == []
    kinds = []
    for seen in shop.desk.server.seen[start:]:
        kinds.append("write values" if "values" in seen.path else "write looks" if seen.kind == "write" else seen.kind)
    return kinds


def outcome(shop: Shop, fault: str, number: int, times: int | None) -> str:
    """What comes of a fault at the `number`th request of a look, `times` (None: for good): for the table."""
    old = shop.in_force()
    shop.time.now += 3_600
    subject = shop.edit()
    shop.desk.server.fail(fault, nth=number, times=times)  # type: ignore[arg-type]
    first = shop.look()
    assert shop.in_force() in (old, subject)
    if times is None:
        reached = shop.in_force()
        shop.time.now += 120
        again = shop.look()
        assert shop.in_force() in (reached, subject)
        assert len({*first, *again}) == 1, f"told in several words: {first}, {again}"
        first = again
    live = shop.in_force() == subject
    shop.desk.server.mend()
    shop.time.now += 3_600
    assert shop.look() == []
    shop.whole(subject)
    assert shop.look() == []
    if not first:
        return "in force at once"
    return ("in force, told: " if live else "as before, told: ") + ", ".join(dict.fromkeys(first))


def table(shop: Shop) -> str:
    """All of it, as Markdown."""
    asked = requests_of_a_look(shop)
    lines = [
        "# What comes of a failing request",
        "",
        "An edit of the Sheet is looked at; one of the requests fails, once or for good. Whatever is told, the next look",
        "without the fault brings the edit into force and the Sheet up to date. Made and held by test_sheet_faults.py.",
        "",
        "| request | fault | once | for good |",
        "| --- | --- | --- | --- |",
    ]
    for number, kind in enumerate(asked, 1):
        if asked[number - 2 : number] == [kind, kind]:
            continue  # Drive asked twice in a row: the second question fails as the first
        for fault in (*FAULTS, *(TO_WRITES if kind.startswith("write") else ())):
            once, always = outcome(shop, fault, number, 1), outcome(shop, fault, number, None)
            lines.append(f"| {number} {kind} | {fault} | {once} | {always} |")
    return "\n".join(lines) + "\n"


def test_every_request_failing_in_every_way(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        assert table(shop) == TABLE.read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, open_shop(Path(made)) as opened:
        TABLE.write_text(table(opened), encoding="utf-8")
        sys.stdout.write(TABLE.read_text(encoding="utf-8"))
