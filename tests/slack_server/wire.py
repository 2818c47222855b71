"""HTTP/1.1 on a local port: requests in, answers out, what happens to answers on their way, and the way into a WebSocket."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from threading import Event
from traceback import format_exc
from typing import Protocol

MOST = 64 * 1024 * 1024
"""Bytes that a request may have."""


@dataclass(frozen=True)
class Arrived:
    """A request as it came: method, target (path and query, still encoded), headers by lower-case name, body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back: status, body, headers; `way` is the fault that it meets on its way ("": none), `seconds` how long a slow one
    is held back at most."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    way: str = ""
    seconds: float = 60


class Serves(Protocol):
    """What stands behind the port."""

    def answer(self, arrived: Arrived) -> Answer:
        """The answer to a request."""

    def upgraded(self, arrived: Arrived, reader: BufferedIOBase, connection: socket.socket) -> None:
        """Speaks with a client that asked for a WebSocket, until that is over."""

    def broken(self, said: str) -> None:
        """Hears of a failure of the server itself."""


class Listener(ThreadingHTTPServer):
    """The port; `stopped` ends what is held back."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, served: Serves, stopped: Event) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.served = served
        self.stopped = stopped
        self.open: set[socket.socket] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no failure; anything else is one of ours."""
        said = format_exc()
        if "ConnectionResetError" not in said and "BrokenPipeError" not in said and not self.stopped.is_set():
            self.served.broken(said)

    def server_close(self) -> None:
        """The port and every connection closed."""
        super().server_close()
        for connection in list(self.open):
            shut(connection)


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was seen is kept."""

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("upgrade", "").lower() == "websocket":
            self.close_connection = True
            self.server.served.upgraded(Arrived(self.command, self.path, headers, b""), self.rfile, self.connection)
            return
        length = int(headers.get("content-length") or 0)
        if length > MOST:
            self._send(Answer(413))
            self.close_connection = True
            return
        arrived = Arrived(self.command, self.path, headers, self.rfile.read(length))
        try:
            answer = self.server.served.answer(arrived)
        except Exception:
            self.server.served.broken(f"{arrived.method} {arrived.target}\n{format_exc()}")
            answer = Answer(500, b'{"ok":false,"error":"internal_error"}')
        self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _send(self, answer: Answer) -> None:
        match answer.way:
            case "slow" | "slow-after":
                self._hold(answer.seconds)
            case "cut" | "cut-after":
                self.close_connection = True
                shut(self.connection)
            case "half":
                whole = self._bytes(answer)
                self.close_connection = True
                head = whole.index(b"\r\n\r\n") + 4
                self.wfile.write(whole[: head + (len(whole) - head) // 2])
                shut(self.connection)
            case "malformed":
                cut = answer.body[: len(answer.body) * 2 // 3]
                self.wfile.write(self._bytes(Answer(answer.status, cut + b'"', answer.headers)))
            case "html":
                page = "<html><head><title>Sign in</title></head><body>このネットワークを使うにはログインしてください</body></html>"
                self.wfile.write(self._bytes(Answer(200, page.encode(), content_type="text/html; charset=utf-8")))
            case _:
                self.wfile.write(self._bytes(answer))

    def _bytes(self, answer: Answer) -> bytes:
        status = HTTPStatus(answer.status)
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            f"Date: {self.date_time_string()}",
            "Cache-Control: private, no-cache, no-store, must-revalidate",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if self.command == "HEAD" else answer.body)

    def _hold(self, seconds: float) -> None:
        """No answer until the client goes away (or the server, or the time is over)."""
        self.close_connection = True
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.server.stopped.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.05)
            if readable:
                if not self.connection.recv(1, socket.MSG_PEEK):
                    return
                time.sleep(0.05)


def shut(connection: socket.socket) -> None:
    """Ends a connection at once, whatever it is in the middle of."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
