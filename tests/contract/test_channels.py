"""What every channel owes its caller, and what each kind makes of a world that answers badly."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from threading import Thread

import pytest
from servers.http import CUT as HTTP_CUT
from servers.http import scripted_http
from servers.smtp import CUT, SILENCE, scripted_smtp

from journey.errors import InputError
from journey.model import Settings
from messaging.channels import outbox as outbox_module
from messaging.channels.base import Accepted, Channel, InDoubt, NotAccepted, Parcel
from messaging.channels.guard import refusal
from messaging.channels.making import make_channel
from messaging.channels.smtp import Smtp, SmtpServer

MAIL = b"From: a@shop.jp\r\nTo: t@example.com\r\nSubject: x\r\n\r\n.leading dot\r\n..two\r\nend\r\n"
NOTE = json.dumps(
    {"to": "+819012345678", "title": "", "body": "こんにちは", "html": "", "link": "https://shop.jp/", "image": ""}
).encode()


def parcel(payload: bytes = MAIL, address: str = "taro@example.com", delivery_id: int = 7) -> Parcel:
    return Parcel(
        delivery_id, f"a-{delivery_id}", "email", address, payload, sender="news@shop.jp",
        made_at=datetime(2026, 11, 22, 1, tzinfo=UTC), facts={"phone": "+819012345678"},
    )  # fmt: skip


def smtp_to(port: int, **more: object) -> Smtp:
    server = SmtpServer("127.0.0.1", port, "none", connect_seconds=2, reply_seconds=2, dot_seconds=0.5)
    return Smtp(replace(server, **more))  # type: ignore[arg-type]


@pytest.fixture(params=["outbox", "smtp", "apprise"])
def channel_and_count(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Channel, Parcel, Callable[[], int]]]:
    """A working channel of each kind, a parcel for it, and how many distinct messages its other side has."""
    with ExitStack() as stack:
        if request.param == "outbox":
            made = make_channel("email", {"kind": "outbox"}, tmp_path, {})
            yield made, parcel(), lambda: len(list((tmp_path / "outbox").rglob("*.eml")))
        elif request.param == "smtp":
            server = stack.enter_context(scripted_smtp())
            options = {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": False}
            made = make_channel("email", options, tmp_path, {})
            yield made, parcel(), lambda: len(server.accepted)
        else:
            http = stack.enter_context(scripted_http())
            made = make_channel("sms", {"kind": "apprise", "url": f"json://127.0.0.1:{http.port}/{{phone}}"}, tmp_path, {})
            yield made, parcel(NOTE), lambda: len(http.requests)
        made.close()


def test_every_channel_accepts_a_good_parcel_once(channel_and_count: tuple[Channel, Parcel, Callable[[], int]]) -> None:
    channel, good, count = channel_and_count
    assert isinstance(channel.send(good), Accepted)
    assert count() == 1
    assert channel.carries in ("mail", "note") and channel.window >= 1 and channel.when_in_doubt in ("hold", "repeat")
    assert all(":" in host for host in channel.hosts)


def test_every_channel_can_be_closed_checked_and_used_again(
    channel_and_count: tuple[Channel, Parcel, Callable[[], int]],
) -> None:
    channel, good, count = channel_and_count
    assert channel.check() is None
    assert count() == 0
    channel.send(good)
    channel.close()
    channel.close()
    assert isinstance(channel.send(replace(good, delivery_id=8)), Accepted)
    assert count() == 2


# The outbox


def test_an_outbox_file_is_the_payload_and_a_repeat_is_the_same_file(tmp_path: Path) -> None:
    channel = make_channel("email", {}, tmp_path, {})
    assert channel.send(parcel()) == channel.send(parcel())
    (file,) = (tmp_path / "outbox" / "2026-11-22").iterdir()
    assert file.name == "7-t---@example.com.eml"
    assert file.read_bytes() == MAIL
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("address", ["../../etc/passwd", "a/b@c/../d", "\0", "U" * 5000, "", "..", "日本"])
def test_no_address_leads_out_of_the_outbox(tmp_path: Path, address: str) -> None:
    channel = make_channel("line", {"path": "deep/box"}, tmp_path, {})
    assert isinstance(channel.send(parcel(NOTE, address)), Accepted)
    (file,) = (f for f in tmp_path.rglob("*") if f.is_file())
    assert file.parent == tmp_path / "deep/box/2026-11-22" and file.suffix == ".json"


def test_a_full_disk_has_accepted_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = make_channel("email", {}, tmp_path, {})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox_module.os, "fsync", full)
    answer = channel.send(parcel())
    assert answer == NotAccepted("outbox: No space left on device", permanent=False)
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == []


def test_an_outbox_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way")
    channel = make_channel("email", {}, tmp_path, {})
    assert isinstance(channel.send(parcel()), NotAccepted)
    assert "outbox" in (channel.check() or "")


# SMTP


def test_a_message_arrives_byte_for_byte_with_its_envelope() -> None:
    with scripted_smtp() as server:
        channel = smtp_to(server.port)
        assert channel.send(parcel(address="a..b.@docomo.ne.jp")) == Accepted("Q0")
        (got,) = server.messages
        assert (got.sender, got.recipients, got.data) == ("<news@shop.jp>", ['<"a..b."@docomo.ne.jp>'], MAIL)
        channel.close()


@pytest.mark.parametrize(
    ("step", "reply", "permanent", "bounced"),
    [
        ("MAIL", "421 4.3.2 closing", False, False),
        ("MAIL", "451 4.3.0 later", False, False),
        ("MAIL", "553 5.1.8 sender refused", True, False),
        ("RCPT", "450 4.2.1 greylisted", False, False),
        ("RCPT", "421 too busy", False, False),
        ("RCPT", "550 5.1.1 no such user", True, True),
        ("RCPT", "550 no such user here", True, True),
        ("RCPT", "552 5.2.2 mailbox full", True, False),
        ("RCPT", "550 5.7.1 blocked by policy", True, False),
        ("DATA", "451 try later", False, False),
        ("DATA", "554 no valid recipients", True, False),
        ("DOT", "451 4.7.0 later", False, False),
        ("DOT", "421 shutting down", False, False),
        ("DOT", "554 5.7.1 spam", True, False),
        ("DOT", "550 5.7.515 not authenticated", True, False),
    ],
)
def test_what_a_mail_server_refuses_was_not_accepted(step: str, reply: str, permanent: bool, bounced: bool) -> None:
    with scripted_smtp(**{step: reply}) as server:
        channel = smtp_to(server.port)
        answer = channel.send(parcel())
        assert isinstance(answer, NotAccepted)
        assert (answer.permanent, answer.bounced) == (permanent, bounced)
        assert answer.reason.startswith(reply[:3])
        assert not server.accepted
        channel.close()


@pytest.mark.parametrize("step", ["BANNER", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
def test_a_cut_before_the_dot_was_not_accepted(step: str) -> None:
    with scripted_smtp(**{step: CUT}) as server:
        answer = smtp_to(server.port).send(parcel(MAIL + b"x" * 24_000_000 if step == "BODY" else MAIL))
        assert isinstance(answer, NotAccepted)
        assert not answer.permanent
        assert not server.messages


@pytest.mark.parametrize("answered", [CUT, SILENCE, "999 nonsense", "not even a number"])
def test_after_the_dot_without_an_answer_it_is_in_doubt(answered: str) -> None:
    with scripted_smtp(DOT=answered) as server:
        assert isinstance(smtp_to(server.port).send(parcel()), InDoubt)
        assert len(server.messages) == 1


def test_nobody_listening_is_not_accepted() -> None:
    with scripted_smtp() as server:
        port = server.port
    answer = smtp_to(port).send(parcel())
    assert isinstance(answer, NotAccepted) and not answer.permanent
    assert f"127.0.0.1:{port}" in (smtp_to(port).check() or "")


def test_connections_are_reused_after_success_and_after_a_refusal() -> None:
    with scripted_smtp(RCPT=["", "550 5.1.1 nobody", ""]) as server:
        channel = smtp_to(server.port)
        answers = [channel.send(parcel(delivery_id=n)) for n in range(4)]
        assert [type(a) for a in answers] == [Accepted, NotAccepted, Accepted, Accepted]
        assert server.connections == 1
        channel.close()


def test_a_pooled_connection_that_died_is_replaced_without_a_word() -> None:
    with scripted_smtp() as server:
        channel = smtp_to(server.port)
        assert isinstance(channel.send(parcel()), Accepted)
        server.cut_all()
        assert isinstance(channel.send(parcel(delivery_id=8)), Accepted)
        assert (len(server.accepted), server.connections) == (2, 2)
        channel.close()


def test_many_threads_send_side_by_side() -> None:
    with scripted_smtp() as server:
        channel = smtp_to(server.port)
        answers: list[object] = []
        threads = [Thread(target=lambda n=n: answers.append(channel.send(parcel(delivery_id=n)))) for n in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.accepted) == 24
        assert all(isinstance(a, Accepted) for a in answers)
        assert len({a.provider_id for a in answers if isinstance(a, Accepted)}) == 24
        channel.close()


def test_bare_line_breaks_and_dots_cannot_end_a_message_early() -> None:
    hostile = b"Subject: x\n\n.\nMAIL FROM:<evil@x.jp>\r.\r\nQUIT\r\n.\r\nend"
    with scripted_smtp() as server:
        channel = smtp_to(server.port)
        assert isinstance(channel.send(parcel(hostile)), Accepted)
        (got,) = server.messages
        assert got.data == b"Subject: x\r\n\r\n.\r\nMAIL FROM:<evil@x.jp>\r\n.\r\nQUIT\r\n.\r\nend\r\n"
        channel.close()


@pytest.mark.parametrize("address", ["a@b.jp>\r\nRCPT TO:<evil@x.jp", "a@b.jp,evil@x.jp", "<a@b.jp>", "", "a b@c.jp"])
def test_an_address_that_is_not_one_is_refused_before_any_connection(address: str) -> None:
    with scripted_smtp() as server:
        answer = smtp_to(server.port).send(parcel(address=address))
        assert isinstance(answer, NotAccepted) and answer.permanent
        assert server.connections == 0


def test_a_rate_is_kept() -> None:
    with scripted_smtp() as server:
        channel = Smtp(SmtpServer("127.0.0.1", server.port, "none"), rate_per_second=20)
        began = time.monotonic()
        for n in range(5):
            channel.send(parcel(delivery_id=n))
        assert time.monotonic() - began >= 0.19
        channel.close()


def test_a_real_mail_server_takes_what_we_send() -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Message

    class Keep(Message):
        def __init__(self) -> None:
            super().__init__()
            self.kept: list[str] = []

        def handle_message(self, message: object) -> None:
            self.kept.append(str(message))

    keep = Keep()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(keep, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        channel = smtp_to(port)
        assert isinstance(channel.send(parcel()), Accepted)
        assert "leading dot" in str(message_from_bytes(keep.kept[0].encode()))
        channel.close()
    finally:
        controller.stop()


# Apprise


def test_apprise_fills_the_url_with_quoted_values_and_posts_the_note(tmp_path: Path) -> None:
    with scripted_http() as http:
        channel = make_channel(
            "sms", {"kind": "apprise", "url": f"json://127.0.0.1:{http.port}/{{phone}}/{{address}}"}, tmp_path, {}
        )
        assert channel.hosts == (f"127.0.0.1:{http.port}",)
        assert isinstance(channel.send(parcel(NOTE, "a/b?c=d@x")), Accepted)
        (got,) = http.requests
        assert json.loads(got.body)["message"] == "こんにちは\nhttps://shop.jp/"
        assert got.path == "/+819012345678/a%2Fb%3Fc=d@x"  # one path, no query: the value stayed a value


@pytest.mark.parametrize("answer", [500, 503, 400, 429, HTTP_CUT])
def test_every_failure_of_apprise_is_in_doubt(tmp_path: Path, answer: int) -> None:
    with scripted_http(answer) as http:
        channel = make_channel("sms", {"kind": "apprise", "url": f"json://127.0.0.1:{http.port}/x"}, tmp_path, {})
        assert isinstance(channel.send(parcel(NOTE)), InDoubt)


def test_a_customer_without_the_value_gets_nothing(tmp_path: Path) -> None:
    with scripted_http() as http:
        channel = make_channel("sms", {"kind": "apprise", "url": f"json://127.0.0.1:{http.port}/{{shoe_size}}"}, tmp_path, {})
        answer = channel.send(parcel(NOTE))
        assert isinstance(answer, NotAccepted) and answer.permanent and "shoe_size" in answer.reason
        assert http.requests == []


@pytest.mark.parametrize(
    "url", ["", "nonsense", "{address}", "{address}://x", "json://{address}:80/", "json://h{phone}/", "nosuch://x/y"]
)
def test_no_value_chooses_service_or_host(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError):
        make_channel("sms", {"kind": "apprise", "url": url}, tmp_path, {})


# Making


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "line"}, "not available yet"),
        ({"kind": "twilio"}, "not available yet"),
        ({"kind": "smtpp"}, "Did you mean “smtp”"),
        ({"kind": "smtp"}, "needs host"),
        ({"kind": "smtp", "host": "h", "prot": 25}, "Did you mean “port”"),
        ({"kind": "smtp", "host": "h", "port": "25"}, "1–65535"),
        ({"kind": "smtp", "host": "h", "port": True}, "1–65535"),
        ({"kind": "smtp", "host": "h", "tls": "ssl"}, "starttls"),
        ({"kind": "smtp", "host": "h", "user": "u"}, "TABIJI_SMTP_PASSWORD"),
        ({"kind": "smtp", "host": "h", "when_in_doubt": "guess"}, "hold"),
        ({"kind": "smtp", "host": "h", "rate_per_second": -1}, "> 0"),
        ({"kind": "smtp", "host": "h", "window": 0}, "10000"),
        ({"kind": "outbox", "colour": 1}, "colour"),
    ],
)
def test_wrong_keys_are_refused_with_the_key_and_what_would_be_right(
    options: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        make_channel("email", options, tmp_path, {})
    assert said in caught.value.said.say("en")
    assert "email" in caught.value.said.say("ja")


def test_a_password_is_never_sent_in_clear_nor_read_from_a_file_others_can_read(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    secret.chmod(0o644)
    options = {"kind": "smtp", "host": "mail.shop.jp", "user": "u", "password_file": "password"}
    with pytest.raises(InputError, match="owner only"):
        make_channel("email", options, tmp_path, {})
    secret.chmod(0o600)
    made = make_channel("email", options, tmp_path, {})
    assert isinstance(made, Smtp) and made.server.password == "hunter2" and made.hosts == ("mail.shop.jp:587",)
    with pytest.raises(InputError, match="unencrypted"):
        make_channel("email", {**options, "tls": False}, tmp_path, {})


# Never by accident

SENDER = Settings(
    sender_name="旅路商店",
    sender_address="news@tabiji-shop.jp",
    sender_company="旅路商店株式会社",
    sender_postal="〒100-0001 東京都千代田区千代田1-1",
    sender_contact="support@tabiji-shop.jp",
)
PAGE = "https://news.tabiji-shop.jp"


def far() -> Smtp:
    return Smtp(SmtpServer("mail.shop.jp", 587))


def test_a_complete_sender_with_a_reachable_page_may_send() -> None:
    assert refusal(far(), "promotional", SENDER, PAGE, False, ()) is None


def test_under_a_given_clock_nothing_goes_to_strangers(tmp_path: Path) -> None:
    for kind in ("promotional", "transactional"):
        assert refusal(far(), kind, SENDER, PAGE, True, ()) is not None  # type: ignore[arg-type]
        assert refusal(far(), kind, Settings(), "", True, ("MAIL.shop.jp:587",)) is None  # type: ignore[arg-type]
        assert refusal(make_channel("email", {}, tmp_path, {}), kind, Settings(), "", True, ()) is None  # type: ignore[arg-type]


def test_the_port_of_a_trial_host_counts() -> None:
    assert refusal(far(), "promotional", Settings(), "", False, ("mail.shop.jp:25", "mail.shop.jp")) is not None


@pytest.mark.parametrize("setting", ["sender_name", "sender_address", "sender_company", "sender_postal", "sender_contact"])
@pytest.mark.parametrize(
    "value", ["", "  ", "○○○", "（ここに記入）", "your name", "xxx", "info@example.com", "03-0000-0000", "未設定"]
)
def test_promotional_mail_needs_each_part_of_the_sender(setting: str, value: str) -> None:
    settings = replace(SENDER, **{setting: value})  # type: ignore[arg-type]
    problem = refusal(far(), "promotional", settings, PAGE, False, ())
    assert problem is not None
    assert setting in problem.say("en")
    assert refusal(far(), "transactional", settings, PAGE, False, ()) is None


@pytest.mark.parametrize(
    "url",
    ["", "http://news.shop.jp", "https://127.0.0.1:8765", "https://localhost", "https://10.0.0.1", "https://[::1]", "https://intranet",
     "https://shop.example", "ftp://shop.jp", "https://", "https://[", "https://192.168.1.5/x", "https://shop.local"],
)  # fmt: skip
def test_promotional_mail_needs_a_page_that_customers_can_reach(url: str) -> None:
    problem = refusal(far(), "promotional", SENDER, url, False, ())
    assert problem is not None and "base_url" in problem.say("ja")


def test_secrets_are_not_in_what_a_channel_says_of_itself() -> None:
    channel = Smtp(SmtpServer("127.0.0.1", 1, "none", "u", "hunter2", connect_seconds=1))
    assert (
        "hunter2" not in f"{channel!r} {channel.server!r} {channel.check()} {channel.send(parcel())} {os.environ.get('X', '')}"
    )
