"""Who somebody of the workspace is: the name that is recorded, and all names the two-person rule may know them by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.slack.client import trouble

FRESH = 300.0
"""Seconds for which what Slack said of a person is taken for true. Their role is never taken from here."""


@dataclass(frozen=True)
class Person:
    """A person: `name` with their id behind it, so that nobody can take another's by renaming themselves."""

    id: str
    name: str
    also: frozenset[str]
    email: str
    outsider: bool
    """A bot, a guest, somebody of another workspace, or somebody who left."""


class People:
    """The workspace's people, asked for one by one."""

    def __init__(self, client: WebClient, team: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._team, self._clock = client, team, clock
        self._known: dict[str, tuple[float, Person]] = {}
        self._lock = threading.Lock()

    def get(self, user: str) -> Person:
        """One of them. Raises OutsideError where Slack does not say."""
        with self._lock:
            at, known = self._known.get(user, (0.0, None))
        if known is not None and self._clock() - at < FRESH:
            return known
        try:
            found = self._client.users_info(user=user)["user"]
        except (SlackClientError, OSError, KeyError) as error:
            if known is not None:
                return known
            raise trouble(error) from error
        person = _person(user, found, self._team)
        with self._lock:
            self._known[user] = (self._clock(), person)
        return person


def _person(user: str, found: dict[str, Any], team: str) -> Person:
    profile = found.get("profile") or {}
    email = str(profile.get("email") or "").strip()
    names = {str(found.get("name") or ""), str(found.get("real_name") or profile.get("real_name") or "")}
    names.add(str(profile.get("display_name") or ""))
    shown = next((n for n in (profile.get("display_name"), found.get("real_name"), found.get("name")) if n), user)
    also = frozenset({user, email, email.partition("@")[0], *names} - {""})
    flags = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    elsewhere = bool(team and found.get("team_id") and found["team_id"] != team)
    outsider = elsewhere or any(found.get(flag) for flag in flags)
    return Person(user, f"{' '.join(str(shown).split())[:60]} ({user})", also, email, outsider)
