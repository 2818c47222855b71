"""What large teams do in bulk: a customer file with a consent column, a frozen audience, deliveries to the outbox.

By hand: `.venv/bin/python tests/benchmarks/bulk.py [consents] [freeze] [sending] [--rounds 3] [--share 1.0]`. Medians; each round is a
process and a store of its own. `share` makes all of them smaller. CPU seconds are the process's, in all its threads.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import insert

from journey.approvals import Standing
from journey.clock import FrozenClock
from journey.facts import FactStore
from journey.ledger import PlannedRow, freeze
from journey.lock import raise_epoch
from journey.model import Campaign, MessageVariant, Once, Settings, Workbook
from journey.store.engine import open_store, writing
from journey.store.tables import consents
from messaging.cases import Gatherer
from messaging.channels.outbox import Outbox
from messaging.links import Links
from messaging.looking import FactsLook
from messaging.making import MessageMaker
from messaging.outgoing import AddressBook
from messaging.ports import InForce
from messaging.sender import Sender
from sheets_sync.uploads.upload import upload

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # noon in Tokyo
WHOLE = {"consents": 1_000_000, "freeze": 400_000, "sending": 5_000}
CAMPAIGN = Campaign("C1", "News", True, Once(NOW.date()), "M1", kind="promotional")
ROW = MessageVariant(
    "M1", subject="{{ 顧客.姓|様 }}へ", body="# こんにちは\n\n{{ 顧客.姓|様 }}、新茶です。\n\n- 煎茶\n- 玉露\n"
)


@contextmanager
def measured(found: dict[str, float], what: str) -> Iterator[None]:
    """Notes the CPU seconds and the seconds by the clock."""
    cpu, clock = time.process_time(), time.perf_counter()
    yield
    found[f"{what} cpu s"], found[f"{what} s"] = time.process_time() - cpu, time.perf_counter() - clock


def by_consents(folder: Path, count: int, found: dict[str, float]) -> None:
    """The same customer file without and with a consent column, then again with another hundredth taken back."""
    engine = open_store(folder)
    facts = FactStore(folder, engine)
    for name, every in (("without", 0), ("with", count), ("changed", 100)):
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8") as out:
            out.write("customer_id,last_name" + (",email_consent\n" if every else "\n"))
            out.writelines(f"C{n:08d},佐藤{f',{int(n % every > 0)}' if every else ''}\n" for n in range(count))
        with measured(found, name):
            upload(engine, facts, [path], now=NOW, zone=ZoneInfo("Asia/Tokyo"), kind="customers")
    found["consents cpu s"] = found["with cpu s"] - found["without cpu s"]


def by_freeze(folder: Path, count: int, found: dict[str, float]) -> None:
    """An audience that is planned, one that is held, and the first once more."""
    engine = open_store(folder)
    for what, occurrence, reason in (("planned", "1", None), ("held", "2", "bulk"), ("again", "1", None)):
        detail = {"limit": 10} if reason else None
        rows = (PlannedRow(f"C{n:08d}", "1", occurrence, NOW, "planned", reason, detail) for n in range(count))
        with measured(found, what), writing(engine) as connection:
            freeze(connection, CAMPAIGN, rows, NOW)


def by_sending(folder: Path, count: int, found: dict[str, float]) -> None:
    """Mails of a campaign to the outbox, with real facts, gate and templates."""
    engine = open_store(folder)
    facts = FactStore(folder, engine)
    ids = [f"C{n:08d}" for n in range(count)]
    with facts.change(NOW) as change:
        people = {"customer_id": ids, "email": [f"{i}@example.jp" for i in ids], "last_name": ["佐藤"] * count}
        change.add("customers", pa.table(people))
        change.connection.execute(insert(consents), [{"customer_id": i, "channel": "email", "granted": True} for i in ids])
        freeze(change.connection, CAMPAIGN, [PlannedRow(i, "1", "once", NOW) for i in ids], NOW)
        epoch = raise_epoch(change.connection)
    channels = {"email": Outbox(folder / "outbox")}
    maker = MessageMaker(Links(b"s" * 32, "http://127.0.0.1:8000"), channels, "ja")
    book = AddressBook(b"s" * 32)
    standing = Standing("C1", "News", "approved", "running", live=(CAMPAIGN, (ROW,)), live_hash="h", estimate=count)
    workbook = Workbook(settings=Settings(late_after=timedelta(days=9)), campaigns=(CAMPAIGN,), messages=(ROW,))
    sender = Sender(
        engine=engine,
        epoch=epoch,
        clock=FrozenClock(NOW),
        load=lambda connection, now: InForce(workbook, {"C1": standing}),
        look=FactsLook(facts, maker, book),
        make=maker,
        gatherer=Gatherer(book, lambda channel, campaign, settings: None),
        channels=channels,
        lang="ja",
    )
    with measured(found, "sending"):
        report = sender.send_due()
    assert report.accepted == count, report
    found["a second"] = count / found["sending s"]


RUNS: dict[str, Callable[[Path, int, dict[str, float]], None]] = {
    "consents": by_consents,
    "freeze": by_freeze,
    "sending": by_sending,
}


def child(what: str, count: int) -> None:
    """One round, in this process."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        RUNS[what](Path(folder), count, found)
    found["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


def main() -> None:
    """Prints the medians of each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="*", default=[*RUNS])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--child", action="store_true")
    asked = parser.parse_args()
    for what in asked.what:
        count = int(WHOLE[what] * asked.share)
        if asked.child:
            child(what, count)
            continue
        command = [sys.executable, __file__, what, "--share", str(asked.share), "--child"]
        rounds = [json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) for _ in range(asked.rounds)]
        medians = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        print(f"{what}, {count:,}: " + ", ".join(f"{key} {value:.1f}" for key, value in medians.items()))


if __name__ == "__main__":
    main()
