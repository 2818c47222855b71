"""An HTTP server that answers by script and keeps the requests it got."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CUT = 0
"""As an answer's status: closes the connection after the request was read, without a word."""


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedHttp:
    """Answers each request with the next status of `answers`, the last one for all later requests."""

    answers: tuple[int, ...] = (200,)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    port: int = 0


@contextlib.contextmanager
def scripted_http(*answers: int, headers: dict[str, str] | None = None) -> Iterator[ScriptedHttp]:
    """A server on 127.0.0.1 for the length of a test: `scripted_http(429, 200, headers={"Retry-After": "2"})`."""
    state = ScriptedHttp(answers or (200,), headers or {})

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = state.answers[min(len(state.requests), len(state.answers) - 1)]
            state.requests.append(Request(self.command, self.path, dict(self.headers), body))
            if status == CUT:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = do_HEAD = answer

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
