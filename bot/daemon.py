"""`tabiji run`: holds the store, serves the pages and lets the clockwork run until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType

from bot.clockwork import Clockwork
from bot.pages import pages
from bot.wiring import Installation
from journey.lock import only_one
from journey.texts import text
from messaging.web.server import serve

log = logging.getLogger("tabiji")
PATIENCE = 5.0
"""Seconds that one look may wait for Google: the next look is near, and deliveries shall not wait for a Sheet."""


def serve_forever(installation: Installation, stopping: threading.Event | None = None) -> None:
    """Runs until SIGTERM or SIGINT (or until `stopping` is set), then finishes the window in flight and stops.

    Raises AlreadyRunning where another process holds the store, EpochLost where one took it over meanwhile, OutsideError where
    the web port is taken.
    """
    stopping = stopping or threading.Event()
    lang, web = installation.lang, installation.config.web
    with _signals(stopping), only_one(installation.store_folder, installation.engine) as epoch:
        installation.begin_writing()
        installation.patience = PATIENCE
        clockwork = Clockwork(installation, epoch, stopping)
        with closing(serve(pages(installation, clockwork.pushed), web.bind, web.port)) as server:
            log.info("%s", text("daemon.pages", url=f"http://{web.bind}:{server.port}").say(lang))
            again, doubtful = installation.sender(epoch).start()
            if again or doubtful:
                log.warning("%s", text("daemon.after_stop", again=again, doubtful=doubtful).say(lang))
            with closing(clockwork), _chat(installation, stopping, clockwork):
                clockwork.start()
                stopping.wait()
                log.info("%s", text("daemon.stopping").say(lang))
    log.info("%s", text("daemon.stopped").say(lang))
    if clockwork.lost is not None:
        raise clockwork.lost


@contextmanager
def _chat(installation: Installation, stopping: threading.Event, clockwork: Clockwork) -> Iterator[None]:
    """The bot in Slack, where the config wants one: it takes nothing more before the clockwork stops."""
    if installation.config.slack.mode == "off":
        yield
        return
    from bot.slack.app import start  # bolt and the sdk: only for those who have a Slack

    with closing(start(installation, stopping, clockwork.want_pass)) as chat:
        clockwork.tell(chat.changed)
        yield


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
