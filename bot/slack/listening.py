"""What the app listens to. Every listener only understands what came and hands it on; what takes long happens elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.slack import heard
from bot.slack.heard import Heard

Take = Callable[[Heard], bool]
"""Keeps what came; False where it cannot be taken now. Then Slack gets no acknowledgement."""

_ANY = re.compile(".*", re.DOTALL)


class Busy(Exception):
    """Too much waits already: Slack tells the person so, and delivers an event again."""


def listen(app: App, take: Take) -> None:
    """Registers everything."""
    reading: Mapping[str, Callable[[Mapping[str, Any], float], Heard | None]] = {
        "app_mention": heard.message,
        "message": heard.message,
        "file_shared": heard.file,
        "app_home_opened": heard.home,
    }

    def hand_on(found: Heard | None, ack: Ack) -> None:
        if found is not None and not take(found):
            raise Busy
        ack()

    @app.command(_ANY)
    def command(body: dict[str, Any], ack: Ack) -> None:
        hand_on(heard.command(body, time.time()), ack)

    @app.action(_ANY)
    def action(body: dict[str, Any], ack: Ack) -> None:
        hand_on(heard.action(body, time.time()), ack)

    @app.view(_ANY)
    def form(body: dict[str, Any], ack: Ack) -> None:
        hand_on(heard.form(body, time.time()), ack)

    @app.event(_ANY)
    def event(body: dict[str, Any], ack: Ack) -> None:
        read = reading.get(str((body.get("event") or {}).get("type")))
        hand_on(read(body, time.time()) if read is not None else None, ack)

    @app.view_closed(_ANY)
    def closed(ack: Ack) -> None:
        ack()
