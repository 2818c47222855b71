"""The versions of the workbook: each was in force once, whole, and the newest is in force now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, select

from journey.model import Workbook, dump, load
from journey.store.tables import versions

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


@dataclass(frozen=True)
class Version:
    """One version of the workbook. `drafts` are campaigns that were not complete in it (id to name)."""

    id: int
    applied_at: datetime
    workbook: Workbook
    rows: Rows
    drafts: Mapping[str, str]
    renamed: Renames = Renames()
    source_hash: str = ""


def current(connection: Connection) -> Version | None:
    """The version in force; None before the first sync."""
    newest = connection.scalar(select(versions.c.id).order_by(versions.c.id.desc()).limit(1))
    return get(connection, newest) if newest is not None else None


def get(connection: Connection, version_id: int) -> Version:
    """A version by its id. Raises KeyError where there is none."""
    row = connection.execute(select(versions).where(versions.c.id == version_id)).one_or_none()
    if row is None:
        raise KeyError(version_id)
    renamed = _renames(row.renamed) if row.renamed else Renames()
    return Version(row.id, row.applied_at, _decoded(row.model), row.rows, row.drafts or {}, renamed, row.source_hash)


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
) -> int:
    """Makes a workbook the version in force, in the caller's transaction; returns its id."""
    values = {
        "applied_at": now,
        "source_hash": source_hash,
        "rows": {tab: {id_: dict(columns) for id_, columns in ids.items()} for tab, ids in rows.items()},
        "model": dump(workbook),
        "drafts": dict(drafts or {}),
        "changes": [dict(change) for change in changes],
        "renamed": _plain(renamed) if renamed else None,
        "by": by,
    }
    made = connection.execute(insert(versions).values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def renames_since(connection: Connection, version_id: int | None) -> tuple[Renames, ...]:
    """The renames of all versions after one (None: of all), oldest first: who keeps ids of maps must follow them."""
    query = select(versions.c.renamed).where(versions.c.id > (version_id or 0)).order_by(versions.c.id)
    return tuple(_renames(raw) for raw in connection.scalars(query) if raw)


@lru_cache(maxsize=8)
def _decoded(model: str) -> Workbook:
    # keyed by the text itself, so it can never be another version's, not even in another store of the same process
    return load(Workbook, model)


def _plain(renamed: Renames) -> dict[str, Any]:
    return {
        "journeys": dict(renamed.journeys),
        "stages": [[*old, *new] for old, new in renamed.stages.items()],
        "campaigns": dict(renamed.campaigns),
        "messages": dict(renamed.messages),
    }


def _renames(raw: Any) -> Renames:
    plain = json.loads(raw) if isinstance(raw, str) else raw
    stages = {(j, s): (new_j, new_s) for j, s, new_j, new_s in plain["stages"]}
    return Renames(plain["journeys"], stages, plain["campaigns"], plain["messages"])
