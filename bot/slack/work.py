"""Workers of the bot's own: what Slack waits for never waits for what takes long, and a decision never waits behind a report."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Full, Queue

from bot.slack.heard import Heard

LOOKING, DECIDING = 4, 2
"""Workers for what shows something, and for what decides something."""
MOST = 200
"""How much may wait for either; beyond that Slack gets no acknowledgement and tells the person that it failed."""


class Work:
    """Two lanes of workers over one handler, which never raises."""

    def __init__(self, handle: Callable[[Heard], None], *, looking: int = LOOKING, deciding: int = DECIDING) -> None:
        self._handle = handle
        self._lanes: dict[bool, Queue[Heard | None]] = {urgent: Queue(MOST) for urgent in (False, True)}
        self._stopping = threading.Event()
        self._workers = [
            threading.Thread(target=self._run, args=(urgent,), name=f"slack-{'decide' if urgent else 'look'}-{n}", daemon=True)
            for urgent, number in ((False, looking), (True, deciding))
            for n in range(number)
        ]
        for worker in self._workers:
            worker.start()

    def submit(self, heard: Heard, *, urgent: bool) -> bool:
        """Has it done; False where too much waits already, or the program is stopping."""
        if self._stopping.is_set():
            return False
        try:
            self._lanes[urgent].put_nowait(heard)
        except Full:
            return False
        return True

    def close(self, seconds: float = 10.0) -> None:
        """Lets the workers finish what they are at; what still waits stays in the letterbox."""
        self._stopping.set()
        for lane in self._lanes.values():
            with lane.mutex:
                lane.queue.clear()
        for worker in self._workers:
            self._wake(worker)
        for worker in self._workers:
            worker.join(seconds)

    def _wake(self, worker: threading.Thread) -> None:
        lane = self._lanes["decide" in worker.name]
        lane.put(None)

    def _run(self, urgent: bool) -> None:
        while (heard := self._lanes[urgent].get()) is not None:
            self._handle(heard)
