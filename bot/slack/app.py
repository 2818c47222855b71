"""The bot in Slack, as the daemon starts and stops it. While Slack cannot be reached everything else goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import commands
from bot.slack.answering import Answers
from bot.slack.client import QUIET, Tokens, make_client, required_tokens
from bot.slack.errors import sentence
from bot.slack.files import Files
from bot.slack.handling import Handling, Part
from bot.slack.heard import Heard, Kind
from bot.slack.homes import Homes
from bot.slack.keeping import Letterbox
from bot.slack.listening import Busy, Take, listen
from bot.slack.notices import Notices
from bot.slack.once import Once
from bot.slack.people import People
from bot.slack.posting import Slack
from bot.slack.presses import Action
from bot.slack.pressing import Beside, Presses
from bot.slack.roles import Roles
from bot.slack.rooms import Room
from bot.slack.sockets import Sockets
from bot.slack.telling import Telling
from bot.slack.work import Work
from bot.wiring import Installation
from journey.errors import InputError, TabijiError
from journey.texts import Lang, text

log = logging.getLogger("tabiji.slack")
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until the next try to reach Slack, doubled each time."""


def make_app(client: WebClient, identity: AuthorizeResult, take: Take, signing_secret: str = "") -> App:
    """The app that listens. `identity`: what Slack says who the bot is; `take` gets everything that was understood.

    An acknowledgement goes out once `take` has kept what came. With `signing_secret` every request must be signed (HTTP mode).
    """
    app = App(
        name=QUIET.name,  # bolt sets up the logger of this name: it must not be the program's own
        logger=QUIET,
        client=client,
        authorize=lambda **_: identity,
        signing_secret=signing_secret or "-",
        request_verification_enabled=bool(signing_secret),
        process_before_response=True,
    )
    listen(app, take)

    @app.error
    def failed(error: Exception) -> None:
        if not isinstance(error, Busy):
            log.error("%s", type(error).__name__, exc_info=error)

    return app


@dataclass
class _Open:
    """What works while the bot is connected."""

    app: App
    work: Work
    sockets: Sockets | None
    telling: Telling


class Chat:
    """The bot. Made by `start`; `close` ends it."""

    def __init__(
        self, installation: Installation, tokens: Tokens, stopping: threading.Event, arrived: Callable[[], None]
    ) -> None:
        self._installation, self._tokens, self._daemon_stops = installation, tokens, stopping
        self._arrived = arrived
        self._ending = threading.Event()
        self._connected = threading.Event()
        self._open: _Open | None = None
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="slack", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Waits until the bot is connected; says whether it is."""
        return self._connected.wait(seconds)

    def changed(self) -> None:
        """Something changed that is shown in Slack. May be called from any thread; returns at once."""
        if self._open is not None:
            self._open.telling.wake()

    def answer(self, body: str, headers: Mapping[str, str]) -> BoltResponse | None:
        """Answers a request of HTTP mode, whose signature is checked here; None while the bot is not connected."""
        if self._open is None:
            return None
        return self._open.app.dispatch(BoltRequest(body=body, headers=dict(headers), mode="http"))

    def close(self) -> None:
        """Takes nothing more, finishes what is under way, and closes the connections."""
        self._ending.set()
        self._thread.join()
        if self._open is not None:
            if self._open.sockets is not None:
                self._open.sockets.close()
            self._open.work.close()
            self._open.telling.close()

    def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._stops():
            try:
                self._connect()
                self._connected.set()
                log.info("%s", text("slack.log_connected", channel=self._installation.config.slack.channel).say(self._lang))
                return
            except Exception as error:
                self._complain(error)
            self._ending.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _stops(self) -> bool:
        return self._ending.is_set() or self._daemon_stops.is_set()

    @property
    def _lang(self) -> Lang:
        return self._installation.lang

    def _complain(self, error: Exception) -> None:
        """Once, however often it is tried."""
        said = sentence(error, self._lang).say(self._lang)
        if said != self._said:
            self._said = said
            log.warning("%s", text("slack.log_not_connected", why=said).say(self._lang))

    def _connect(self) -> None:
        installation, slack = self._installation, self._installation.config.slack
        client, asking = (make_client(slack, self._tokens.bot, asks=asks) for asks in (False, True))
        said = asking.auth_test()
        identity = AuthorizeResult.from_auth_test_response(bot_token=self._tokens.bot, auth_test_response=said)
        room = Room(asking, slack.channel)
        channel = room.find()
        once = Once(installation.engine, installation.clock)
        once.forget_old()
        kept = Letterbox(installation.store_folder / "slack")
        people = People(asking, identity.team_id or "")
        roles = Roles(asking, installation.config, room.find)
        answers = Answers(client, installation.lang, channel)
        notices = Notices(installation, cast(Slack, client), channel)
        homes = Homes(installation, client, roles, notices)
        files = Files(installation, client, answers, once, roles, room.find, self._arrived)
        beside: Mapping[Action, Beside] = {"import": files.take_in, "discard": files.discard, "delete": files.delete}
        presses = Presses(installation, client, answers, once, roles, beside, self.changed, homes.opened)
        parts: Mapping[Kind, Part] = {
            "pressed": presses.pressed,
            "filled": presses.filled,
            "dropped": files.dropped,
            "opened": homes.opened,
        }
        work = Work(Handling(installation, answers, once, people, roles, kept, parts, self.changed))
        take = _taking(installation, kept, work)
        app = make_app(client, identity, take, self._tokens.signing if slack.mode == "http" else "")
        sockets = None
        if slack.mode == "socket":
            sockets = Sockets(app, client, self._tokens.app)
            try:
                sockets.open()
            except Exception:
                work.close()
                raise
        self._open = _Open(app, work, sockets, Telling(notices, installation.lang))
        self._open.telling.wake()
        for heard in kept.left():
            work.submit(heard, urgent=_urgent(installation, heard))


def _nothing() -> None:
    """For a program that has nothing to do when data arrives."""


def start(installation: Installation, stopping: threading.Event, arrived: Callable[[], None] = _nothing) -> Chat:
    """Starts the bot beside everything else; it connects as soon as Slack can be reached. `arrived` is called when data was taken in.

    Raises InputError where the tokens or the channel that the config needs are missing.
    """
    tokens = required_tokens(installation.config.slack, installation.environment)
    if not installation.config.slack.channel.strip():
        raise InputError(text("slack.channel_unset"))
    return Chat(installation, tokens, stopping, arrived)


def _taking(installation: Installation, kept: Letterbox, work: Work) -> Take:
    """Keeps what came until it is done, and has it done."""

    def take(heard: Heard) -> bool:
        if not kept.keep(heard):
            return True  # delivered again while it is being handled
        if work.submit(heard, urgent=_urgent(installation, heard)):
            return True
        kept.done(heard)
        return False

    return take


def _urgent(installation: Installation, heard: Heard) -> bool:
    """Whether something may be decided by it."""
    if heard.kind != "said":
        return heard.kind in ("pressed", "filled")
    try:
        found = commands.find(installation, heard.text)
    except TabijiError:
        return False
    return found is not None and found[0].needs(found[1]) != "viewer"
