"""The methods of the Web API: who answers each, which scope it needs, and how often it may be called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from slack_server import file_methods, people_methods, posts, view_methods
from slack_server.arguments import Arguments
from slack_server.kinds import Json
from slack_server.workspace import Workspace


@dataclass(frozen=True)
class Method:
    """One method: its handler, the scopes of which one suffices (none: any bot token), and its tier: calls a minute, or
    `channel` for about one a second in each channel."""

    handle: Callable[[Arguments, Workspace], Json]
    scopes: tuple[str, ...] = ()
    tier: int | Literal["channel"] = 50


READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS: dict[str, Method] = {
    "auth.test": Method(people_methods.auth_test, tier=600),
    "bots.info": Method(people_methods.bots_info, ("users:read",), 50),
    "chat.delete": Method(posts.delete, ("chat:write",), 50),
    "chat.getPermalink": Method(posts.permalink, tier=600),
    "chat.postEphemeral": Method(posts.ephemeral, ("chat:write",), 100),
    "chat.postMessage": Method(posts.post, ("chat:write",), "channel"),
    "chat.update": Method(posts.update, ("chat:write",), 50),
    "conversations.history": Method(people_methods.conversation_history, HISTORY, 50),
    "conversations.info": Method(people_methods.conversation_info, READ, 50),
    "conversations.join": Method(people_methods.conversation_join, ("channels:join",), 50),
    "conversations.list": Method(people_methods.conversation_list, READ, 20),
    "conversations.members": Method(people_methods.conversation_members, READ, 100),
    "conversations.open": Method(people_methods.conversation_open, ("im:write",), 50),
    "conversations.replies": Method(people_methods.conversation_replies, HISTORY, 50),
    "files.completeUploadExternal": Method(file_methods.complete, ("files:write",), 100),
    "files.delete": Method(file_methods.delete, ("files:write",), 50),
    "files.getUploadURLExternal": Method(file_methods.upload_url, ("files:write",), 100),
    "files.info": Method(file_methods.info, ("files:read",), 100),
    "reactions.add": Method(posts.react, ("reactions:write",), 50),
    "reactions.remove": Method(posts.unreact, ("reactions:write",), 20),
    "team.info": Method(people_methods.team_info, ("team:read",), 50),
    "usergroups.list": Method(people_methods.group_list, ("usergroups:read",), 20),
    "usergroups.users.list": Method(people_methods.group_members, ("usergroups:read",), 20),
    "users.info": Method(people_methods.user_info, ("users:read",), 100),
    "users.list": Method(people_methods.user_list, ("users:read",), 20),
    "users.lookupByEmail": Method(people_methods.user_by_email, ("users:read.email",), 50),
    "views.open": Method(view_methods.opened, tier=100),
    "views.publish": Method(view_methods.published, tier=100),
    "views.push": Method(view_methods.pushed, tier=100),
    "views.update": Method(view_methods.updated, tier=100),
}
"""All but apps.connections.open, which is the sockets' and takes another kind of token."""

SCOPES = frozenset(
    [
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
        "users:read.email",
    ]
)
"""What the app is given where no manifest says otherwise."""
