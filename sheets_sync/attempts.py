"""The last attempt to read the workbook: kept so that an unchanged one is not read again, and its problems can be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from journey.problems import Problem
from journey.store.tables import meta
from journey.texts import Lang, Text
from sheets_sync.check import CheckContext
from sheets_sync.read.campaigns import Draft

_KEY = "last_sync"
_MEANING = 1
"""Raised when this program reads the same cells differently than the one before."""


class AsSaid(Text):
    """A sentence as it was said before, in both languages: a later program may have other words for it."""

    def say(self, lang: Lang) -> str:
        """The sentence in `lang`."""
        return str(self.values[lang])


@dataclass(frozen=True)
class Attempt:
    """What was read last, and what came of it. `version` is the one in force after it, `at` when (UTC)."""

    at: datetime
    revision: str
    fingerprint: str
    version: int | None
    problems: tuple[Problem, ...]
    drafts: tuple[Draft, ...]

    def same(self, revision: str, fingerprint: str) -> bool:
        """Whether another attempt would read the same cells in the same context."""
        return (self.revision, self.fingerprint) == (revision, fingerprint)


def fingerprint(context: CheckContext) -> str:
    """Tells contexts apart in which the same cells may have other problems."""
    parts = [_MEANING, sorted(context.channels), [asdict(f) for f in context.custom]]
    parts += [context.check_message is not None, context.run_tests is not None]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def last(connection: Connection) -> Attempt | None:
    """The last attempt; None before the first."""
    raw = connection.scalar(select(meta.c.value).where(meta.c.key == _KEY))
    if raw is None:
        return None
    return Attempt(
        datetime.fromisoformat(raw["at"]),
        raw["revision"],
        raw["fingerprint"],
        raw["version"],
        tuple(_problem(p) for p in raw["problems"]),
        tuple(Draft(*d) for d in raw["drafts"]),
    )


def keep(
    connection: Connection,
    revision: str,
    fingerprint: str,
    version: int | None,
    problems: Iterable[Problem],
    drafts: Sequence[Draft],
    now: datetime,
) -> None:
    """Records an attempt in the caller's transaction. Sentences are kept in both languages, as they were said."""
    value = {
        "at": now.isoformat(),
        "revision": revision,
        "fingerprint": fingerprint,
        "version": version,
        "problems": [_plain(p) for p in problems],
        "drafts": [[d.id, d.name, d.cell] for d in drafts],
    }
    connection.execute(delete(meta).where(meta.c.key == _KEY))
    connection.execute(insert(meta).values(key=_KEY, value=value))


def _plain(problem: Problem) -> dict[str, str]:
    said = {"ja": problem.said.say("ja"), "en": problem.said.say("en")}
    return {"tab": problem.tab, "cell": problem.cell, "severity": problem.severity, **said}


def _problem(raw: Any) -> Problem:
    return Problem(raw["tab"], raw["cell"], raw["severity"], AsSaid("", {"ja": raw["ja"], "en": raw["en"]}))
