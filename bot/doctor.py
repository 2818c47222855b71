"""`doctor`: looks at everything that has to be in place, and says of each thing what to do where it is not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import dns.resolver
import duckdb

from bot.mail_dns import Finding, sender_records
from bot.outside import explained
from bot.wiring import Installation, store_time
from journey.clock import iso
from journey.errors import TabijiError
from journey.facts.views import quoted
from journey.store.engine import sqlite_module
from journey.texts import text
from messaging.channels.guard import reachable, refusal
from sheets_sync.google.access import spreadsheet_id
from sheets_sync.sync import check_only

SOUND_SQLITE = (3, 51, 3)
LEAST_FREE = 1.0
"""GB that should be free for the data."""


def examine(
    installation: Installation, config_path: Path = Path("config.toml"), resolver: dns.resolver.Resolver | None = None
) -> list[Finding]:
    """All findings, in the order in which somebody would put things right. Changes nothing; never raises for what it finds."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: _config(config_path),
        lambda: _secret(installation),
        lambda: _store(installation),
        lambda: _facts(installation),
        lambda: _clock(installation),
        lambda: _inbox(installation),
        lambda: _workbook(installation),
        lambda: _channels(installation),
        lambda: _sender(installation, resolver),
        lambda: _slack(installation),
    ]
    found: list[Finding] = []
    for check in checks:
        for finding in _safely(check):
            if finding not in found:  # what keeps the store from opening keeps most others from being looked at
                found.append(finding)
    return found


def _safely(check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except TabijiError as error:
        yield Finding("bad", error.said)
    except Exception as error:
        known = explained(error)
        if known is None:
            raise
        yield Finding("bad", known.said)


def _config(path: Path) -> Iterator[Finding]:
    path = path.absolute()
    yield Finding("good", text("doctor.config_good" if path.exists() else "doctor.config_none", path=path))


def _secret(installation: Installation) -> Iterator[Finding]:
    assert installation.secret
    yield Finding("good", text("doctor.secret_good"))


def _store(installation: Installation) -> Iterator[Finding]:
    version = sqlite_module().sqlite_version
    sound = tuple(int(part) for part in version.split(".")) >= SOUND_SQLITE
    yield Finding("good" if sound else "bad", text("doctor.sqlite_good" if sound else "doctor.sqlite_old", version=version))
    installation.version()
    path = installation.store_folder
    free = shutil.disk_usage(path).free / 1e9
    enough = free >= LEAST_FREE
    said = text("doctor.store_good" if enough else "doctor.disk_full", path=path, free=f"{free:.1f}")
    yield Finding("good" if enough else "bad", said)


def _facts(installation: Installation) -> Iterator[Finding]:
    """Reads through every segment once: a missing or damaged file shows before a campaign needs it."""
    with closing(installation.facts.open()) as con:
        counts = {view: _rows(con, view) for view in ("customers", "purchases", "events", "placements", "transitions")}
    yield Finding("good", text("doctor.facts_good", customers=counts["customers"], purchases=counts["purchases"]))


def _rows(con: duckdb.DuckDBPyConnection, view: str) -> int:
    table = con.table(view)
    read = ", ".join(f"max({quoted(name)})" for name in table.columns)
    return int(table.aggregate(f"{read}, count(*) AS rows_of_it").to_arrow_table()["rows_of_it"][0].as_py())


def _inbox(installation: Installation) -> Iterator[Finding]:
    folder = installation.inbox.folder
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
        yield Finding("bad", text("doctor.inbox_bad", path=folder))
    elif not folder.exists():
        yield Finding("note", text("doctor.inbox_none", path=folder))
    else:
        yield Finding("good", text("doctor.inbox_good", path=folder, waiting=len(installation.inbox.waiting())))


def _clock(installation: Installation) -> Iterator[Finding]:
    zone, newest = installation.zone, store_time(installation)
    now = iso(installation.now, zone)
    if newest is not None and installation.now < newest:
        yield Finding("bad", text("doctor.clock_back", now=now, newest=iso(newest, zone)))
    else:
        yield Finding("good", text("doctor.clock_good", now=now, zone=zone.key))


def _workbook(installation: Installation) -> Iterator[Finding]:
    if spreadsheet_id(installation.config.sheet.source) is not None:
        from bot.sheet_doctor import sheet_findings  # Google's libraries: only for those who have a Sheet

        sheet = list(sheet_findings(installation.config))
        yield from sheet
        if any(finding.state == "bad" for finding in sheet):
            return  # it cannot be read before that is put right
    problems = check_only(installation.engine, installation.source, installation.check_context()).reading.problems
    errors = sum(p.severity == "error" for p in problems)
    path = installation.config.sheet.source
    if problems:
        said = text("doctor.workbook_problems", path=path, errors=errors, warnings=len(problems) - errors)
        yield Finding("bad" if errors else "note", said)
    else:
        yield Finding("good", text("doctor.workbook_good", path=path))


def _channels(installation: Installation) -> Iterator[Finding]:
    settings = installation.in_force().settings
    for name, channel in installation.channels.items():
        why = channel.check()
        channel.close()
        if why is not None:
            yield Finding("bad", text("doctor.channel_bad", name=name, kind=channel.kind, why=why))
            continue
        refused = refusal(
            channel, "promotional", settings, installation.config.web.url, False, installation.config.safety.trial_hosts
        )
        if refused is not None:
            yield Finding("bad", text("doctor.channel_refused", name=name, kind=channel.kind, why=refused))
        else:
            yield Finding("good", text("doctor.channel_good", name=name, kind=channel.kind))


def _slack(installation: Installation) -> Iterator[Finding]:
    if installation.config.slack.mode != "off":
        from bot.slack.doctor import slack_findings  # Slack's libraries: only for those who have it

        yield from slack_findings(installation.config, installation.environment)


def _sender(installation: Installation, resolver: dns.resolver.Resolver | None) -> Iterator[Finding]:
    url = installation.config.web.url
    good = reachable(url)
    yield Finding("good" if good else "note", text("doctor.web_good" if good else "doctor.web_local", url=url))
    settings = installation.in_force().settings
    leaves = [c for c in installation.channels.values() if c.kind == "smtp" and c.hosts]
    if leaves and settings.sender_address:
        yield from sender_records(settings.sender_address, resolver)
