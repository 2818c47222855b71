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
from slack_server.person import Person, Place
from slack_server.rates import Rates
from slack_server.sockets import Delivery, Kind, SocketMode
from slack_server.wire import Answer, Arrived, Listener
from slack_server.workspace import Channel, Group, User, Workspace

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
        self.grants = Grants()
        self.rates = Rates(time.monotonic)
        self.slow_seconds = 60.0  # how long a slow answer is held back at most
        self._faults = Faults()
        self._later = Later(self.broken)
        self._answers = Answers(self.work, self.mistakes.append)
        self.sockets = SocketMode(self.work.app_id, self._later, self._answers.acknowledged, self.mistakes.append)
        self.api = Api(self.work, self.grants, self._faults, self.rates, self.sockets.ticket)
        self._people: dict[str, Person] = {}
        self._stopped = Event()
        self._listener = Listener(port, self, self._stopped)
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        self.work.base = self.url
        self.api_url = f"{self.url}/api/"

    def __enter__(self) -> SlackServer:
        self._thread = Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self._later.start()
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

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that the app was told of so far, in order."""
        return self.sockets.deliveries

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
        return self.sockets.deliver(kind, payload)

    def event(self, inner: Json, *, wait: bool = True) -> Delivery | None:
        """Tells the app of an event, where it subscribed to it."""
        name = (
            inner["type"]
            if inner["type"] != "message"
            else f"message.{inner['channel_type'] + 's' * (inner['channel_type'] != 'im')}"
        )
        if name not in self.subscribed:
            return None
        delivery = self.deliver("events_api", interactions.event(inner, self.work))
        if wait:
            delivery.wait(self.sockets.in_time + 0.5)
        return delivery

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
        return Answer(404)

    def upgraded(self, arrived: Arrived, reader: BufferedIOBase, connection: socket.socket) -> None:
        """Speaks Socket Mode with a client."""
        self.sockets.serve(arrived, reader, connection)

    def broken(self, said: str) -> None:
        """Keeps a failure of the server itself."""
        self.mistakes.append(said)
