"""The methods of the Web API about messages: chat.*, reactions.*."""

from __future__ import annotations

from slack_server import shown
from slack_server.arguments import Arguments
from slack_server.blocks import check_blocks, too_long, with_ids
from slack_server.kinds import ApiError, Json, refused
from slack_server.workspace import Channel, Message, Version, Workspace

MOST_TEXT = 40_000
"""Characters of `text` after which a message is cut off."""
MOST_UPDATED = 4_000
"""Characters of `text` beyond which chat.update refuses."""


def content(given: Arguments, work: Workspace, *, most: int = MOST_TEXT) -> Version:
    """Text and blocks of a message that is to be written. Raises ApiError where there is nothing, or nothing valid."""
    blocks = given.data("blocks", "invalid_blocks_format")
    text = given.text("text") or given.text("markdown_text")
    if blocks is not None:
        if not isinstance(blocks, list):
            raise ApiError("invalid_blocks_format")
        wrong = check_blocks(blocks, "message")
        if wrong:
            raise refused("invalid_blocks", *wrong)
        if too_long(blocks):
            raise ApiError("msg_blocks_too_long")
    if not text and not blocks and not given.data("attachments", "invalid_attachments"):
        raise ApiError("no_text")
    if len(text) > most:
        raise ApiError("msg_too_long")
    return Version(text, with_ids(blocks or [], work.block_id))


def _writable(given: Arguments, work: Workspace) -> Channel:
    channel = work.channel(given.required("channel")[0])
    if channel.archived:
        raise ApiError("is_archived")
    if channel.im and not work.messages_tab:
        raise ApiError("messages_tab_disabled")
    if work.bot.id not in channel.members:
        raise ApiError("not_in_channel" if not channel.private else "channel_not_found")
    return channel


def _thread(given: Arguments, channel: Channel, work: Workspace) -> str:
    ts = given.text("thread_ts")
    if ts and work.message(channel.id, ts) is None:
        raise ApiError("thread_not_found")
    return ts


def post(given: Arguments, work: Workspace) -> Json:
    """chat.postMessage"""
    channel = _writable(given, work)
    said = content(given, work)
    message = Message(channel.id, work.ts(), work.bot.id, [said], _thread(given, channel, work), bot=True)
    message.metadata = given.data("metadata", "invalid_metadata_format")
    message.attachments = given.data("attachments", "invalid_attachments") or []
    work.put(message)
    work.posted(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": shown.message(message, work)}


def ephemeral(given: Arguments, work: Workspace) -> Json:
    """chat.postEphemeral"""
    channel = _writable(given, work)
    person = work.user(given.required("user")[0])
    if person.id not in channel.members:
        raise ApiError("user_not_in_channel")
    said = content(given, work)
    message = Message(channel.id, work.ts(), work.bot.id, [said], _thread(given, channel, work), only=person.id, bot=True)
    work.put(message)
    return {"ok": True, "message_ts": message.ts}


def update(given: Arguments, work: Workspace) -> Json:
    """chat.update"""
    channel_id, ts = given.required("channel", "ts")
    channel = work.channel(channel_id)
    message = work.message(channel.id, ts)
    if message is None or message.only:
        raise ApiError("message_not_found")
    if message.user != work.bot.id:
        raise ApiError("cant_update_message")
    said = content(given, work, most=MOST_UPDATED)
    if "blocks" not in given.values and message.blocks:
        said.blocks = []  # text alone takes the place of the blocks
    with work.changed:
        message.versions.append(said)
        work.changed.notify_all()
    return {"ok": True, "channel": channel.id, "ts": ts, "text": said.text, "message": shown.message(message, work)}


def delete(given: Arguments, work: Workspace) -> Json:
    """chat.delete"""
    channel_id, ts = given.required("channel", "ts")
    message = work.message(work.channel(channel_id).id, ts)
    if message is None or message.only:
        raise ApiError("message_not_found")
    if message.user != work.bot.id:
        raise ApiError("cant_delete_message")
    with work.changed:
        message.deleted = True
        work.changed.notify_all()
    return {"ok": True, "channel": message.channel, "ts": ts}


def permalink(given: Arguments, work: Workspace) -> Json:
    """chat.getPermalink"""
    channel_id, ts = given.required("channel", "message_ts")
    channel = work.channel(channel_id)
    if work.message(channel.id, ts) is None:
        raise ApiError("message_not_found")
    link = f"https://{work.team_domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def react(given: Arguments, work: Workspace) -> Json:
    """reactions.add"""
    channel_id, name, ts = given.required("channel", "name", "timestamp")
    message = work.message(work.channel(channel_id).id, ts)
    if message is None:
        raise ApiError("message_not_found")
    users = message.reactions.setdefault(name.strip(":"), [])
    if work.bot.id in users:
        raise ApiError("already_reacted")
    with work.changed:
        users.append(work.bot.id)
        work.changed.notify_all()
    return {"ok": True}


def unreact(given: Arguments, work: Workspace) -> Json:
    """reactions.remove"""
    channel_id, name, ts = given.required("channel", "name", "timestamp")
    message = work.message(work.channel(channel_id).id, ts)
    users = message.reactions.get(name.strip(":"), []) if message else []
    if work.bot.id not in users:
        raise ApiError("no_reaction")
    with work.changed:
        users.remove(work.bot.id)
        work.changed.notify_all()
    return {"ok": True}
