"""The messages that the program keeps up to date in the channel: one a topic, also after a crash.

What is to be shown is said by others as `Topic`s. The table `chat_posts` remembers which message shows which; a post is noted there
before it is made and found again by the mark that it carries, so that no topic is ever shown twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy import Engine, delete, insert, select, update

from bot.slack.blocks import Message
from bot.slack.client import reason, trouble
from journey.clock import Clock
from journey.errors import InputError
from journey.store.engine import reading, writing
from journey.store.tables import chat_posts

MARK = "tabiji_post"
"""The type of the metadata by which a message of the program is known."""
RECENT = 200
"""Among how many of the newest messages a post is looked for that nobody knows of whether it was made."""
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"})
_UNSURE = frozenset({"", "fatal_error", "internal_error", "service_unavailable", "request_timeout"})
"""Answers after which Slack may have posted all the same."""
_UNREADABLE = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})

Ended = Literal["edited", "expired", "over"]
"""Why a message is no longer kept up: another takes its place, nobody decided in time, or there is nothing to show any more."""


class Slack(Protocol):
    """What is needed of Slack's Web API; `slack_sdk.WebClient` has it."""

    def chat_postMessage(self, **fields: Any) -> Any:
        """Posts; the answer holds `ts`."""
        ...

    def chat_update(self, **fields: Any) -> Any:
        """Replaces what a message shows."""
        ...

    def conversations_history(self, **fields: Any) -> Any:
        """The newest messages, with their metadata."""
        ...

    def chat_getPermalink(self, **fields: Any) -> Any:
        """Where a message can be opened."""
        ...


@dataclass(frozen=True)
class Topic:
    """Something that is shown as long as it is there.

    `identity`: what the message is about; another one needs a message of its own, and the old one is closed. `state`: what it shows,
    cheaply told; another one changes the message in place. `show` makes the message (it may be costly). `keep` is what closing it
    will need, also after a restart. `lasts`: how long it can be acted on; None: always.
    """

    subject: str
    identity: str
    state: str
    show: Callable[[], Message]
    keep: Mapping[str, Any] = field(default_factory=dict)
    lasts: timedelta | None = None


@dataclass(frozen=True)
class Post:
    """A message that is kept up: where it is (`ts` None: nobody knows whether it was posted), what it shows, and since when."""

    subject: str
    channel: str
    ts: str | None
    state: str
    detail: Mapping[str, Any]
    posted_at: datetime


Close = Callable[[Post, Ended], Message | None]
"""What becomes of a message that is no longer kept up; None: it stays as it is."""


class Board:
    """Keeps topics posted in one channel. Not for several threads at once."""

    def __init__(self, engine: Engine, client: Slack, channel: str, clock: Clock) -> None:
        self._engine, self._client, self._channel, self._clock = engine, client, channel, clock
        self._links: dict[tuple[str, str], str] = {}

    def show(self, topics: Sequence[Topic], close: Close) -> None:
        """Posts what is new, changes what changed, closes what is over. Raises OutsideError where Slack does not take something,
        InputError where one could not be made; what is left is done the next time."""
        posts = self._settled()
        unmade: InputError | None = None
        for topic in topics:
            try:
                self._keep_up(topic, posts.get(topic.subject), close)
            except InputError as error:  # the others are shown all the same
                unmade = unmade or error
        wanted = {topic.subject for topic in topics}
        for subject, post in posts.items():
            if subject not in wanted:
                self._close(post, close(post, "over"), forget=True)
        if unmade is not None:
            raise unmade

    def posts(self, only: str = "") -> dict[str, Post]:
        """What is shown now, by subject."""
        query = select(chat_posts).where(chat_posts.c.topic.startswith(only, autoescape=True)).order_by(chat_posts.c.posted_at)
        with reading(self._engine) as connection:
            return {
                row.topic: Post(row.topic, row.channel, row.ts, row.state, row.detail or {}, row.posted_at)
                for row in connection.execute(query)
            }

    def links(self, subjects: Sequence[str]) -> dict[str, str]:
        """Where the messages of some subjects can be opened; without those that Slack does not tell."""
        posts = self.posts()
        return {subject: link for subject in subjects if subject in posts and (link := self._link(posts[subject]))}

    def _link(self, post: Post) -> str | None:
        """Where a message can be opened; asked once."""
        if post.ts is None:
            return None
        place = (post.channel, post.ts)
        if place not in self._links:
            try:
                answer = self._client.chat_getPermalink(channel=post.channel, message_ts=post.ts)
                self._links[place] = str(answer["permalink"])
            except (SlackClientError, OSError, KeyError):
                return None
        return self._links[place]

    def _keep_up(self, topic: Topic, post: Post | None, close: Close) -> None:
        if post is None:
            self._post(topic, topic.show())
            return
        ended = self._ended(topic, post)
        if ended is None:
            if post.state != topic.state:
                self._change(post, topic)
            return
        message = topic.show()
        self._close(post, close(post, ended), forget=False)
        self._post(topic, message)

    def _ended(self, topic: Topic, post: Post) -> Ended | None:
        if post.detail.get("identity") != topic.identity:
            return "edited"
        if topic.lasts is not None and self._clock.now() >= post.posted_at + topic.lasts:
            return "expired"
        return None

    def _settled(self) -> dict[str, Post]:
        """What is shown, once it is known of every post whether it was made."""
        posts = self.posts()
        for subject, post in list(posts.items()):
            if post.ts is not None:
                continue
            ts = self._find(post)
            if ts is None:
                self._forget(subject)
                del posts[subject]
            else:
                self._write(subject, ts=ts)
                posts[subject] = Post(subject, post.channel, ts, post.state, post.detail, post.posted_at)
        return posts

    def _find(self, post: Post) -> str | None:
        """The message that carries the post's mark."""
        try:
            answer = self._client.conversations_history(channel=post.channel, limit=RECENT, include_all_metadata=True)
        except SlackApiError as error:
            if reason(error) in ("missing_scope", "not_in_channel", "channel_not_found"):
                return None
            raise trouble(error) from error
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error
        for message in answer.get("messages") or ():
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == MARK and (metadata.get("event_payload") or {}).get("key") == post.detail.get(
                "key"
            ):
                return str(message["ts"])
        return None

    def _post(self, topic: Topic, message: Message) -> None:
        key, now = secrets.token_urlsafe(12), self._clock.now()
        detail = {**topic.keep, "identity": topic.identity, "key": key}
        values = {
            "channel": self._channel,
            "ts": None,
            "state": topic.state,
            "posted_at": now,
            "changed_at": now,
            "detail": detail,
        }
        with writing(self._engine) as connection:
            connection.execute(delete(chat_posts).where(chat_posts.c.topic == topic.subject))
            connection.execute(insert(chat_posts).values(topic=topic.subject, **values))
        metadata = {"event_type": MARK, "event_payload": {"key": key, "topic": topic.subject}}
        fields = {"channel": self._channel, "metadata": metadata, "unfurl_links": False, "unfurl_media": False}
        try:
            answer = self._send(self._client.chat_postMessage, fields, message)
        except SlackApiError as error:
            if reason(error) not in _UNSURE:
                self._forget(topic.subject)  # Slack said no: certainly not posted
            raise trouble(error) from error
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error
        self._write(topic.subject, ts=str(answer["ts"]))

    def _change(self, post: Post, topic: Topic) -> None:
        message = topic.show()
        if self._update(post, message):
            detail = {**topic.keep, "identity": topic.identity, "key": post.detail.get("key")}
            self._write(topic.subject, state=topic.state, detail=detail, changed_at=self._clock.now())
        else:
            self._forget(post.subject)
            self._post(topic, message)

    def _close(self, post: Post, message: Message | None, *, forget: bool) -> None:
        if message is not None:
            self._update(post, message)
        if forget:
            self._forget(post.subject)

    def _update(self, post: Post, message: Message) -> bool:
        """Replaces what the message shows; False where somebody deleted it."""
        try:
            self._send(self._client.chat_update, {"channel": post.channel, "ts": post.ts}, message)
        except SlackApiError as error:
            if reason(error) in _GONE:
                return False
            raise trouble(error) from error
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error
        return True

    def _send(self, call: Callable[..., Any], fields: Mapping[str, Any], message: Message) -> Any:
        try:
            return call(**fields, **message)
        except SlackApiError as error:
            if reason(error) not in _UNREADABLE:
                raise
        return call(**fields, text=message["text"])  # words without buttons: the commands do the same

    def _write(self, subject: str, **values: Any) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(chat_posts).where(chat_posts.c.topic == subject).values(**values))

    def _forget(self, subject: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(chat_posts).where(chat_posts.c.topic == subject))
