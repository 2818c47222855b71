"""The scheduler and its jobs, for a process that holds the store. The truth is in our own tables: what was due is found there.

One job looks every few seconds for an edit of the workbook and for files in the inbox, and takes an edit in at once, so that a × in
it stops a campaign in the middle of a long sending. The other makes the whole pass: every few minutes, at once after something new
came in, and at the moment the next delivery falls due. Each has a thread of its own, so that neither ever runs beside itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select

from bot.desk.flow import sync_workbook, whole_pass
from bot.desk.status import write_status
from bot.outside import explained
from bot.settling import Settling
from bot.telling import Teller
from bot.wiring import Installation
from journey.calendar import occurrences
from journey.clock import iso
from journey.errors import InputError, OutsideError, TabijiError
from journey.ledger.states import HOLDS
from journey.lock import EpochLost
from journey.model import Once, Recurring
from journey.store.engine import reading
from journey.store.tables import audit, deliveries
from journey.texts import text

log = logging.getLogger("tabiji")
LOOK_AHEAD = timedelta(days=2)
SOONEST = timedelta(seconds=1)


class Clockwork:
    """Both jobs."""

    def __init__(self, installation: Installation, epoch: int, stopping: threading.Event) -> None:
        self._installation = installation
        self._epoch = epoch
        self._stopping = stopping
        self._settling = Settling(installation.config.sheet.poll_seconds)
        self._teller = Teller(log, installation.lang)
        self._busy = {"pass": threading.Lock(), "look": threading.Lock()}
        self._files: SimpleQueue[Path] = SimpleQueue()
        self._wanted = threading.Event()
        self._pushed = threading.Event()
        self._strange: dict[str, str] = {}
        self._audited: int | None = None
        self._changed: Callable[[], None] = lambda: None
        self.lost: EpochLost | None = None
        # One worker a job. Late is better than never, so no grace time ends.
        self._scheduler = BackgroundScheduler(
            executors={"pass": ThreadPoolExecutor(1), "look": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def start(self) -> None:
        """The first pass at once, then by the clock."""
        config = self._installation.config
        minutes, seconds = config.stages.every_minutes, config.sheet.poll_seconds
        self._scheduler.add_job(
            self._pass, "interval", minutes=minutes, id="pass", executor="pass", next_run_time=datetime.now(UTC)
        )
        self._scheduler.add_job(self._look, "interval", seconds=seconds, id="look", executor="look")
        self._scheduler.start()

    def tell(self, changed: Callable[[], None]) -> None:
        """From now on `changed` is called after whatever may be shown elsewhere: an edit, a decision, a pass. It returns at once."""
        self._changed = changed

    def want_pass(self) -> None:
        """Something new came in: a pass now, or once more after the one that runs. May be called from any thread."""
        self._wanted.set()
        if self._scheduler.running and not self._stopping.is_set():
            self._soon(self._pass, "pass", timedelta(0))

    def pushed(self) -> None:
        """Somebody says that the workbook was edited: a look now, without waiting for the clock. May be called from any thread."""
        self._pushed.set()
        if self._scheduler.running and not self._stopping.is_set():
            self._soon(self._look, "look", timedelta(0))

    def close(self) -> None:
        """No new job; those under way end at their next safe point."""
        self._stopping.set()
        # The scheduler's own waiting holds the lock that a job needs to ask for its next moment.
        for busy in self._busy.values():
            with busy:
                pass
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _look(self) -> None:
        self._run("look", self._look_around)

    def _pass(self) -> None:
        self._run("pass", self._passes)

    def _passes(self) -> None:
        """A pass, and another where one was asked for while it ran."""
        while not self._stopping.is_set():
            self._wanted.clear()
            self._whole()
            if not self._wanted.is_set():
                return

    def _look_around(self) -> None:
        """Takes in an edit of the workbook that has settled; then, or with new files in the inbox, asks for a pass."""
        settled = self._installation.inbox.settled()
        for file in settled:
            self._files.put(file)
        edited = False
        try:
            edited = self._edited()
            self._teller.standing("look", [])
        except (InputError, OutsideError) as error:
            self._teller.standing("look", [error.said])
        if not edited and self._decided():
            self._show()
            self._changed()
        if settled or edited:
            self.want_pass()

    def _edited(self) -> bool:
        """Whether the workbook was read anew. One that cannot be taken in yet is looked at again soon."""
        installation, pushed = self._installation, self._pushed.is_set()
        revision = installation.source.revision()
        wait = self._settling.look(revision, time.monotonic(), pushed=pushed)
        if wait is None:
            self._pushed.clear()
            return False
        if wait > 0:
            self._soon(self._look, "look", timedelta(seconds=wait))
            return False
        self._pushed.clear()
        installation.begin_writing()
        self._teller.synced("look", sync_workbook(installation))
        self._settling.taken(revision)
        self._decided()
        self._show()
        self._changed()
        return True

    def _decided(self) -> bool:
        """Whether somebody decided something since the last look, here or by a command beside us."""
        with reading(self._installation.engine) as connection:
            newest = connection.scalar(select(func.max(audit.c.id))) or 0
        known, self._audited = self._audited, newest
        return known is not None and newest != known

    def _show(self) -> None:
        """What the program knows, in the workbook; why it could not be shown is told once."""
        said = write_status(self._installation)
        self._teller.standing("look: status", [said] if said is not None else [])

    def _whole(self) -> None:
        installation = self._installation
        installation.begin_writing()
        revision = None
        with suppress(InputError, OutsideError):
            revision = installation.source.revision()
        done = whole_pass(installation, self._epoch, files=self._waiting(), stop=self._stopping.is_set)
        if revision is not None and done.synced is not None:
            self._settling.taken(revision)
        self._teller.passed(done)
        self._changed()
        if not self._stopping.is_set():
            self._wake_at(next_moment(installation))

    def _waiting(self) -> list[Path]:
        """The files that looks found since the last pass, each once."""
        found: dict[Path, None] = {}
        with suppress(Empty):
            while True:
                found[self._files.get_nowait()] = None
        return [file for file in found if file.exists()]

    def _run(self, job: str, work: Callable[[], None]) -> None:
        """The edge of a job: a known error is a line in the log, an unknown one a traceback there; neither ends the daemon."""
        with self._busy[job]:
            if not self._stopping.is_set():
                self._guarded(job, work)

    def _guarded(self, job: str, work: Callable[[], None]) -> None:
        try:
            work()
        except EpochLost as error:
            self._teller.say(logging.ERROR, error.said)
            self.lost = error
            self._stopping.set()
        except TabijiError as error:
            self._complain(job, error)
        except Exception as error:
            known = explained(error)
            if known is not None:
                self._complain(job, known)
            elif self._strange.get(job) != repr(error):  # a traceback every few seconds would fill the disk
                self._strange[job] = repr(error)
                log.exception("%s", text("daemon.failed", at=self._next_pass()).say(self._installation.lang))
        else:
            self._strange.pop(job, None)
            self._teller.standing(f"{job} as a whole", [])

    def _complain(self, job: str, error: TabijiError) -> None:
        """Once, however often it comes again: a disk that stays full would otherwise fill the log too."""
        self._teller.standing(f"{job} as a whole", [error.said], logging.ERROR)

    def _soon(self, work: Callable[[], None], job: str, wait: timedelta) -> None:
        self._scheduler.add_job(
            work, "date", run_date=datetime.now(UTC) + wait, id=f"{job} soon", executor=job, replace_existing=True
        )

    def _wake_at(self, moment: datetime | None) -> None:
        installation = self._installation
        if moment is None:
            self._teller.say(logging.INFO, text("daemon.nothing_due", pass_at=self._next_pass()))
            return
        due = iso(moment, installation.zone)
        self._teller.say(logging.INFO, text("daemon.next_due", due=due, pass_at=self._next_pass()))
        wait = max(SOONEST, moment - installation.now)
        self._scheduler.add_job(
            self._pass, "date", run_date=datetime.now(UTC) + wait, id="due", executor="pass", replace_existing=True
        )

    def _next_pass(self) -> str:
        """When the clock asks for the next pass, on the installation's own clock (which `--now` may have set)."""
        installation = self._installation
        job = self._scheduler.get_job("pass")
        wait = job.next_run_time - datetime.now(UTC) if job is not None else timedelta(0)
        return iso(installation.now + wait, installation.zone)


def next_moment(installation: Installation) -> datetime | None:
    """When something falls due next: a planned delivery, or an occurrence of a campaign that runs. None within two days."""
    now = installation.now
    with reading(installation.engine) as connection:
        in_force = installation.ruling(connection, now)
        held = deliveries.c.reason.in_(sorted(HOLDS))
        due = connection.scalar(
            select(func.min(deliveries.c.due_at)).where(
                deliveries.c.state == "planned", deliveries.c.due_at > now, deliveries.c.reason.is_(None) | ~held
            )
        )
    found = [due] if due is not None else []
    for standing in in_force.standings.values():
        if standing.runs and standing.live is not None and isinstance(standing.live[0].trigger, Recurring | Once):
            coming = occurrences(standing.live[0].trigger, now, now + LOOK_AHEAD, in_force.settings, in_force.zone)
            found += [occurrence.due_at for occurrence in coming if occurrence.due_at > now][:1]
    return min(found) if found else None
