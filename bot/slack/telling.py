"""Keeps the channel up to date beside everything else: woken by whatever changed, on a thread of its own."""

from __future__ import annotations

import logging
import threading
import time

from bot.slack.errors import sentence
from bot.slack.notices import Notices
from journey.texts import Lang, text

log = logging.getLogger("tabiji.slack")

BREATH = 1.0
"""Seconds in which changes that follow each other are told of once."""
AGAIN = 30.0
"""Seconds until what Slack did not take is tried again."""
WHOLE = 600.0
"""Seconds after which the numbers of open cards are counted anew."""


class Telling:
    """The thread. `wake` may be called from any thread and returns at once."""

    def __init__(self, notices: Notices, lang: Lang) -> None:
        self._notices, self._lang = notices, lang
        self._wanted, self._ending = threading.Event(), threading.Event()
        self._whole_at = time.monotonic()
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="slack-tell", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something changed."""
        self._wanted.set()

    def close(self, seconds: float = 10.0) -> None:
        """Ends after what is under way; the rest is told of at the next start."""
        self._ending.set()
        self._wanted.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while self._wanted.wait() and not self._ending.is_set():
            self._wanted.clear()
            if not self._refreshed() and not self._ending.wait(AGAIN):
                self._wanted.set()
            self._ending.wait(BREATH)

    def _refreshed(self) -> bool:
        whole = time.monotonic() - self._whole_at >= WHOLE
        try:
            self._notices.refresh(whole=whole)
        except Exception as error:
            self._complain(error)
            return False
        if whole:
            self._whole_at = time.monotonic()
        self._said = ""
        return True

    def _complain(self, error: Exception) -> None:
        """Once, however often it is tried."""
        said = sentence(error, self._lang).say(self._lang)
        if said != self._said:
            self._said = said
            log.warning("%s", text("slack.log_not_told", why=said).say(self._lang))
