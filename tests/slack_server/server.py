"""The server: a workspace, its Web API and its sockets on one local port, with people who act and everything that goes wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from io import BufferedIOBase
from threading import Event, Thread
from types import TracebackType

from slack_server import file_methods, interactions
from slack_server.answers import Answers
from slack_server.api import Api, Call, Grants
from slack_server.faults import Faults
from slack_server.kinds import Json
from slack_server.later import Later
from slack_server.manifest import EVENT_SCOPES, bot_events, bot_scopes, check_manifest, commands, interactive
from slack_server.page import Page
from slack_server.person import Person, Place
from slack_server.rates import Rates
from slack_server.reading import calls_many
from slack_server.requests_out import RequestsOut
from slack_server.sockets import Delivery, Kind, SocketMode
from slack_server.wire import Answer, Arrived, Listener
from slack_server.workspace import Channel, Group, Message, User, Workspace

EVENTS = frozenset(("app_mention", "app_home_opened", "file_shared", "message.channels", "message.groups", "message.im"))
"""Events that the app hears of where no manifest says otherwise."""


class SlackServer:
    """`with SlackServer() as slack:` serves on 127.0.0.1 until the end of the block; then `mistakes` must be empty.

    `api_url` is where a WebClient goes, with `bot_token` and `app_token`. People come with `person`, channels with `channel`.
    """

    def __init__(self, *, now: Callable[[], float] = time.time, port: int = 0) -> None:
        """`now` is the workspace's clock, in seconds since 1970: timestamps of messages, and how long triggers are good for."""
        self.work = Workspace(now)
        self.mistakes: list[str] = []
        self.command = "/journey"
        self.commands = {self.command}
        self.subscribed: set[str] = set(EVENTS)
        self.interactive = True
        self.grants = Grants()
        self.work.scopes = self.grants.scopes  # one and the same set
        self.rates = Rates(time.monotonic)
        self.slow_seconds = 60.0  # how long a slow answer is held back at most
        self._faults = Faults()
        self._later = Later(self.broken)
        self._answers = Answers(self.work, self.mistakes.append)
        self.sockets = SocketMode(
            self.work.app_id, self._later, self._answers.acknowledged, self._answers.failed, self.mistakes.append
        )
        self.requests: RequestsOut | None = None
        self.deliveries: list[Delivery] = []
        self.api = Api(self.work, self.grants, self._faults, self.rates, self.sockets.ticket, self.mistakes.append)
        self.work.posted = self._posted
        self._people: dict[str, Person] = {}
        self._page = Page(self)
        self._stopped = Event()
        self._listener = Listener(port, self, self._stopped)
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        self.work.base = self.url
        self.api_url = f"{self.url}/api/"

    def __enter__(self) -> SlackServer:
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self._later.start()
        self.sockets.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._later.close()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join(5)
        if kind is None and self.mistakes:
            raise AssertionError("what Slack would not have taken:\n" + "\n".join(self.mistakes))

    @property
    def bot_token(self) -> str:
        """xoxb-…"""
        return self.grants.bot_token

    @property
    def app_token(self) -> str:
        """xapp-…"""
        return self.grants.app_token

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API so far, in order."""
        return self.api.calls

    def _posted(self, message: Message) -> None:
        """The bot hears of its own words and files, too."""
        for file_id in message.files:
            self.event(interactions.shared(file_id, message), wait=False)
        self.event(interactions.said(message, self.work), wait=False)

    def signs_to(self, url: str, secret: str = "local-signing-secret") -> RequestsOut:
        """HTTP mode from now on: the app is told by requests to that address, signed with that secret, and not over sockets."""
        self.requests = RequestsOut(url, secret, self._later, self._answers.acknowledged)
        return self.requests

    def install(self, manifest: Json) -> None:
        """Installs the app as its manifest says: its scopes, events and commands. Raises AssertionError where Slack would not."""
        wrong = check_manifest(manifest)
        if wrong:
            raise AssertionError("Slack would not take the manifest:\n" + "\n".join(wrong))
        self.grants.scopes.clear()
        self.grants.scopes.update(bot_scopes(manifest))
        home = manifest.get("features", {}).get("app_home", {})
        self.work.home_tab = home.get("home_tab_enabled", False)
        self.work.messages_tab = home.get("messages_tab_enabled", False)
        self.work.messages_read_only = home.get("messages_tab_read_only_enabled", True)
        self.subscribed = bot_events(manifest)
        self.commands = set(commands(manifest))
        self.command = next(iter(commands(manifest)), self.command)
        self.interactive = interactive(manifest)

    @property
    def people(self) -> list[Person]:
        """Everybody but the bot."""
        return list(self._people.values())

    def person(self, name: str, channels: Iterable[Place] = ()) -> Person:
        """The person of that name, who is in those channels from now on; who was not there before joins every public channel."""
        with self.work.lock:
            found = self._people.get(name)
            if found is None:
                user = User(self.work.new_id("U"), name, name.title(), f"{name}@example.com")
                self.work.users[user.id] = user
                found = self._people[name] = Person(user, self)
                for channel in self.work.channels.values():
                    if not channel.private and not channel.im:
                        channel.members.add(user.id)
            for place in channels:
                place.channel.members.add(found.id)
        return found

    def channel(self, name: str, *, private: bool = False, bot: bool = True) -> Place:
        """The channel of that name, made where it was not: with everybody in it (nobody where it is private), and the bot."""
        name = name.removeprefix("#")
        with self.work.lock:
            for channel in self.work.channels.values():
                if channel.name == name and not channel.im:
                    return Place(channel, self.work)
            members = set() if private else {person.id for person in self._people.values()}
            made = Channel(self.work.new_id("C"), name, members | ({self.work.bot.id} if bot else set()), private)
            return Place(self.work.add_channel(made), self.work)

    def group(self, handle: str, people: Iterable[Person] = ()) -> Group:
        """The user group of that handle, with those people in it from now on."""
        with self.work.lock:
            for group in self.work.groups.values():
                if group.handle == handle:
                    break
            else:
                group = Group(self.work.new_id("S"), handle)
                self.work.groups[group.id] = group
            group.members = [person.id for person in people]
        return group

    def deliver(self, kind: Kind, payload: Json) -> Delivery:
        """Tells the app of something, whatever it is: forged, too."""
        delivery = Delivery(kind, payload)
        with self.work.lock:
            self.deliveries.append(delivery)
        if kind == "interactive" and not self.interactive:
            delivery.failed = "interactivity is not enabled"
        elif self.requests is not None:
            self.requests.send(delivery)
        else:
            self.sockets.deliver(delivery)
        return delivery

    def redeliver(self, delivery: Delivery, *, same_envelope: bool = False) -> None:
        """Tells the app of something once more, acknowledged or not, as Slack may at any time."""
        if self.requests is not None:
            self.requests.send(delivery)
        else:
            self.sockets.again(delivery, same_envelope=same_envelope)

    def event(self, inner: Json, *, wait: bool = True) -> Delivery | None:
        """Tells the app of an event, where it subscribed to it and has the scope that it takes."""
        name = (
            inner["type"]
            if inner["type"] != "message"
            else f"message.{inner['channel_type'] + 's' * (inner['channel_type'] != 'im')}"
        )
        scope = EVENT_SCOPES.get(name, "")
        if name not in self.subscribed or (scope and scope not in self.grants.scopes):
            return None
        delivery = self.deliver("events_api", interactions.event(inner, self.work))
        if wait:
            delivery.wait(self.sockets.in_time + 0.5)
        return delivery

    @property
    def calls_to_all(self) -> list[Message]:
        """Every message of the bot that calls many people at once (`<!channel>` and the like)."""
        with self.work.lock:
            there = [message for messages in self.work.messages.values() for message in messages if message.bot]
            return [one for one in there if any(calls_many(version.text, version.blocks) for version in one.versions)]

    def fail(self, fault: str, *, method: str = "", nth: int = 1, times: int | None = 1) -> None:
        """Orders a fault for calls of `method` ("": all): the `nth` from now, `times` in a row (None: for good). See `faults`."""
        with self.work.lock:
            self._faults.order(fault, method, nth, times)

    def mend(self) -> None:
        """No more faults."""
        with self.work.lock:
            self._faults.mend()

    def answer(self, arrived: Arrived) -> Answer:
        """The answer to any request that comes in."""
        path = arrived.target.partition("?")[0]
        if path.startswith("/api/"):
            answer = self.api.answer(arrived)
            return Answer(answer.status, answer.body, answer.headers, answer.content_type, answer.way, self.slow_seconds)
        if path.startswith("/actions/"):
            return self._answers.at_url(arrived)
        if path.startswith("/upload/v1/"):
            return file_methods.receive(arrived, self.work)
        if path.startswith("/files-pri/"):
            bearer = arrived.headers.get("authorization", "").removeprefix("Bearer ").strip()
            return file_methods.fetch(arrived, self.work, bearer == self.bot_token and "files:read" in self.grants.scopes)
        return self._page.answer(arrived) or Answer(404)

    def upgraded(self, arrived: Arrived, reader: BufferedIOBase, connection: socket.socket) -> None:
        """Speaks Socket Mode with a client (a fault of method `link` refuses the socket)."""
        with self.work.lock:
            fault = self._faults.next("link")
        if fault:
            connection.sendall(b"" if fault == "cut" else b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return
        self.sockets.serve(arrived, reader, connection)

    def broken(self, said: str) -> None:
        """Keeps a failure of the server itself."""
        self.mistakes.append(said)
