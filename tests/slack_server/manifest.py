"""An app's manifest, as far as the workspace goes by it. https://docs.slack.dev/reference/app-manifest"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_server.blocks.check import Check, Complaints, array, flag, matches, one_of, shape, string, url, whole
from slack_server.kinds import Json

EVENT_SCOPES: Mapping[str, str] = {
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "app_uninstalled": "",
    "channel_archive": "channels:read",
    "channel_rename": "channels:read",
    "file_deleted": "files:read",
    "file_shared": "files:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "team_join": "users:read",
    "tokens_revoked": "",
    "user_change": "users:read",
}
"""Events that a bot can hear of, and the scope each needs."""


def _pattern(pattern: str, what: str) -> Check:
    def reads(value: str) -> None:
        if not re.fullmatch(pattern, value):
            raise ValueError

    return matches(reads, what)


def _all(*checks: Check) -> Check:
    def check(wrong: Complaints, at: str, value: Any) -> None:
        for one in checks:
            one(wrong, at, value)

    return check


COMMAND = shape(
    {"command": _all(string(32, 2), _pattern(r"/[^\s/A-Z]+", "a slash and lower-case letters")), "description": string(2000)},
    {"url": url(), "usage_hint": string(1000), "should_escape": flag},
)
SHORTCUT = shape(
    {"name": string(24), "type": one_of("message", "global"), "callback_id": string(255), "description": string(150)}
)
MANIFEST = shape(
    {"display_information": shape({"name": string(35)}, {
        "description": string(140),
        "long_description": string(4000, 174),
        "background_color": _pattern(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", "a colour as #RRGGBB"),
    })},
    {
        "_metadata": shape({}, {"major_version": whole(1, 2), "minor_version": whole(0, 100)}),
        "features": shape({}, {
            "app_home": shape({}, {
                "home_tab_enabled": flag, "messages_tab_enabled": flag, "messages_tab_read_only_enabled": flag,
            }),
            "bot_user": shape({"display_name": string(80)}, {"always_online": flag}),
            "slash_commands": array(COMMAND, 50),
            "shortcuts": array(SHORTCUT, 10),
        }),
        "oauth_config": shape({}, {
            "scopes": shape({}, {"bot": array(string(255), 255), "user": array(string(255), 255)}),
            "redirect_urls": array(url(), 1000),
            "pkce_enabled": flag,
        }),
        "settings": shape({}, {
            "event_subscriptions": shape({}, {"request_url": url(), "bot_events": array(string(255), 100)}),
            "interactivity": shape({"is_enabled": flag}, {"request_url": url(), "message_menu_options_url": url()}),
            "org_deploy_enabled": flag,
            "socket_mode_enabled": flag,
            "token_rotation_enabled": flag,
            "is_hosted": flag,
        }),
    },
)  # fmt: skip


def check_manifest(manifest: Json) -> list[str]:
    """What is wrong with a manifest: one sentence each."""
    wrong = Complaints()
    MANIFEST(wrong, "", manifest)
    if wrong.all:
        return wrong.all
    scopes, socket = bot_scopes(manifest), manifest.get("settings", {}).get("socket_mode_enabled", False)
    features = manifest.get("features", {})
    if (scopes or features.get("slash_commands")) and "bot_user" not in features:
        wrong.add("/features", "bot scopes require features.bot_user")
    if features.get("slash_commands") and "commands" not in scopes:
        wrong.add("/oauth_config/scopes/bot", "slash commands require the scope commands")
    for index, command in enumerate(features.get("slash_commands", ())):
        if not socket and not command.get("url"):
            wrong.add(f"/features/slash_commands/{index}", "missing required field: url")
    for event in bot_events(manifest):
        if event not in EVENT_SCOPES:
            wrong.add("/settings/event_subscriptions/bot_events", f"unknown event: {event}")
        elif EVENT_SCOPES[event] and EVENT_SCOPES[event] not in scopes:
            wrong.add("/settings/event_subscriptions/bot_events", f"{event} requires the scope {EVENT_SCOPES[event]}")
    return wrong.all


def bot_scopes(manifest: Json) -> set[str]:
    """What the app asks for."""
    return set(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", ()))


def bot_events(manifest: Json) -> set[str]:
    """What the app wants to hear of."""
    return set(manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events", ()))


def commands(manifest: Json) -> list[str]:
    """The app's slash commands."""
    return [command["command"] for command in manifest.get("features", {}).get("slash_commands", ())]


def interactive(manifest: Json) -> bool:
    """Whether the app hears of presses and submissions."""
    return bool(manifest.get("settings", {}).get("interactivity", {}).get("is_enabled"))
