"""Socket Mode: several connections that this machine opens to Slack, so that no public address is needed and one may be replaced
while another goes on."""

from __future__ import annotations

import logging
import threading
import time

from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack.client import QUIET

log = logging.getLogger("tabiji.slack")

SOCKETS = 2
"""Slack closes each connection every few hours; it delivers to any of up to ten."""
PING = 10.0
"""Seconds between signs of life. A connection that gave none for some of these is opened anew."""
PATIENCE = 8.0
"""Seconds that closing may take; what hangs then ends with the process."""
AT_ONCE = 10
"""Envelopes that one socket acknowledges side by side."""


class Sockets:
    """The open connections of an app."""

    def __init__(self, app: App, web: WebClient, app_token: str, number: int = SOCKETS) -> None:
        self._app, self._web, self._token = app, web, app_token
        self._number = number
        self._clients: list[SocketModeClient] = []

    def open(self) -> None:
        """Opens them all. Raises what slack_sdk raises where one cannot be opened; then none stays open."""
        try:
            for _ in range(self._number):
                client = SocketModeClient(
                    app_token=self._token, logger=QUIET, web_client=self._web, ping_interval=PING, concurrency=AT_ONCE
                )
                self._clients.append(client)
                client.socket_mode_request_listeners.append(self._heard)
                client.connect()
        except Exception:
            self.close()
            raise

    @property
    def connected(self) -> int:
        """How many are open."""
        return sum(client.is_connected() for client in self._clients)

    def close(self) -> None:
        """Closes them all; what was delivered and not acknowledged, Slack delivers again."""
        clients, self._clients = self._clients, []
        closing = [threading.Thread(target=client.close, name="slack-close", daemon=True) for client in clients]
        for thread in closing:  # side by side: each takes a second to end its own threads
            thread.start()
        until = time.monotonic() + PATIENCE
        while any(thread.is_alive() for thread in closing) and time.monotonic() < until:
            for client in clients:
                # A connection that begins to listen just now takes back that it was told to end, and would never end.
                client.current_session_state.terminated = True
            for thread in closing:
                thread.join(0.1)

    def _heard(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            send_response(client, request, run_bolt_app(self._app, request), 0.0)
        except Exception as error:  # the connection went while the answer was written: Slack delivers it again
            log.debug("an envelope was not acknowledged: %s", type(error).__name__)
