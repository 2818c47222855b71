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
from sheets_sync.renames import answers, carry, taken
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
    edited_by: tuple[str, ...] = ()
    """Who edited the workbook since the version before, as far as its source tells."""
    edited_at: datetime | None = None

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
    answered = bool(renamed or new)
    while True:
        revision = source.revision()
        with reading(engine) as connection:
            refuse_earlier(connection, now)
            last = attempts.last(connection)
            before = current(connection)
        version = before.id if before is not None else None
        if not answered and last is not None and last.same(revision, fingerprint) and last.version == version:
            return SyncResult(version, False, (), last.problems, last.drafts)
        snapshot = source.snapshot()
        waits = last is not None and last.beside and not answered and attempts.typed_in(snapshot) == last.typed
        known = last.answers if last is not None else None
        checked = _checked(snapshot, context, None if waits else before, renamed or {}, new, known)
        with writing(engine) as connection:
            # What another process read meanwhile is newer than what we read: an × in it must not be undone by our older look.
            if attempts.last(connection) == last:
                attempt = _attempt(checked, fingerprint, version, last, now)
                if waits:
                    return _wait(connection, attempt)
                return _apply(connection, checked, attempt, by)


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


def _attempt(
    checked: _Checked, fingerprint: str, version: int | None, last: attempts.Attempt | None, now: datetime
) -> attempts.Attempt:
    snapshot, found = checked.snapshot, checked.reading
    typed = attempts.typed_in(snapshot)
    editors = last.editors if last is not None else ()
    if snapshot.edited_by and (
        last is None or last.typed != typed
    ):  # read again, or data typed into it, is no edit of a version
        editors = tuple(dict.fromkeys((*editors, snapshot.edited_by)))
    return attempts.Attempt(
        now,
        snapshot.revision,
        fingerprint,
        version,
        found.problems,
        found.drafts,
        typed,
        tuple(sorted(found.stopped)),
        editors,
        answers=last.answers if last is not None else Renames(),
    )


def _wait(connection: Connection, attempt: attempts.Attempt) -> SyncResult:
    """The same cells as when an earlier version was brought back: they wait on, with the problems that they have now."""
    attempt = replace(attempt, beside=True)
    attempts.keep(connection, attempt)
    return SyncResult(attempt.version, False, (), attempt.problems, attempt.drafts)


@dataclass(frozen=True)
class _Checked:
    snapshot: Snapshot
    reading: Reading
    before: Version | None
    compared: Compared
    changes: tuple[Change, ...]


def _checked(
    snapshot: Snapshot,
    context: CheckContext,
    before: Version | None,
    renamed: Mapping[str, str],
    new: Collection[str],
    known: Renames | None = None,
) -> _Checked:
    """`known` are answers that were given before: they count where they fit, and are no problem where they do not."""
    found = read_workbook(snapshot, context)
    given = (*renamed, *new)
    compared = Compared(idle=given)
    if before is not None:
        compared = compare_ids(before.rows, found.rows, {**answers(known or Renames()), **renamed}, new)
    asked = [_question(found, s.place, s.old, s.new) for s in compared.asked]
    idle = [Problem("", "", "error", text("sync.answer_fits_nothing", id=i)) for i in compared.idle if i in given]
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


def _apply(connection: Connection, checked: _Checked, attempt: attempts.Attempt, by: str | None) -> SyncResult:
    found, before, compared, now = checked.reading, checked.before, checked.compared, attempt.at
    snapshot, who = checked.snapshot, attempt.editors
    taken_ids = taken(connection, compared.renamed)
    problems = (*found.problems, *(Problem("", "", "error", text("sync.rename_taken", new=i)) for i in taken_ids))
    version = attempt.version
    if any(p.severity == "error" for p in problems):
        known_as = compared.renamed.back().campaigns
        stopped = _stop(connection, {known_as.get(c, c) for c in found.stopped}, before)
        if stopped:
            advance(connection, now)
            _note(connection, now, by, stopped)
        attempts.keep(connection, replace(attempt, found=problems))
        blocked = SyncResult(version, False, checked.changes, problems, found.drafts, stopped, tests=found.tests)
        return replace(blocked, edited_by=who, edited_at=snapshot.edited_at)
    drafts = {d.id: d.name for d in found.drafts}
    same = before is not None and (before.rows, before.workbook, dict(before.drafts)) == (found.rows, found.workbook, drafts)
    released = connection.execute(update(campaign_state).where(campaign_state.c.stopped).values(stopped=False)).rowcount
    if not same:
        version = add(
            connection,
            found.workbook,
            found.rows,
            now=now,
            source_hash=snapshot.revision,
            drafts=drafts,
            changes=[change.plain() for change in checked.changes],
            renamed=compared.renamed,
            by=by,
            edited_by=who,
            edited_at=snapshot.edited_at,
        )
        carry(connection, compared.renamed)
        bring_into_force(connection, [j.id for j in found.workbook.journeys], now)
        adopt_settings(connection, found.workbook.settings, now)
    if not same or released:
        advance(connection, now)
    attempts.keep(connection, replace(attempt, version=version, found=problems, editors=(), answers=Renames()))
    if same:
        return SyncResult(version, False, (), problems, found.drafts, tests=found.tests)
    return SyncResult(
        version, True, checked.changes, problems, found.drafts, (), compared.renamed, found.tests, who, snapshot.edited_at
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
