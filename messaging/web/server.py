"""Serving the pages: waitress in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore

from journey.errors import OutsideError
from journey.texts import text

_LIMITS = {
    "max_request_body_size": 64 * 1024,
    "max_request_header_size": 16 * 1024,
    "channel_timeout": 30,
    "connection_limit": 200,
    "ident": None,
    "clear_untrusted_proxy_headers": True,
}


_WAKE_SECONDS = 0.2


class Server:
    """A listening server. `port` is the one it really has (asked for with 0: any free one)."""

    def __init__(self, app: Flask, bind: str, port: int, threads: int) -> None:
        self._sockets: dict[int, Any] = {}
        self._server = waitress.create_server(app, map=self._sockets, host=bind, port=port, threads=threads, **_LIMITS)
        listening = getattr(self._server, "effective_listen", None) or [(bind, self._server.effective_port)]
        self.port = int(listening[0][1])
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening; a request under way is finished for up to a few seconds. May be called again."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=_WAKE_SECONDS, map=self._sockets, count=1)
        self._server.task_dispatcher.shutdown(timeout=5)
        wasyncore.loop(timeout=_WAKE_SECONDS, map=self._sockets, count=2)  # the last answers' bytes
        wasyncore.close_all(self._sockets, ignore_all=True)  # by the thread that polls them: no other may


def serve(app: Flask, bind: str, port: int, *, threads: int = 4) -> Server:
    """Starts serving `app` on `bind:port`. Raises OutsideError where that port cannot be had."""
    try:
        return Server(app, bind, port, threads)
    except OSError as error:
        raise OutsideError(text("web.port_taken", bind=bind, port=port, why=error.strerror or error)) from error
