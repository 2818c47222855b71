"""The use case: an earlier version back into force, as a new one, while the workbook stays as it is until its next edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection, Engine, func, insert, select, update

from journey.errors import InputError, OutsideError
from journey.names import tidy
from journey.settings import adopt_settings
from journey.stages import bring_into_force
from journey.store.engine import reading, writing
from journey.store.tables import audit, campaign_state, versions
from journey.store.time import advance, refuse_earlier
from journey.texts import Lang, text
from journey.versions import Renames, Rows, Version, add, current, get, renames_since
from sheets_sync import attempts
from sheets_sync.attempts import Attempt
from sheets_sync.check import CheckContext, Reading, read_workbook
from sheets_sync.diff import MAP, Change, changes
from sheets_sync.renames import carry, taken
from sheets_sync.snapshot import Snapshot
from sheets_sync.source import WorkbookSource
from sheets_sync.sync import SyncResult

_LONGEST = 9
"""Digits: more than any version has."""


def restore(
    engine: Engine, source: WorkbookSource, wanted: str, now: datetime, context: CheckContext, *, by: str, lang: Lang
) -> SyncResult:
    """Brings the version of the number `wanted` back into force in one transaction, ids that were renamed since carried back.

    The workbook is not touched, and counts again from its next edit on; what its Active says × stays stopped. It need not be
    within reach: then it waits as it was read last. The difference is told in the language of the workbook, or else `lang`. Raises
    InputError where there is no such version, an id of it names something else by now, or `now` lies before the store's time.
    """
    while True:
        with reading(engine) as connection:
            refuse_earlier(connection, now)
            last, before = attempts.last(connection), current(connection)
            target = _target(connection, before, wanted)
        snapshot, found = _look(source, context)
        with writing(engine) as connection:
            if attempts.last(connection) == last:
                attempt = _attempt(last, snapshot, found, attempts.fingerprint(context), now)
                ja = (found.lang if found is not None else lang) == "ja"
                return _restore(connection, target, current(connection) or target, attempt, found, by, ja)


def _target(connection: Connection, before: Version | None, wanted: str) -> Version:
    if before is None:
        raise InputError(text("sync.no_versions"))
    number = tidy(wanted)
    try:
        if number.isdecimal() and len(number) <= _LONGEST:
            return get(connection, int(number))
    except KeyError:
        pass
    first = connection.scalar(select(func.min(versions.c.id)))
    raise InputError(text("sync.no_such_version", version=number[:40], first=first, newest=before.id))


def _look(source: WorkbookSource, context: CheckContext) -> tuple[Snapshot | None, Reading | None]:
    """The workbook as it is now. Going back must be possible also while nobody can read it."""
    try:
        snapshot = source.snapshot()
    except (InputError, OutsideError):
        return None, None
    return snapshot, read_workbook(snapshot, context)


def _attempt(
    last: Attempt | None, snapshot: Snapshot | None, found: Reading | None, fingerprint: str, now: datetime
) -> Attempt:
    known = last or Attempt(now, "", "", None)
    if snapshot is None or found is None:
        return replace(known, at=now)
    typed = attempts.typed_in(snapshot)
    return replace(
        known,
        at=now,
        revision=snapshot.revision,
        fingerprint=fingerprint,
        found=found.problems,
        drafts=found.drafts,
        typed=typed,
        crossed=tuple(sorted(found.stopped)),
        editors=_people(known.editors, [snapshot.edited_by] if known.typed != typed else []),
    )


def _restore(
    connection: Connection,
    target: Version,
    before: Version,
    attempt: Attempt,
    found: Reading | None,
    by: str,
    ja: bool,
) -> SyncResult:
    now = attempt.at
    since = reduce(Renames.then, renames_since(connection, target.id), Renames())
    back = _within(since, target.rows).back()
    if known := taken(connection, back):
        raise InputError(text("sync.restore_taken", version=target.id, ids=known))
    answers = _within(since.then(attempt.answers), target.rows)
    beside = found is None or not _says(found, target)
    same = _content(before) == _content(target)
    version = before.id
    differing: tuple[Change, ...] = ()
    if not same:
        differing = _differing(before, target, found, ja)
        version = add(
            connection,
            target.workbook,
            target.rows,
            now=now,
            source_hash=attempt.revision,
            drafts=target.drafts,
            changes=[change.plain() for change in differing],
            renamed=back,
            by=by,
            restored=target.id,
        )
        carry(connection, back)
        bring_into_force(connection, [j.id for j in target.workbook.journeys], now)
        adopt_settings(connection, target.workbook.settings, now)
    _stop(connection, {answers.back().campaigns.get(c, c) for c in attempt.crossed}, target)
    detail = {"version": version, "restored": target.id}
    connection.execute(insert(audit).values(at=now, who=by, action="restore", subject="workbook", detail=detail))
    # What the workbook holds comes into force by the next edit, whoever makes it: who typed it edited it all the same.
    waiting = _people(attempt.editors, [] if before.restored else [*before.edited_by, before.by or ""])
    attempt = replace(
        attempt,
        version=version,
        beside=beside,
        editors=waiting if beside else (),
        answers=answers if beside else Renames(),
    )
    attempts.keep(connection, attempt)
    advance(connection, now)
    told = replace(attempt, found=()).problems  # what is wrong with the workbook is no problem of the version
    return SyncResult(version, not same, differing, told, attempt.drafts, renamed=back)


def _within(renamed: Renames, rows: Rows) -> Renames:
    """Only renames of what a version has: the rest has no older name to go back to."""
    journeys = {tab.removeprefix(MAP) for tab in rows if tab.startswith(MAP)}
    messages = {cells.get("id", "") for cells in rows.get("messages", {}).values()}
    return Renames(
        {old: new for old, new in renamed.journeys.items() if old in journeys},
        {(j, s): new for (j, s), new in renamed.stages.items() if s in rows.get(MAP + j, {})},
        {old: new for old, new in renamed.campaigns.items() if old in rows.get("campaigns", {})},
        {old: new for old, new in renamed.messages.items() if old in messages},
    )


def _says(found: Reading, target: Version) -> bool:
    """Whether the workbook itself would bring that version into force."""
    drafts = {d.id: d.name for d in found.drafts}
    return not found.blocked and (found.rows, found.workbook, drafts) == _content(target)


def _content(version: Version) -> tuple[object, ...]:
    return version.rows, version.workbook, dict(version.drafts)


def _differing(before: Version, target: Version, found: Reading | None, ja: bool) -> tuple[Change, ...]:
    titles = {tab: rows["*"]["tab"] for tab, rows in target.rows.items() if tab.startswith(MAP) and "tab" in rows.get("*", {})}
    headers: Mapping[tuple[str, str], str] = found.headers if found is not None else {}
    return changes(before.rows, target.rows, {**(found.titles if found is not None else {}), **titles}, headers, ja=ja)


def _stop(connection: Connection, crossed: AbstractSet[str], target: Version) -> None:
    """Stops what the workbook's Active says × of, and nothing else: the rest is as the version has it."""
    stopped = crossed & {c.id for c in target.workbook.campaigns}
    state = campaign_state
    connection.execute(update(state).values(stopped=False))
    known = set(connection.scalars(select(state.c.campaign_id).where(state.c.campaign_id.in_(stopped))))
    connection.execute(update(state).where(state.c.campaign_id.in_(known)).values(stopped=True))
    for campaign in sorted(stopped - known):
        connection.execute(insert(state).values(campaign_id=campaign, stopped=True))


def _people(known: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in (*known, *more) if name))
