"""The local Slack's sockets, faults and limits, met by the real slack_sdk and by a client of raw frames."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from slack_app import connected, make_app
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_server import Delivery, Person, SlackServer
from slack_server.requests_out import signature
from werkzeug.serving import make_server


class Raw:
    """A socket of the app, frame by frame."""

    def __init__(self, slack: SlackServer, url: str = "") -> None:
        url = (
            url
            or WebClient(token=slack.app_token, base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)["url"]
        )
        host, _, path = url.removeprefix("ws://").partition("/")
        self.connection = socket.create_connection((host.partition(":")[0], int(host.partition(":")[2])), 5)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /{path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
        self.connection.sendall("\r\n".join(lines).encode())
        self.reader = self.connection.makefile("rb")
        self.status = int(self.reader.readline().split()[1])
        while self.reader.readline().strip():
            pass

    def send(self, payload: bytes, opcode: int = 1, *, final: bool = True, masked: bool = True) -> None:
        mask = os.urandom(4)
        head = struct.pack("!BB", (0x80 if final else 0) | opcode, (0x80 if masked else 0) | min(len(payload), 126))
        head += struct.pack("!H", len(payload)) if len(payload) > 125 else b""
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload)) if masked else payload
        self.connection.sendall(head + (mask if masked else b"") + body)

    def read(self) -> tuple[int, bytes]:
        """The next frame that is no ping."""
        while True:
            first, size = self.reader.read(2)
            if size > 125:
                size = int.from_bytes(self.reader.read(2 if size == 126 else 8), "big")
            payload = self.reader.read(size)
            if first & 0x0F != 9:
                return first & 0x0F, payload

    def heard(self) -> dict[str, Any]:
        opcode, payload = self.read()
        assert opcode == 1, (opcode, payload)
        said = json.loads(payload)
        assert isinstance(said, dict)
        return said

    def ack(self, envelope: dict[str, Any], **payload: Any) -> None:
        self.send(json.dumps({"envelope_id": envelope["envelope_id"]} | ({"payload": payload} if payload else {})).encode())

    def close(self) -> None:
        self.reader.close()
        self.connection.close()


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.channel("#crm")
        server.sockets.in_time = 1.5
        yield server


@pytest.fixture
def tanaka(slack: SlackServer) -> Person:
    return slack.person("tanaka")


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url, timeout=2, retry_handlers=[])


def opened(slack: SlackServer) -> Raw:
    raw = Raw(slack)
    hello = raw.heard()
    assert raw.status == 101 and hello["type"] == "hello" and hello["connection_info"] == {"app_id": slack.work.app_id}
    return raw


def test_a_command_goes_out_as_an_envelope_and_its_delay_is_kept(slack: SlackServer, tanaka: Person) -> None:
    raw = opened(slack)
    asked = tanaka.command("stages 休眠", wait=False)
    envelope = raw.heard()
    assert envelope["type"] == "slash_commands" and envelope["accepts_response_payload"] and "retry_attempt" not in envelope
    assert envelope["payload"]["text"] == "stages 休眠" and envelope["payload"]["user_name"] == "tanaka"
    time.sleep(0.05)
    raw.ack(envelope, text="here")
    assert asked.wait() and 0.05 <= asked.delay < 1.5
    assert "here" in tanaka.reads()
    raw.close()


def test_a_command_that_is_not_acknowledged_in_time_has_failed_for_the_person(slack: SlackServer, tanaka: Person) -> None:
    slack.sockets.in_time = 0.2
    raw = opened(slack)
    asked = tanaka.command("stages")
    assert (asked.attempts[0].acked, asked.failed, asked.delay) == (None, "operation_timeout", float("inf"))
    assert '/journey failed with the error "operation_timeout"' in tanaka.reads()
    raw.ack(raw.heard(), text="too late")
    time.sleep(0.05)
    assert asked.acked and "too late" not in tanaka.reads()
    raw.close()


def test_without_a_socket_a_command_fails_at_once_and_an_event_waits(slack: SlackServer, tanaka: Person) -> None:
    assert tanaka.command("stages").failed == "dispatch_failed"
    tanaka.say(slack.channel("crm"), "{bot} hello", wait=False)
    raw = opened(slack)
    waited = [raw.heard()["payload"]["event"]["type"] for _ in range(2)]
    assert sorted(waited) == ["app_mention", "message"]
    raw.close()


def test_an_event_is_delivered_again_until_it_is_acknowledged(slack: SlackServer, tanaka: Person) -> None:
    slack.sockets.retries, slack.sockets.in_time = (0.0, 0.1, 0.1), 0.2
    slack.subscribed = {"app_mention"}
    first, second = opened(slack), opened(slack)
    tanaka.say(slack.channel("crm"), "{bot} hello", wait=False)
    told = slack.deliveries[-1]
    sockets = {1: first, 2: second}
    seen = []
    for number in range(4):
        while len(told.attempts) <= number:
            time.sleep(0.01)
        envelope = sockets[told.attempts[number].socket].heard()
        seen.append((envelope["retry_attempt"], envelope["retry_reason"], envelope["payload"]["event_id"]))
    assert [(attempt, reason) for attempt, reason, _ in seen] == [(0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout")]
    assert len({event_id for _, _, event_id in seen}) == 1 and len({attempt.socket for attempt in told.attempts}) == 2
    assert len({attempt.envelope_id for attempt in told.attempts}) == 4
    sockets[told.attempts[3].socket].ack(envelope)
    assert told.wait()
    time.sleep(0.5)
    assert len(told.attempts) == 4
    first.close()
    second.close()


@pytest.mark.parametrize("same", [True, False])
def test_anything_is_delivered_twice_where_a_test_wants_it(slack: SlackServer, tanaka: Person, same: bool) -> None:
    raw = opened(slack)
    asked = tanaka.command("stages", wait=False)
    first = raw.heard()
    raw.ack(first)
    assert asked.wait()
    slack.redeliver(asked, same_envelope=same)
    second = raw.heard()
    assert (first["envelope_id"] == second["envelope_id"]) is same
    assert second["payload"] == first["payload"] and second["retry_attempt"] == 1
    raw.ack(second)
    raw.close()


def test_a_warned_socket_is_used_until_it_ends_and_one_to_be_refreshed_is_not(slack: SlackServer, tanaka: Person) -> None:
    old, new = opened(slack), opened(slack)
    slack.sockets.disconnect("warning", 1, None)
    assert old.heard()["reason"] == "warning"
    deliveries = [tanaka.command("x", wait=False) for _ in range(4)]
    assert {delivery.attempts[0].socket for delivery in deliveries} == {1, 2}
    slack.sockets.disconnect("refresh_requested", 1, 0.05)
    deliveries = [tanaka.command("x", wait=False) for _ in range(4)]
    assert {delivery.attempts[0].socket for delivery in deliveries} == {2}
    heard = [old.heard()["type"] for _ in range(3)]
    assert heard == ["slash_commands", "slash_commands", "disconnect"]
    assert old.read()[0] == 8
    old.close()
    new.close()


def test_a_ticket_opens_one_socket_and_ten_are_enough(slack: SlackServer) -> None:
    url = WebClient(token=slack.app_token, base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)["url"]
    first = Raw(slack, url)
    assert (first.status, Raw(slack, url).status) == (101, 400)
    others = [opened(slack) for _ in range(9)]
    eleventh = opened(slack)
    assert eleventh.heard()["reason"] == "too_many_websockets" and eleventh.read()[0] == 8
    for raw in [first, *others, eleventh]:
        raw.close()


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(b"{}", {"masked": False})], 1002),
        ([(b"x", {"opcode": 0})], 1002),
        ([(b"x", {"opcode": 3})], 1002),
        ([(b"x" * 200, {"opcode": 9})], 1002),
        ([(b"{", {"final": False}), (b"}", {})], 1002),
    ],
)
def test_who_breaks_the_protocol_is_put_out(slack: SlackServer, frames: list[tuple[bytes, dict[str, Any]]], code: int) -> None:
    raw = opened(slack)
    for payload, options in frames:
        raw.send(payload, **options)
    opcode, said = raw.read()
    assert (opcode, struct.unpack("!H", said[:2])[0]) == (8, code)
    raw.close()
    slack.mistakes.clear()


def test_a_message_in_parts_with_pings_between_is_one_message(slack: SlackServer) -> None:
    @given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
    def sent(parts: list[bytes]) -> None:
        raw = opened(slack)
        for index, part in enumerate(parts):
            raw.send(part, 1 if index == 0 else 0, final=index == len(parts) - 1)
            raw.send(b"still there", 9)
        assert {raw.read() for _ in parts} == {(10, b"still there")}
        raw.send(b"", 8)
        assert raw.read()[0] == 8
        raw.close()
        assert len(slack.mistakes) == 1 and "not an acknowledgement" in slack.mistakes.pop()

    sent()


@pytest.mark.parametrize("said", [b"[]", b"{}", b'{"envelope_id": "none"}', b'{"envelope_id": []}'])
def test_an_acknowledgement_of_nothing_is_a_mistake(slack: SlackServer, said: bytes) -> None:
    raw = opened(slack)
    raw.send(said)
    raw.send(b"", 8)
    assert raw.read()[0] == 8
    raw.close()
    assert len(slack.mistakes) == 1
    slack.mistakes.clear()


def test_the_real_client_comes_back_after_a_refresh_and_after_a_cut(slack: SlackServer, tanaka: Person) -> None:
    slack.sockets.in_time = 3
    with connected(slack, ping_interval=0.2):
        slack.sockets.disconnect("refresh_requested", None, 0.1)
        assert _until(lambda: slack.sockets.opened >= 2 and slack.sockets.wait_for_sockets())
        assert tanaka.command("here").acked
        before = slack.sockets.opened
        slack.sockets.cut()
        assert _until(lambda: slack.sockets.opened > before and slack.sockets.wait_for_sockets())
        assert tanaka.command("here").acked


def _until(true: Any, seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


CARRIED_OUT = ["slow-after", "cut-after", "half", "malformed"]


@pytest.mark.parametrize("fault", ["slow", "cut", "html", "500", "503", "429", "internal_error", *CARRIED_OUT])
def test_a_fault_strikes_once_and_a_post_is_there_or_not(slack: SlackServer, client: WebClient, fault: str) -> None:
    client.timeout = 1
    slack.fail(fault, method="chat.postMessage", nth=2)
    client.chat_postMessage(channel="#crm", text="first")
    client.chat_getPermalink(channel="#crm", message_ts=slack.channel("crm").messages[0].ts)
    with pytest.raises((SlackApiError, HTTPException, OSError, ValueError, AttributeError)):
        client.chat_postMessage(channel="#crm", text="second")
        raise AssertionError("no fault")
    assert [one.text for one in slack.channel("crm").messages] == ["first"] + ["second"] * (fault in CARRIED_OUT)
    client.chat_postMessage(channel="#crm", text="third")
    assert slack.channel("crm").messages[-1].text == "third"
    assert [call.answered for call in slack.calls if call.method == "chat.postMessage"][1] is (
        fault in ("500", "503", "429", "internal_error")
    )


def test_a_channel_takes_about_one_message_a_second(slack: SlackServer, client: WebClient) -> None:
    slack.rates.held = True
    for _ in range(3):
        client.chat_postMessage(channel="#crm", text="x")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="#crm", text="x")
    assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (429, "1")
    client.chat_postMessage(channel=slack.channel("other").id, text="x")
    client.retry_handlers = [RateLimitErrorRetryHandler(max_retry_count=2)]
    client.chat_postMessage(channel="#crm", text="x")
    assert len(slack.channel("crm").messages) == 4


def test_a_method_takes_so_many_calls_a_minute(slack: SlackServer, client: WebClient) -> None:
    slack.rates.held = True
    for _ in range(20):
        client.usergroups_list()
    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        client.usergroups_list()
    assert 55 <= int(refused.value.response.headers["retry-after"]) <= 60
    client.auth_test()


def test_signed_requests_are_understood_by_bolt_and_forged_ones_are_not(slack: SlackServer, tanaka: Person) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    flask = Flask(__name__)
    handler = SlackRequestHandler(make_app(client, "local-signing-secret"))
    flask.add_url_rule("/slack/events", view_func=lambda: handler.handle(request), methods=["POST"])
    server = make_server("127.0.0.1", 0, flask, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        out = slack.signs_to(f"http://127.0.0.1:{server.server_port}/slack/events")
        assert tanaka.command("here").acked
        assert "in the acknowledgement" in tanaka.reads()
        tanaka.command("campaigns")
        tanaka.press(tanaka.waits_for("Approve"), "Approve")
        tanaka.waits_for("approved by tanaka")
        tanaka.say(slack.channel("crm"), "{bot} hello")
        tanaka.waits_for("you called")
        body = b"command=%2Fjourney&text=here"
        form = "application/x-www-form-urlencoded"
        assert out.raw(body, form, out.signed(body))[0] == 200
        assert out.raw(body, form, {})[0] == 401
        assert out.raw(body + b"x", form, out.signed(body))[0] == 401
        assert out.raw(body, form, out.signed(body, at=time.time() - 301))[0] == 401
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_signature_is_the_one_that_slack_documents() -> None:
    """The example of Slack's page about verifying requests."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&"
        b"user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2F"
        b"commands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c4"
        b"47fce8b6703c"
    )
    wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == wanted


def test_what_nobody_did_can_be_told_too(slack: SlackServer) -> None:
    raw = opened(slack)
    told = slack.deliver("interactive", {"type": "block_actions", "actions": []})
    assert isinstance(told, Delivery) and raw.heard()["payload"] == {"type": "block_actions", "actions": []}
    raw.close()
