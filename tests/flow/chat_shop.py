"""A shop whose team sits in a local Slack, with the real bot connected to it: what the tests of the chat tell their stories with."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from shop import CUSTOMERS, PURCHASES, new_shop
from slack_server import Message, Place, SlackServer

from bot.config import Roles
from bot.slack import blocks, presses
from bot.slack.app import Chat, start
from bot.slack.client import make_client
from bot.wiring import Installation, open_installation
from journey.clock import FrozenClock

NOW = "2026-06-01T10:00:00+09:00"


def base_shop(folder: Path, lang: str = "ja") -> Path:
    """A shop with some customers on stages; no campaign is approved."""
    shop = new_shop(folder, NOW, lang)
    rows = [[f"K{n:03d}", "山田", "花子", f"k{n:03d}@example.jp", "2026-01-10 09:00", "○"] for n in range(8)]
    shop.run("upload", shop.file("customers.csv", CUSTOMERS, rows))
    shop.run("upload", shop.file("orders.csv", PURCHASES, [["O1", "K000", "2026-05-20 12:00", "茶", "1200"]]))
    shop.run("sync", "--as", "Hanako")
    shop.run("assign")
    return folder


@dataclass
class Team:
    """A shop, its Slack, and the bot between them."""

    slack: SlackServer
    office: Installation
    chat: Chat
    crm: Place

    def approval(self, campaign: str = "C01") -> str:
        """Where the approval of a campaign stands."""
        return self.office.in_force().standings[campaign].approval

    def state(self, campaign: str = "C01") -> str:
        """What a campaign does."""
        return self.office.in_force().standings[campaign].state


def office(
    folder: Path, slack: SlackServer, lists: Mapping[str, Any] | None = None, roles: Roles | None = None
) -> Installation:
    """The installation, with the local Slack in Slack's place."""
    environment = {"LANG": "ja_JP.UTF-8", "SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    made = open_installation(folder / "config.toml", now=NOW, environment=environment)
    spoken = replace(made.config.slack, mode="socket", api_url=slack.api_url, channel="#crm", **(lists or {}))
    made.config = replace(made.config, slack=spoken, roles=roles or made.config.roles)
    assert isinstance(made.clock, FrozenClock)
    return made


@contextmanager
def team(
    base: Path, folder: Path, *, people: tuple[str, ...] = ("hanako", "taro"), roles: Roles | None = None, **lists: str
) -> Iterator[Team]:
    """A copy of the shop with the bot running. `lists`: a role of `[slack]` and the people in it (`approvers="taro jiro"`)."""
    shutil.copytree(base, folder)
    with SlackServer() as slack:
        crm = slack.channel("#crm")
        for name in people:
            slack.person(name)
        ids = {role: tuple(slack.person(name).id for name in names.split()) for role, names in lists.items()}
        with running(office(folder, slack, ids, roles), slack) as chat:
            yield Team(slack, chat[0], chat[1], crm)


@contextmanager
def running(made: Installation, slack: SlackServer) -> Iterator[tuple[Installation, Chat]]:
    """The bot, connected, for the length of a test."""
    chat = start(made, threading.Event())
    try:
        assert chat.wait(20)
        yield made, chat
    finally:
        chat.close()
        made.engine.dispose()


def card(team_: Team, campaign: str = "C01", **changed: Any) -> Message:
    """A message with the buttons of an approval card about a campaign as it is now. `changed`: what the buttons carry instead."""
    standing, now = team_.office.in_force().standings[campaign], team_.office.now
    showing = replace(
        presses.showing(team_.office.secret, now), **{k: v for k, v in changed.items() if k in ("expires", "secret")}
    )
    offer = changed.get("offer", standing.offer)
    token = partial(showing.token, subject=f"campaign:{campaign}", offer=offer)
    actions: list[presses.Action] = ["approve", "reject", "test", "pause", "resume"]
    buttons = [blocks.button(one.title(), f"{presses.PREFIX}{one}", token(one)) for one in actions]
    client = make_client(team_.office.config.slack, team_.slack.bot_token)
    sent = client.chat_postMessage(channel=team_.crm.id, **blocks.message(campaign, [blocks.actions(buttons)]))
    return next(m for m in team_.crm.messages if m.ts == sent["ts"])
