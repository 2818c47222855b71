"""The server: tokens, Drive and Sheets on one local port, with everything it saw, and everything that goes wrong on purpose."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, RLock, Thread
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sheets_server import masks
from sheets_server.book import Book
from sheets_server.cells import dumps
from sheets_server.discovery import Api, drive, sheets
from sheets_server.errors import ApiError, Json, anonymous, exhausted, scope_missing, unauthenticated, violated
from sheets_server.faults import CUT, Faults, refusal
from sheets_server.quota import Quota
from sheets_server.seen import Fault, Kind, Seen
from sheets_server.service import READS, Call, drive_call, sheets_call
from sheets_server.tokens import Refused, Tokens
from sheets_server.wire import Answer, Arrived, Listener


class SheetsServer:
    """`with SheetsServer() as server:` serves on 127.0.0.1 until the end of the block; then `mistakes` must be empty.

    A trial makes a Sheet with `create`, a key with `key_file`, and acts as a person through the book. `before` is called with each
    request before it is handled.
    """

    def __init__(self, *, now: Callable[[], datetime] | None = None, port: int = 0) -> None:
        """`now` is the clock of edits (Drive's modifiedTime, the year of a typed `9-21`); tokens go by the machine's own clock."""
        self._now = now or (lambda: datetime.now(UTC))
        self.lock = RLock()
        self.email = "tabiji@tabiji-trial.iam.gserviceaccount.com"
        self.token_clock: Callable[[], float] = time.time
        self.tokens = Tokens(self.email, lambda: self.token_clock())
        self.books: dict[str, Book] = {}
        self.seen: list[Seen] = []
        self.mistakes: list[str] = []
        self.before: Callable[[Seen], None] | None = None
        self.slow_seconds = 60.0  # how long a slow answer is held back at most
        self.drive_lag = 0.0  # seconds until Drive knows of a change
        self._faults = Faults()
        self._quota = Quota(time.monotonic)
        self._stopped = Event()
        self._listener = Listener(port, self._answer, self._broken, self._stopped)
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        self.token_uri = f"{self.url}/token"

    def __enter__(self) -> SheetsServer:
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join(5)
        if kind is None and self.mistakes:
            raise AssertionError("the server made mistakes:\n" + "\n".join(self.mistakes))

    def create(
        self, tabs: tuple[str, ...] = ("シート1",), owner: str = "tanaka@example.com", shared: bool | str = True
    ) -> Book:
        """A new spreadsheet of that person, shared with the service account (True or "writer", "reader", False)."""
        role = ("writer" if shared else None) if isinstance(shared, bool) else shared
        book = Book(tabs, owner, role, self._now, self.lock)
        with self.lock:
            self.books[book.id] = book
        return book

    def key_file(self, path: Path, *, mode: int = 0o600) -> Path:
        """Writes the service account's key to `path`, as a person downloads it."""
        return self.tokens.write_key(path, self.token_uri, mode)

    def quota(self, reads: int = 60, writes: int = 60, seconds: float = 60) -> None:
        """From now on 429 with Retry-After beyond so many in any `seconds`."""
        self._quota.limit(reads, writes, seconds)

    def busiest_minute(self, kind: Kind) -> int:
        """The most requests of that kind in any 60 seconds."""
        return self._quota.busiest(kind)

    def fail(self, fault: Fault, *, kind: Kind | None = None, nth: int | None = None, times: int | None = 1) -> None:
        """Orders a fault for requests of `kind` (None: all): the `nth` from now (None: the next), `times` in a row (None: for good).

        Which is carried out all the same, and which is not: see `faults.CUT`.
        """
        with self.lock:
            self._faults.order(fault, kind, nth, times)

    def mend(self) -> None:
        """No more faults."""
        with self.lock:
            self._faults.mend()

    def count(self, kind: Kind | None = None) -> int:
        """How many requests there were so far."""
        return sum(1 for seen in list(self.seen) if kind in (None, seen.kind))

    def _broken(self, said: str) -> None:
        self.mistakes.append(said)

    def _answer(self, arrived: Arrived) -> Answer:
        """The answer to one request, faults, quota and all."""
        split = urlsplit(arrived.target)
        kind = _kind(arrived.method, split.path)
        query = parse_qs(split.query, keep_blank_values=True)
        body, unread = _body(arrived, split.path)
        with self.lock:
            seen = Seen(len(self.seen) + 1, kind, arrived.method, unquote(split.path), query, body)
            self.seen.append(seen)
        if self.before is not None:
            self.before(seen)
        with self.lock:
            fault = self._faults.next(kind)
            wait = self._quota.take(kind)
        answer = self._faulty(
            fault, kind, split.path, lambda: self._handle(arrived, kind, split.path, query, body, unread, wait)
        )
        status = 0 if answer.way in ("slow", "slow-after", "cut", "cut-after") else answer.status
        with self.lock:
            self.seen[seen.number - 1] = replace(seen, status=status)
        return replace(answer, seconds=self.slow_seconds)

    def _faulty(self, fault: Fault | None, kind: Kind, path: str, handle: Callable[[], Answer]) -> Answer:
        if fault is None:
            return handle()
        if fault in CUT:
            done = handle() if fault in ("slow-after", "cut-after", "half", "malformed") else Answer(200, "")
            return replace(done, way=fault)
        if kind == "token":
            if fault == "401":
                return Answer(400, dumps({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}))
            error = refusal(fault, kind, "")
            return Answer(error.code, dumps({"error": "internal_failure", "error_description": "Backend Error"}), error.headers)
        error = refusal(fault, kind, path.rpartition("/")[2])
        return Answer(error.code, dumps(error.drive() if kind == "drive" else error.sheets()), error.headers)

    def _handle(
        self,
        arrived: Arrived,
        kind: Kind,
        path: str,
        query: dict[str, list[str]],
        body: Any,
        unread: ApiError | None,
        wait: int | None,
    ) -> Answer:
        try:
            if kind == "token":
                return self._token(arrived)
            if wait is not None:
                raise exhausted("drive" if kind == "drive" else "sheets", kind, wait)
            with self.lock:
                return self._call(arrived, kind, path, query, body, unread)
        except ApiError as error:
            return Answer(error.code, dumps(error.drive() if kind == "drive" else error.sheets()), error.headers)

    def _call(
        self, arrived: Arrived, kind: Kind, path: str, query: dict[str, list[str]], body: Any, unread: ApiError | None
    ) -> Answer:
        api: Api = drive() if kind == "drive" else sheets()
        found = api.find(arrived.method, path)
        if found is None:
            return Answer(
                404, "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", content_type="text/html; charset=UTF-8"
            )
        method, encoded = found
        if "authorization" not in arrived.headers:
            raise anonymous(arrived.method)
        scheme, _, token = arrived.headers.get("authorization", "").partition(" ")
        scopes = self.tokens.scopes(token) if scheme == "Bearer" else None
        if scopes is None:
            raise unauthenticated()
        if not scopes & method.scopes:
            raise scope_missing("drive" if kind == "drive" else "sheets")
        if unread is not None:
            raise unread
        api.check_query(method, query)
        if method.request:
            api.check(method.request, body)
        elif body:
            raise violated("", "Invalid JSON payload received. This method takes no body.")
        parameters = {name: unquote(value) for name, value in encoded.items()}
        call = Call(method, parameters, query, body or {}, self.email, self._broken)
        told = (
            drive_call(call, self.books, timedelta(seconds=self.drive_lag))
            if kind == "drive"
            else sheets_call(call, self.books)
        )
        if isinstance(told, str):
            return Answer(200, told)
        for error in api.unfit({"$ref": method.response}, told, ""):
            self._broken(f"an answer to {method.id} does not fit {method.response}: {error.message}")
        if kind != "drive" and query.get("fields"):
            mask = masks.parse(query["fields"][-1])
            masks.check(api, method.response, mask)
            told = masks.pick(told, mask)
        return Answer(200, dumps(told))

    def _token(self, arrived: Arrived) -> Answer:
        if arrived.method != "POST":
            return Answer(404, "")
        try:
            with self.lock:
                return Answer(200, dumps(self.tokens.give(parse_qs(arrived.body.decode("utf-8", "replace")))))
        except Refused as refused:
            return Answer(refused.status, dumps(refused.body))


def _kind(method: str, path: str) -> Kind:
    if path.startswith("/v4/"):
        found = sheets().find(method, path)
        return "read" if method == "GET" or (found and found[0].id in READS) else "write"
    return "drive" if path.startswith("/drive/") else "token"


def _body(arrived: Arrived, path: str) -> tuple[Any, ApiError | None]:
    """The JSON body, and the refusal where it cannot be read."""
    if not arrived.body or not path.startswith(("/v4/", "/drive/")):
        return None, None
    try:
        body: Json = json.loads(arrived.body, parse_constant=_no_constant)
        if b"\\ud" in arrived.body.lower():
            json.dumps(body, ensure_ascii=False).encode()  # half a surrogate is no text
    except (ValueError, RecursionError):
        return None, violated("", "Invalid JSON payload received. Unexpected token.")
    return body, None


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
