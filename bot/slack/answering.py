"""Answers: to who asked alone, or for everyone to see, in the thread where it was asked."""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.replies import Reply
from bot.slack import blocks
from bot.slack.blocks import Message
from bot.slack.client import reason, respond, trouble
from bot.slack.drawing import draw, worded
from bot.slack.heard import Heard
from journey.errors import OutsideError
from journey.texts import Lang

log = logging.getLogger("tabiji.slack")

_ELSEWHERE = ("channel_not_found", "not_in_channel", "user_not_in_channel")


class Answers:
    """Answers to what was heard. Raises OutsideError where Slack takes no answer in any way."""

    def __init__(self, client: WebClient, lang: Lang, room: str) -> None:
        """`room`: the id of the team's channel, where everyone sees what was decided, wherever it was said."""
        self._client, self._lang, self._room = client, lang, room

    def reply(self, heard: Heard, reply: Reply, by: str = "") -> None:
        """A command's answer: what is personal, a refusal or the help is for who asked, the rest for all. `by`: who decided."""
        alone = reply.personal or reply.private
        message = draw(reply, self._lang, by if reply.decided else "")
        if reply.decided and not alone and heard.channel != self._room:
            self.show(heard, message, alone=True, words=reply.text)
            heard = Heard(heard.kind, heard.key, heard.user, heard.at, channel=self._room)
        self.show(heard, message, alone=alone, words=reply.text)

    def say(self, heard: Heard, said: str, *, alone: bool = True) -> None:
        """A sentence."""
        self.show(heard, blocks.message(said, [blocks.section(said)]), alone=alone, words=said)

    def show(self, heard: Heard, message: Message, *, alone: bool, words: str) -> None:
        """A message; where Slack does not take its blocks, the words alone."""
        try:
            self._send(heard, message, alone)
        except OutsideError as error:
            if "invalid_blocks" not in str(error):
                raise
            log.warning("Slack refused the blocks of an answer; it was given in plain words")
            self._send(heard, worded(words), alone)

    def _send(self, heard: Heard, message: Message, alone: bool) -> None:
        if heard.url:
            try:
                respond(heard.url, _to_url(heard, message, alone))
                return
            except OutsideError:
                if not heard.channel:
                    raise
        # The address that Slack gave for answers is gone (30 minutes, five times), or there never was one.
        self._post(heard, message, alone)

    def _post(self, heard: Heard, message: Message, alone: bool) -> None:
        where: dict[str, Any] = {"channel": heard.channel or heard.user, **message}
        if heard.thread and not heard.slash:
            where["thread_ts"] = heard.thread
        try:
            if alone and heard.channel:
                self._client.chat_postEphemeral(user=heard.user, **where)
            else:
                self._client.chat_postMessage(unfurl_links=False, unfurl_media=False, **where)
        except (SlackClientError, OSError) as error:
            refused = isinstance(error, SlackApiError) and reason(error) in (
                "channel_not_found",
                "not_in_channel",
                "user_not_in_channel",
            )
            if alone and refused and heard.channel != heard.user:
                self._direct(heard, message)
                return
            raise trouble(error) from error

    def _direct(self, heard: Heard, message: Message) -> None:
        """Where the bot cannot speak in a channel, it speaks to the person."""
        try:
            self._client.chat_postMessage(channel=heard.user, unfurl_links=False, unfurl_media=False, **message)
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error


def _to_url(heard: Heard, message: Message, alone: bool) -> dict[str, Any]:
    sent = {**message, "response_type": "ephemeral" if alone else "in_channel", "replace_original": False}
    if heard.thread and not heard.slash:
        sent["thread_ts"] = heard.thread
    return sent
