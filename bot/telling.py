"""What the daemon's log says about a pass: counts and ids, never an address or a message."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping

from bot.desk.flow import Pass
from bot.inbox import Unreadable
from journey.texts import Lang, Text, text
from messaging.sender import SendReport
from sheets_sync.sync import SyncResult


class Teller:
    """Writes the daemon's log. What stands wrong is said when it begins, not at every look while it lasts."""

    def __init__(self, log: logging.Logger, lang: Lang) -> None:
        self._log, self._lang = log, lang
        self._standing: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def say(self, level: int, said: Text) -> None:
        """One line."""
        self._log.log(level, "%s", said.say(self._lang))

    def standing(self, job: str, problems: Iterable[Text], level: int = logging.WARNING) -> None:
        """What stands wrong as `job` sees it now; only what nobody saw before is said."""
        said = [problem.say(self._lang) for problem in problems]
        with self._lock:
            known = frozenset().union(*self._standing.values())
            self._standing[job] = frozenset(said)
        for one in dict.fromkeys(said):
            if one not in known:
                self._log.log(level, "%s", one)

    def synced(self, job: str, result: SyncResult) -> None:
        """What came of reading the workbook."""
        if result.changed and result.version is not None:
            self.say(logging.INFO, text("daemon.synced", version=result.version, changes=len(result.changes)))
        self.standing(f"{job}: workbook", _blocked(result))

    def passed(self, done: Pass) -> None:
        """What a pass did; a part that did nothing is not mentioned."""
        if done.synced is not None:
            self.synced("pass", done.synced)
        for level, said in _lines(done):
            self.say(level, said)
        self.standing("pass", done.problems)


def _blocked(result: SyncResult) -> Iterator[Text]:
    if result.blocked:
        yield text("daemon.blocked", problems=sum(p.severity == "error" for p in result.problems))


def _lines(done: Pass) -> Iterator[tuple[int, Text]]:
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


def _sent(report: SendReport) -> Iterator[Text]:
    for name in ("accepted", "in_doubt", "failed", "not_accepted"):
        if number := getattr(report, name):
            yield text(f"daemon.sent_{name}", number=number)
    for name in ("skipped", "deferred", "held"):
        if reasons := getattr(report, name):
            yield text(f"daemon.sent_{name}", number=sum(reasons.values()), reasons=_counted(reasons))


def _counted(counts: Mapping[str, int]) -> list[str]:
    return [f"{key} {number}" for key, number in sorted(counts.items())]
