"""`doctor`: looks at everything that has to be in place, and says of each thing what to do where it is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import dns.resolver

from bot.mail_dns import Finding, sender_records
from bot.wiring import Installation, store_time
from journey.clock import iso
from journey.errors import InputError
from journey.store.engine import sqlite_module
from journey.texts import text
from messaging.channels.guard import reachable, refusal
from sheets_sync.sync import check_only

SOUND_SQLITE = (3, 51, 3)
LEAST_FREE = 1.0
"""GB that should be free for the data."""


def examine(installation: Installation, resolver: dns.resolver.Resolver | None = None) -> list[Finding]:
    """All findings, in the order in which somebody would put things right. Changes nothing."""
    checks: list[Callable[[], Iterator[Finding]]] = [
        lambda: _config(installation),
        lambda: _store(installation),
        lambda: _clock(installation),
        lambda: _workbook(installation),
        lambda: _channels(installation),
        lambda: _sender(installation, resolver),
    ]
    found: list[Finding] = []
    for check in checks:
        try:
            found += check()
        except InputError as error:
            found.append(Finding("bad", error.said))
    return found


def _config(installation: Installation) -> Iterator[Finding]:
    path = installation.config.folder / "config.toml"
    yield Finding("good", text("doctor.config_good" if path.exists() else "doctor.config_none", path=path))
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


def _clock(installation: Installation) -> Iterator[Finding]:
    zone, newest = installation.zone, store_time(installation)
    now = iso(installation.now, zone)
    if newest is not None and installation.now < newest:
        yield Finding("bad", text("doctor.clock_back", now=now, newest=iso(newest, zone)))
    else:
        yield Finding("good", text("doctor.clock_good", now=now, zone=zone.key))


def _workbook(installation: Installation) -> Iterator[Finding]:
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


def _sender(installation: Installation, resolver: dns.resolver.Resolver | None) -> Iterator[Finding]:
    url = installation.config.web.url
    good = reachable(url)
    yield Finding("good" if good else "note", text("doctor.web_good" if good else "doctor.web_local", url=url))
    settings = installation.in_force().settings
    leaves = [c for c in installation.channels.values() if c.kind == "smtp" and c.hosts]
    if leaves and settings.sender_address:
        yield from sender_records(settings.sender_address, resolver)
