"""HTTP mode: what the app is told of goes to an address of its own, signed, and its answer is the acknowledgement.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable
from threading import Thread
from urllib.parse import urlencode, urlsplit

from slack_server.kinds import Json
from slack_server.later import Later
from slack_server.sockets import Attempt, Delivery


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The v0 signature of a request."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encoded(delivery: Delivery) -> tuple[bytes, str]:
    """Body and content type of what the app is told."""
    form = "application/x-www-form-urlencoded"
    if delivery.kind == "slash_commands":
        return urlencode(delivery.payload).encode(), form
    said = json.dumps(delivery.payload, ensure_ascii=False)
    if delivery.kind == "interactive":
        return urlencode({"payload": said}).encode(), form
    return said.encode(), "application/json"


class RequestsOut:
    """Sends to `url` with requests signed by `secret`. `answered` is called once with each delivery that was acknowledged in time;
    events are tried again after `retries` seconds each."""

    def __init__(self, url: str, secret: str, later: Later, answered: Callable[[Delivery], None]) -> None:
        self.url = url
        self._secret = secret
        self._later = later
        self._answered = answered
        self.retries: tuple[float, ...] = (0.0, 60.0, 300.0)
        self.in_time = 3.0

    def send(self, delivery: Delivery) -> None:
        """Sends it, from a thread of its own."""
        Thread(target=self._send, args=(delivery, len(delivery.attempts)), daemon=True).start()

    def raw(self, body: bytes, content_type: str, headers: dict[str, str]) -> tuple[int, bytes]:
        """One request with exactly these headers, for what is forged: status and body of the answer. Raises OSError."""
        split = urlsplit(self.url)
        connection = http.client.HTTPConnection(split.hostname or "", split.port or 80, timeout=self.in_time)
        try:
            path = split.path + (f"?{split.query}" if split.query else "")
            connection.request("POST", path or "/", body, {"Content-Type": content_type, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def signed(self, body: bytes, *, at: float | None = None) -> dict[str, str]:
        """The headers that show a request to be Slack's; `at` is when it says it was sent (None: now)."""
        timestamp = str(int(time.time() if at is None else at))
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature(self._secret, timestamp, body)}

    def _send(self, delivery: Delivery, retry: int) -> None:
        body, content_type = encoded(delivery)
        attempt = Attempt("", 0, time.monotonic())
        delivery.attempts.append(attempt)
        headers = self.signed(body)
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        try:
            status, said = self.raw(body, content_type, headers)
        except (OSError, http.client.HTTPException):
            status, said = 0, b""
        if 200 <= status < 300:
            attempt.acked = time.monotonic()
            delivery.answer = _answer(said)
            self._answered(delivery)
            with delivery.changed:
                delivery.settled = True
                delivery.changed.notify_all()
        elif delivery.kind == "events_api" and retry < len(self.retries):
            self._later.call(self.retries[retry], lambda: self.send(delivery))
        else:
            with delivery.changed:
                delivery.failed = "operation_timeout" if not status else "dispatch_failed"
                delivery.changed.notify_all()


def _answer(said: bytes) -> Json | None:
    """What the app answered: JSON, or plain words."""
    text = said.decode("utf-8", "replace").strip()
    if not text:
        return None
    try:
        read = json.loads(text)
    except ValueError:
        return {"text": text}
    return read if isinstance(read, dict) else {"text": text}
