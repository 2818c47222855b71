"""What people do, as the app is told of it: the payloads of commands, presses, submissions and events."""

from __future__ import annotations

import secrets
from typing import Any

from slack_server import shown
from slack_server.kinds import Json
from slack_server.workspace import Channel, Message, User, View, Workspace

TOKEN = "local-verification-token"
"""The old verification token that payloads still carry."""


def _who(user: User, work: Workspace) -> Json:
    return {"id": user.id, "username": user.name, "name": user.name, "team_id": work.team_id}


def _common(user: User, work: Workspace) -> Json:
    return {
        "user": _who(user, work),
        "api_app_id": work.app_id,
        "token": TOKEN,
        "team": {"id": work.team_id, "domain": work.team_domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def command(user: User, channel: Channel, word: str, text: str, work: Workspace) -> Json:
    """A slash command."""
    return {
        "token": TOKEN,
        "team_id": work.team_id,
        "team_domain": work.team_domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.im else "privategroup" if channel.private else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": word,
        "text": text,
        "api_app_id": work.app_id,
        "is_enterprise_install": "false",
        "response_url": work.response_url(channel.id, user.id),
        "trigger_id": work.trigger(user.id),
    }


def pressed(user: User, message: Message, action: Json, work: Workspace, state: Json | None = None) -> Json:
    """An element of a message was used."""
    channel = work.channels[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.only),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = _common(user, work) | {
        "type": "block_actions",
        "container": container,
        "trigger_id": work.trigger(user.id),
        "channel": {"id": channel.id, "name": "directmessage" if channel.im else channel.name},
        "response_url": work.response_url(channel.id, user.id, message),
        "actions": [action],
        "state": {"values": state or {}},
    }
    return payload if message.only else payload | {"message": shown.message(message, work)}


def used(user: User, view: View, action: Json, work: Workspace) -> Json:
    """An element of a modal or a Home was used."""
    return _common(user, work) | {
        "type": "block_actions",
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": work.trigger(user.id, view.id),
        "view": shown.view(view, work, state=True),
        "actions": [action],
    }


def submitted(user: User, view: View, work: Workspace) -> Json:
    """A modal was sent off."""
    trigger = work.trigger(user.id, view.id)
    return _common(user, work) | {
        "type": "view_submission",
        "trigger_id": trigger,
        "view": shown.view(view, work, state=True),
        "response_urls": [],
    }


def closed(user: User, view: View, work: Workspace, cleared: bool) -> Json:
    """A modal that wanted to hear of it was closed."""
    return _common(user, work) | {"type": "view_closed", "view": shown.view(view, work, state=True), "is_cleared": cleared}


def shortcut(user: User, callback_id: str, work: Workspace) -> Json:
    """A global shortcut."""
    ts = f"{work.now():.6f}"
    return _common(user, work) | {
        "type": "shortcut",
        "callback_id": callback_id,
        "trigger_id": work.trigger(user.id),
        "action_ts": ts,
    }


def event(inner: Json, work: Workspace) -> Json:
    """Something happened that the app subscribed to."""
    return {
        "token": TOKEN,
        "team_id": work.team_id,
        "api_app_id": work.app_id,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev0{secrets.token_hex(4).upper()}",
        "event_time": int(work.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": work.team_id,
                "user_id": work.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }


def said(message: Message, work: Workspace, *, mention: bool = False) -> Json:
    """The event of a person's message: app_mention where it speaks to the bot, else message."""
    channel = work.channels[message.channel]
    kind = "im" if channel.im else "group" if channel.private else "channel"
    inner: Json = {
        "type": "app_mention" if mention else "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "channel": channel.id,
        "event_ts": message.ts,
        "team": work.team_id,
        "client_msg_id": secrets.token_hex(16),
    }
    if message.bot:
        inner |= {"bot_id": work.bot_id, "app_id": work.app_id, "blocks": message.blocks}
    if not mention:
        inner["channel_type"] = kind
    if message.thread_ts:
        inner["thread_ts"] = message.thread_ts
    if message.files:
        inner |= {"subtype": "file_share", "files": [shown.file(work.files[one], work) for one in message.files]}
    return inner


def shared(file_id: str, message: Message) -> Json:
    """The event of a file that was put into a channel."""
    inner: Json = {"type": "file_shared", "file_id": file_id, "user_id": message.user, "file": {"id": file_id}}
    return inner | {"channel_id": message.channel, "event_ts": message.ts}


def action_of(element: Json, block_id: str, work: Workspace, value: Any = None) -> Json:
    """What an element sends when it is used, with `value` as what was chosen (a button's own value where there is none)."""
    kind = element["type"]
    action: Json = {
        "type": kind,
        "block_id": block_id,
        "action_id": element.get("action_id", ""),
        "action_ts": f"{work.now():.6f}",
    }
    match kind:
        case "button" | "workflow_button":
            action["text"] = element["text"]
            kept = {name: element[name] for name in ("value", "style", "url") if name in element}
            return action | kept | ({"value": value} if value is not None else {})
        case "feedback_buttons" | "icon_button":
            return action | ({"value": value if value is not None else element.get("value", "")})
    return action | entered(element, value)


def entered(element: Json, value: Any) -> Json:
    """What an input holds once a person put `value` into it. Raises ValueError where the element does not offer that."""
    match element["type"]:
        case "plain_text_input" | "email_text_input" | "url_text_input" | "number_input":
            return {"value": None if value in (None, "") else str(value)}
        case "static_select" | "radio_buttons" | "overflow":
            return {"selected_option": _option(element, value)}
        case "external_select":
            return {"selected_option": value}
        case "multi_static_select" | "checkboxes":
            return {"selected_options": [_option(element, one) for one in value or ()]}
        case "datepicker":
            return {"selected_date": value}
        case "timepicker":
            return {"selected_time": value}
        case "datetimepicker":
            return {"selected_date_time": value}
        case "users_select":
            return {"selected_user": value}
        case "multi_users_select":
            return {"selected_users": list(value or ())}
        case "channels_select":
            return {"selected_channel": value}
        case "conversations_select":
            return {"selected_conversation": value}
        case "multi_conversations_select":
            return {"selected_conversations": list(value or ())}
        case "multi_channels_select":
            return {"selected_channels": list(value or ())}
        case "file_input":
            return {"files": list(value or ())}
        case "rich_text_input":
            return {"rich_text_value": value}
    raise ValueError(f"a {element['type']} takes no value")


def initial(element: Json) -> Json:
    """What an input holds before anybody touched it."""
    if "initial_value" in element:
        return entered(element, element["initial_value"])
    for name in ("date", "time", "date_time", "user", "channel", "conversation"):
        if f"initial_{name}" in element:
            return {f"selected_{name}": element[f"initial_{name}"]}
    if "initial_option" in element:
        return {"selected_option": element["initial_option"]}
    if "initial_options" in element:
        return {"selected_options": element["initial_options"]}
    return entered(element, None) if element["type"] not in ("static_select", "radio_buttons") else {"selected_option": None}


def _option(element: Json, value: Any) -> Json | None:
    """The option with that value or label."""
    if value is None:
        return None
    offered = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        offered += group["options"]
    for option in offered:
        if value in (option.get("value"), option["text"]["text"]):
            return {name: option[name] for name in ("text", "value", "description") if name in option}
    raise ValueError(f"no option {value!r}; there are {[option['text']['text'] for option in offered]}")
