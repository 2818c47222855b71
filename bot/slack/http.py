"""HTTP mode: Slack comes to this machine, at `base_url` + /hooks/slack, with signed requests (HMAC of the raw body, five minutes)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask, Response, request
from slack_bolt import BoltResponse
from werkzeug.exceptions import RequestEntityTooLarge

PATH = "/hooks/slack"
MOST_BYTES = 1024 * 1024
"""A press brings the whole message along that it was on."""

Answer = Callable[[str, Mapping[str, str]], BoltResponse | None]
"""Takes a raw body and its headers; None while the bot is not connected."""


def add_slack(app: Flask, answer: Answer) -> None:
    """Adds POST /hooks/slack to `app`: 200 once what came is kept, 401 for what is not signed or too old, 413 beyond a megabyte, 503
    for what Slack is to deliver again."""

    @app.post(PATH)
    def heard() -> Response:
        request.max_content_length = MOST_BYTES
        try:
            body = request.get_data(cache=False).decode("utf-8", "replace")
        except RequestEntityTooLarge:
            return Response(status=413)
        answered = answer(body, dict(request.headers))
        if answered is None:
            return Response(status=503)
        kind = answered.first_headers_without_set_cookie().get("content-type", "text/plain")
        return Response(answered.body, status=answered.status, content_type=kind)
