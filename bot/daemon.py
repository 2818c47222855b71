"""`tabiji run`: the clockwork over our own tables. What was due while it was down is found there, not in the scheduler.

One job looks for an edit of the workbook and for files in the inbox every few seconds; one makes the whole pass every few minutes, at
once after something new came in, and at the moment the next delivery falls due. Both run in one thread, so never beside each other.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import func, select

from bot.desk.flow import whole_pass
from bot.outside import explained
from bot.pages import pages
from bot.telling import tell
from bot.wiring import Installation
from journey.calendar import occurrences
from journey.clock import iso
from journey.errors import InputError, TabijiError
from journey.ledger.states import HOLDS
from journey.lock import EpochLost, only_one
from journey.model import Once, Recurring
from journey.store.engine import reading
from journey.store.tables import deliveries
from journey.texts import text
from messaging.web.server import serve

log = logging.getLogger("tabiji")
LOOK_AHEAD = timedelta(days=2)
SOONEST = timedelta(seconds=1)


def serve_forever(installation: Installation, stopping: threading.Event | None = None) -> None:
    """Runs until SIGTERM or SIGINT (or until `stopping` is set), then finishes the window in flight and stops.

    Raises AlreadyRunning where another process holds the store, EpochLost where one took it over meanwhile, OutsideError where
    the web port is taken.
    """
    stopping = stopping or threading.Event()
    lang, web = installation.lang, installation.config.web
    with _signals(stopping), only_one(installation.store_folder, installation.engine) as epoch:
        installation.begin_writing()
        with closing(serve(pages(installation), web.bind, web.port)) as server:
            log.info("%s", text("daemon.pages", url=f"http://{web.bind}:{server.port}").say(lang))
            again, doubtful = installation.sender(epoch).start()
            if again or doubtful:
                log.warning("%s", text("daemon.after_stop", again=again, doubtful=doubtful).say(lang))
            with closing(Clockwork(installation, epoch, stopping)) as clockwork:
                clockwork.start()
                stopping.wait()
                log.info("%s", text("daemon.stopping").say(lang))
    log.info("%s", text("daemon.stopped").say(lang))
    if clockwork.lost is not None:
        raise clockwork.lost


class Clockwork:
    """The scheduler and its two jobs, for a process that holds the store."""

    def __init__(self, installation: Installation, epoch: int, stopping: threading.Event) -> None:
        self._installation = installation
        self._epoch = epoch
        self._stopping = stopping
        self._busy = threading.Lock()
        self._revision = ""
        self._complaint = ""
        self.lost: EpochLost | None = None
        # One worker: a pass and a look never run beside each other. Late is better than never, so no grace time ends.
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def start(self) -> None:
        """The first pass at once, then by the clock."""
        config = self._installation.config
        self._scheduler.add_job(
            self._pass, "interval", minutes=config.stages.every_minutes, id="pass", next_run_time=datetime.now(UTC)
        )
        self._scheduler.add_job(self._look, "interval", seconds=config.sheet.poll_seconds, id="look")
        self._scheduler.start()

    def close(self) -> None:
        """No new job; the one under way ends at its next safe point."""
        self._stopping.set()
        with self._busy:  # the scheduler's own waiting holds the lock that a job needs to ask for its next moment
            pass
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _look(self) -> None:
        """Something new in the workbook or the inbox: then a pass now."""
        self._run(self._look_around)

    def _pass(self) -> None:
        self._run(lambda: self._whole([]))

    def _look_around(self) -> None:
        settled = self._installation.inbox.settled()
        try:
            revision = self._installation.source.revision()
        except InputError:
            revision = ""
        if settled or (revision and revision != self._revision):
            self._whole(settled)

    def _whole(self, files: Sequence[Path]) -> None:
        installation = self._installation
        installation.begin_writing()
        with suppress(InputError):
            self._revision = installation.source.revision()
        done = whole_pass(installation, self._epoch, files=files, stop=self._stopping.is_set)
        self._complaint = ""
        tell(log, done, installation.lang)
        if not self._stopping.is_set():
            self._wake_at(next_moment(installation))

    def _run(self, work: Callable[[], None]) -> None:
        """The edge of a job: a known error is a line in the log, an unknown one a traceback there; neither ends the daemon."""
        with self._busy:
            if not self._stopping.is_set():
                self._guarded(work)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except EpochLost as error:
            log.error("%s", error.said.say(self._installation.lang))
            self.lost = error
            self._stopping.set()
        except TabijiError as error:
            self._complain(error)
        except Exception as error:
            known = explained(error)
            if known is not None:
                self._complain(known)
            else:
                log.exception("%s", text("daemon.failed", at=self._next_pass()).say(self._installation.lang))

    def _complain(self, error: TabijiError) -> None:
        """Once, however often it comes again: a disk that stays full would otherwise fill the log too."""
        said = error.said.say(self._installation.lang)
        if said != self._complaint:
            log.error("%s", said)
        self._complaint = said

    def _wake_at(self, moment: datetime | None) -> None:
        installation = self._installation
        if moment is None:
            log.info("%s", text("daemon.nothing_due", pass_at=self._next_pass()).say(installation.lang))
            return
        due = iso(moment, installation.zone)
        log.info("%s", text("daemon.next_due", due=due, pass_at=self._next_pass()).say(installation.lang))
        wait = max(SOONEST, moment - installation.now)
        self._scheduler.add_job(self._pass, "date", run_date=datetime.now(UTC) + wait, id="due", replace_existing=True)

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


class _signals:
    """SIGTERM and SIGINT set the event; the same again ends the process at once (what is in flight is then in doubt, and listed).
    The handlers that were there before come back afterwards."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        self._event.set()
