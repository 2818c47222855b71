"""The methods of the Web API about people and channels: auth.*, users.*, usergroups.*, conversations.*, team.*."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from slack_server import shown
from slack_server.arguments import Arguments
from slack_server.kinds import ApiError, Json
from slack_server.workspace import Channel, Message, Workspace

T = TypeVar("T")


def auth_test(given: Arguments, work: Workspace) -> Json:
    """auth.test"""
    return {
        "ok": True,
        "url": f"https://{work.team_domain}.slack.com/",
        "team": "Tabiji trial",
        "user": work.bot.name,
        "team_id": work.team_id,
        "user_id": work.bot.id,
        "bot_id": work.bot_id,
        "is_enterprise_install": False,
    }


def team_info(given: Arguments, work: Workspace) -> Json:
    """team.info"""
    return {"ok": True, "team": {"id": work.team_id, "name": "Tabiji trial", "domain": work.team_domain}}


def bots_info(given: Arguments, work: Workspace) -> Json:
    """bots.info"""
    return {"ok": True, "bot": {"id": work.bot_id, "app_id": work.app_id, "user_id": work.bot.id, "name": work.bot.name}}


def user_info(given: Arguments, work: Workspace) -> Json:
    """users.info"""
    return {"ok": True, "user": shown.user(work.user(given.required("user")[0]), work, locale=given.true("include_locale"))}


def user_list(given: Arguments, work: Workspace) -> Json:
    """users.list"""
    locale = given.true("include_locale")
    page, cursor = paged([shown.user(user, work, locale=locale) for user in work.users.values()], given, 1000)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def user_by_email(given: Arguments, work: Workspace) -> Json:
    """users.lookupByEmail"""
    email = given.required("email")[0]
    for user in work.users.values():
        if user.email == email:
            return {"ok": True, "user": shown.user(user, work)}
    raise ApiError("users_not_found")


def group_list(given: Arguments, work: Workspace) -> Json:
    """usergroups.list"""
    _paid(work)
    members = given.true("include_users")
    groups = []
    for group in work.groups.values():
        one: Json = {
            "id": group.id,
            "team_id": work.team_id,
            "is_usergroup": True,
            "name": group.handle,
            "handle": group.handle,
        }
        groups.append(one | {"user_count": len(group.members)} | ({"users": group.members} if members else {}))
    return {"ok": True, "usergroups": groups}


def group_members(given: Arguments, work: Workspace) -> Json:
    """usergroups.users.list"""
    _paid(work)
    found = work.groups.get(given.required("usergroup")[0])
    if found is None:
        raise ApiError("no_such_subteam")
    return {"ok": True, "users": list(found.members)}


def _paid(work: Workspace) -> None:
    if work.free_plan:
        raise ApiError("paid_teams_only")


def conversation_info(given: Arguments, work: Workspace) -> Json:
    """conversations.info"""
    return {"ok": True, "channel": shown.channel(_seen(given, work), work)}


def conversation_list(given: Arguments, work: Workspace) -> Json:
    """conversations.list"""
    kinds = given.names("types") or ["public_channel"]
    found = [channel for channel in work.channels.values() if _kind(channel) in kinds and _visible(channel, work)]
    if given.true("exclude_archived"):
        found = [channel for channel in found if not channel.archived]
    page, cursor = paged([shown.channel(channel, work) for channel in found], given, 999)
    return {"ok": True, "channels": page, "response_metadata": {"next_cursor": cursor}}


def conversation_members(given: Arguments, work: Workspace) -> Json:
    """conversations.members"""
    page, cursor = paged(sorted(_seen(given, work).members), given, 999)
    return {"ok": True, "members": page, "response_metadata": {"next_cursor": cursor}}


def conversation_open(given: Arguments, work: Workspace) -> Json:
    """conversations.open"""
    users = given.names("users")
    if len(users) != 1:
        raise ApiError("users_list_not_supplied" if not users else "not_supported_here")
    return {"ok": True, "channel": {"id": work.im(work.user(users[0]).id).id}}


def conversation_join(given: Arguments, work: Workspace) -> Json:
    """conversations.join"""
    channel = work.channel(given.required("channel")[0])
    if channel.private or channel.im:
        raise ApiError("method_not_supported_for_channel_type" if channel.im else "channel_not_found")
    if channel.archived:
        raise ApiError("is_archived")
    channel.members.add(work.bot.id)
    return {"ok": True, "channel": shown.channel(channel, work)}


def conversation_history(given: Arguments, work: Workspace) -> Json:
    """conversations.history"""
    channel = _seen(given, work)
    _member(channel, work)
    found = [message for message in work.messages[channel.id] if _public(message) and message.thread_ts in ("", message.ts)]
    return _messages(found[::-1], given, work)


def conversation_replies(given: Arguments, work: Workspace) -> Json:
    """conversations.replies"""
    channel = _seen(given, work)
    _member(channel, work)
    ts = given.required("ts")[0]
    if work.message(channel.id, ts) is None:
        raise ApiError("thread_not_found")
    return _messages(
        [message for message in work.messages[channel.id] if _public(message) and ts in (message.ts, message.thread_ts)],
        given,
        work,
    )


def _messages(found: Sequence[Message], given: Arguments, work: Workspace) -> Json:
    oldest, latest = given.text("oldest") or "0", given.text("latest") or "9" * 10
    within = given.true("inclusive")
    try:
        low, high = float(oldest), float(latest)
    except ValueError:
        raise ApiError("invalid_ts_latest") from None
    kept = [one for one in found if low < float(one.ts) < high or (within and one.ts in (oldest, latest))]
    page, cursor = paged([shown.message(one, work) for one in kept], given, 999)
    return {"ok": True, "messages": page, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _public(message: Message) -> bool:
    return not message.deleted and not message.only


def _kind(channel: Channel) -> str:
    return "im" if channel.im else "private_channel" if channel.private else "public_channel"


def _visible(channel: Channel, work: Workspace) -> bool:
    return work.bot.id in channel.members or not (channel.private or channel.im)


def _seen(given: Arguments, work: Workspace) -> Channel:
    named = given.required("channel")[0]
    channel = work.channels.get(named)
    if channel is None or not _visible(channel, work):
        raise ApiError("channel_not_found")
    return channel


def _member(channel: Channel, work: Workspace) -> None:
    if work.bot.id not in channel.members:
        raise ApiError("not_in_channel")


def paged(found: Sequence[T], given: Arguments, most: int) -> tuple[list[T], str]:
    """One page of a list, and the cursor of the next one ("": there is none). Raises ApiError."""
    limit = given.number("limit", 100, most)
    cursor = given.text("cursor") or "page:0"
    if not cursor.startswith("page:") or not cursor[5:].isdecimal():
        raise ApiError("invalid_cursor")
    start = int(cursor[5:])
    return list(found[start : start + limit]), f"page:{start + limit}" if start + limit < len(found) else ""
