"""The workspace as it stands: people, groups, channels, messages, views and files.

Plain data; what may be done to it is in the Web API's methods and in `Person`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Condition, RLock
from typing import Literal

from slack_server.kinds import ApiError, Json


@dataclass
class User:
    """A person or the bot. `zone` is the name of a time zone, `lang` a locale such as ja-JP."""

    id: str
    name: str
    real_name: str
    email: str = ""
    is_bot: bool = False
    deleted: bool = False
    zone: str = "Asia/Tokyo"
    offset: int = 32400
    locale: str = "ja-JP"


@dataclass
class Channel:
    """A channel or a direct conversation: `members` are user ids."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    private: bool = False
    im: bool = False
    archived: bool = False
    created: int = 0


@dataclass
class Version:
    """What a message said at one time."""

    text: str
    blocks: list[Json]


@dataclass
class Message:
    """A message: who wrote it, where, and all that it ever said. `only` is the id of the one person who sees it ("": all)."""

    channel: str
    ts: str
    user: str
    versions: list[Version]
    thread_ts: str = ""
    only: str = ""
    bot: bool = False
    deleted: bool = False
    files: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: Json | None = None
    attachments: list[Json] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What stands in notifications, and where there are no blocks in the message itself."""
        return self.versions[-1].text

    @property
    def blocks(self) -> list[Json]:
        """The blocks as they are now."""
        return self.versions[-1].blocks


@dataclass
class View:
    """A modal or a Home. `state` is what the person entered so far: values by block id and action id."""

    id: str
    kind: Literal["modal", "home"]
    user: str
    body: Json
    hash: str
    root: str
    previous: str = ""
    open: bool = True
    state: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class File:
    """A file that someone (or the bot) put into the workspace; `content` None while it has not been uploaded."""

    id: str
    name: str
    user: str
    created: int
    content: bytes | None = None
    size: int = 0
    shared_at: float = 0
    title: str = ""
    channels: list[str] = field(default_factory=list)
    done: bool = False
    deleted: bool = False


@dataclass
class Group:
    """A user group: its id (S…), handle and members."""

    id: str
    handle: str
    members: list[str] = field(default_factory=list)


@dataclass
class ResponseUrl:
    """Where an app may answer to an interaction, for 30 minutes and five times."""

    channel: str
    user: str
    until: float
    message: Message | None = None
    used: int = 0


@dataclass
class Trigger:
    """What an interaction gives the app to open a modal with, once and within three seconds."""

    user: str
    until: float
    view: str = ""
    used: bool = False


class Workspace:
    """All of it, under one lock; `changed` is told of every change that a person might see."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.base = ""  # where the server is: http://127.0.0.1:port
        self.lock = RLock()
        self.changed = Condition(self.lock)
        self.scopes: set[str] = set()  # what the bot may do
        self.home_tab = True  # whether the app has a Home
        self.messages_tab = True  # whether there is a conversation with the bot
        self.messages_read_only = False  # whether only the bot writes there
        self.shares_lag = 0.0  # seconds until files.info tells where a file was shared
        self.free_plan = False  # without user groups
        self.bots_delete_files = False  # whether the app may delete what people put there
        self.team_id = "T0TABIJI1"
        self.team_domain = "tabiji-trial"
        self.app_id = "A0TABIJI1"
        self.bot_id = "B0TABIJI1"
        self.bot = User("U0TABIJI1", "tabiji", "tabiji", is_bot=True)
        self.users: dict[str, User] = {self.bot.id: self.bot}
        self.groups: dict[str, Group] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, list[Message]] = {}
        self.views: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.triggers: dict[str, Trigger] = {}
        self.posted: Callable[[Message], object] = lambda message: None  # hears of what the bot wrote for everybody
        self._numbers = count(1)
        self._last = 0

    def new_id(self, letter: str) -> str:
        """An id that no other thing has: the letter of its kind, and nine more characters as Slack's."""
        return f"{letter}0{next(self._numbers):08X}"

    def ts(self) -> str:
        """The timestamp of a message that is written now; no two are alike."""
        with self.lock:
            self._last = max(int(self.now() * 1_000_000), self._last + 1)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def block_id(self) -> str:
        """The id that a block without one is given."""
        return f"b{next(self._numbers):04d}"

    def user(self, user_id: object) -> User:
        """The user with that id. Raises ApiError."""
        found = self.users.get(user_id) if isinstance(user_id, str) else None
        if found is None:
            raise ApiError("user_not_found")
        return found

    def channel(self, named: object) -> Channel:
        """The channel with that id; a `#name` or a user's id (their conversation with the bot) is understood too. Raises ApiError."""
        if not isinstance(named, str) or not named:
            raise ApiError("channel_not_found")
        if named in self.channels:
            return self.channels[named]
        if named in self.users and named != self.bot.id:
            return self.im(named)
        for channel in self.channels.values():
            if not channel.im and channel.name == named.removeprefix("#"):
                return channel
        raise ApiError("channel_not_found")

    def im(self, user_id: str) -> Channel:
        """The conversation of the bot with that person, opened where it was not."""
        members = {user_id, self.bot.id}
        for channel in self.channels.values():
            if channel.im and channel.members == members:
                return channel
        return self.add_channel(Channel(self.new_id("D"), "", members, im=True))

    def add_channel(self, channel: Channel) -> Channel:
        """Another channel."""
        channel.created = int(self.now())
        self.channels[channel.id] = channel
        self.messages[channel.id] = []
        return channel

    def put(self, message: Message) -> Message:
        """Another message in its channel."""
        with self.changed:
            self.messages[message.channel].append(message)
            self.changed.notify_all()
        return message

    def message(self, channel: str, ts: object) -> Message | None:
        """The message of that time, if it is there and not deleted."""
        for message in self.messages.get(channel, ()):
            if message.ts == ts and not message.deleted:
                return message
        return None

    def visible(self, user_id: str) -> Iterator[Message]:
        """What that person can read, in the order of channels and time."""
        for channel in self.channels.values():
            if user_id in channel.members:
                yield from (
                    message
                    for message in list(self.messages[channel.id])
                    if not message.deleted and message.only in ("", user_id)
                )

    def response_url(self, channel: str, user: str, message: Message | None = None) -> str:
        """A new response URL."""
        key = f"{self.team_id}/{next(self._numbers)}/{secrets.token_urlsafe(18)}"
        self.response_urls[key] = ResponseUrl(channel, user, self.now() + 1800, message)
        return f"{self.base}/actions/{key}"

    def trigger(self, user: str, view: str = "") -> str:
        """A new trigger id of something that this person did (in that view)."""
        key = f"{next(self._numbers)}.{int(time.monotonic() * 1000)}.{secrets.token_hex(16)}"
        self.triggers[key] = Trigger(user, self.now() + 3, view)
        return key
