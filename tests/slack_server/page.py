"""The trial page: the workspace in a browser, through the eyes of any of its people."""

from __future__ import annotations

import base64
import html
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from slack_server import shown
from slack_server.kinds import Json
from slack_server.person import Person, Place, Refused
from slack_server.wire import Answer, Arrived
from slack_server.workspace import Message, View

if TYPE_CHECKING:
    from slack_server.server import SlackServer

FILES = {"/": ("page.html", "text/html"), "/trial/page.css": ("page.css", "text/css")} | {
    f"/trial/{name}": (name, "text/javascript") for name in ("page.js", "blocks.js", "charts.js", "marks.js", "words.js")
}
"""What the page is made of, by its path; all of it lies beside this module."""
MOST_SHOWN = 200
"""Messages of a channel that are shown, the latest."""
NO_SCRIPTS_OF_OTHERS = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
"""The page loads nothing from elsewhere, and runs nothing that stands in a message."""


class Page:
    """The page of one workspace."""

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack

    def answer(self, arrived: Arrived) -> Answer | None:
        """The answer to a request of the page; None where it is none."""
        split = urlsplit(arrived.target)
        if split.path == "/favicon.ico":
            return Answer(204)
        if split.path != "/" and not split.path.startswith("/trial/"):
            return None
        if arrived.headers.get("host", "").rpartition(":")[0] not in ("127.0.0.1", "localhost"):
            return Answer(403)  # another site that has its name point here
        if split.path in FILES:
            name, kind = FILES[split.path]
            return Answer(200, _read(name), {"Content-Security-Policy": NO_SCRIPTS_OF_OTHERS}, f"{kind}; charset=utf-8")
        if split.path.startswith("/trial/file/"):
            return self._file(split.path.rpartition("/")[2])
        if split.path == "/trial/state":
            query = {name: values[0] for name, values in parse_qs(split.query).items()}
            return _json(200, self._state(query.get("as", ""), query.get("in", "")))
        if split.path == "/trial/act" and arrived.method == "POST":
            return self._act(arrived)
        return Answer(404)

    def _file(self, file_id: str) -> Answer:
        file = self._slack.work.files.get(file_id)
        if file is None or file.content is None:
            return Answer(404)
        kind = str(shown.file(file, self._slack.work)["mimetype"])
        return Answer(200, file.content, content_type=kind if kind.startswith("image/") else "application/octet-stream")

    def _person(self, user_id: str) -> Person:
        people = self._slack.people
        return next((person for person in people if person.id == user_id), people[0])

    def _state(self, user_id: str, channel_id: str) -> Json:
        work = self._slack.work
        with work.lock:
            person = self._person(user_id)
            dm = person.dm
            places = [channel for channel in work.channels.values() if person.id in channel.members]
            here = next((one for one in places if one.id == channel_id), places[0])
            messages = [self._message(one, person) for one in person.sees(Place(here, work))[-MOST_SHOWN:]]
            home, modal = person.home, person.modal
            return {
                "team": "Tabiji trial",
                "bot": {"id": work.bot.id, "name": work.bot.name},
                "me": person.id,
                "people": [{"id": one.id, "name": one.name} for one in self._slack.people],
                "channels": [{"id": one.id, "name": one.name, "private": one.private} for one in places if not one.im],
                "dm": dm.id,
                "here": here.id,
                "messages": messages,
                "home": self._view(home) if home else None,
                "modal": self._view(modal) if modal else None,
                "names": {user.id: user.name for user in work.users.values()}
                | {channel.id: channel.name for channel in work.channels.values()}
                | {group.id: group.handle for group in work.groups.values()},
                "commands": sorted(self._slack.commands),
                "connected": bool(self._slack.sockets.lines) or self._slack.requests is not None,
                "mistakes": self._slack.mistakes[-5:],
            }

    def _message(self, message: Message, person: Person) -> Json:
        work = self._slack.work
        zone = ZoneInfo(person.user.zone)
        user = work.users.get(message.user)
        return {
            "ts": message.ts,
            "who": user.name if user else "Slackbot",
            "bot": message.bot,
            "at": datetime.fromtimestamp(float(message.ts), zone).strftime("%m-%d %H:%M"),
            "text": message.text,
            "blocks": message.blocks,
            "only": bool(message.only),
            "thread": message.thread_ts if message.thread_ts != message.ts else "",
            "edited": len(message.versions) > 1,
            "files": [
                {"id": file.id, "name": file.title or file.name, "size": len(file.content or b""), "gone": file.deleted}
                for file in (work.files[one] for one in message.files)
            ],
            "reactions": {name: len(users) for name, users in message.reactions.items()},
        }

    def _view(self, view: View) -> Json:
        return {"id": view.id, "hash": view.hash, "body": view.body, "errors": view.errors, "state": view.state}

    def _act(self, arrived: Arrived) -> Answer:
        if not arrived.headers.get("content-type", "").startswith("application/json"):
            return Answer(415)  # a form of another site
        try:
            said: Json = json.loads(arrived.body)
            told = self._done(self._person(said["as"]), said)
        except Refused as refused:
            return _json(200, {"refused": str(refused)})
        except (ValueError, KeyError, TypeError) as error:
            return _json(400, {"refused": f"not understood: {error!r}"})
        return _json(200, {"failed": told or ""})

    def _done(self, person: Person, said: Json) -> str:
        """Does what a person did on the page; Slack's word for what failed ("": nothing)."""
        work = self._slack.work
        place = Place(work.channels[said["in"]], work) if said.get("in") else None
        delivery = None
        match said["act"]:
            case "command":
                word, _, text = str(said["text"]).partition(" ")
                delivery = person.command(text.strip(), place, word=word)
            case "say" if place:
                person.say(place, self._typed(str(said["text"])), self._root(said))
            case "drop" if place:
                person.drop(str(said["name"]), base64.b64decode(said["content"]), place, str(said.get("text", "")))
            case "home":
                delivery = person.opens_home()
            case "press":
                on: Message | View | None = work.views.get(said["view"]) if said.get("view") else self._found(said)
                if on is None:
                    raise Refused("that is no longer there")
                delivery = person.press(on, said["action"], said.get("value"), block=said["block"])
            case "submit":
                delivery = person.submit(work.views[said["view"]], said["values"])
            case "close":
                delivery = person.close(work.views[said["view"]])
            case other:
                raise ValueError(other)
        return delivery.failed if delivery else ""

    def _typed(self, text: str) -> str:
        """What a person typed, as Slack keeps it: escaped, and with `@name` as a mention."""
        text = html.escape(text, quote=False)
        for user in sorted(self._slack.work.users.values(), key=lambda user: -len(user.name)):
            text = text.replace(f"@{user.name}", f"<@{user.id}>")
        return text

    def _found(self, said: Json) -> Message | None:
        return next((one for one in self._slack.work.messages[said["in"]] if one.ts == said["ts"] and not one.deleted), None)

    def _root(self, said: Json) -> Message | None:
        return self._found({"in": said["in"], "ts": said["thread"]}) if said.get("thread") else None


@cache
def _read(name: str) -> bytes:
    return (Path(__file__).parent / "static" / name).read_bytes()


def _json(status: int, body: Any) -> Answer:
    return Answer(status, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
