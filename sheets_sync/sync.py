"""The use case: read the workbook, compare it with the version in force, and bring the new one into force, whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from journey.problems import Problem
from journey.settings import adopt_settings
from journey.stages import bring_into_force
from journey.store.engine import reading, writing
from journey.store.tables import audit, campaign_state
from journey.store.time import advance, refuse_earlier
from journey.texts import text
from journey.versions import Renames, Version, add, current
from sheets_sync import attempts
from sheets_sync.check import CheckContext, ExampleResult, Reading, read_workbook
from sheets_sync.diff import Change, Compared, changes, compare_ids
from sheets_sync.read.campaigns import Draft
from sheets_sync.renames import carry, taken
from sheets_sync.snapshot import Snapshot
from sheets_sync.source import WorkbookSource


@dataclass(frozen=True)
class SyncResult:
    """What a sync came to. `version` is the one in force afterwards (None: there never was one)."""

    version: int | None
    changed: bool
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    drafts: tuple[Draft, ...] = ()
    stopped: tuple[str, ...] = ()
    """Campaigns that were stopped at once by their × although the workbook has blocking problems."""
    renamed: Renames = field(default_factory=Renames)
    tests: tuple[ExampleResult, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether a problem kept the workbook from being applied."""
        return any(p.severity == "error" for p in self.problems)


@dataclass(frozen=True)
class CheckResult:
    """What `check` found: the reading, with the questions about renamed ids among its problems, and the difference."""

    reading: Reading
    changes: tuple[Change, ...]
    snapshot: Snapshot


def sync(
    engine: Engine,
    source: WorkbookSource,
    now: datetime,
    context: CheckContext,
    *,
    by: str | None = None,
    renamed: Mapping[str, str] | None = None,
    new: Collection[str] = (),
) -> SyncResult:
    """Brings the workbook into force in one transaction, or, with a blocking problem, leaves the last good version whole.

    A workbook that is the same as at the last attempt, checked in the same context, is not read again. An × in Active counts
    at once even where something else blocks. `renamed` (old id → new id) and `new` answer the question whether an id that
    appeared is an old thing. Raises InputError where the workbook cannot be opened or `now` lies before the store's time.
    """
    fingerprint = attempts.fingerprint(context)
    while True:
        revision = source.revision()
        with reading(engine) as connection:
            refuse_earlier(connection, now)
            last = attempts.last(connection)
            before = current(connection)
        version = before.id if before is not None else None
        if not (renamed or new) and last is not None and last.same(revision, fingerprint) and last.version == version:
            return SyncResult(version, False, (), last.problems, last.drafts)
        checked = _checked(source.snapshot(), context, before, renamed or {}, new)
        with writing(engine) as connection:
            # What another process read meanwhile is newer than what we read: an × in it must not be undone by our older look.
            if attempts.last(connection) == last:
                return _apply(connection, checked, fingerprint, now, by)


def check_only(
    engine: Engine | None,
    source: WorkbookSource,
    context: CheckContext,
    *,
    renamed: Mapping[str, str] | None = None,
    new: Collection[str] = (),
) -> CheckResult:
    """Reads and checks the workbook and changes nothing. Without a store everything is new. Raises InputError where the
    workbook cannot be opened."""
    before = None
    if engine is not None:
        with reading(engine) as connection:
            before = current(connection)
    checked = _checked(source.snapshot(), context, before, renamed or {}, new)
    return CheckResult(checked.reading, checked.changes, checked.snapshot)


@dataclass(frozen=True)
class _Checked:
    snapshot: Snapshot
    reading: Reading
    before: Version | None
    compared: Compared
    changes: tuple[Change, ...]


def _checked(
    snapshot: Snapshot, context: CheckContext, before: Version | None, renamed: Mapping[str, str], new: Collection[str]
) -> _Checked:
    found = read_workbook(snapshot, context)
    compared = Compared(idle=(*renamed, *new))
    if before is not None:
        compared = compare_ids(before.rows, found.rows, renamed, new)
    asked = [_question(found, s.place, s.old, s.new) for s in compared.asked]
    idle = [Problem("", "", "error", text("sync.answer_fits_nothing", id=i)) for i in compared.idle]
    found = replace(found, problems=(*idle, *found.problems, *asked))
    differing = changes(before.rows if before else {}, found.rows, found.titles, found.headers, ja=found.lang == "ja")
    return _Checked(snapshot, found, before, compared, differing)


def _question(found: Reading, place: tuple[str, str], old: str, new: str) -> Problem:
    tab, row = place
    known = [found.cells.get((tab, row, key)) for key in ("id", "stage_id")]
    where = next((k for k in known if k), None) or next(
        (v for k, v in found.cells.items() if k[0] == tab and _is(k[1], row)), ("", "")
    )
    return Problem(*where, "error", text("sync.renamed", old=old, new=new))


def _is(row: str, wanted: str) -> bool:
    return row == wanted or row.startswith(wanted + "/")


def _apply(connection: Connection, checked: _Checked, fingerprint: str, now: datetime, by: str | None) -> SyncResult:
    found, before, compared = checked.reading, checked.before, checked.compared
    taken_ids = taken(connection, compared.renamed)
    problems = (*found.problems, *(Problem("", "", "error", text("sync.rename_taken", new=i)) for i in taken_ids))
    version = before.id if before else None
    if any(p.severity == "error" for p in problems):
        stopped = _stop(connection, found.stopped, before)
        if stopped:
            advance(connection, now)
            _note(connection, now, by, stopped)
        attempts.keep(connection, checked.snapshot.revision, fingerprint, version, problems, found.drafts, now)
        return SyncResult(version, False, checked.changes, problems, found.drafts, stopped, tests=found.tests)
    drafts = {d.id: d.name for d in found.drafts}
    same = before is not None and (before.rows, before.workbook, dict(before.drafts)) == (found.rows, found.workbook, drafts)
    released = connection.execute(update(campaign_state).where(campaign_state.c.stopped).values(stopped=False)).rowcount
    if not same:
        version = add(
            connection,
            found.workbook,
            found.rows,
            now=now,
            source_hash=checked.snapshot.revision,
            drafts=drafts,
            changes=[change.plain() for change in checked.changes],
            renamed=compared.renamed,
            by=by,
        )
        carry(connection, compared.renamed)
        bring_into_force(connection, [j.id for j in found.workbook.journeys], now)
        adopt_settings(connection, found.workbook.settings, now)
    if not same or released:
        advance(connection, now)
    attempts.keep(connection, checked.snapshot.revision, fingerprint, version, problems, found.drafts, now)
    return SyncResult(
        version, not same, () if same else checked.changes, problems, found.drafts, (), compared.renamed, found.tests
    )


def _stop(connection: Connection, crossed: Collection[str], before: Version | None) -> tuple[str, ...]:
    """Stops the campaigns in force whose Active says ×; returns those that were not stopped yet."""
    if before is None:
        return ()
    running = {c.id for c in before.workbook.campaigns if c.active} | set(
        connection.scalars(select(campaign_state.c.campaign_id))
    )
    already = set(connection.scalars(select(campaign_state.c.campaign_id).where(campaign_state.c.stopped)))
    stopped = tuple(sorted((set(crossed) & running) - already))
    known = set(connection.scalars(select(campaign_state.c.campaign_id)))
    for campaign in stopped:
        if campaign in known:
            connection.execute(update(campaign_state).where(campaign_state.c.campaign_id == campaign).values(stopped=True))
        else:
            connection.execute(insert(campaign_state).values(campaign_id=campaign, stopped=True))
    return stopped


def _note(connection: Connection, now: datetime, by: str | None, stopped: Collection[str]) -> None:
    for campaign in stopped:
        connection.execute(insert(audit).values(at=now, who=by or "", action="stop", subject=f"campaign:{campaign}"))
