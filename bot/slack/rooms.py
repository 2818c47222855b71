"""The team's channel, by its id or its name."""

from __future__ import annotations

import re
import threading

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.client import trouble
from journey.errors import InputError
from journey.texts import text

_ID = re.compile(r"[CG][A-Z0-9]{6,}")


class Room:
    """The channel of `[slack] channel`."""

    def __init__(self, client: WebClient, named: str) -> None:
        self._client, self._named = client, named.strip()
        self._id = self._named if _ID.fullmatch(self._named) else ""
        self._lock = threading.Lock()

    def find(self) -> str:
        """Its id. Raises InputError where there is none of that name that the bot can see, OutsideError where Slack does not say."""
        if not self._named:
            raise InputError(text("slack.channel_unset"))
        with self._lock:
            if not self._id:
                self._id = self._look()
            return self._id

    def _look(self) -> str:
        wanted = self._named.removeprefix("#").casefold()
        cursor: str | None = None
        while cursor != "":
            try:
                page = self._client.conversations_list(
                    types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor
                )
            except (SlackClientError, OSError) as error:
                raise trouble(error) from error
            for channel in page["channels"]:
                if str(channel.get("name", "")).casefold() == wanted:
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        raise InputError(text("slack.channel_unknown", name=self._named))
