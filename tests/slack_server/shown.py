"""How the Web API and events show users, channels, messages, views and files."""

from __future__ import annotations

from slack_server.kinds import Json
from slack_server.workspace import Channel, File, Message, User, View, Workspace


def user(found: User, work: Workspace, *, locale: bool = False) -> Json:
    """A user as users.info shows one; the e-mail address for apps that may read addresses, the locale where it was asked for."""
    profile: Json = {"real_name": found.real_name, "display_name": found.name, "team": work.team_id}
    if found.email and "users:read.email" in work.scopes:
        profile["email"] = found.email
    return {
        "id": found.id,
        "team_id": work.team_id,
        "name": found.name,
        "deleted": found.deleted,
        "real_name": found.real_name,
        "tz": found.zone,
        "tz_offset": found.offset,
        "profile": profile,
        "is_bot": found.is_bot,
        "is_admin": False,
        "is_restricted": False,
        "updated": 0,
    } | ({"locale": found.locale} if locale else {})


def channel(found: Channel, work: Workspace) -> Json:
    """A channel as conversations.info shows one."""
    shown: Json = {
        "id": found.id,
        "created": found.created,
        "is_im": found.im,
        "is_channel": not found.im and not found.private,
        "is_private": found.private or found.im,
        "is_archived": found.archived,
        "is_org_shared": False,
    }
    if found.im:
        return shown | {"user": next(iter(found.members - {work.bot.id}), work.bot.id)}
    names = {"name": found.name, "name_normalized": found.name, "is_member": work.bot.id in found.members}
    return shown | names | {"num_members": len(found.members)}


def message(found: Message, work: Workspace) -> Json:
    """A message as answers, history and interactions show it."""
    shown: Json = {"type": "message", "user": found.user, "ts": found.ts, "text": found.text, "team": work.team_id}
    if found.bot:
        shown |= {"bot_id": work.bot_id, "app_id": work.app_id}
    if found.blocks:
        shown["blocks"] = found.blocks
    if found.attachments:
        shown["attachments"] = found.attachments
    if found.thread_ts:
        shown["thread_ts"] = found.thread_ts
    if found.metadata:
        shown["metadata"] = found.metadata
    if found.files:
        shown |= {"files": [file(work.files[file_id], work) for file_id in found.files], "subtype": "file_share"}
    if len(found.versions) > 1:
        shown["edited"] = {"user": found.user, "ts": found.ts}
    if found.reactions:
        shown["reactions"] = [{"name": name, "users": users, "count": len(users)} for name, users in found.reactions.items()]
    replies = [other for other in work.messages[found.channel] if other.thread_ts == found.ts != other.ts and not other.deleted]
    public = [other for other in replies if not other.only]
    if public:
        shown |= {"thread_ts": found.ts, "reply_count": len(public), "latest_reply": public[-1].ts}
        shown["reply_users"] = sorted({other.user for other in public})
    return shown


def view(found: View, work: Workspace, *, state: bool = False) -> Json:
    """A view as answers and interactions show it; with what was entered where `state` is wanted."""
    return found.body | {
        "id": found.id,
        "team_id": work.team_id,
        "app_id": work.app_id,
        "bot_id": work.bot_id,
        "app_installed_team_id": work.team_id,
        "root_view_id": found.root,
        "previous_view_id": found.previous or None,
        "hash": found.hash,
        "state": {"values": found.state if state else {}},
    }


def file(found: File, work: Workspace) -> Json:
    """A file as files.info shows one."""
    shares: Json = {}
    if work.now() >= found.shared_at + work.shares_lag:
        for channel_id in found.channels:
            public = not (work.channels[channel_id].private or work.channels[channel_id].im)
            there = [one for one in work.messages[channel_id] if found.id in one.files and not one.deleted]
            listed = [
                {"ts": one.ts, "team_id": work.team_id} | ({"thread_ts": one.thread_ts} if one.thread_ts else {})
                for one in there
            ]
            shares.setdefault("public" if public else "private", {})[channel_id] = listed
    kind = found.name.rpartition(".")[2].lower() if "." in found.name else "binary"
    return {
        "id": found.id,
        "created": found.created,
        "timestamp": found.created,
        "name": found.name,
        "title": found.title or found.name,
        "mimetype": MIME.get(kind, "application/octet-stream"),
        "filetype": kind,
        "user": found.user,
        "size": len(found.content or b""),
        "mode": "hosted",
        "is_external": False,
        "is_public": bool(found.channels),
        "channels": [name for name in found.channels if not work.channels[name].im],
        "groups": [],
        "ims": [name for name in found.channels if work.channels[name].im],
        "url_private": f"{work.base}/files-pri/{work.team_id}-{found.id}/{found.name}",
        "url_private_download": f"{work.base}/files-pri/{work.team_id}-{found.id}/download/{found.name}",
        "shares": shares,
        "permalink": f"https://{work.team_domain}.slack.com/files/{found.user}/{found.id}/{found.name}",
    }


MIME = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "png": "image/png",
    "jpg": "image/jpeg",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Kinds of files that are known by their ending."""
