"""The versions of the workbook: each was in force once, whole, and the newest is in force now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, func, insert, select

from journey.model import Workbook, dump, load
from journey.store.tables import versions

K = TypeVar("K")
Rows = Mapping[str, Mapping[str, Mapping[str, str]]]
"""What was typed: {tab key: {row id: {column key: text}}}."""


@dataclass(frozen=True)
class Renames:
    """Ids that a person said are the same thing under another name: old → new. Stages by (old journey id, old stage id)."""

    journeys: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    campaigns: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.journeys or self.stages or self.campaigns or self.messages)

    def then(self, later: Renames) -> Renames:
        """Both, one after the other, as one."""
        stages = {old: later.stage(new) for old, new in self.stages.items()}
        known = set(self.stages.values())
        back = {new: old for old, new in self.journeys.items()}
        came = {(back.get(j, j), s): new for (j, s), new in later.stages.items() if (j, s) not in known}
        stages |= {old: new for old, new in came.items() if old not in stages}
        return Renames(
            _both(self.journeys, later.journeys),
            {old: new for old, new in stages.items() if old != new},
            _both(self.campaigns, later.campaigns),
            _both(self.messages, later.messages),
        )

    def back(self) -> Renames:
        """The way back."""
        return Renames(_turned(self.journeys), _turned(self.stages), _turned(self.campaigns), _turned(self.messages))

    def stage(self, place: tuple[str, str]) -> tuple[str, str]:
        """What a stage (journey id, stage id) is called afterwards."""
        return self.stages.get(place, (self.journeys.get(place[0], place[0]), place[1]))


@dataclass(frozen=True)
class Version:
    """One version of the workbook. `drafts` are campaigns that were not complete in it (id to name); `by` brought it into force,
    `edited_by` are those who edited the workbook since the version before (as far as its source tells), `restored` is the version
    that was brought back whole by this one."""

    id: int
    applied_at: datetime
    workbook: Workbook
    rows: Rows
    drafts: Mapping[str, str]
    renamed: Renames = Renames()
    source_hash: str = ""
    by: str | None = None
    edited_by: tuple[str, ...] = ()
    edited_at: datetime | None = None
    restored: int | None = None


def current(connection: Connection) -> Version | None:
    """The version in force; None before the first sync."""
    newest = connection.scalar(select(versions.c.id).order_by(versions.c.id.desc()).limit(1))
    return get(connection, newest) if newest is not None else None


def get(connection: Connection, version_id: int) -> Version:
    """A version by its id. Raises KeyError where there is none."""
    row = connection.execute(select(versions).where(versions.c.id == version_id)).one_or_none()
    if row is None:
        raise KeyError(version_id)
    renamed = read_renames(row.renamed) if row.renamed else Renames()
    return Version(
        row.id,
        row.applied_at,
        _decoded(row.model),
        row.rows,
        row.drafts or {},
        renamed,
        row.source_hash,
        row.by,
        tuple(row.edited_by or ()),
        row.edited_at,
        row.restored,
    )


def add(
    connection: Connection,
    workbook: Workbook,
    rows: Rows,
    *,
    now: datetime,
    source_hash: str,
    drafts: Mapping[str, str] | None = None,
    changes: Sequence[Mapping[str, Any]] = (),
    renamed: Renames | None = None,
    by: str | None = None,
    edited_by: Sequence[str] = (),
    edited_at: datetime | None = None,
    restored: int | None = None,
) -> int:
    """Makes a workbook the version in force, in the caller's transaction; returns its id."""
    values = {
        "applied_at": now,
        "source_hash": source_hash,
        "rows": {tab: {id_: dict(columns) for id_, columns in ids.items()} for tab, ids in rows.items()},
        "model": dump(workbook),
        "drafts": dict(drafts or {}),
        "changes": [dict(change) for change in changes],
        "renamed": plain_renames(renamed) if renamed else None,
        "by": by,
        "edited_by": list(edited_by),
        "edited_at": edited_at,
        "restored": restored,
    }
    made = connection.execute(insert(versions).values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


@dataclass(frozen=True)
class Listed:
    """A version in the list of all: when it came into force and by whom, who edited the workbook for it, how many cells changed."""

    id: int
    applied_at: datetime
    by: str | None
    edited_by: tuple[str, ...]
    edited_at: datetime | None
    changes: int
    restored: int | None


def listed(connection: Connection) -> list[Listed]:
    """All versions, the newest first: that one is in force."""
    of = versions.c
    query = select(
        of.id, of.applied_at, of.by, of.edited_by, of.edited_at, func.json_array_length(of.changes), of.restored
    ).order_by(of.id.desc())
    return [
        Listed(id_, at, by, tuple(edited_by or ()), edited_at, changes, restored)
        for id_, at, by, edited_by, edited_at, changes, restored in connection.execute(query)
    ]


def editors_since(connection: Connection, after: datetime | None) -> frozenset[str]:
    """Everyone who edited the workbook or brought an edit of it in, in the versions that came into force after a moment (None: in
    all); with a version that was brought back, those of the version that it was."""
    of = versions.c
    query = select(of.id, of.restored, of.by, of.edited_by)
    recent = connection.execute(query if after is None else query.where(of.applied_at > after)).all()
    again = [row.restored for row in recent if row.restored is not None]
    rows = [*recent, *connection.execute(query.where(of.id.in_(again)))]
    return frozenset(name for row in rows for name in (row.by, *(row.edited_by or ())) if name)


def renames_since(connection: Connection, version_id: int | None) -> tuple[Renames, ...]:
    """The renames of all versions after one (None: of all), oldest first: who keeps ids of maps must follow them."""
    query = select(versions.c.renamed).where(versions.c.id > (version_id or 0)).order_by(versions.c.id)
    return tuple(read_renames(raw) for raw in connection.scalars(query) if raw)


def _turned(renamed: Mapping[K, K]) -> dict[K, K]:
    return {new: old for old, new in renamed.items()}


def _both(first: Mapping[str, str], then: Mapping[str, str]) -> dict[str, str]:
    found = {old: then.get(new, new) for old, new in first.items()}
    taken = {*first, *first.values()}  # an id that was given up may name a newer thing, which has no name in the first
    found |= {old: new for old, new in then.items() if old not in taken}
    return {old: new for old, new in found.items() if old != new}


@lru_cache(maxsize=8)
def _decoded(model: str) -> Workbook:
    # keyed by the text itself, so it can never be another version's, not even in another store of the same process
    return load(Workbook, model)


def plain_renames(renamed: Renames) -> dict[str, Any]:
    """Renames as JSON keeps them."""
    return {
        "journeys": dict(renamed.journeys),
        "stages": [[*old, *new] for old, new in renamed.stages.items()],
        "campaigns": dict(renamed.campaigns),
        "messages": dict(renamed.messages),
    }


def read_renames(raw: Any) -> Renames:
    """Renames as JSON kept them."""
    plain = json.loads(raw) if isinstance(raw, str) else raw
    stages = {(j, s): (new_j, new_s) for j, s, new_j, new_s in plain["stages"]}
    return Renames(plain["journeys"], stages, plain["campaigns"], plain["messages"])
