"""The methods of the Web API about files, the address that a file's bytes are sent to, and the one they are fetched from."""

from __future__ import annotations

from urllib.parse import unquote

from slack_server import shown
from slack_server.arguments import Arguments
from slack_server.kinds import ApiError, Json, refused
from slack_server.wire import Answer, Arrived
from slack_server.workspace import File, Message, Version, Workspace

LOGIN = "<!DOCTYPE html><html><head><title>Slack | Sign in</title></head><body>Sign in to your workspace</body></html>"
"""What an address of a file answers to those who may not read it: 200, and a page."""


def upload_url(given: Arguments, work: Workspace) -> Json:
    """files.getUploadURLExternal"""
    name, length = given.required("filename", "length")
    if not length.isdecimal() or int(length) == 0:
        raise refused("invalid_arguments", "must be greater than 0 [json-pointer:/length]")
    file = File(work.new_id("F"), name, work.bot.id, int(work.now()), size=int(length))
    work.files[file.id] = file
    return {"ok": True, "upload_url": f"{work.base}/upload/v1/{file.id}", "file_id": file.id}


def complete(given: Arguments, work: Workspace) -> Json:
    """files.completeUploadExternal"""
    named = given.data("files", "invalid_arguments")
    if not isinstance(named, list) or not named or not all(isinstance(one, dict) and "id" in one for one in named):
        raise refused("invalid_arguments", "missing required field: files [json-pointer:/files]")
    files = []
    for one in named:
        file = work.files.get(str(one["id"]))
        if file is None or file.done or file.deleted:
            raise ApiError("file_not_found")
        if file.content is None:
            raise ApiError("file_update_failed")
        file.title = str(one.get("title") or file.name)
        files.append(file)
    places = given.names("channels") or ([given.text("channel_id")] if given.text("channel_id") else [])
    for place in places:
        channel = work.channel(place)
        if work.bot.id not in channel.members:
            raise ApiError("not_in_channel")
        work.posted(share(files, channel.id, work.bot.id, given.text("initial_comment"), given.text("thread_ts"), work))
    for file in files:
        file.done = True
    return {"ok": True, "files": [shown.file(file, work) for file in files]}


def share(files: list[File], channel: str, user: str, comment: str, thread_ts: str, work: Workspace) -> Message:
    """Puts a message with those files into a channel."""
    for file in files:
        file.done = True
        file.channels.append(channel)
        file.shared_at = work.now()
    message = Message(channel, work.ts(), user, [Version(comment, [])], thread_ts, bot=user == work.bot.id)
    message.files = [file.id for file in files]
    return work.put(message)


def _file(given: Arguments, work: Workspace) -> File:
    file = work.files.get(given.required("file")[0])
    if file is None or not file.done:
        raise ApiError("file_not_found")
    if file.deleted:
        raise ApiError("file_deleted")
    if file.channels and not any(work.bot.id in work.channels[channel].members for channel in file.channels):
        raise ApiError("file_not_found")
    return file


def info(given: Arguments, work: Workspace) -> Json:
    """files.info"""
    return {"ok": True, "file": shown.file(_file(given, work), work), "comments": []}


def delete(given: Arguments, work: Workspace) -> Json:
    """files.delete: a bot deletes only what it put there itself, unless the workspace lets apps delete everything."""
    file = _file(given, work)
    if file.user != work.bot.id and not work.bots_delete_files:
        raise ApiError("cant_delete_file")
    with work.changed:
        file.deleted, file.content = True, None
        work.changed.notify_all()
    return {"ok": True}


def receive(arrived: Arrived, work: Workspace) -> Answer:
    """The bytes of a file that an upload address was given out for."""
    file = work.files.get(arrived.target.partition("?")[0].rpartition("/")[2])
    if file is None or file.done or len(arrived.body) != file.size:
        return Answer(400 if file else 404, b"file size mismatch" if file else b"", content_type="text/plain")
    file.content = arrived.body
    return Answer(200, f"OK - {file.size}".encode(), content_type="text/plain")


def fetch(arrived: Arrived, work: Workspace, reads: bool) -> Answer:
    """The bytes of a file for those who may read files; for others a page to sign in, with status 200."""
    part = unquote(arrived.target.partition("?")[0]).split("/")[2]
    file = work.files.get(part.partition("-")[2])
    if not reads:
        return Answer(200, LOGIN.encode(), content_type="text/html; charset=utf-8")
    if file is None or file.deleted or file.content is None:
        return Answer(404, b"<!DOCTYPE html><title>404</title>", content_type="text/html; charset=utf-8")
    return Answer(200, file.content, content_type=str(shown.file(file, work)["mimetype"]))
