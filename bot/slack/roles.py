"""What somebody of the workspace may do: by the lists of `[slack]`, of people (`U…`) and of user groups (`S…`).

For a decision membership is read at the click; for looking, what was read within the last minute serves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.config import Config
from bot.desk.speaker import ROLES, Role
from bot.slack.client import reason, trouble
from bot.slack.people import Person
from journey.errors import OutsideError
from journey.texts import text

SHORT = 60.0
"""Seconds for which members that were read serve for looking."""
_NO_GROUPS = {"paid_teams_only", "plan_upgrade_required", "team_not_eligible", "not_allowed", "feature_not_enabled"}


class Roles:
    """Reads roles. `channel` gives the id of the team's channel, whose members may do everything where no role is configured."""

    def __init__(
        self, client: WebClient, config: Config, channel: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._config, self._channel, self._clock = client, config, channel, clock
        self._read: dict[str, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def of(self, person: Person, *, fresh: bool, stopping: bool = False) -> Role:
        """The highest role of a person.

        `fresh`: for a decision, nothing read before serves. `stopping`: for a pause, what was read before serves where Slack
        cannot be asked: a stop must not wait for that. Raises OutsideError where it cannot be told.
        """
        if person.outsider:
            return "none"
        slack = self._config.slack
        lists: dict[Role, tuple[str, ...]] = {
            "admin": slack.admins, "approver": slack.approvers, "editor": slack.editors, "viewer": slack.viewers,
        }  # fmt: skip
        if not any(lists.values()):
            if self._config.roles.configured:
                return "none"  # roles are wanted, and none was given to anybody here
            return "admin" if person.id in self._members(self._channel(), fresh, stopping) else "none"
        unknown: OutsideError | None = None
        for role in reversed(ROLES[1:]):
            if person.id in lists[role]:
                return role
            for group in _groups(lists[role]):
                try:
                    if person.id in self._members(group, fresh, stopping):
                        return role
                except OutsideError as error:
                    unknown = error
        if unknown is not None:
            raise unknown
        return "none"

    def _members(self, of: str, fresh: bool, stopping: bool) -> frozenset[str]:
        with self._lock:
            at, known = self._read.get(of, (0.0, None))
        if known is not None and not fresh and self._clock() - at < SHORT:
            return known
        try:
            found = self._group(of) if of.startswith("S") else self._inside(of)
        except (SlackClientError, OSError, KeyError) as error:
            if known is not None and stopping:
                return known
            if isinstance(error, SlackApiError) and reason(error) in _NO_GROUPS:
                raise OutsideError(text("slack.no_groups", group=of)) from error
            raise OutsideError(text("slack.no_members", of=of, why=trouble(error).said)) from error
        with self._lock:
            self._read[of] = (self._clock(), found)
        return found

    def _group(self, group: str) -> frozenset[str]:
        return frozenset(self._client.usergroups_users_list(usergroup=group)["users"])

    def _inside(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        cursor: str | None = None
        while cursor != "":
            page = self._client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            found |= set(page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        return frozenset(found)


def _groups(ids: Iterable[str]) -> list[str]:
    return [one for one in ids if one.startswith("S")]
