"""What the app answers to an interaction: with its acknowledgement, and at a response URL."""

from __future__ import annotations

import json
from collections.abc import Callable

from slack_server import posts, view_methods
from slack_server.arguments import Arguments
from slack_server.kinds import ApiError, Json
from slack_server.sockets import Delivery
from slack_server.wire import Answer, Arrived
from slack_server.workspace import Message, Version, View, Workspace

MOST_USES = 5
"""Answers that a response URL takes."""


class Answers:
    """Carries out what comes back. `mistake` hears of answers that Slack could do nothing with."""

    def __init__(self, work: Workspace, mistake: Callable[[str], None]) -> None:
        self._work = work
        self._mistake = mistake

    def acknowledged(self, delivery: Delivery) -> None:
        """An envelope (or a request) was acknowledged, perhaps with an answer in it."""
        kind = delivery.payload.get("type")
        answer = delivery.answer
        try:
            with self._work.lock:
                if delivery.kind == "slash_commands" and answer:
                    self._write(answer, delivery.payload["channel_id"], delivery.payload["user_id"])
                elif kind == "view_submission":
                    self._submission(self._work.views[delivery.payload["view"]["id"]], answer or {})
        except ApiError as error:
            self._mistake(f"an answer to {kind or delivery.kind} that Slack refuses: {json.dumps(error.body())}")

    def failed(self, delivery: Delivery, word: str) -> None:
        """A command was not acknowledged in time, or nobody was there to hear it: Slack tells the person."""
        if delivery.kind != "slash_commands":
            return
        work, payload = self._work, delivery.payload
        said = Version(f'{payload["command"]} failed with the error "{word}"', [])
        with work.lock:
            work.put(Message(payload["channel_id"], work.ts(), "USLACKBOT", [said], only=payload["user_id"]))

    def at_url(self, arrived: Arrived) -> Answer:
        """A request to a response URL."""
        with self._work.lock:
            url = self._work.response_urls.get(arrived.target.partition("?")[0].removeprefix("/actions/"))
            if url is None or self._work.now() > url.until:
                return _said(404, {"ok": False, "error": "expired_url"})
            if url.used >= MOST_USES:
                return _said(404, {"ok": False, "error": "used_url"})
            url.used += 1
            try:
                said = json.loads(arrived.body)
                self._respond(said, url.channel, url.user, url.message)
            except ValueError:
                return _said(400, {"ok": False, "error": "invalid_payload"})
            except ApiError as error:
                self._mistake(f"at a response URL: {json.dumps(error.body(), ensure_ascii=False)}")
                return _said(200 if error.error == "no_text" else 400, error.body())
        return _said(200, {"ok": True})

    def _respond(self, said: Json, channel: str, user: str, original: Message | None) -> None:
        if original is not None and said.get("delete_original"):
            with self._work.changed:
                original.deleted = True
                self._work.changed.notify_all()
        elif original is not None and said.get("replace_original"):
            version = posts.content(Arguments(said), self._work)
            with self._work.changed:
                original.versions.append(version)
                self._work.changed.notify_all()
        else:
            self._write(said, channel, user)

    def _write(self, said: Json, channel: str, user: str) -> None:
        """A new message: for that person alone, unless the answer says `in_channel`."""
        work = self._work
        version = posts.content(Arguments(said), work)
        only = "" if said.get("response_type") == "in_channel" else user
        work.put(Message(channel, work.ts(), work.bot.id, [version], str(said.get("thread_ts") or ""), only=only, bot=True))

    def _submission(self, view: View, answer: Json) -> None:
        work = self._work
        match answer.get("response_action"):
            case None:
                self._close(view)
            case "clear":
                for one in [one for one in work.views.values() if one.root == view.root]:
                    self._close(one)
            case "errors":
                errors = answer.get("errors")
                inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
                if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
                    raise ApiError("invalid_arguments", errors=errors, inputs=sorted(inputs))
                with work.changed:
                    view.errors = errors
                    work.changed.notify_all()
            case "update":
                view_methods.change(view, view_methods.prepared(answer["view"], "modal", work), work)
            case "push":
                view_methods.add(view_methods.prepared(answer["view"], "modal", work), view.user, work, view)
            case other:
                raise ApiError("invalid_arguments", response_action=other)

    def _close(self, view: View) -> None:
        with self._work.changed:
            view.open = False
            self._work.changed.notify_all()


def _said(status: int, body: Json) -> Answer:
    return Answer(status, json.dumps(body).encode())
