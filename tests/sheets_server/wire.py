"""HTTP/1.1 on a local port: requests in, answers out, and what happens to answers on their way."""

from __future__ import annotations

import gzip
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from traceback import format_exc

MOST = 64 * 1024 * 1024
"""Bytes that a request may have."""
HUGE = 80
"""Megabytes of an answer without end."""


@dataclass(frozen=True)
class Arrived:
    """A request as it came: method, target (path and query, still encoded), headers by lower-case name, body."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes back: status, text, headers; `way` is the fault that it meets on its way ("": none), `seconds` how long a slow one
    is held back at most."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=UTF-8"
    way: str = ""
    seconds: float = 60


class Listener(ThreadingHTTPServer):
    """The port. `answer` makes answers; `broken` is told where it fails itself; `stopped` ends what is held back."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, answer: Callable[[Arrived], Answer], broken: Callable[[str], None], stopped: Event) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answer = answer
        self.broken = broken
        self.stopped = stopped
        self.open: set[socket.socket] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no failure; anything else is one of ours."""
        said = format_exc()
        if "ConnectionResetError" not in said and "BrokenPipeError" not in said and not self.stopped.is_set():
            self.broken(said)

    def server_close(self) -> None:
        """The port and every connection closed."""
        super().server_close()
        for connection in list(self.open):
            _shut(connection)


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
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST:
            self._send(Answer(413, ""))
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        arrived = Arrived(self.command, self.path, headers, self.rfile.read(length))
        try:
            answer = self.server.answer(arrived)
        except Exception:
            self.server.broken(f"{arrived.method} {arrived.target}\n{format_exc()}")
            answer = Answer(500, '{"error":{"code":500,"message":"the server failed","status":"INTERNAL"}}')
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _send(self, answer: Answer) -> None:
        match answer.way:
            case "slow" | "slow-after":
                self._hold(answer.seconds)
            case "cut" | "cut-after":
                self.close_connection = True
                _shut(self.connection)
            case "half":
                whole = self._bytes(answer)
                self.close_connection = True
                head = whole.index(b"\r\n\r\n") + 4
                self.wfile.write(whole[: head + (len(whole) - head) // 2])
                _shut(self.connection)
            case "malformed":
                text = answer.text
                self.wfile.write(self._bytes(Answer(answer.status, text[: len(text) * 2 // 3] + '"…', answer.headers)))
            case "html":
                page = "<html><head><title>Sign in</title></head><body>このネットワークを使うにはログインしてください</body></html>"
                self.wfile.write(self._bytes(Answer(200, page, content_type="text/html; charset=utf-8")))
            case "huge":
                self._flood()
            case _:
                self.wfile.write(self._bytes(answer))

    def _bytes(self, answer: Answer) -> bytes:
        body = answer.text.encode()
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and "gzip" in self.headers.get("User-Agent", "")
        if packed:  # as Google does, only for those who say it twice
            body = gzip.compress(body, 1)
        status = HTTPStatus(answer.status)
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(body)}",
        ]
        lines += ["Content-Encoding: gzip"] if packed else []
        lines += ["Cache-Control: private", f"Date: {self.date_time_string()}", "Server: ESF"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if self.command == "HEAD" else body)

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

    def _flood(self) -> None:
        """JSON that begins well and does not end for a long time."""
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nConnection: close\r\n\r\n{")
        for _ in range(HUGE):
            self.wfile.write(b" " * 1024 * 1024)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
