"""A person in the workspace: what they do, and what they see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from slack_server import interactions
from slack_server.file_methods import share
from slack_server.kinds import Json
from slack_server.reading import elements, label, words
from slack_server.sockets import Delivery
from slack_server.workspace import Channel, File, Message, User, Version, View, Workspace

if TYPE_CHECKING:
    from slack_server.server import SlackServer

T = TypeVar("T")


class Refused(Exception):
    """Slack does not let a person do that."""


class Place:
    """A channel, as tests speak of it."""

    def __init__(self, channel: Channel, work: Workspace) -> None:
        self.channel = channel
        self._work = work

    @property
    def id(self) -> str:
        """C… or D…"""
        return self.channel.id

    @property
    def messages(self) -> list[Message]:
        """What stands there for everybody, oldest first."""
        with self._work.lock:
            return [message for message in self._work.messages[self.id] if not message.deleted and not message.only]


class Person:
    """Someone who acts. What they do returns once the app has acknowledged it, or has not within three seconds (`wait=False`: at
    once)."""

    def __init__(self, user: User, slack: SlackServer) -> None:
        self.user = user
        self._slack = slack
        self._work = slack.work

    @property
    def id(self) -> str:
        """U…"""
        return self.user.id

    @property
    def name(self) -> str:
        """The name that stands after @."""
        return self.user.name

    def command(self, text: str = "", channel: Place | None = None, *, word: str = "", wait: bool = True) -> Delivery:
        """Types `/journey text` in a channel (None: the first one they are in)."""
        word = word or self._slack.command
        if word not in self._slack.commands:
            raise Refused(f"{word} is not a valid command; there are {sorted(self._slack.commands)}")
        place = self._place(channel)
        return self._tell("slash_commands", interactions.command(self.user, place, word, text, self._work), wait)

    def press(
        self, on: Message | View, what: str, value: Any = None, *, block: str = "", version: int = -1, wait: bool = True
    ) -> Delivery:
        """Uses the element with that action_id or label in a message or a view; `value` is what is chosen or entered;
        `block` is the block_id where several blocks have such an element.

        `version` presses what stood there then (0 is how it was first posted), as a window does that is not up to date; a `value` for
        a button stands in for its own, as nobody but a forger could. Raises Refused where there is no such element, or several.
        """
        if isinstance(on, View):
            inside, element = _find(on.body["blocks"], what, block)
            self._keep(on, inside, element, value)
            action = self._action(inside, element, value)
            return self._tell("interactive", interactions.used(self.user, on, action, self._work), wait)
        if self.id not in self._work.channels[on.channel].members or on.only not in ("", self.id):
            raise Refused(f"{self.name} does not see that message")
        inside, element = _find(on.versions[version].blocks, what, block)
        action = self._action(inside, element, value)
        state = _state([(one_block, one) for one_block, one in elements(on.versions[version].blocks) if one is not element])
        return self._tell("interactive", interactions.pressed(self.user, on, action, self._work, state), wait)

    def say(self, channel: Place, text: str, thread: Message | None = None, *, wait: bool = True) -> Message:
        """Writes in a channel, in the thread of a message where one is given. `{bot}` in the text speaks to the bot."""
        place = self._place(channel)
        if place.im and (self._work.messages_read_only or not self._work.messages_tab):
            raise Refused("sending messages to this app has been turned off")
        text = text.replace("{bot}", f"<@{self._work.bot.id}>")
        message = Message(place.id, self._work.ts(), self.id, [Version(text, [])], _root(thread))
        self._work.put(message)
        self._heard(message, wait)
        return message

    def drop(
        self, name: str, content: bytes, channel: Place, text: str = "", thread: Message | None = None, *, wait: bool = True
    ) -> Message:
        """Puts a file into a channel."""
        place = self._place(channel)
        file = File(self._work.new_id("F"), name, self.id, int(self._work.now()), content, len(content))
        with self._work.lock:
            self._work.files[file.id] = file
            message = share([file], place.id, self.id, text, _root(thread), self._work)
        self._slack.event(interactions.shared(file.id, message), wait=wait)
        self._heard(message, wait)
        return message

    def react(self, message: Message, name: str, *, wait: bool = True) -> None:
        """Puts an emoji under a message."""
        message.reactions.setdefault(name, []).append(self.id)
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        inner: Json = {"type": "reaction_added", "user": self.id, "reaction": name, "item": item, "item_user": message.user}
        self._slack.event(inner | {"event_ts": self._work.ts()}, wait=wait)

    def opens_home(self, *, wait: bool = True) -> Delivery | None:
        """Opens the app's Home tab; None where the app did not subscribe to hear of it."""
        inner: Json = {"type": "app_home_opened", "user": self.id, "channel": self._work.im(self.id).id, "tab": "home"}
        home = self.home
        if home is not None:
            inner["view"] = {"id": home.id, "hash": home.hash, "type": "home", "callback_id": home.body["callback_id"]}
        return self._slack.event(inner | {"event_ts": self._work.ts()}, wait=wait)

    def submit(self, view: View, values: dict[str, Any] | None = None, *, wait: bool = True) -> Delivery:
        """Fills in a modal and sends it off. `values` go by action_id, block_id or label; what is required must be there."""
        if not view.open or view.user != self.id:
            raise Refused("that modal is not open")
        for what, value in (values or {}).items():
            block, element = _find(view.body["blocks"], what)
            self._keep(view, block, element, value)
        filled = _state((block, block["element"]) for block in view.body["blocks"] if block["type"] == "input")
        for block_id, entered in view.state.items():
            filled.setdefault(block_id, {}).update(entered)
        empty = [
            block["label"]["text"]
            for block in view.body["blocks"]
            if block["type"] == "input" and not block.get("optional") and not _given(filled[block["block_id"]])
        ]
        if empty:
            raise Refused(f"required: {empty}")
        view.state = filled
        return self._tell("interactive", interactions.submitted(self.user, view, self._work), wait)

    def close(self, view: View, *, wait: bool = True) -> Delivery | None:
        """Closes a modal without sending it; None where the app did not want to hear of it."""
        with self._work.changed:
            view.open = False
            self._work.changed.notify_all()
        if not view.body.get("notify_on_close"):
            return None
        return self._tell("interactive", interactions.closed(self.user, view, self._work, False), wait)

    @property
    def modal(self) -> View | None:
        """The uppermost modal that is open for them."""
        mine = [view for view in list(self._work.views.values()) if view.kind == "modal" and view.open and view.user == self.id]
        return mine[-1] if mine else None

    @property
    def home(self) -> View | None:
        """The Home tab, where the app published one for them."""
        for view in list(self._work.views.values()):
            if view.kind == "home" and view.user == self.id:
                return view
        return None

    @property
    def dm(self) -> Place:
        """Their conversation with the bot."""
        return Place(self._work.im(self.id), self._work)

    def sees(self, channel: Place | None = None) -> list[Message]:
        """Every message that they can read (in that channel), for everybody and for them alone, oldest first."""
        with self._work.lock:
            found = [one for one in self._work.visible(self.id) if channel is None or one.channel == channel.id]
        return sorted(found, key=lambda one: one.ts)

    def reads(self, channel: Place | None = None) -> str:
        """Everything that they can read, as text."""
        return "\n".join(says(message) for message in self.sees(channel))

    def waits_for(self, what: str | Callable[[Message], bool], seconds: float = 5) -> Message:
        """The latest message they can read that has that text (or that the function is true of), waited for. Raises Refused."""
        wanted = what if callable(what) else lambda message: what in says(message)
        return self.waits(
            lambda: next((message for message in reversed(self.sees()) if wanted(message)), None), seconds, str(what)
        )

    def waits_for_modal(self, seconds: float = 5) -> View:
        """The modal that opens for them. Raises Refused where none does."""
        return self.waits(lambda: self.modal, seconds, "a modal")

    def waits_for_home(self, text: str = "", seconds: float = 5) -> View:
        """Their Home once it has that text. Raises Refused where it does not come to that."""
        home = lambda: self.home if self.home is not None and text in words(self.home.body["blocks"]) else None  # noqa: E731
        return self.waits(home, seconds, f"a Home with {text!r}")

    def waits(self, look: Callable[[], T | None], seconds: float, what: str) -> T:
        """What `look` finds, as soon as there is something. Raises Refused after so many seconds."""
        until = time.monotonic() + seconds
        with self._work.changed:
            while (found := look()) is None:
                left = until - time.monotonic()
                if left <= 0:
                    raise Refused(f"{self.name} waited {seconds:g} s for {what!r} and sees:\n{self.reads()}")
                self._work.changed.wait(left)
        return found

    def _place(self, channel: Place | None) -> Channel:
        mine = [one for one in self._work.channels.values() if self.id in one.members]
        place = channel.channel if channel else next((one for one in mine if not one.im), None)
        if place is None or place not in mine:
            raise Refused(f"{self.name} is not in {place.name if place else 'any channel'}")
        return place

    def _action(self, block: Json, element: Json, value: Any) -> Json:
        try:
            return interactions.action_of(element, block["block_id"], self._work, value)
        except ValueError as error:
            raise Refused(str(error)) from None

    def _keep(self, view: View, block: Json, element: Json, value: Any) -> None:
        """What is entered stays in the view."""
        if element["type"] == "button":
            return
        try:
            entered = interactions.entered(element, value)
        except ValueError as error:
            raise Refused(str(error)) from None
        view.state.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"], **entered}

    def _heard(self, message: Message, wait: bool) -> None:
        """The app hears of a message as far as it subscribed and is there."""
        channel = self._work.channels[message.channel]
        if self._work.bot.id not in channel.members:
            return
        if f"<@{self._work.bot.id}>" in message.text and not channel.im:
            self._slack.event(interactions.said(message, self._work, mention=True), wait=wait)
        self._slack.event(interactions.said(message, self._work), wait=wait)

    def _tell(self, kind: Any, payload: Json, wait: bool) -> Delivery:
        delivery = self._slack.deliver(kind, payload)
        if wait:
            delivery.wait(self._slack.sockets.in_time + 0.5)
        return delivery


def says(message: Message) -> str:
    """What a message reads: its blocks where it has some, else its text."""
    return words(message.blocks) if message.blocks else message.text


def _root(thread: Message | None) -> str:
    return (thread.thread_ts or thread.ts) if thread else ""


def _find(blocks: list[Json], what: str, block_id: str = "") -> tuple[Json, Json]:
    there = [pair for pair in elements(blocks) if block_id in ("", pair[0].get("block_id"))]
    for chosen in (
        [pair for pair in there if pair[1].get("action_id") == what],
        [pair for pair in there if label(pair[1]) == what],
        [pair for pair in there if pair[0].get("block_id") == what or pair[0].get("label", {}).get("text") == what],
    ):
        if len(chosen) == 1:
            return chosen[0]
        if chosen:
            raise Refused(f"several elements are {what!r}: {[(pair[0]['block_id'], pair[1]['action_id']) for pair in chosen]}")
    raise Refused(f"nothing is {what!r}; there are {[(label(one), one.get('action_id')) for _, one in there]}")


def _state(pairs: Any) -> dict[str, dict[str, Json]]:
    """What inputs hold before anybody touched them, by block and action."""
    state: dict[str, dict[str, Json]] = {}
    for block, element in pairs:
        if element["type"] not in ("button", "overflow", "icon_button", "feedback_buttons", "workflow_button"):
            held = {"type": element["type"], **interactions.initial(element)}
            state.setdefault(block["block_id"], {})[element["action_id"]] = held
    return state


def _given(entered: dict[str, Json]) -> bool:
    return any(value not in (None, "", []) for one in entered.values() for name, value in one.items() if name != "type")
