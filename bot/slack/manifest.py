"""The app as Slack is told of it: what it may do and hears of, and the one link that makes it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hears",
    "channels:history": "posts",
    "channels:read": "channel",
    "chat:write": "speaks",
    "commands": "command",
    "files:read": "files",
    "files:write": "rejected",
    "groups:history": "posts",
    "groups:read": "channel",
    "im:history": "hears",
    "im:write": "rejected",
    "usergroups:read": "groups",
    "users:read": "people",
    "users:read.email": "email",
}
"""What the bot asks for, and what for: the name of a sentence in the catalogue (`slack.scope_…`)."""
EVENTS = ("app_home_opened", "app_mention", "file_shared", "message.im")
APP_SCOPE = "connections:write"
"""Of the app's own token, which is made by hand."""


def app_manifest(command: str = "/journey", *, url: str = "") -> dict[str, Any]:
    """The manifest. `command`: what people type in Slack. `url`: where Slack reaches this machine (HTTP mode); without it the app uses
    Socket Mode, which needs no public address."""
    slash = {
        "command": command,
        "description": "Stages, campaigns, approvals / ステージ・施策・承認",
        "usage_hint": "stages | approve C01 | pause all | help",
        "should_escape": False,
    }
    return {
        "display_information": {"name": "Tabiji", "description": "Customer journeys, decided where the team talks"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "tabiji", "always_online": True},
            "slash_commands": [{**slash, "url": url} if url else slash],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS), **({"request_url": url} if url else {})},
            "interactivity": {"is_enabled": True, **({"request_url": url} if url else {})},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def manifest(command: str = "/journey", *, url: str = "") -> str:
    """The same as YAML, as Slack's page for apps takes it."""
    return "\n".join(_yaml(app_manifest(command, url=url))) + "\n"


def link(command: str = "/journey", *, url: str = "") -> str:
    """Opens Slack's page for a new app, filled in."""
    return f"https://api.slack.com/apps?new_app=1&manifest_yaml={quote(manifest(command, url=url), safe='')}"


def _yaml(value: Any, indent: str = "") -> Iterator[str]:
    """A mapping or a list as lines; single values as JSON, which YAML reads too."""
    for key, one in value.items() if isinstance(value, dict) else ((None, one) for one in value):
        head = f"{indent}- " if key is None else f"{indent}{key}:"
        if isinstance(one, dict) and key is None:
            first, *rest = _yaml(one, indent + "  ")
            yield head + first.strip()
            yield from rest
        elif isinstance(one, dict | list):
            yield head
            yield from _yaml(one, indent + "  ")
        else:
            yield f"{head} {json.dumps(one, ensure_ascii=False)}" if key is not None else f"{head}{one}"
