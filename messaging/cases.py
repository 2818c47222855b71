"""Gathering what the gate asks about: for a claimed batch from everywhere, for a window only what may have changed since."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from journey import consents
from journey.calendar import next_moment
from journey.clock import day_start, local_date
from journey.ledger import Delivery, last_sent, sent_since
from journey.ledger.read import sent_on_day, waiting_until
from journey.model import Campaign, ChannelName
from journey.plan.limits import bulk_limit
from journey.store.tables import occurrences
from messaging.caps import Use
from messaging.gate import Case, Decision, Rival, Route, Send, World, decide
from messaging.ports import UNKNOWN, Addresses, InForce, Refused, Seen

WEEK = timedelta(days=7)
_A_DATE = "____-__-__"
"""How recurrences are named, for LIKE."""


def world(in_force: InForce, now: datetime) -> World:
    """The gate's surroundings at `now`."""
    settings, holidays = in_force.settings, frozenset(in_force.workbook.holidays)

    def allowed(campaign: Campaign, at: datetime, zone: ZoneInfo) -> datetime:
        promotional = campaign.kind == "promotional"
        return next_moment(campaign.window, settings.quiet_hours, holidays, zone, at, promotional)

    return World(now, in_force.zone, settings, allowed)


@dataclass(frozen=True)
class Batch:
    """A claimed batch, each delivery with what the gate needs and what a message is made from, in the order of its claim."""

    cases: Sequence[Case]
    seen: Mapping[int, Seen]


@dataclass(frozen=True)
class Gatherer:
    """Reads the state store for the gate."""

    addresses: Addresses
    refused: Refused

    def batch(
        self, connection: Connection, rows: Sequence[Delivery], seen: Mapping[int, Seen], in_force: InForce, now: datetime
    ) -> Batch:
        """Everything about each row, ready for `decide_all`. `seen` by delivery id."""
        campaigns = {row.campaign_id: _live(in_force, row.campaign_id) for row in rows}
        refusals = {
            (channel, campaign.id): self.refused(channel, campaign, in_force.settings)
            for campaign in campaigns.values()
            for channel in campaign.channels
        }
        last: dict[str, dict[str, datetime]] = {
            key: last_sent(connection, key, [row.customer_id for row in rows if row.campaign_id == key]) for key in campaigns
        }
        newest = _newest_occurrences(connection, campaigns, now)
        cases = []
        for row in rows:
            campaign, known = campaigns[row.campaign_id], seen.get(row.id, UNKNOWN)
            cases.append(
                Case(
                    delivery=row,
                    campaign=campaign,
                    routes=[
                        Route(c, self.addresses.address(c, known.attributes), refused=refusals[c, campaign.id])
                        for c in campaign.channels
                    ],
                    zone=customer_zone(known, in_force),
                    hold=in_force.standings[campaign.id].hold,
                    superseded_by=_superseded(row, newest.get(campaign.id)),
                    last_sent=last[campaign.id].get(row.customer_id),
                    on_stage=known.on_stage,
                    condition=known.condition,
                    values=known.values,
                )
            )
        return Batch(self.fresh(connection, cases, in_force, now), seen)

    def fresh(self, connection: Connection, cases: Sequence[Case], in_force: InForce, now: datetime) -> list[Case]:
        """The same cases with consents, suppressions and used room as they are in this transaction."""
        customers = sorted({case.delivery.customer_id for case in cases})
        keys = {route: self._key(route) for case in cases for route in case.routes if route.address}
        granted = consents.granted(connection, customers)
        barred = consents.suppressed(connection, sorted(set(keys.values())))
        since = day_start(local_date(now, in_force.zone) - WEEK, in_force.zone)
        sent = sent_since(connection, customers, since, in_force.zone)
        return [
            replace(
                case,
                routes=[
                    replace(
                        route,
                        consent=granted.get((case.delivery.customer_id, route.channel), False),
                        suppressed=keys.get(route) in barred,
                    )
                    for route in case.routes
                ],
                uses=[Use(s.kind, s.channel, s.day) for s in sent.get(case.delivery.customer_id, ())],
                rivals=(),
            )
            for case in cases
        ]

    def _key(self, route: Route) -> tuple[str, ChannelName]:
        return self.addresses.key(route.channel, route.address or ""), route.channel


def decide_all(connection: Connection, batch: Batch, in_force: InForce, now: datetime) -> list[tuple[Case, Decision]]:
    """The gate's answer for each case of a batch, in order, each counting those before it.

    Rows of the same customer that go out first take room; so do deliveries of higher priority that are planned for later today.
    """
    around = world(in_force, now)
    tomorrow = day_start(around.today + timedelta(days=1), in_force.zone)
    running = [s.campaign_id for s in in_force.standings.values() if s.runs]
    customers = sorted({case.delivery.customer_id for case in batch.cases})
    waiting = waiting_until(connection, customers, running, tomorrow)
    left = _bulk_room(connection, batch.cases, in_force, around)
    taken: dict[str, list[tuple[int, str, Use]]] = {}
    decided_ids: set[int] = set()
    answers = []
    for case in batch.cases:
        row = case.delivery
        before = taken.get(row.customer_id, [])
        rivals = [
            Rival(w.campaign_id, w.kind)
            for w in waiting.get(row.customer_id, ())
            if w.priority < row.priority and w.id not in decided_ids
        ]
        # Who goes out in this batch with higher priority is a rival too; one of the same priority has simply used the room.
        rivals += [Rival(campaign, use.kind) for priority, campaign, use in before if priority < row.priority]
        uses = [*case.uses, *(use for priority, _, use in before if priority >= row.priority)]
        limit, room = left[case.campaign.id]
        full = replace(case, rivals=rivals, uses=uses, bulk_limit=limit if room <= 0 else None)
        decision = decide(full, around)
        decided_ids.add(row.id)
        if isinstance(decision, Send):
            if row.released_by is None:
                left[case.campaign.id] = (limit, room - 1)
            use = Use(row.kind, decision.channel, around.today)
            taken.setdefault(row.customer_id, []).append((row.priority, row.campaign_id, use))
        answers.append((case, decision))
    return answers


def customer_zone(seen: Seen, in_force: InForce) -> ZoneInfo:
    """The customer's own time zone, or the workbook's where theirs is not given or not known."""
    name = str(seen.attributes.get("time_zone") or "")
    try:
        return ZoneInfo(name) if name else in_force.zone
    except (KeyError, ValueError, OSError):
        return in_force.zone


def _live(in_force: InForce, campaign_id: str) -> Campaign:
    live = in_force.standings[campaign_id].live
    if live is None:
        raise KeyError(campaign_id)
    return live[0]


def _bulk_room(connection: Connection, cases: Sequence[Case], in_force: InForce, around: World) -> dict[str, tuple[int, int]]:
    campaigns = sorted({case.campaign.id for case in cases})
    sent = sent_on_day(connection, campaigns, around.today.isoformat())
    limits = {c: bulk_limit(in_force.settings, in_force.standings[c].estimate) for c in campaigns}
    return {campaign: (limit, limit - sent.get(campaign, 0)) for campaign, limit in limits.items()}


def _newest_occurrences(connection: Connection, campaigns: Collection[str], now: datetime) -> dict[str, tuple[str, datetime]]:
    """Each campaign's last recurrence that is due. A campaign that was of another kind once has marks of other kinds too."""
    c = occurrences.c
    rows = connection.execute(
        select(c.campaign_id, c.occurrence, c.due_at)
        .where(c.campaign_id.in_(sorted(campaigns)), c.due_at <= now, c.occurrence.like(_A_DATE))
        .order_by(c.due_at)
    )
    return {campaign: (occurrence, due_at) for campaign, occurrence, due_at in rows}


def _superseded(row: Delivery, newest: tuple[str, datetime] | None) -> str | None:
    if newest is None or newest[0] == row.occurrence or newest[1] <= row.first_due_at:
        return None
    return newest[0]
