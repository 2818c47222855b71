"""Calls of the Web API: tokens, scopes, limits and faults around the methods."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from slack_server.arguments import Arguments, arguments_of
from slack_server.faults import STATUSES, WAYS, Faults
from slack_server.kinds import ApiError, Json
from slack_server.methods import METHODS, SCOPES
from slack_server.rates import Rates
from slack_server.wire import Answer, Arrived
from slack_server.workspace import Workspace


@dataclass
class Call:
    """One call as it was seen: its number from 1 on, the method, the arguments (without the token), and the answer's JSON (empty
    while it is under way, and where none was given). `answered` tells whether the answer reached the wire whole."""

    number: int
    method: str
    arguments: Json
    answer: Json = field(default_factory=dict)
    status: int = 0
    answered: bool = False


@dataclass
class Grants:
    """What the app holds: its tokens, and the scopes of the bot's and the app's own."""

    bot_token: str = "xoxb-local-tabiji-0001"
    app_token: str = "xapp-1-A0TABIJI1-local-0001"
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    app_scopes: set[str] = field(default_factory=lambda: {"connections:write"})
    revoked: bool = False


BUGS = frozenset(
    (
        "invalid_arg_name", "invalid_arguments", "invalid_blocks", "invalid_blocks_format", "invalid_charset", "invalid_form_data",
        "invalid_json", "invalid_limit", "invalid_metadata_format", "json_not_object", "msg_blocks_too_long", "msg_too_long",
        "no_text", "unknown_method", "duplicate_external_id",
    )
)  # fmt: skip
"""Errors that only a mistake of the app can bring about."""


class Api:
    """The Web API. `open_socket` gives the path of a new socket; `mistake` hears of calls that no app should make."""

    def __init__(
        self,
        work: Workspace,
        grants: Grants,
        faults: Faults,
        rates: Rates,
        open_socket: Callable[[], str],
        mistake: Callable[[str], None],
    ) -> None:
        self._work = work
        self._grants = grants
        self._faults = faults
        self._rates = rates
        self._open_socket = open_socket
        self._mistake = mistake
        self.calls: list[Call] = []
        self.before: Callable[[Call], None] | None = None

    def answer(self, arrived: Arrived) -> Answer:
        """The answer to a request under /api/, faults and limits and all."""
        method = arrived.target.partition("?")[0].removeprefix("/api/")
        given, unread = Arguments({}), None
        try:
            given = arguments_of(arrived)
        except ApiError as error:
            unread = error
        token = _token(arrived, given)
        with self._work.lock:
            call = Call(len(self.calls) + 1, method, {name: value for name, value in given.values.items() if name != "token"})
            self.calls.append(call)
        if self.before is not None:
            self.before(call)
        with self._work.lock:
            fault = self._faults.next(method)
        if fault in STATUSES:
            return self._status(call, int(fault))
        if fault in WAYS and fault in ("slow", "cut", "html"):
            return Answer(200, way=fault)
        with self._work.lock:
            answer = self._carried_out(call, given, token, unread, fault if fault not in WAYS else "")
        call.status, call.answered = answer.status, fault not in WAYS
        return Answer(answer.status, answer.body, answer.headers, way=fault if fault in WAYS else "")

    def _status(self, call: Call, status: int) -> Answer:
        call.status, call.answered = status, True
        if status == 429:
            return _limited(call, 1)
        return Answer(status, b"<html><body>Server Error</body></html>", content_type="text/html; charset=utf-8")

    def _carried_out(self, call: Call, given: Arguments, token: str, unread: ApiError | None, fault: str) -> Answer:
        headers: dict[str, str] = {}
        try:
            if unread:
                raise unread
            if fault:
                raise ApiError(fault)
            if call.method == "apps.connections.open":
                self._allow(token, self._grants.app_token, ("connections:write",), self._grants.app_scopes, headers)
                url = f"{self._work.base.replace('http', 'ws', 1)}{self._open_socket()}"
                call.answer = {"ok": True, "url": url}
                return _json(call.answer, headers)
            method = METHODS.get(call.method)
            if method is None:
                raise ApiError("unknown_method", req_method=call.method)
            self._allow(token, self._grants.bot_token, method.scopes, self._grants.scopes, headers)
            wait = (
                self._rates.post(self._work.channel(given.text("channel")).id)
                if method.tier == "channel"
                else self._rates.take(call.method, method.tier)
            )
            if wait:
                return _limited(call, wait)
            call.answer = method.handle(given, self._work)
        except ApiError as error:
            call.answer = error.body()
            if error.error in BUGS and error.error != fault:
                self._mistake(f"call {call.number}, {call.method}: {json.dumps(call.answer, ensure_ascii=False)}")
        return _json(call.answer, headers)

    def _allow(self, token: str, wanted: str, any_of: tuple[str, ...], scopes: set[str], headers: dict[str, str]) -> None:
        if not token:
            raise ApiError("not_authed")
        if token in (self._grants.bot_token, self._grants.app_token) and token != wanted:
            raise ApiError("not_allowed_token_type")
        if token != wanted:
            raise ApiError("invalid_auth")
        if self._grants.revoked:
            raise ApiError("token_revoked")
        headers["x-oauth-scopes"] = ",".join(sorted(scopes))
        headers["x-accepted-oauth-scopes"] = ",".join(any_of)
        if any_of and not scopes & set(any_of):
            raise ApiError("missing_scope", needed=any_of[0], provided=",".join(sorted(scopes)))


def _token(arrived: Arrived, given: Arguments) -> str:
    scheme, _, token = arrived.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return str(given.values.get("token") or "")


def _json(body: Json, headers: dict[str, str]) -> Answer:
    return Answer(200, json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"), headers)


def _limited(call: Call, seconds: int) -> Answer:
    call.answer, call.status, call.answered = {"ok": False, "error": "ratelimited"}, 429, True
    return Answer(429, json.dumps(call.answer).encode(), {"Retry-After": str(seconds)})
