"""Caps: how much room a customer has left. A day is a local date of the workbook's zone, a week the last seven of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from journey.model import Cap, ChannelName, Kind, Settings


@dataclass(frozen=True)
class Use:
    """One delivery that takes room: sent (or perhaps sent) on a day, or expected today."""

    kind: str
    channel: ChannelName
    day: date


@dataclass(frozen=True)
class Full:
    """The cap that leaves no room: its setting, `day` or `week`, its limit, and how many it counts already."""

    setting: str
    period: str
    limit: int
    used: int


def full(settings: Settings, kind: Kind, channel: ChannelName, today: date, uses: Iterable[Use]) -> Full | None:
    """The first cap that one more delivery of this kind on this channel would break today, or None.

    Transactional messages pass by caps, but count in those for all kinds and for a channel.
    """
    if kind == "transactional":
        return None
    uses = tuple(uses)
    caps: tuple[tuple[str, Cap, Iterable[Use]], ...] = (
        ("cap_promotional", settings.cap_promotional, (u for u in uses if u.kind == "promotional")),
        ("cap_total", settings.cap_total, uses),
        (f"cap_{channel}", settings.cap_channel.get(channel, Cap()), (u for u in uses if u.channel == channel)),
    )
    for setting, cap, counted in caps:
        days = [u.day for u in counted]
        on_day = sum(d == today for d in days)
        if cap.per_day is not None and on_day >= cap.per_day:
            return Full(setting, "day", cap.per_day, on_day)
        in_week = sum(today - timedelta(days=7) < d <= today for d in days)
        if cap.per_week is not None and in_week >= cap.per_week:
            return Full(setting, "week", cap.per_week, in_week)
    return None
