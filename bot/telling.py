"""What the daemon's log says about a pass: counts and ids, never an address or a message."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from bot.desk.flow import Pass
from bot.inbox import Unreadable
from journey.texts import Lang, Text, text
from messaging.sender import SendReport


def tell(log: logging.Logger, done: Pass, lang: Lang) -> None:
    """Logs what a pass did; a part that did nothing is not mentioned."""
    for level, said in _lines(done):
        log.log(level, "%s", said.say(lang))


def _lines(done: Pass) -> Iterator[tuple[int, Text]]:
    if done.synced is not None and done.synced.changed:
        yield logging.INFO, text("daemon.synced", version=done.synced.version, changes=len(done.synced.changes))
    if done.synced is not None and done.synced.blocked:
        errors = sum(p.severity == "error" for p in done.synced.problems)
        yield logging.WARNING, text("daemon.blocked", problems=errors)
    for one in done.uploads:
        if isinstance(one, Unreadable):
            yield logging.WARNING, text("daemon.unreadable", file=one.path.name, why=one.said)
            continue
        counts = {"accepted": one.accepted, "unchanged": one.unchanged, "rejected": one.rejected}
        level = logging.WARNING if one.rejected else logging.INFO
        yield level, text("daemon.uploaded", file=one.file.name, kind=one.kind, **counts)
    if done.placed is not None and done.placed.moved:
        yield logging.INFO, text("daemon.moved", moved=done.placed.moved, causes=_counted(done.placed.causes))
    planned = done.planned.planned if done.planned is not None else 0
    sent = list(_sent(done.sent or SendReport()))
    if planned or sent:
        yield logging.INFO, text("daemon.sent", planned=planned, sent=sent or "–")
    for problem in done.problems:
        yield logging.WARNING, problem


def _sent(report: SendReport) -> Iterator[Text]:
    for name in ("accepted", "in_doubt", "failed", "not_accepted"):
        if number := getattr(report, name):
            yield text(f"daemon.sent_{name}", number=number)
    for name in ("skipped", "deferred", "held"):
        if reasons := getattr(report, name):
            yield text(f"daemon.sent_{name}", number=sum(reasons.values()), reasons=_counted(reasons))


def _counted(counts: Mapping[str, int]) -> list[str]:
    return [f"{key} {number}" for key, number in sorted(counts.items())]
