"""`tabiji demo`: the sample company's two months through the very commands that a team would use, a day at a time.

Each morning the shop's files of the day before are put into the inbox and one `tick` runs at 10:00; a person (played here) approves on
the first day and later, when something is held, decides. Only the clock and the customers are made up.
"""

from __future__ import annotations

import email
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from email.policy import default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot import views
from bot.charts import stage_chart
from bot.demo.life import DAYS, FIRST_DAY, Life
from bot.desk import decide, flow, look
from bot.starting import initialise
from bot.wiring import Installation, open_installation
from journey import reports
from journey.clock import at_local
from journey.errors import InputError
from journey.ledger import Chosen
from journey.ledger.states import STICKY_HOLDS
from journey.texts import Lang, text

TOKYO = ZoneInfo("Asia/Tokyo")
MARK = ".tabiji-demo"
SENDER: Mapping[Lang, Mapping[str, str]] = {
    "ja": {
        "sender_name": "旅茶屋",
        "sender_address": "tayori@tabichaya.example",
        "sender_company": "旅茶屋（見本の店）",
        "sender_postal": "静岡県静岡市茶町1-2-3",
        "sender_contact": "tayori@tabichaya.example",
    },
    "en": {
        "sender_name": "Tabi Tea",
        "sender_address": "hello@tabitea.example",
        "sender_company": "Tabi Tea (a sample shop)",
        "sender_postal": "1-2-3 Chamachi, Shizuoka, Japan",
        "sender_contact": "hello@tabitea.example",
    },
}
"""Who the sample company says it is: made up, and at a domain that nobody can own."""
Document = dict[str, Any]


def run_demo(folder: Path, lang: Lang) -> tuple[Document, Callable[[], str]]:
    """Lives through the two months in `folder`; returns what programs read and what people see.

    A folder of an earlier demo is made anew; any other that exists and is not empty is left alone: raises InputError.
    """
    _make_room(folder)
    initialise(folder, "ec", lang, SENDER[lang])
    (folder / MARK).touch()
    installation = open_installation(
        folder / "config.toml", now=_ten(FIRST_DAY).isoformat(), environment={"LANG": lang}, must_exist=True
    )
    life = Life(lang)
    with _days(lang) as advance:
        _first_day(installation, folder, life)
        advance(FIRST_DAY)
        for today in list(life.days())[1:]:
            _day(installation, folder, life, today)
            advance(today)
    chart = _chart(installation, folder / "stages.png", lang)
    document = {
        "folder": str(folder),
        "stages": look.stages(installation),
        "campaigns": look.campaigns(installation),
        "reasons": _reasons(installation),
        "chart": str(chart),
        "mail": _a_mail(folder),
    }
    return document, lambda: _shown(installation, document, lang)


def _make_room(folder: Path) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / MARK).exists():
        raise InputError(text("cli.demo_exists", path=folder))
    shutil.rmtree(folder)


def _ten(day: date) -> datetime:
    return at_local(day, time(10, 0), TOKYO)


def _move_to(installation: Installation, day: date) -> None:
    clock = installation.clock
    clock.move_to(_ten(day))  # type: ignore[attr-defined]  # always the frozen clock of `--now`


def _first_day(installation: Installation, folder: Path, life: Life) -> None:
    """The team hands in what it has, brings the workbook into force, places everyone and approves."""
    shop = folder / "shop"
    shop.mkdir()
    for name, content in life.before().items():
        (shop / name).write_text(content, encoding="utf-8")
    flow.sync(installation, by="Hanako")
    flow.upload(installation, [shop / name for name in ("products.csv", "customers.csv", "purchases.csv")])
    flow.place(installation)
    decide.approve(installation, None, "Hanako")
    flow.tick(installation, status=False)


def _day(installation: Installation, folder: Path, life: Life, today: date) -> None:
    mailed = {d["customer"] for d in _sent_on(installation, installation.now)}
    _move_to(installation, today)
    for name, content in life.day(today, mailed).items():
        (folder / "inbox" / name).write_text(content, encoding="utf-8")
    flow.tick(installation, status=today == FIRST_DAY + timedelta(days=DAYS - 1))
    held = {(d["campaign"], d["reason"]) for d in look.deliveries(installation, state="planned") if d["reason"] in STICKY_HOLDS}
    for campaign, reason in sorted(held):  # the team looks, and lets it go out
        decide.settle(installation, "release", Chosen((), campaign, reason), "Hanako")


def _sent_on(installation: Installation, moment: datetime) -> list[Document]:
    day = moment.astimezone(TOKYO).date().isoformat()
    return [d for d in look.deliveries(installation, state="accepted") if str(d["sent_at"]).startswith(day)]


@contextmanager
def _days(lang: Lang) -> Iterator[Callable[[date], None]]:
    bar = Progress(
        TextColumn(text("demo.day").say(lang) + " {task.fields[day]}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=DAYS, day=FIRST_DAY.isoformat())
        yield lambda day: bar.update(task, advance=1, day=day.isoformat())


def _chart(installation: Installation, path: Path, lang: Lang) -> Path:
    workbook = installation.required_version().workbook
    journey = workbook.journeys[0]
    days = list(Life(lang).days())
    history = reports.stage_history(installation.facts, workbook, days)
    counts = {(c.day, c.stage_id): c.customers for c in history if c.journey_id == journey.id}
    series = [(s.name, [counts.get((day, s.id), 0) for day in days]) for s in journey.stages]
    return stage_chart(days, series, f"{journey.name}: {text('demo.chart').say(lang)}", lang, path)


def _reasons(installation: Installation) -> list[Document]:
    """Why who did not get what, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for d in look.deliveries(installation):
        if d["state"] in ("skipped", "cancelled", "planned") and d["reason"]:
            key = (d["campaign"], d["reason"])
            counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"campaign": campaign, "reason": reason, "customers": number} for (campaign, reason), number in ordered]


def _a_mail(folder: Path) -> str | None:
    mails = sorted((folder / "outbox").rglob("*.eml"))
    return str(mails[-1]) if mails else None


def _shown(installation: Installation, document: Document, lang: Lang) -> str:
    first, *_, last = list(Life(lang).days())
    workbook = installation.required_version().workbook
    history = reports.stage_history(installation.facts, workbook, [first, last])
    then = {(c.day, c.stage_id): c.customers for c in history}
    stages = [(s.name, then.get((first, s.id), 0), then.get((last, s.id), 0)) for s in workbook.journeys[0].stages]
    most = max(after for _, _, after in stages) or 1
    rows = [(name, before, after, views.bar(after / most)) for name, before, after in stages]
    reasons = [(r["campaign"], views.reason(lang, r["reason"]), r["customers"]) for r in document["reasons"][:12]]
    parts = [
        views.table(
            lang, ("stage", "first_day", "last_day", "bar"), rows, title=text("demo.stages", first=first, last=last).say(lang)
        ),
        views.campaigns_view(document["campaigns"], lang),
        views.table(lang, ("campaign", "reason", "number"), reasons, title=text("demo.reasons").say(lang)),
    ]
    if document["mail"]:
        parts.append(text("demo.mail").say(lang) + "\n" + _readable(Path(document["mail"])))
    program = os.path.relpath(Path(sys.executable).with_name("tabiji"), document["folder"])
    said = text("demo.end", folder=document["folder"], chart=document["chart"], mail=document["mail"] or "–", program=program)
    parts.append(said.say(lang))
    return "\n\n".join(parts)


def _readable(path: Path) -> str:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    body = message.get_body(("plain",))
    head = f"From: {message['From']}\nTo: {message['To']}\nSubject: {message['Subject']}"
    return f"{'─' * 60}\n{head}\n\n{body.get_content().strip() if body else ''}\n{'─' * 60}"
