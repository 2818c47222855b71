"""Serving the pages: waitress in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any

import waitress
from flask import Flask

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


class Server:
    """A listening server. `port` is the one it really has (asked for with 0: any free one)."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.port = int(server.effective_port)
        self._thread = threading.Thread(target=server.run, name="web", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening; requests under way are finished for up to a few seconds. May be called again."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=5)
        self._server.trigger.pull_trigger() if self._thread.is_alive() else None
        self._thread.join(timeout=5)


def serve(app: Flask, bind: str, port: int, *, threads: int = 4) -> Server:
    """Starts serving `app` on `bind:port`. Raises OutsideError where that port cannot be had."""
    try:
        return Server(waitress.create_server(app, host=bind, port=port, threads=threads, **_LIMITS))
    except OSError as error:
        raise OutsideError(text("web.port_taken", bind=bind, port=port, why=error.strerror or error)) from error
