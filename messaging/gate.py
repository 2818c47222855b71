"""The one gate: who may get what, now (delivery.md). Pure: it takes what is known of one delivery and answers with a decision.

Every send passes it twice: when its batch was claimed, and again with fresh consents, suppressions, caps, pause and clock in the
transaction that marks it handed over. The order of the checks is that of the table in delivery.md; the first refusal is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from journey.clock import at_local, day_start, local_date
from journey.ledger import Defer, Delivery, Hold, Refusal, Skip
from journey.model import AfterInStage, Campaign, ChannelName, OnEnter, Recurring, Settings
from messaging.caps import Full, Use, full

MAX_DEFERRALS = 3
"""How often a delivery gives way to a cap or to another campaign, a day each time, before it is given up."""


@dataclass(frozen=True)
class Send:
    """It may go out now, on this channel."""

    channel: ChannelName


Decision = Send | Refusal


@dataclass(frozen=True)
class Route:
    """One channel of the campaign, for one customer. `refused`: why the channel may not be used at all, said for people."""

    channel: ChannelName
    address: str | None
    suppressed: bool = False
    consent: bool = False
    refused: str | None = None


@dataclass(frozen=True)
class World:
    """What is the same for all deliveries of a moment. `zone` is the workbook's: caps and dates go by its local days."""

    now: datetime
    zone: ZoneInfo
    settings: Settings
    next_moment: Callable[[Campaign, datetime, ZoneInfo], datetime]
    """The first moment from the given one on at which quiet hours, the campaign's window and holidays allow it there."""

    @property
    def today(self) -> date:
        """The local date that caps, Start and End go by."""
        return local_date(self.now, self.zone)


@dataclass(frozen=True)
class Rival:
    """A delivery of higher priority to the same customer that is expected today."""

    campaign_id: str
    kind: str


@dataclass(frozen=True)
class Case:
    """What is known of one delivery. `on_stage` and `condition` are as of at most 60 s ago."""

    delivery: Delivery
    campaign: Campaign
    routes: Sequence[Route]
    zone: ZoneInfo
    """The customer's own time zone."""
    hold: str | None = None
    bulk_limit: int | None = None
    """Set when its campaign has reached this limit today."""
    superseded_by: str | None = None
    """A newer occurrence of a recurring campaign that is due too."""
    last_sent: datetime | None = None
    on_stage: bool = True
    condition: bool = True
    values: Mapping[str, Any] = field(default_factory=dict)
    """The values behind `on_stage` and `condition`."""
    uses: Sequence[Use] = ()
    rivals: Sequence[Rival] = ()


def decide(case: Case, world: World) -> Decision:
    """Whether the delivery goes out now and how, or why not."""
    for check in (_stopped, _asked, _dates, _again, _audience):
        if refusal := check(case, world):
            return refusal
    route = _route(case, world)
    if not isinstance(route, Send):
        return route
    return _hours(case, world) or _rivals(case, world, route.channel) or route


def _stopped(case: Case, _world: World) -> Refusal | None:
    if case.hold is not None:
        return Hold(case.hold)
    if case.routes and all(r.refused for r in case.routes):
        first = case.routes[0]
        return Hold("channel_off", {"channel": first.channel, "why": first.refused}, channel=first.channel)
    return None


def _asked(case: Case, world: World) -> Refusal | None:
    if case.delivery.released_by is not None:
        return None
    if case.bulk_limit is not None:
        return Hold("bulk", {"limit": case.bulk_limit, "day": world.today.isoformat()})
    # A deferral has moved `due_at`: who waited for morning or for room under a cap is not late by it.
    late = world.now - case.delivery.due_at
    if late > world.settings.late_after:
        return Hold("late_start", {"due_at": case.delivery.due_at.isoformat(), "late_hours": int(late / timedelta(hours=1))})
    return None


def _dates(case: Case, world: World) -> Refusal | None:
    start, end = case.campaign.start, case.campaign.end
    if (start is not None and world.today < start) or (end is not None and world.today > end):
        days = {"start": start.isoformat() if start else None, "end": end.isoformat() if end else None}
        return Skip("outside_dates", {"today": world.today.isoformat(), **days})
    newer = case.superseded_by
    if newer is not None and isinstance(case.campaign.trigger, Recurring) and case.delivery.released_by is None:
        return Skip("too_late", {"occurrence": case.delivery.occurrence, "newer": newer})
    return None


def _again(case: Case, world: World) -> Refusal | None:
    by_entry = isinstance(case.campaign.trigger, (OnEnter, AfterInStage))
    reentry = case.campaign.reentry
    if by_entry and reentry is not None and case.last_sent is not None and world.now - case.last_sent < reentry:
        return Skip("already", {"last": case.last_sent.isoformat(), "reentry_days": reentry / timedelta(days=1)})
    return None


def _audience(case: Case, _world: World) -> Refusal | None:
    if not case.on_stage:
        return Skip("left_stage", dict(case.values))
    if not case.condition:
        return Skip("condition", dict(case.values))
    return None


def _route(case: Case, world: World) -> Decision:
    """The first channel that fits; or the refusal that came nearest to fitting, with what each channel lacked."""
    promotional = case.campaign.kind == "promotional"
    lacks: list[tuple[int, str, ChannelName]] = []
    no_room: Refusal | None = None
    for route in case.routes:
        if not route.address:
            lacks.append((0, "no_address", route.channel))
        elif route.suppressed:
            lacks.append((1, "suppressed", route.channel))
        elif promotional and not route.consent:
            lacks.append((2, "no_consent", route.channel))
        elif route.refused:
            return Hold("channel_off", {"channel": route.channel, "why": route.refused}, channel=route.channel)
        elif refusal := _room(case, world, route.channel):
            no_room = no_room or refusal
        else:
            return Send(route.channel)
    if no_room is not None:
        return no_room
    nearest = max(lacks, key=lambda lack: lack[0])
    return Skip(nearest[1], {"channels": {channel: reason for _, reason, channel in lacks}})


def _room(case: Case, world: World, channel: ChannelName) -> Refusal | None:
    kind = case.campaign.kind
    if hit := full(world.settings, kind, channel, world.today, case.uses):
        return _put_off("cap", _said(hit), case, world)
    return None


def _rivals(case: Case, world: World, channel: ChannelName) -> Refusal | None:
    kind = case.campaign.kind
    # A rival's channel is not known yet, so it takes room only where all channels share it.
    expected = [Use(rival.kind, "", world.today) for rival in case.rivals]
    if expected and (hit := full(world.settings, kind, channel, world.today, [*case.uses, *expected])):
        rivals = sorted({rival.campaign_id for rival in case.rivals})
        return _put_off("priority", {**_said(hit), "campaigns": rivals}, case, world)
    return None


def _put_off(reason: str, detail: Mapping[str, Any], case: Case, world: World) -> Refusal:
    if case.delivery.deferrals >= MAX_DEFERRALS:
        return Skip(reason, {**detail, "deferrals": case.delivery.deferrals})
    tomorrow = local_date(world.now, case.zone) + timedelta(days=1)
    same_time = at_local(tomorrow, case.delivery.due_at.astimezone(case.zone).time(), case.zone)
    if world.next_moment(case.campaign, same_time, case.zone) != same_time:
        same_time = day_start(tomorrow, case.zone)  # its hour is a quiet one: the day's first allowed moment
    return Defer(world.next_moment(case.campaign, same_time, case.zone), reason, detail, counted=True)


def _hours(case: Case, world: World) -> Refusal | None:
    allowed = world.next_moment(case.campaign, world.now, case.zone)
    if allowed <= world.now:
        return None
    return Defer(allowed, "quiet", {"zone": case.zone.key, "local": world.now.astimezone(case.zone).strftime("%H:%M")})


def _said(hit: Full) -> dict[str, Any]:
    return {"cap": hit.setting, "period": hit.period, "limit": hit.limit, "used": hit.used}
