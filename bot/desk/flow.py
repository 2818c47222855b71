"""Moving data: check, sync, upload, assign, and the whole pass that `tick` makes once and `run` again and again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.desk.data_tabs import data_problems, import_data, try_data
from bot.desk.documents import Document, example_document, placed_document, problem, sent_document, sync_document
from bot.desk.status import write_status
from bot.inbox import Unreadable
from bot.wiring import Installation
from journey.clock import iso
from journey.errors import InputError, OutsideError
from journey.fields import merged_fields
from journey.lock import only_one
from journey.plan import PlanReport, plan
from journey.stages import StageRun, assign, coverage
from journey.texts import Lang, Text
from messaging.sender import Progress, SendReport
from sheets_sync.restore import restore as bring_back
from sheets_sync.sync import SyncResult, check_only
from sheets_sync.sync import sync as apply_workbook
from sheets_sync.uploads.catalogue import UploadKind
from sheets_sync.uploads.result import UploadResult

R = TypeVar("R")


def check(installation: Installation) -> Document:
    """Problems, overlaps, gaps and the Tests tab of the workbook as it lies there. Changes nothing."""
    found = check_only(installation.engine, installation.source, installation.check_context())
    lang = installation.lang
    covered: Mapping[str, list[Any]] = {"overlaps": [], "gaps": []}
    readable = bool(found.reading.tests) or not found.reading.blocked  # examples are tried only where all else is right
    if readable:
        workbook = found.reading.workbook
        with closing(installation.facts.open(fields=workbook.fields)) as con:
            seen = coverage(installation.engine, con, workbook, installation.now, installation.facts.attributes())
        covered = {
            "overlaps": [{**o.json(), "text": o.said().say(lang)} for o in seen.overlaps],
            "gaps": [{**g.json(), "text": g.said().say(lang)} for g in seen.gaps],
        }
    return {
        "problems": [problem(p, lang) for p in (*found.reading.problems, *try_data(installation, found.snapshot))],
        **covered,
        "tests": [example_document(t, lang) for t in found.reading.tests],
    }


def sync(
    installation: Installation, *, by: str, renamed: Mapping[str, str] | None = None, new: Collection[str] = ()
) -> Document:
    """Reads the workbook and brings it into force, or says what keeps it from that; takes in its Data tabs."""
    result = apply_workbook(
        installation.engine,
        installation.source,
        installation.now,
        installation.check_context(),
        by=by,
        renamed=renamed,
        new=new,
    )
    taken, lang = import_data(installation), installation.lang
    document = sync_document(result, lang, installation.zone)
    document["problems"] += [problem(p, lang) for p in data_problems(installation)]
    document["uploads"] = [one.as_json(lang) for one in taken if isinstance(one, UploadResult)]
    return _shown(installation, document)


def restore(installation: Installation, version: str, *, by: str) -> Document:
    """Brings an earlier version of the workbook back into force, until the next edit of it."""
    zone, lang = installation.zone, installation.lang
    context = installation.check_context()
    result = bring_back(installation.engine, installation.source, version, installation.now, context, by=by, lang=lang)
    return _shown(installation, sync_document(result, lang, zone))


def _shown(installation: Installation, document: Document) -> Document:
    """Marks, states and numbers go back into the workbook; `not_shown` says why they could not."""
    said = write_status(installation)
    return {**document, "not_shown": said.say(installation.lang) if said is not None else None}


def upload(
    installation: Installation,
    files: Sequence[Path],
    *,
    kind: UploadKind | None = None,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    rejected_folder: Path | None = None,
    progress: Callable[[Path, int], None] | None = None,
) -> list[UploadResult]:
    """Takes files in. Raises InputError where one cannot be read at all; then nothing is changed."""
    from sheets_sync.uploads.upload import upload as take_in  # pandas: only where a file is read

    workbook = installation.own_workbook()
    return take_in(
        installation.engine,
        installation.facts,
        files,
        now=installation.now,
        zone=ZoneInfo(workbook.settings.time_zone),
        fields=merged_fields(workbook.fields, installation.facts.attributes()),
        kind=kind,
        mapping=mapping,
        dry_run=dry_run,
        rejected_folder=rejected_folder,
        lang=installation.lang,
        progress=progress,
    )


def place(installation: Installation) -> StageRun:
    """Places every customer. Raises InputError before the first sync."""
    version = installation.required_version()
    installation.begin_writing()
    in_force = installation.in_force()
    return assign(installation.engine, installation.facts, in_force.workbook, version.id, installation.now)


@dataclass(frozen=True)
class Pass:
    """What one whole pass did. Parts that could not be done are None, and their problem is among `problems`."""

    at: str
    zone: ZoneInfo
    synced: SyncResult | None
    uploads: tuple[UploadResult | Unreadable, ...]
    placed: StageRun | None
    planned: PlanReport | None
    sent: SendReport | None
    problems: tuple[Text, ...]
    unreachable: bool = False
    """The workbook could not be reached; that is among the problems too."""

    @property
    def troubled(self) -> bool:
        """Whether somebody has to mend an input."""
        blocked = self.synced is not None and self.synced.blocked
        return blocked or bool(self.problems) or any(isinstance(u, Unreadable) or u.rejected for u in self.uploads)

    def document(self, lang: Lang) -> Document:
        """As `tick --json` shows it."""
        return {
            "at": self.at,
            "sync": sync_document(self.synced, lang, self.zone) if self.synced else None,
            "uploads": [u.as_json(lang) for u in self.uploads if isinstance(u, UploadResult)],
            "unreadable": [{"file": str(u.path), "text": u.said.say(lang)} for u in self.uploads if isinstance(u, Unreadable)],
            "assign": placed_document(self.placed) if self.placed else None,
            "planned": self.planned.planned if self.planned else 0,
            "sent": sent_document(self.sent or SendReport()),
            "problems": [p.say(lang) for p in self.problems],
        }


def tick(installation: Installation, progress: Callable[[Progress], None] = lambda _: None, *, status: bool = True) -> Pass:
    """One whole pass, alone on the store: sync, import what waits in the inbox, assign, plan, send what is due and approved.

    `status` False leaves the program's columns in the workbook as they are (the demo writes them once, on its last day).

    Raises AlreadyRunning where a daemon or another tick holds the store.
    """
    with only_one(installation.store_folder, installation.engine) as epoch:
        installation.begin_writing()
        sender = installation.sender(epoch)
        sender.start()
        return whole_pass(installation, epoch, progress=progress, status=status)


def whole_pass(
    installation: Installation,
    epoch: int,
    *,
    files: Sequence[Path] | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[Progress], None] = lambda _: None,
    status: bool = True,
) -> Pass:
    """The pass itself, for a process that holds the lock. A broken workbook or file stops nothing else: the last good version
    runs on. `files` are those of the inbox to take in (None: all that wait)."""
    problems: list[Text] = []
    unreachable: list[Text] = []
    synced = _reach(lambda: _attempt(lambda: sync_workbook(installation), problems), unreachable)
    data: list[UploadResult | Unreadable] = []
    if synced is not None:  # else the workbook cannot be read, and that was said
        data = _reach(lambda: _attempt(lambda: import_data(installation), problems) or [], unreachable) or []
    waiting = installation.inbox.waiting() if files is None else files
    uploads = [*data, *(_attempt(lambda: _emptied(installation, waiting), problems) or [])]
    placed = planned = sent = None
    version = installation.version()
    if version is not None and not stop():
        in_force = installation.in_force()
        placed = assign(installation.engine, installation.facts, in_force.workbook, version.id, installation.now)
        planned = plan(
            installation.engine,
            installation.facts,
            in_force.workbook,
            in_force.standings,
            in_force.settings,
            installation.now,
            in_force.zone,
        )
        sent = installation.sender(epoch).send_due(stop, progress)
        problems += planned.unreadable.values()
    if status and (said := write_status(installation)):
        problems.append(said)
    problems += unreachable
    zone = installation.zone
    at = iso(installation.now, zone)
    return Pass(at, zone, synced, tuple(uploads), placed, planned, sent, tuple(problems), bool(unreachable))


def sync_workbook(installation: Installation) -> SyncResult:
    """Reads the workbook, where it changed, and brings it into force: as the daemon does, asking nobody."""
    return apply_workbook(installation.engine, installation.source, installation.now, installation.check_context())


def _emptied(installation: Installation, waiting: Sequence[Path]) -> list[UploadResult | Unreadable]:
    return installation.inbox.take_in(
        waiting, lambda path, folder: upload(installation, [path], rejected_folder=folder)[0], installation.now
    )


def _attempt(work: Callable[[], R], problems: list[Text]) -> R | None:
    try:
        return work()
    except InputError as error:
        problems.append(error.said)
        return None


def _reach(work: Callable[[], R], unreachable: list[Text]) -> R | None:
    """For what lies outside, such as a Google Sheet: that it cannot be reached now stops nothing else."""
    try:
        return work()
    except OutsideError as error:
        unreachable.append(error.said)
        return None
