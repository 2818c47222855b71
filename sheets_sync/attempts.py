"""The last attempt to read the workbook: kept so that an unchanged one is not read again, and its problems can be shown."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from journey.problems import Problem
from journey.store.tables import meta
from journey.texts import Lang, Text, text
from journey.versions import Renames, plain_renames, read_renames
from sheets_sync.check import CheckContext
from sheets_sync.read.campaigns import Draft
from sheets_sync.snapshot import Snapshot, Tab
from sheets_sync.tabs import NOT_YET, is_map, spec_of
from sheets_sync.typed import typed

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
    """What was read last, and what came of it."""

    at: datetime
    revision: str
    fingerprint: str
    version: int | None
    """The version in force after it."""
    found: tuple[Problem, ...] = ()
    drafts: tuple[Draft, ...] = ()
    typed: str = ""
    """Told from another state of the workbook by what people typed in the tabs that are read (`typed_in`)."""
    crossed: tuple[str, ...] = ()
    """Campaigns whose Active says × there."""
    editors: tuple[str, ...] = ()
    """Who edited the workbook since it was last brought into force."""
    beside: bool = False
    """An earlier version was brought back into force: the workbook waits beside it until it is edited."""
    answers: Renames = field(default_factory=Renames)
    """How the workbook calls what the version beside it calls otherwise: answered for before it waits, so not asked again."""

    def same(self, revision: str, fingerprint: str) -> bool:
        """Whether another attempt would read the same cells in the same context."""
        return (self.revision, self.fingerprint) == (revision, fingerprint)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the workbook, and whether it waits to be edited."""
        if not self.beside:
            return self.found
        return (Problem("", "", "warning", text("sync.beside", version=self.version)), *self.found)


def fingerprint(context: CheckContext) -> str:
    """Tells contexts apart in which the same cells may have other problems."""
    parts = [_MEANING, sorted(context.channels), [asdict(f) for f in context.custom]]
    parts += [context.check_message is not None, context.run_tests is not None]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def typed_in(snapshot: Snapshot) -> str:
    """A token of what people typed in the tabs that a version is made of: uploaded data and unknown tabs are none of them."""
    return typed([tab for tab in snapshot.tabs if is_map(tab) or _makes_version(tab)])


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
        tuple(read_problem(p) for p in raw["problems"]),
        tuple(Draft(*d) for d in raw["drafts"]),
        raw["typed"],
        tuple(raw["crossed"]),
        tuple(raw["editors"]),
        raw["beside"],
        read_renames(raw["answers"]),
    )


def keep(connection: Connection, attempt: Attempt) -> None:
    """Records an attempt in the caller's transaction. Sentences are kept in both languages, as they were said."""
    value = {
        "at": attempt.at.isoformat(),
        "revision": attempt.revision,
        "fingerprint": attempt.fingerprint,
        "version": attempt.version,
        "problems": [plain_problem(p) for p in attempt.found],
        "drafts": [[d.id, d.name, d.cell] for d in attempt.drafts],
        "typed": attempt.typed,
        "crossed": list(attempt.crossed),
        "editors": list(attempt.editors),
        "beside": attempt.beside,
        "answers": plain_renames(attempt.answers),
    }
    connection.execute(delete(meta).where(meta.c.key == _KEY))
    connection.execute(insert(meta).values(key=_KEY, value=value))


def plain_problem(problem: Problem) -> dict[str, str]:
    """A problem as it is kept, its sentence in both languages."""
    said = {"ja": problem.said.say("ja"), "en": problem.said.say("en")}
    return {"tab": problem.tab, "cell": problem.cell, "severity": problem.severity, **said}


def read_problem(raw: Any) -> Problem:
    """A problem as it was kept."""
    return Problem(raw["tab"], raw["cell"], raw["severity"], AsSaid("", {"ja": raw["ja"], "en": raw["en"]}))


def _makes_version(tab: Tab) -> bool:
    spec = spec_of(tab)
    return spec is not None and (bool(spec.columns) or spec in NOT_YET)
