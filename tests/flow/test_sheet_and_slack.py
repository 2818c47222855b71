"""The whole team over the wire: an edit of the Sheet, a card in Slack, a second person's yes, mails, numbers in the Sheet, a stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon import MailShop, customer, free_port, running, until
from servers.smtp import scripted_smtp
from sheets_server import SheetsServer
from shop import CUSTOMERS
from slack_server import SlackServer, labels, says
from test_sheet_story import place, value

DAY1 = "2026-12-01T10:00:00+09:00"


@pytest.fixture
def sheets() -> Iterator[SheetsServer]:
    with SheetsServer() as made:
        yield made


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as made:
        made.channel("#crm")
        yield made


def test_from_an_edit_of_the_sheet_to_a_stop_in_slack(sheets: SheetsServer, slack: SlackServer, tmp_path: Path) -> None:
    book, folder = sheets.create(), tmp_path / "shop"
    folder.mkdir()
    sheets.key_file(folder / "service-account.json")
    hanako, taro = slack.person("hanako"), slack.person("taro")
    shop = MailShop(folder, DAY1)
    shop.web_port = free_port()
    with scripted_smtp() as mail:
        (folder / "config.toml").write_text(
            f"""language = "ja"
[sheet]
source = "{book.url}"
api_root = "{sheets.url}"
token_uri = "{sheets.token_uri}"
poll_seconds = 0.3
[channels.email]
kind = "smtp"
host = "127.0.0.1"
port = {mail.port}
tls = false
[channels.line]
kind = "outbox"
[channels.sms]
kind = "outbox"
[channels.push]
kind = "outbox"
[slack]
mode = "socket"
api_url = "{slack.api_url}"
channel = "#crm"
editors = ["{hanako.id}"]
approvers = ["{taro.id}"]
[web]
port = {shop.web_port}
[safety]
trial_hosts = ["127.0.0.1:{mail.port}"]
""",
            encoding="utf-8",
        )
        shop.run("init", str(folder), "--sheet", book.url, "--template", "ec", "--lang", "ja")
        shop.run("upload", shop.file("first.csv", CUSTOMERS, [customer(0, "2025-06-01 09:00")]))
        shop.run("sync")
        shop.run("assign")
        with running(shop, SLACK_BOT_TOKEN=slack.bot_token, SLACK_APP_TOKEN=slack.app_token) as daemon:
            # An edit of the Sheet is on the card of its campaign.
            book.person = "hanako@example.com"
            book.tab("メッセージ").type(place(book, "メッセージ", "M01", "件名"), "ようこそ、旅路へ")
            daemon.says("版 2 を有効にしました")
            card = taro.waits_for(lambda m: "C01 を承認する" in labels(m.blocks) and "版 2" in says(m), seconds=30)

            # Who may not decide is told so; who may, decides, and everyone sees it.
            hanako.press(card, "C01 を承認する")
            hanako.waits_for(lambda m: m.only and "承認" in says(m), seconds=20)
            assert {c["id"]: c["approval"] for c in shop.json("campaigns")}["C01"] == "pending"
            taro.press(card, "C01 を承認する")
            until(lambda: value(book, "施策", "C01", "承認") == "承認済み", "the yes in the Sheet")

            # Whoever comes now is welcomed, with what the edit says.
            new = [customer(n, joined="") for n in (1, 2)]
            shop.file("inbox/new.csv", CUSTOMERS, new)
            until(lambda: len(mail.accepted) == 2, "two welcomes")
            until(lambda: value(book, "施策", "C01", "送信") == "2", "the number in the Sheet")
            until(lambda: value(book, "ジャーニー EC 通常", "人数", "興味・学習") == "3", "the customers in the Sheet")

            taro.command("stages")
            taro.waits_for("興味・学習", seconds=20)
            taro.command("停止 C01")
            until(lambda: value(book, "施策", "C01", "状態") == "一時停止", "the stop in the Sheet")
            shop.file("inbox/more.csv", CUSTOMERS, [customer(3, joined="")])
            daemon.says("取り込み more.csv")
            until(lambda: value(book, "ジャーニー EC 通常", "人数", "興味・学習") == "4", "one more customer")
            assert len(mail.accepted) == 2
            assert daemon.stop()[0] == 0
    assert "Traceback" not in daemon.log
