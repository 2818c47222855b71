"""Socket Mode: the app's open sockets, envelopes going out to them, acknowledgements coming back, and what is sent again.

Slack delivers to any one of the sockets. An event that is not acknowledged in time is delivered again, up to three times, with
`retry_attempt` and `retry_reason`; a command or a press is not (the person is told that it failed), unless a test asks for it.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BufferedIOBase
from threading import Condition, Event, RLock
from typing import Literal

from slack_server.kinds import Json
from slack_server.later import Later
from slack_server.websocket import CLOSE, PING, TEXT, Broken, Frames, accepted
from slack_server.wire import Arrived, shut

Kind = Literal["slash_commands", "interactive", "events_api"]
Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]

MOST_SOCKETS = 10
"""Sockets that an app may hold open."""
IN_TIME = 3.0
"""Seconds within which an app acknowledges."""


@dataclass
class Attempt:
    """One way of an envelope to one socket: its id, the socket's number, when it went out and was acknowledged (seconds of the
    monotonic clock; None: not acknowledged)."""

    envelope_id: str
    socket: int
    sent: float
    acked: float | None = None


@dataclass
class Delivery:
    """Something that happened and that the app is told of, over one attempt or several. `answer` is what came with the first
    acknowledgement; `failed` Slack's word for what the person was told ("": nothing); `settled` once the answer was carried out."""

    kind: Kind
    payload: Json
    attempts: list[Attempt] = field(default_factory=list)
    answer: Json | None = None
    failed: str = ""
    settled: bool = False
    changed: Condition = field(default_factory=Condition, repr=False)

    @property
    def acked(self) -> bool:
        """Whether any attempt was acknowledged."""
        return any(attempt.acked is not None for attempt in self.attempts)

    @property
    def delay(self) -> float:
        """Seconds from the first attempt to the first acknowledgement; infinite where there was none."""
        came = [attempt.acked for attempt in self.attempts if attempt.acked is not None]
        return min(came) - self.attempts[0].sent if came else float("inf")

    def wait(self, seconds: float = IN_TIME) -> bool:
        """Waits until it is acknowledged or has failed; says whether it is acknowledged."""
        with self.changed:
            self.changed.wait_for(lambda: self.settled or bool(self.failed), seconds)
            return self.acked


@dataclass
class Line:
    """One socket that the app opened: its number from 1 on, and whether it still takes envelopes."""

    number: int
    frames: Frames
    connection: socket.socket
    takes: bool = True


class SocketMode:
    """The app's sockets. `answered` is called once with each delivery that was acknowledged in time, `failed` with each that the
    person was told has failed."""

    def __init__(
        self,
        app_id: str,
        later: Later,
        answered: Callable[[Delivery], None],
        failed: Callable[[Delivery, str], None],
        mistake: Callable[[str], None],
    ) -> None:
        self._app_id = app_id
        self._later = later
        self._answered = answered
        self._failed = failed
        self._mistake = mistake
        self._lock = RLock()
        self._tickets: set[str] = set()
        self._sent: dict[str, tuple[Delivery, Attempt]] = {}
        self._waiting: list[Delivery] = []
        self._turn = 0
        self.lines: dict[int, Line] = {}
        self.opened = 0
        self.changed = Condition(self._lock)
        self.retries: tuple[float, ...] = (0.0, 60.0, 300.0)  # seconds until an event is delivered again
        self.silent = Event()  # while set, pings are not answered
        self.in_time = IN_TIME
        self.pings_every = (
            0.2  # seconds; Slack's are rarer, but a client that closes waits for the end of a read, which a ping brings
        )

    def start(self) -> None:
        """From now on every socket is pinged."""
        self.ping()
        self._later.call(self.pings_every, self.start)

    def ticket(self) -> str:
        """A path that opens one socket, once."""
        ticket = secrets.token_hex(16)
        with self._lock:
            self._tickets.add(ticket)
        return f"/link/?ticket={ticket}&app_id={self._app_id}"

    def serve(self, arrived: Arrived, reader: BufferedIOBase, connection: socket.socket) -> None:
        """Speaks with a client over a connection that asked to be a WebSocket, until it ends."""
        ticket = arrived.target.partition("ticket=")[2].partition("&")[0]
        with self._lock:
            known = ticket in self._tickets
            self._tickets.discard(ticket)
        try:
            opening = accepted(arrived.headers)
        except Broken:
            opening = b""
        if not known or not opening:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        connection.sendall(opening)
        line = self._open(Frames(reader, connection), connection)
        try:
            self._listen(line)
        except OSError:
            pass
        finally:
            with self._lock:
                line.takes = False
                self.lines.pop(line.number, None)
                self.changed.notify_all()

    def deliver(self, delivery: Delivery) -> None:
        """Tells the app of something, over one of its sockets."""
        self._send(delivery, None)

    def again(self, delivery: Delivery, *, same_envelope: bool = False, reason: str = "timeout") -> Attempt | None:
        """Delivers something once more, acknowledged or not; None where no socket is open."""
        return self._send(delivery, reason, delivery.attempts[-1].envelope_id if same_envelope and delivery.attempts else "")

    def disconnect(
        self, reason: Reason = "refresh_requested", number: int | None = None, close_after: float | None = 0.5
    ) -> None:
        """Announces to that socket (None: each) that it will be closed, and closes it after so many seconds (None: never).

        A `warning` leaves the socket in use until then; after the others nothing more is delivered to it.
        """
        for line in self._chosen(number):
            line.takes = line.takes and reason == "warning"
            self._tell(line, {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}})
            if close_after is not None:
                self._later.call(close_after, lambda line=line: self._goodbye(line))  # type: ignore[misc]

    def cut(self, number: int | None = None) -> None:
        """Ends that socket (None: each) without a word."""
        for line in self._chosen(number):
            line.takes = False
            shut(line.connection)

    def ping(self, number: int | None = None) -> None:
        """Pings that socket (None: each), as Slack does."""
        for line in self._chosen(number):
            try:
                line.frames.send(b"Ping from local", PING)
            except OSError:
                line.takes = False

    def wait_for_sockets(self, count: int = 1, seconds: float = 10) -> bool:
        """Waits until at least so many sockets take envelopes."""
        with self._lock:
            return self.changed.wait_for(lambda: sum(line.takes for line in self.lines.values()) >= count, seconds)

    def _chosen(self, number: int | None) -> list[Line]:
        with self._lock:
            return [line for line in self.lines.values() if number in (None, line.number)]

    def _open(self, frames: Frames, connection: socket.socket) -> Line:
        with self._lock:
            self.opened += 1
            line = Line(self.opened, frames, connection)
            self.lines[line.number] = line
            connections = len(self.lines)
        hello = {
            "type": "hello",
            "num_connections": connections,
            "debug_info": {"host": "applink-local", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }
        self._tell(line, hello)
        if connections > MOST_SOCKETS:
            self.disconnect("too_many_websockets", line.number, 0.0)
            return line
        with self._lock:
            self.changed.notify_all()
            waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            self._send(delivery, "no_connection")
        return line

    def _listen(self, line: Line) -> None:
        while True:
            try:
                message = line.frames.read()
            except Broken as broken:
                self._mistake(f"socket {line.number}: {broken.why}")
                line.frames.close(broken.code, broken.why)
                return
            if message is None:
                return
            opcode, payload = message
            if opcode == PING and not self.silent.is_set():
                line.frames.send(payload, 0xA)
            elif opcode == CLOSE:
                line.frames.close(1000)
                return
            elif opcode == TEXT:
                self._heard(payload)

    def _heard(self, text: bytes) -> None:
        try:
            said = json.loads(text)
            envelope_id = str(said["envelope_id"])
        except (ValueError, KeyError, TypeError):
            self._mistake(f"not an acknowledgement: {text[:200]!r}")
            return
        with self._lock:
            found = self._sent.get(envelope_id)
        if found is None:
            self._mistake(f"an acknowledgement of nothing that was sent: {envelope_id}")
            return
        delivery, attempt = found
        with delivery.changed:
            first = not delivery.acked
            attempt.acked = attempt.acked if attempt.acked is not None else time.monotonic()
            in_time = attempt.acked - attempt.sent <= self.in_time
            if first:
                delivery.answer = said.get("payload")
        if first and in_time and not delivery.failed:
            self._answered(delivery)
        with delivery.changed:
            delivery.settled = True
            delivery.changed.notify_all()

    def _send(self, delivery: Delivery, reason: str | None, envelope_id: str = "") -> Attempt | None:
        with self._lock:
            open_lines = [line for line in self.lines.values() if line.takes]
            if not open_lines:
                if delivery.kind == "events_api":
                    self._waiting.append(delivery)
                else:
                    self._fail(delivery, "dispatch_failed")
                return None
            self._turn += 1
            line = open_lines[self._turn % len(open_lines)]
            attempt = Attempt(envelope_id or secrets.token_hex(16), line.number, time.monotonic())
            retry = len(delivery.attempts)
            delivery.attempts.append(attempt)
            self._sent[attempt.envelope_id] = (delivery, attempt)
        envelope: Json = {
            "envelope_id": attempt.envelope_id,
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api" or retry:
            envelope |= {"retry_attempt": retry, "retry_reason": (reason or "") if retry else ""}
        if not self._tell(line, envelope):
            return self._send(delivery, reason, envelope_id)
        self._later.call(self.in_time, lambda: self._overdue(delivery, attempt))
        return attempt

    def _overdue(self, delivery: Delivery, attempt: Attempt) -> None:
        if delivery.acked:
            return
        if delivery.kind != "events_api":
            self._fail(delivery, "operation_timeout")
            return
        tried = delivery.attempts.index(attempt)
        if tried < len(self.retries):
            self._later.call(self.retries[tried], lambda: None if delivery.acked else self._send(delivery, "timeout"))

    def _fail(self, delivery: Delivery, word: str) -> None:
        self._failed(delivery, word)
        with delivery.changed:
            delivery.failed = word
            delivery.changed.notify_all()

    def _tell(self, line: Line, said: Json) -> bool:
        try:
            line.frames.send(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except OSError:
            line.takes = False
        return line.takes or said["type"] == "disconnect"

    def _goodbye(self, line: Line) -> None:
        try:
            line.frames.close(1000)
        except OSError:
            line.takes = False
        self._later.call(0.5, lambda: shut(line.connection))
