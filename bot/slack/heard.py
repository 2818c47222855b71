"""What Slack tells of, as plain data: what somebody typed, pressed, filled in, dropped or opened. Pure: payloads in, `Heard` out."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["said", "pressed", "filled", "dropped", "opened"]
Payload = Mapping[str, Any]

_LINK = re.compile(r"<(?:mailto:|tel:)?([^<>|\s!#@][^<>|\s]*)(?:\|([^<>]*))?>")
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^<>]*)?>")


@dataclass(frozen=True)
class Heard:
    """One thing that came from Slack.

    `key` is the same when Slack delivers it again. `at`: when it came (seconds since 1970). `text`: what was typed, or the value of a
    pressed button, or of the one that opened a form. `name`: the button's or the form's name, or the file's id.
    `thread`: where an answer belongs (a message's ts), `message`: the ts of the message pressed on. `url` and `trigger` are Slack's
    short-lived ways to answer and to open a form. `values`: what was filled in, by action id.
    """

    kind: Kind
    key: str
    user: str
    at: float
    team: str = ""
    channel: str = ""
    text: str = ""
    name: str = ""
    thread: str = ""
    message: str = ""
    url: str = ""
    trigger: str = ""
    slash: bool = False
    direct: bool = False
    values: Mapping[str, str] = field(default_factory=dict)

    def dump(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


def noted(heard: Heard) -> str:
    """What a form that a press opens keeps, so that what is filled in is understood and answered where the press was."""
    return f"{heard.text} {heard.channel} {heard.thread}".rstrip()


def load(dumped: str) -> Heard:
    """What `dump` gave. Raises ValueError or TypeError for anything else."""
    return Heard(**json.loads(dumped))


def command(body: Payload, at: float) -> Heard:
    """A slash command."""
    return Heard(
        "said",
        f"command:{body['trigger_id']}",
        _id(body.get("user_id")),
        at,
        team=_id(body.get("team_id")),
        channel=_id(body.get("channel_id")),
        text=str(body.get("text") or ""),
        url=str(body.get("response_url") or ""),
        trigger=str(body["trigger_id"]),
        slash=True,
    )


def message(body: Payload, at: float) -> Heard | None:
    """A mention of the bot, or a line written to it alone; None for what no person wrote just now."""
    event = body["event"]
    if event.get("bot_id") or event.get("subtype") or not event.get("user") or event.get("hidden"):
        return None
    direct = event.get("channel_type") == "im"
    if event["type"] == "message" and not direct:
        return None
    return Heard(
        "said",
        # In a conversation with the bot a mention comes as two events, of one message.
        f"message:{event['channel']}:{event['ts']}",
        _id(event["user"]),
        at,
        team=_id(event.get("team") or body.get("team_id")),
        channel=_id(event["channel"]),
        text=unmarked(str(event.get("text") or "")),
        thread=str(event.get("thread_ts") or ("" if direct else event["ts"])),
        direct=direct,
    )


def action(body: Payload, at: float) -> Heard | None:
    """A press on a button; None for elements that only hold a value until a form is sent."""
    pressed = body["actions"][0]
    if pressed.get("type") != "button" or pressed.get("url"):
        return None
    container = body.get("container") or {}
    user = _id((body.get("user") or {}).get("id"))
    shown = container.get("message_ts") or container.get("view_id") or ""
    return Heard(
        "pressed",
        f"press:{user}:{shown}:{pressed.get('action_id', '')}:{pressed.get('action_ts') or body.get('trigger_id', '')}",
        user,
        at,
        team=_id((body.get("user") or {}).get("team_id") or (body.get("team") or {}).get("id")),
        channel=_id((body.get("channel") or {}).get("id") or container.get("channel_id")),
        text=str(pressed.get("value") or ""),
        name=str(pressed.get("action_id") or ""),
        thread=str(container.get("thread_ts") or container.get("message_ts") or ""),
        message=str(container.get("message_ts") or ""),
        url=str(body.get("response_url") or ""),
        trigger=str(body.get("trigger_id") or ""),
    )


def form(body: Payload, at: float) -> Heard:
    """A form that was filled in and sent."""
    view = body["view"]
    values = {
        action_id: str(entered.get("value") or (entered.get("selected_option") or {}).get("value") or "")
        for block in (view.get("state") or {}).get("values", {}).values()
        for action_id, entered in block.items()
    }
    # the form's own note: what the button carried, and where the card is
    text, channel, thread = [*str(view.get("private_metadata") or "").split(" "), "", ""][:3]
    return Heard(
        "filled",
        f"form:{view['id']}:{view.get('hash') or body.get('trigger_id', '')}",
        _id((body.get("user") or {}).get("id")),
        at,
        team=_id((body.get("user") or {}).get("team_id") or (body.get("team") or {}).get("id")),
        channel=_id(channel),
        text=text,
        name=str(view.get("callback_id") or ""),
        thread=thread,
        trigger=str(body.get("trigger_id") or ""),
        values=values,
    )


def file(body: Payload, at: float) -> Heard:
    """A file that was put into a channel where the bot is."""
    event = body["event"]
    name = _id(event.get("file_id") or (event.get("file") or {}).get("id"))
    channel = _id(event.get("channel_id"))
    user = _id(event.get("user_id"))
    return Heard("dropped", f"file:{channel}:{name}", user, at, team=_id(body.get("team_id")), channel=channel, name=name)


def home(body: Payload, at: float) -> Heard | None:
    """Somebody opened the Home tab; None for the other tabs of the app."""
    event = body["event"]
    if event.get("tab") != "home":
        return None
    key = f"home:{body.get('event_id', '')}"
    return Heard("opened", key, _id(event["user"]), at, team=_id(body.get("team_id")), channel=_id(event.get("channel")))


def unmarked(said: str) -> str:
    """A message's text as it was typed: without the mention of the bot, addresses and links as plain words."""
    plain = _LINK.sub(lambda found: found[2] or found[1], _MENTION.sub(" ", said))
    return html.unescape(plain).strip()


def _id(value: object) -> str:
    """An id of Slack's; anything else is none."""
    found = str(value or "")
    return found if re.fullmatch(r"[A-Z0-9]{1,40}", found) else ""
