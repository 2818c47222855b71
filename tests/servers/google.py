"""A server that stands in Google's place and answers by script, for answers that no honest server would give.

What the product does with a Sheet is tested over tests/sheets_server; this one is for failures and refusals on the wire.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

EMAIL = "tabiji@trial.iam.gserviceaccount.com"
GOOD = {"version": "7", "modifiedTime": "2026-11-22T01:02:03.456Z", "replies": [], "capabilities": {"canEdit": True}}
"""Serves as the answer of every call the program makes."""


@dataclass(frozen=True)
class Reply:
    """One answer. `promised`: the Content-Length that is named, where it is not the body's. `wait`: seconds before it, and between
    its bytes when `trickle`. `cut`: the connection closes instead."""

    status: int = 200
    body: object = field(default_factory=lambda: GOOD)
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    wait: float = 0.0
    trickle: bool = False
    cut: bool = False

    @property
    def raw(self) -> bytes:
        """The body as it goes over the wire."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    method: str
    path: str
    token: str
    body: bytes
    at: float


@dataclass
class ScriptedGoogle:
    """`replies` and `token_replies` are given one after the other, the last one for all later requests."""

    replies: list[Reply] = field(default_factory=lambda: [Reply()])
    token_replies: list[Reply] = field(default_factory=list)
    requests: list[Got] = field(default_factory=list)
    tokens: list[Got] = field(default_factory=list)
    url: str = ""
    clock: Callable[[], float] = time.monotonic

    @property
    def token_uri(self) -> str:
        """Where tokens are handed out: t1, t2 …"""
        return f"{self.url}/token"

    def forget(self) -> None:
        """As new, at the same address."""
        new = ScriptedGoogle(url=self.url)
        self.replies, self.token_replies, self.requests, self.tokens, self.clock = (
            new.replies,
            new.token_replies,
            new.requests,
            new.tokens,
            new.clock,
        )

    def reply(self, token: bool) -> Reply:
        """The answer to the request that was noted last."""
        script, before = (self.token_replies, len(self.tokens)) if token else (self.replies, len(self.requests))
        if script:
            return script[min(before, len(script)) - 1]
        return Reply(body={"access_token": f"t{before}", "expires_in": 3599, "token_type": "Bearer"})


@cache
def private_key() -> str:
    """One RSA key for the whole run, as a key file holds it; a short one, for it is checked at each connecting."""
    pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return rsa.generate_private_key(public_exponent=65537, key_size=1024).private_bytes(*pem).decode()


def key_file(folder: Path, mode: int = 0o600, **other: object) -> Path:
    """A service account's key file, with `other` fields in place of the usual ones."""
    path = folder / "service-account.json"
    usual = {"type": "service_account", "client_email": EMAIL, "private_key": private_key(), "private_key_id": "k1"}
    path.write_text(json.dumps({**usual, "token_uri": "https://oauth2.googleapis.com/token", **other}))
    path.chmod(mode)
    return path


@contextlib.contextmanager
def scripted_google() -> Iterator[ScriptedGoogle]:
    """The server, on 127.0.0.1, for the length of a test."""
    state = ScriptedGoogle()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = self.path == "/token"
            (state.tokens if token else state.requests).append(
                Got(
                    self.command,
                    self.path,
                    (self.headers.get("Authorization") or "").removeprefix("Bearer "),
                    body,
                    state.clock(),
                )
            )
            with contextlib.suppress(OSError):
                self.give(state.reply(token))

        def give(self, reply: Reply) -> None:
            if not reply.trickle:
                time.sleep(reply.wait)
            if reply.cut:
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.raw) if reply.promised is None else reply.promised))
            self.end_headers()
            for n in range(len(reply.raw) if reply.trickle else 0):
                self.wfile.write(reply.raw[n : n + 1])
                time.sleep(reply.wait)
            if not reply.trickle:
                self.wfile.write(reply.raw)
            if reply.promised is not None:
                self.close_connection = True

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
