"""The client on the wire: every refusal and every passing failure told apart, nothing repeated that may have been carried out, within
bounds of time, size and number, and the token shown to nobody else."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from servers.google import EMAIL, GOOD, Reply, ScriptedGoogle, key_file, private_key, scripted_google

from journey.errors import InputError, OutsideError, TabijiError
from journey.texts import LANGS
from sheets_sync.google import carrying
from sheets_sync.google.access import SCOPES, Access
from sheets_sync.google.client import FileState, SheetsClient, connect
from sheets_sync.google.waiting import Waiting

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
Ask = Callable[[SheetsClient], object]
ASKS: dict[str, Ask] = {
    "drive": lambda client: client.file(ID),
    "read": lambda client: client.spreadsheet(ID, "sheets(properties)"),
    "values": lambda client: client.put_values(ID, [{"range": "施策!A1", "values": [["=1+1"]]}]),
    "write": lambda client: client.change(ID, [{"deleteSheet": {"sheetId": 1}}]),
}
WRITES = ("values", "write")


@dataclass
class World:
    """A clock that sleeping moves."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def waiting(self, patience: float = 60.0) -> Waiting:
        return Waiting(patience, self.sleep, lambda: self.at, lambda: 0.5, lambda: NOW)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedGoogle]:
    with scripted_google() as server:
        yield server


@pytest.fixture
def google(server: ScriptedGoogle) -> ScriptedGoogle:
    server.forget()
    return server


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(google: ScriptedGoogle, world: World, tmp_path: Path) -> SheetsClient:
    return connect(Access(key_file(tmp_path), google.url, google.token_uri), world.waiting())


def error(status: int, message: str = "", code: str = "", reason: str = "", *, drive: bool = False) -> Reply:
    """An error answer in the shape of Sheets, or in the older one of Drive."""
    found: dict[str, object] = {"code": status, "message": message, "status": code}
    if reason:
        found["errors" if drive else "details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    return Reply(status, {"error": found})


def failure(client: SheetsClient, ask: Ask) -> TabijiError:
    with pytest.raises(TabijiError) as raised:
        ask(client)
    for lang in LANGS:
        assert raised.value.said.say(lang)
    return raised.value


# What each call asks for


def test_what_goes_over_the_wire(google: ScriptedGoogle, client: SheetsClient) -> None:
    assert client.file(ID) == FileState("7", datetime(2026, 11, 22, 1, 2, 3, 456000, tzinfo=UTC), "", True)
    assert client.spreadsheet(ID, "properties(title),sheets") == GOOD
    client.put_values(ID, [{"range": "施策!A1", "values": [["=1+1"]]}])
    assert client.change(ID, [{"deleteSheet": {"sheetId": 1}}]) == GOOD
    assert [(g.method, urlsplit(g.path).path) for g in google.requests] == [
        ("GET", f"/drive/v3/files/{ID}"),
        ("GET", f"/v4/spreadsheets/{ID}"),
        ("POST", f"/v4/spreadsheets/{ID}/values:batchUpdate"),
        ("POST", f"/v4/spreadsheets/{ID}:batchUpdate"),
    ]
    drive, sheet = (parse_qs(urlsplit(g.path).query) for g in google.requests[:2])
    assert drive["fields"] == ["version,modifiedTime,lastModifyingUser(displayName,emailAddress,me),capabilities(canEdit)"]
    assert sheet == {"fields": ["properties(title),sheets"]}
    values, changes = (json.loads(g.body) for g in google.requests[2:])
    assert values == {"valueInputOption": "RAW", "data": [{"range": "施策!A1", "values": [["=1+1"]]}]}
    assert changes == {"requests": [{"deleteSheet": {"sheetId": 1}}]}
    assert {g.token for g in google.requests} == {"t1"}, "one token serves as long as it is good"
    assert len(google.tokens) == 1


def test_the_least_is_asked_for(google: ScriptedGoogle, client: SheetsClient) -> None:
    client.sign_in()
    assertion = parse_qs(google.tokens[0].body.decode())["assertion"][0].split(".")[1]
    claims = json.loads(base64_url(assertion))
    assert claims["scope"].split() == list(SCOPES)
    assert (claims["iss"], claims["aud"]) == (EMAIL, "https://oauth2.googleapis.com/token")
    assert google.requests == []


def base64_url(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize(
    ("user", "editor"),
    [
        ({"emailAddress": "tanaka@example.com", "displayName": "田中"}, "tanaka@example.com"),
        ({"displayName": "田中"}, "田中"),
        ({"emailAddress": "", "displayName": " 田中\n‮ "}, "田中"),
        ({"emailAddress": EMAIL.upper(), "displayName": "Tabiji"}, ""),
        ({"displayName": EMAIL}, ""),
        ({"displayName": "Tabiji", "me": True}, ""),
        ({}, ""),
        (None, ""),
        ("tanaka", ""),
        ({"displayName": "x" * 5000}, "x" * 200),
    ],
)
def test_who_edited(google: ScriptedGoogle, client: SheetsClient, user: object, editor: str) -> None:
    google.replies = [Reply(body={**GOOD, "lastModifyingUser": user})]
    assert client.file(ID).editor == editor


@pytest.mark.parametrize("given", [None, "", "yesterday", 7, "2026-11-22T01:02:03", [], "9999-99-99T00:00:00Z"])
def test_a_time_that_is_none(google: ScriptedGoogle, client: SheetsClient, given: object) -> None:
    google.replies = [Reply(body={"version": 12, "modifiedTime": given, "capabilities": "x"})]
    assert client.file(ID) == FileState("12", None, "", None)


@pytest.mark.parametrize("version", [None, "", [], {}, True])
def test_no_version_is_an_answer_that_makes_no_sense(google: ScriptedGoogle, client: SheetsClient, version: object) -> None:
    google.replies = [Reply(body={**GOOD, "version": version})]
    assert failure(client, ASKS["drive"]).said.key == "google.garbled"


# What somebody has to put right

NO_GRANT = {"error": "invalid_grant"}
CLOCK = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values"
)
OFF = "Google Sheets API has not been used in project 123 before or it is disabled. Enable it by visiting https://…"
REFUSALS = [
    ("read", error(403, "The caller does not have permission", "PERMISSION_DENIED"), "google.unshared", EMAIL),
    ("write", error(403, "The caller does not have permission", "PERMISSION_DENIED"), "google.viewer", EMAIL),
    ("drive", error(404, "File not found: X.", "", "notFound", drive=True), "google.unseen", EMAIL),
    ("drive", error(403, "…", "", "insufficientFilePermissions", drive=True), "google.unshared", EMAIL),
    ("read", error(404, "Requested entity was not found.", "NOT_FOUND"), "google.nowhere", "[sheet] source"),
    ("read", error(403, OFF, "PERMISSION_DENIED", "SERVICE_DISABLED"), "google.api_off", "Google Sheets API"),
    ("write", error(403, OFF, "PERMISSION_DENIED", "SERVICE_DISABLED"), "google.api_off", "Google Sheets API"),
    ("read", error(403, OFF, "PERMISSION_DENIED"), "google.api_off", "Google Sheets API"),
    ("drive", error(403, "…", "", "accessNotConfigured", drive=True), "google.api_off", "Google Drive API"),
    ("read", error(403, "…", "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "google.scopes", "token_uri"),
    ("drive", error(403, "…", "", "insufficientPermissions", drive=True), "google.scopes", "token_uri"),
    ("read", error(401, "…", "UNAUTHENTICATED"), "google.token_refused", EMAIL),
    ("write", error(401, "…", "UNAUTHENTICATED"), "google.token_refused", EMAIL),
    (
        "read",
        error(400, "This operation is not supported for this document", "FAILED_PRECONDITION"),
        "google.no_sheet",
        "Excel",
    ),
    (
        "write",
        error(400, "You are trying to edit a protected cell or object. …", "INVALID_ARGUMENT"),
        "google.protected",
        EMAIL,
    ),
    (
        "write",
        error(400, "Invalid requests[0]: No grid with id: 1\nmore", "INVALID_ARGUMENT"),
        "google.refused",
        "No grid with id",
    ),
    ("write", Reply(413, b"<html>too large</html>"), "google.between", "413"),
    ("read", Reply(403, b"<html>no</html>"), "google.between", "403"),
    ("drive", Reply(407, b""), "google.between", "407"),
    ("read", Reply(404, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"), "google.between", "api_root"),
    ("read", Reply(400, {"error": 7}), "google.between", "400"),
    ("read", Reply(403, {"error": {"code": 403}}), "google.unshared", EMAIL),
    ("read", Reply(400, {"error": {"errors": 1, "details": ["x"], "message": None}}), "google.refused", "400"),
]
TOKEN_REFUSALS = [
    (Reply(400, {**NO_GRANT, "error_description": CLOCK}), "google.clock", "clock"),
    (Reply(400, {**NO_GRANT, "error_description": "Invalid JWT Signature."}), "google.key_dead", EMAIL),
    (Reply(400, {**NO_GRANT, "error_description": "Invalid grant: account not found"}), "google.key_dead", EMAIL),
    (Reply(401, {"error": "invalid_client", "error_description": None}), "google.key_dead", EMAIL),
    (Reply(400, {"error": "invalid_request"}), "google.token_address", "token_uri"),
    (Reply(404, b"<html>nothing here</html>"), "google.token_address", "404"),
    (Reply(403, b""), "google.token_address", "403"),
]


@pytest.mark.parametrize(("ask", "reply", "key", "named"), REFUSALS)
def test_a_refusal_is_said_at_once_with_what_to_do(
    google: ScriptedGoogle, world: World, client: SheetsClient, ask: str, reply: Reply, key: str, named: str
) -> None:
    google.replies = [reply]
    refused = failure(client, ASKS[ask])
    assert isinstance(refused, InputError)
    assert refused.said.key == key
    for lang in LANGS:
        assert named in refused.said.say(lang) or named == "clock"
    assert world.slept == []
    assert len(google.requests) == (2 if reply.status == 401 else 1)


@pytest.mark.parametrize(("reply", "key", "named"), TOKEN_REFUSALS)
@pytest.mark.parametrize("ask", ["drive", "write"])
def test_a_refused_sign_in(
    google: ScriptedGoogle, world: World, client: SheetsClient, ask: str, reply: Reply, key: str, named: str
) -> None:
    google.token_replies = [reply]
    refused = failure(client, ASKS[ask])
    assert isinstance(refused, InputError)
    assert refused.said.key == key
    assert named in refused.said.say("en")
    assert (world.slept, google.requests, len(google.tokens)) == ([], [], 1)


def test_a_token_taken_back_is_replaced(google: ScriptedGoogle, client: SheetsClient) -> None:
    for ask in ASKS.values():
        google.requests.clear()
        google.replies = [error(401), Reply()]
        ask(client)
        assert google.requests[0].token != google.requests[1].token


@pytest.mark.parametrize(
    "other",
    [
        {"private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"},
        {"private_key": "key"},
        {"private_key": "公開"},
        {"private_key": "\x00"},
    ],
)
def test_a_broken_key(tmp_path: Path, other: dict[str, object]) -> None:
    with pytest.raises(InputError) as refused:
        connect(Access(key_file(tmp_path, **other)), Waiting(1))
    assert refused.value.said.key == "google.key_broken"


def test_a_key_of_another_kind(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    for made in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
        for hidden in (serialization.NoEncryption(), serialization.BestAvailableEncryption(b"secret")):
            pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden).decode()
            with pytest.raises(InputError):
                connect(Access(key_file(tmp_path, private_key=pem)), Waiting(1))


@pytest.mark.parametrize(
    "root", ["127.0.0.1:1", "http://", "http://[::1", "ftp://127.0.0.1", "http://127.0.0.1:99999", "http://x y/"]
)
def test_a_root_that_is_no_address(google: ScriptedGoogle, world: World, tmp_path: Path, root: str) -> None:
    for access in (Access(key_file(tmp_path), root, google.token_uri), Access(key_file(tmp_path), google.url, root)):
        refused = failure(connect(access, world.waiting()), ASKS["read"])
        assert refused.said.key == "google.bad_root"


# What passes by itself

RATE = "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service …"
CERTAINLY_NOT_DONE = {
    "429": error(429, RATE, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
    "429 of a proxy": Reply(429, b"slow down"),
    "403 of Drive, this user": error(403, "User rate limit exceeded.", "", "userRateLimitExceeded", drive=True),
    "403 of Drive, everyone": error(403, "Rate limit exceeded.", "", "rateLimitExceeded", drive=True),
    "403 quota": error(403, "Quota exceeded.", "RESOURCE_EXHAUSTED", "quotaExceeded"),
}
IN_DOUBT = {
    "500": error(500, "Internal error encountered.", "INTERNAL"),
    "502": Reply(502, b"<html>bad gateway</html>"),
    "503": error(503, "The service is currently unavailable.", "UNAVAILABLE"),
    "504": error(504, "Deadline exceeded", "DEADLINE_EXCEEDED"),
    "408": Reply(408, b""),
    "409": error(409, "…", "ABORTED"),
    "cut": Reply(cut=True),
    "cut in the middle": Reply(promised=5000),
    "half a document": Reply(body=b'{"version": "7", "she'),
    "nothing": Reply(body=b""),
    "a page": Reply(body=b"<!DOCTYPE html><html>sign in</html>"),
    "a list": Reply(body=[1]),
    "a number": Reply(body=7),
    "deep": Reply(body=b"[" * 200_000),
    "not text": Reply(body=b'{"version": "\xff\xfe"}'),
    "packed badly": Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
    "redirect": Reply(302, b"", {"Location": "/elsewhere"}),
    "permanent redirect": Reply(308, b"", {"Location": "/elsewhere"}),
    "no content": Reply(204, b""),
    "not modified": Reply(304, b""),
}
PASSING = {**CERTAINLY_NOT_DONE, **IN_DOUBT}


@pytest.mark.parametrize("name", PASSING)
def test_once_is_got_over_and_a_write_never_risked(
    google: ScriptedGoogle, world: World, client: SheetsClient, name: str
) -> None:
    for ask in ASKS:
        google.requests.clear()
        google.replies = [PASSING[name], Reply()]
        if ask in WRITES and name in IN_DOUBT:
            assert isinstance(failure(client, ASKS[ask]), OutsideError)
            assert len(google.requests) == 1, "it may have been carried out"
        else:
            ASKS[ask](client)
            assert len(google.requests) == 2
    assert all(0 < slept <= 1 for slept in world.slept)


@pytest.mark.parametrize("name", PASSING)
def test_always_is_given_up_with_one_stable_sentence(google: ScriptedGoogle, tmp_path: Path, name: str) -> None:
    google.replies = [PASSING[name]]
    said = set()
    for patience in (0.0, 60.0):
        world = World()
        client = connect(Access(key_file(tmp_path), google.url, google.token_uri), world.waiting(patience))
        for ask in ASKS.values():
            google.requests.clear()
            world.slept.clear()
            given_up = failure(client, ask)
            assert isinstance(given_up, OutsideError)
            assert 1 <= len(google.requests) <= 8
            assert sum(world.slept) <= patience
            said.add((given_up.said.say("ja"), given_up.said.say("en")))
    assert len(said) == 1


@pytest.mark.parametrize("name", [name for name in PASSING if not name.startswith("403")])
def test_a_sign_in_that_fails_in_passing_holds_up_any_call(
    google: ScriptedGoogle, client: SheetsClient, world: World, name: str
) -> None:
    """Nothing was asked of the Sheet yet, so even a write waits and goes on."""
    good = Reply(body={"access_token": "good", "expires_in": 1})
    for ask in ASKS.values():
        google.requests.clear()
        google.tokens.clear()
        google.token_replies = [PASSING[name], good]
        ask(client)
        assert ([g.token for g in google.requests], len(google.tokens)) == (["good"], 2)
    google.tokens.clear()
    google.token_replies = [PASSING[name]]
    assert isinstance(failure(client, ASKS["write"]), OutsideError)
    assert sum(world.slept) < 5 * 60


@pytest.mark.parametrize("token", [None, "", 7, ["x"], "a\r\nX-Evil: 1", "é" * 3])
@pytest.mark.parametrize("expires", [3599, "3599", "soon", None, 1e300, -5, [], "9" * 400])
def test_a_token_of_any_shape(google: ScriptedGoogle, client: SheetsClient, token: object, expires: object) -> None:
    google.token_replies = [Reply(body={"access_token": token, "expires_in": expires})]
    assert isinstance(failure(client, ASKS["write"]), OutsideError)
    assert google.requests == []


def test_nobody_listens(google: ScriptedGoogle, world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = connect(Access(key_file(tmp_path), f"http://127.0.0.1:{port}", google.token_uri), world.waiting())
    for ask in ASKS.values():
        assert failure(client, ask).said.key == "google.unreachable"
    assert len(world.slept) > 4, "nothing was sent, so even a write is tried again"
    client = connect(Access(key_file(tmp_path), google.url, f"http://127.0.0.1:{port}/token"), world.waiting())
    assert failure(client, ASKS["write"]).said.key == "google.unreachable"


def test_nobody_answers(google: ScriptedGoogle, client: SheetsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "TIMEOUT", (1.0, 0.1))
    google.replies = [Reply(wait=0.5), Reply()]
    assert ASKS["read"](client)
    google.requests.clear()
    assert failure(client, ASKS["write"]).said.key == "google.slow"
    assert len(google.requests) == 1


def test_an_answer_that_trickles(google: ScriptedGoogle, client: SheetsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "LONGEST", 0.2)
    google.replies = [Reply(wait=0.02, trickle=True, body={"long": "x" * 200})]
    assert failure(client, ASKS["write"]).said.key == "google.slow"


def test_a_certificate_of_nobody(google: ScriptedGoogle, world: World, tmp_path: Path) -> None:
    """TLS against a server that speaks none: the same branch as a certificate that does not hold."""
    root = google.url.replace("http://", "https://")
    assert failure(connect(Access(key_file(tmp_path), root, google.token_uri), world.waiting()), ASKS["read"]).said.key == (
        "google.certificate"
    )


def test_certificates_that_are_not_there(
    google: ScriptedGoogle, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    root = google.url.replace("http://", "https://")
    client = connect(Access(key_file(tmp_path), root, google.token_uri), world.waiting())
    assert failure(client, ASKS["write"]).said.key == "google.certificate"


# Waiting for as long as was asked


@pytest.mark.parametrize("form", ["seconds", "moment", "moment of a machine whose clock is wrong"])
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(google: ScriptedGoogle, world: World, client: SheetsClient, form: str, status: int) -> None:
    theirs = NOW + timedelta(hours=3 if "wrong" in form else 0)
    headers = {"Retry-After": "17" if form == "seconds" else format_datetime(theirs + timedelta(seconds=17), usegmt=True)}
    if "wrong" in form:
        headers["Date"] = format_datetime(theirs, usegmt=True)
    elif form == "moment":
        headers["Date"] = format_datetime(NOW, usegmt=True)
    google.replies = [Reply(status, b"", headers), Reply()]
    ASKS["read"](client)
    assert world.slept == [17]


def test_a_long_retry_after_is_kept_to_without_asking(google: ScriptedGoogle, world: World, tmp_path: Path) -> None:
    client = connect(Access(key_file(tmp_path), google.url, google.token_uri), world.waiting(5))
    google.replies = [Reply(429, b"", {"Retry-After": "40"}), Reply()]
    first = failure(client, ASKS["read"])
    for _ in range(4):
        world.at += 9
        assert failure(client, ASKS["read"]).said == first.said
    assert len(google.requests) == 1
    ASKS["drive"](client)
    world.at += 4
    ASKS["read"](client)


# Bounds


def test_never_more_than_sixty_in_any_minute(google: ScriptedGoogle, world: World, tmp_path: Path) -> None:
    """Calls as fast as they can be made, failing, repeated and refused tokens and all, by two clients that share a folder."""
    clients = [connect(Access(key_file(tmp_path), google.url, google.token_uri), world.waiting(90), tmp_path) for _ in range(2)]
    google.clock = lambda: world.at
    google.replies = [Reply(), error(401), Reply(), error(429), Reply(503, b""), Reply(cut=True), Reply()] * 100
    for n in range(150):
        for ask in ("read", "write"):
            with contextlib.suppress(OutsideError):
                ASKS[ask](clients[n % 2])
    for method in ("GET", "POST"):
        moments = [got.at for got in google.requests if got.method == method]
        assert len(moments) > 120
        assert max(sum(1 for m in moments if start <= m <= start + 60) for start in moments) <= 60


def test_a_look_at_drive_costs_nothing_of_the_sheets_budget(google: ScriptedGoogle, world: World, tmp_path: Path) -> None:
    client = connect(Access(key_file(tmp_path), google.url, google.token_uri), world.waiting(90))
    for _ in range(150):
        client.file(ID)
    for _ in range(60):
        client.spreadsheet(ID, "x")
    assert world.slept == []
    assert client.spreadsheet(ID, "x")
    assert world.slept == [61]


def test_a_budget_that_is_spent_is_said_where_the_patience_is_short(
    google: ScriptedGoogle, world: World, tmp_path: Path
) -> None:
    client = connect(Access(key_file(tmp_path), google.url, google.token_uri), world.waiting(5))
    for _ in range(60):
        ASKS["write"](client)
    assert failure(client, ASKS["write"]).said.key == "google.spent"
    assert len(google.requests) == 60
    ASKS["read"](client)
    world.at += 62
    ASKS["write"](client)


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_without_end(google: ScriptedGoogle, client: SheetsClient, packed: bool) -> None:
    large = b" " * (carrying.LARGEST + 1)
    google.replies = [
        Reply(body=gzip.compress(large, 1), headers={"Content-Encoding": "gzip"}) if packed else Reply(body=large)
    ]
    refused = failure(client, ASKS["read"])
    assert (type(refused), refused.said.key) == (InputError, "google.huge")
    assert "64 MB" in refused.said.say("ja")


def test_a_packed_answer_is_unpacked(google: ScriptedGoogle, client: SheetsClient) -> None:
    large = {"text": "施策" * 500_000}
    google.replies = [Reply(body=gzip.compress(json.dumps(large).encode()), headers={"Content-Encoding": "gzip"})]
    assert client.spreadsheet(ID, "x") == large


def test_every_request_has_its_time_outs_and_follows_nobody(
    google: ScriptedGoogle, client: SheetsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    send = requests.Session.send

    def noted(self: requests.Session, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        seen.append((kwargs["timeout"], kwargs["allow_redirects"]))
        return send(self, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", noted)
    for ask in ASKS.values():
        ask(client)
    assert seen == [((5.0, 30.0), False)] * 5, "four calls and one for the token"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_goes_to_no_other_address(google: ScriptedGoogle, world: World, tmp_path: Path, status: int) -> None:
    with scripted_google() as thief:
        google.replies = [Reply(status, b"", {"Location": f"{thief.url}/v4/spreadsheets/{ID}"})]
        access = Access(key_file(tmp_path), google.url, google.token_uri)
        for ask in ASKS.values():
            assert failure(connect(access, world.waiting()), ask).said.key == "google.garbled"
        google.token_replies = [Reply(status, b"", {"Location": f"{thief.url}/token"})]
        assert failure(connect(access, world.waiting()), ASKS["read"]).said.key == "google.garbled"
        assert thief.requests == thief.tokens == []


def test_no_other_host_is_asked_anything(google: ScriptedGoogle, client: SheetsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """google-auth's own session would ask a further host about regions, in a thread of its own."""
    hosts = set()
    resolve = socket.getaddrinfo

    def noted(host: str, *args: object, **kwargs: object) -> object:
        hosts.add(host)
        return resolve(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    for ask in ASKS.values():
        ask(client)
    assert hosts <= {"127.0.0.1"}
    with pytest.raises(ValueError, match="neither Sheets nor Drive"):
        client.request("get", "https://example.com/v4/spreadsheets")
    with pytest.raises(ValueError, match="neither Sheets nor Drive"):
        client.request("get", "https://sheets.googleapis.com.example.com/v4")


def test_a_netrc_does_not_take_the_tokens_place(
    google: ScriptedGoogle, client: SheetsClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login x password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    ASKS["read"](client)
    assert [g.token for g in google.requests] == ["t1"]
    assert google.tokens[0].token == ""


def test_a_password_in_an_address_is_not_said(google: ScriptedGoogle, world: World, tmp_path: Path) -> None:
    root = google.url.replace("http://", "http://tabiji:canary@")
    google.replies = [Reply(503, b"")]
    access = Access(key_file(tmp_path), root, google.token_uri)
    said = failure(connect(access, world.waiting(1)), ASKS["read"]).said.say("en")
    assert google.url in said
    assert "canary" not in said
    assert google.requests[0].token == "t1"


def test_answers_may_come_packed(google: ScriptedGoogle, client: SheetsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google packs for those who accept it and name it in their User-Agent too: a fifteenth of the bytes."""
    sent = []
    send = requests.Session.send

    def noted(self: requests.Session, request: requests.PreparedRequest, **kwargs: object) -> requests.Response:
        sent.append(request.headers)
        return send(self, request, **kwargs)

    monkeypatch.setattr(requests.Session, "send", noted)
    ASKS["read"](client)
    assert "gzip" in sent[-1]["Accept-Encoding"]
    assert "gzip" in sent[-1]["User-Agent"]


def test_nothing_secret_is_said(google: ScriptedGoogle, tmp_path: Path) -> None:
    """No sentence and no exception text holds the key or the token."""
    google.token_replies = [Reply(body={"access_token": "canary-token", "expires_in": 3599})]
    client = connect(Access(key_file(tmp_path), google.url, google.token_uri), World().waiting(1))
    secret = private_key().splitlines()[3]
    for reply in [*PASSING.values(), *(r for _, r, _, _ in REFUSALS)]:
        google.replies = [reply]
        with pytest.raises(TabijiError) as raised:
            ASKS["write"](client)
        chain: BaseException | None = raised.value
        while chain is not None:
            for told in (str(chain), repr(chain), *((chain.said.say("ja"),) if isinstance(chain, TabijiError) else ())):
                assert "canary-token" not in told
                assert secret not in told
            chain = chain.__cause__ or chain.__context__
