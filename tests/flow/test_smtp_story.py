"""Mail over a real SMTP connection, from the approval to the unsubscribe page and what follows from it; and what servers answer."""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from daemon import DAY2, MailShop, configure, customer, free_port, mailing_base, mailing_shop
from servers.http import scripted_http
from servers.smtp import ScriptedSmtp, scripted_smtp
from shop import CUSTOMERS

from bot.pages import pages
from bot.wiring import open_installation
from messaging.web.server import serve

SENDER = {
    "差出人名": "旅路のお茶屋",
    "差出人アドレス": "hello@tabiji-tea.jp",
    "事業者名": "株式会社旅路",
    "住所": "東京都千代田区丸の内1-1-1",
    "苦情・問合せ先": "03-1234-5678",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = mailing_base(tmp_path_factory.mktemp("base") / "shop")
    shop = MailShop(folder, "2026-06-01T11:00:00+09:00")
    for setting, value in SENDER.items():
        shop.edit("設定", setting, "値", value)
    shop.run("sync")
    assert "sender_contact" in shop.run("approve", "settings").out
    return folder


def at(day: int, time: str = "10:00") -> str:
    return f"2026-06-{day:02d}T{time}:00+09:00"


def mails(server: ScriptedSmtp) -> list[EmailMessage]:
    found = [message_from_bytes(got.data, policy=policy.default) for got in server.accepted]
    assert all(isinstance(mail, EmailMessage) for mail in found)
    return found  # type: ignore[return-value]


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@contextmanager
def served(shop: MailShop, now: str) -> Iterator[None]:
    """The shop's pages on its port, as `run` serves them."""
    server = serve(pages(open_installation(shop.folder / "config.toml", now=now, environment={})), "127.0.0.1", shop.web_port)
    try:
        yield
    finally:
        server.close()


def ask(url: str, body: bytes | None = None) -> tuple[int, str]:
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_mail_and_its_way_back(base: Path, tmp_path: Path) -> None:
    with scripted_smtp() as server:
        shop = mailing_shop(base, tmp_path / "shop", server.port)
        shop.run("upload", shop.newcomers(range(100, 102)))
        shop.run("tick")
        assert shop.states() == {"K100": "accepted", "K101": "accepted"}

        first, second = sorted(mails(server), key=lambda m: str(m["To"]))
        _a_proper_mail(shop, first)
        url = first["List-Unsubscribe"].strip("<>")

        with served(shop, at(3)):
            status, page = ask(url)
            assert (status, "<form" in page) == (200, True)
            assert "k***@example.jp" in page and "k100@example.jp" not in page
            ask(url)
            assert ask(url[:-4] + "AAAA", b"List-Unsubscribe=One-Click")[0] == 404
            assert "<form" in ask(url)[1], "a GET or a forged link changed something"
            assert ask(url, b"List-Unsubscribe=One-Click")[0] == 200
            assert ask(url, b"List-Unsubscribe=One-Click")[0] == 200, "asked twice"
            assert "<form" not in ask(url)[1]
            assert "<form" in ask(second["List-Unsubscribe"].strip("<>"))[1], "somebody else was unsubscribed"

        # Next month's file says yes, without a time: it brings nobody back.
        shop.now = at(4)
        shop.run("upload", shop.file("again.csv", CUSTOMERS, [customer(100), customer(101)]))
        shop.now = at(5)
        shop.run("tick")
        guide = {d["customer"]: (d["state"], d["reason"]) for d in shop.deliveries(campaign="C02")}
        assert guide == {"K100": ("skipped", "no_consent"), "K101": ("accepted", None)}
        assert shop.json("why", "K100", "C02")[0]["reason"] == "no_consent"
        assert [str(m["To"]) for m in mails(server)[2:]] == [second["To"]]
        assert len({m["Message-ID"] for m in mails(server)}) == 3


def _a_proper_mail(shop: MailShop, mail: EmailMessage) -> None:
    assert mail["To"] == "k100@example.jp"
    assert mail["From"].addresses[0].display_name == SENDER["差出人名"]
    assert mail["From"].addresses[0].addr_spec == SENDER["差出人アドレス"]
    assert re.fullmatch(r"<[^@<>]+@tabiji-tea\.jp>", mail["Message-ID"])
    assert mail["Date"].datetime.isoformat() == DAY2
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith(f"<http://127.0.0.1:{shop.web_port}/u/")
    for kind in ("plain", "html"):
        said = part(mail, kind)
        for value in (*SENDER.values(), mail["List-Unsubscribe"].strip("<>")):
            assert value in said or value == SENDER["差出人アドレス"], f"{value} is missing in {kind}"
    assert not mail.defects


def sent_to(base: Path, folder: Path, *, people: int = 3, **script: Any) -> tuple[MailShop, list[str], dict[str, Any]]:
    """A tick against a server with this script: the shop, the addresses that got something, and customer → delivery."""
    with scripted_smtp(**script) as server:
        shop = mailing_shop(base, folder, server.port)
        shop.run("upload", shop.newcomers(range(100, 100 + people)))
        shop.run("tick")
        return shop, [m.recipients[0] for m in server.accepted], {d["customer"]: d for d in shop.deliveries(campaign="C01")}


@pytest.mark.parametrize("script", [{"RCPT": "450 4.2.0 later"}, {"DOT": "421 4.3.0 closing"}])
def test_not_now_is_asked_again_later(base: Path, tmp_path: Path, script: dict[str, str]) -> None:
    shop, got, rows = sent_to(base, tmp_path / "shop", people=1, **script)
    assert got == []
    assert (rows["K100"]["state"], rows["K100"]["reason"]) == ("planned", "retry")
    assert rows["K100"]["due_at"] > DAY2, "no backoff"
    with scripted_smtp() as server:
        configure(shop, server.port)
        shop.run("tick", now=rows["K100"]["due_at"])
        assert len(server.accepted) == 1
    shop.now = rows["K100"]["due_at"]
    assert shop.states() == {"K100": "accepted"}


def test_no_such_mailbox_is_never_written_to_again(base: Path, tmp_path: Path) -> None:
    shop, got, rows = sent_to(base, tmp_path / "shop", people=1, RCPT="550 5.1.1 no such user")
    assert got == []
    assert rows["K100"]["state"] in ("failed", "bounced")
    with scripted_smtp() as server:
        configure(shop, server.port)
        shop.now = at(5)
        shop.run("tick")
        assert server.messages == []
    (guide,) = shop.deliveries(campaign="C02")
    assert (guide["state"], guide["reason"]) == ("skipped", "suppressed")


def test_cut_after_the_dot_is_for_a_person_to_decide(base: Path, tmp_path: Path) -> None:
    shop, _, rows = sent_to(base, tmp_path / "shop", people=2, DOT=["cut", ""])
    assert sorted(row["state"] for row in rows.values()) == ["accepted", "in_doubt"]
    (doubtful,) = (row for row in rows.values() if row["state"] == "in_doubt")
    with scripted_smtp() as server:
        configure(shop, server.port)
        shop.run("tick", now=at(2, "18:00"))
        assert server.messages == []
        shop.now = at(2, "18:01")
        shop.run("deliveries", "retry", str(doubtful["id"]))
        shop.run("tick")
        assert len(server.accepted) == 1
    assert set(shop.states().values()) == {"accepted"}


def test_cut_before_the_message_is_tried_again(base: Path, tmp_path: Path) -> None:
    _, got, rows = sent_to(base, tmp_path / "shop", people=1, DATA="cut")
    assert (got, rows["K100"]["state"], rows["K100"]["reason"]) == ([], "planned", "retry")


def test_no_server_there(base: Path, tmp_path: Path) -> None:
    shop = mailing_shop(base, tmp_path / "shop", free_port())
    shop.run("upload", shop.newcomers(range(100, 101)))
    shop.run("tick")
    (row,) = shop.deliveries(campaign="C01")
    assert (row["state"], row["reason"]) == ("planned", "retry")


def test_a_pause_in_the_middle_stops_within_a_window(base: Path, tmp_path: Path) -> None:
    shop = MailShop(tmp_path / "shop", DAY2)
    paused_at: list[int] = []

    class Pausing(list[Any]):
        """Keeps the mails; when the third comes, somebody pauses everything."""

        def append(self, got: Any) -> None:
            super().append(got)
            if len(self) == 3:
                shop.run("pause", "--all")
                paused_at.append(len(self))

    with scripted_smtp() as server:
        server.messages = Pausing()
        shutil.copytree(base, shop.folder)
        configure(shop, server.port, email="window = 4")
        shop.run("upload", shop.newcomers(range(100, 140)))
        shop.run("tick")
        assert paused_at
        assert len(server.accepted) <= paused_at[0] + 4 + 4  # the window under way, and one more
        assert sorted(set(shop.states().values())) == ["accepted", "planned"]
        before = len(server.accepted)
        shop.run("tick", now=at(2, "10:05"))
        assert len(server.accepted) == before
        shop.now = at(2, "10:06")
        shop.run("resume", "--all")
        shop.run("tick")
        assert set(shop.states().values()) == {"accepted"}
        assert len(server.accepted) == 40


def test_strangers_get_nothing_until_the_sender_is_complete(tmp_path: Path) -> None:
    bare = mailing_base(tmp_path / "bare")
    with scripted_smtp() as server:
        shop = MailShop(bare, DAY2)
        configure(shop, server.port, trial=False)
        shop.run("upload", shop.newcomers(range(100, 101)))
        shop.edit("メッセージ", "M01", "件名", "新しい件名です")
        shop.run("sync")
        assert "差出人名" in shop.run("approve", "C01", code=1).err
        shop.run("tick")  # the version approved before: the clock of a trial keeps it back
        assert server.connections == 0
        (row,) = shop.deliveries(campaign="C01")
        assert (row["state"], row["reason"]) == ("planned", "channel_off")
        (said,) = [w for w in shop.json("why", "K100", "C01") if w["reason"] == "channel_off"]
        assert f"127.0.0.1:{server.port}" in said["detail"]


def texting_shop(base: Path, folder: Path, port: int) -> MailShop:
    """A shop whose C01 goes by SMS, through Apprise, to a server on this machine."""
    more = f'[channels.sms]\nkind = "apprise"\nurl = "json://127.0.0.1:{port}/{{phone}}"\nwindow = 5'
    shop = mailing_shop(base, folder, port, more=more)
    shop.edit("施策", "C01", "メッセージ", "M05")
    shop.edit("施策", "C01", "チャネル", "sms")
    shop.run("sync")
    shop.run("approve", "C01")
    people = [[*customer(n), f"090-1234-56{n % 100:02d}", "○"] for n in range(100, 103)]
    shop.run("upload", shop.file("people.csv", [*CUSTOMERS, "電話番号", "sms_consent"], people))
    return shop


def test_a_text_message_by_apprise(base: Path, tmp_path: Path) -> None:
    with scripted_http(200) as server:
        shop = texting_shop(base, tmp_path / "shop", server.port)
        shop.run("tick")
        assert sorted(r.path for r in server.requests) == [f"/090-1234-56{n:02d}" for n in range(3)]
        assert all("クーポン" in json.loads(r.body)["message"] for r in server.requests)
    assert set(shop.states().values()) == {"accepted"}


def test_a_text_message_that_fails_is_in_doubt(base: Path, tmp_path: Path) -> None:
    with scripted_http(500) as server:
        shop = texting_shop(base, tmp_path / "shop", server.port)
        shop.run("tick")
        asked = len(server.requests)
        shop.run("tick", now=at(2, "14:00"))
        assert len(server.requests) == asked == 3
    assert set(shop.states().values()) == {"in_doubt"}
