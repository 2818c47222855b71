"""What a person must know before saying yes or no to a campaign: what a yes does, to whom, when, what changed, what is risky.

One document a campaign, for every surface that asks. Everything in it is of one moment (`at`) and one content (`offer`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.desk.card_changes import changes_since, version_at
from bot.desk.look import previewer
from bot.wiring import Installation
from journey.approvals import Audiences, Standing
from journey.calendar import entry_due, next_moment, occurrences, once_moment, within_dates
from journey.clock import day_start, iso
from journey.customers import mask
from journey.fields import Names
from journey.model import AfterInStage, Campaign, Once, OnEnter, Recurring, Trigger
from journey.plan import Audience
from journey.plan.limits import bulk_limit
from journey.stages import last_run
from journey.store.engine import reading
from journey.versions import Version
from messaging.ports import InForce

Document = dict[str, Any]

THROUGH_THE_GATE = 20_000
"""Up to so many customers are asked about one by one; of more, only what a query tells: channel, consent and address."""
SAMPLES = 3
LATER = frozenset({"quiet", "cap", "priority"})
"""Reasons that put a delivery off instead of ending it."""
OUTSIDE = frozenset({"condition", "left_stage"})
"""Reasons of those who stand where the campaign asks, but whom it does not mean."""
LARGE, LARGE_SHARE = 1_000, 0.2
SOON = timedelta(hours=1)
AHEAD = timedelta(days=63)
COMING = 3
"""How many of the next times are named."""


@dataclass(frozen=True)
class _Ground:
    """What a card is made from, read once."""

    installation: Installation
    version: Version
    in_force: InForce
    standing: Standing
    campaign: Campaign

    @property
    def typed(self) -> dict[str, str]:
        """The campaign's row as it was typed, by column key."""
        return dict(self.version.rows.get("campaigns", {}).get(self.campaign.id, {}))


def campaign_card(installation: Installation, campaign_id: str) -> Document:
    """Everything about one campaign as the workbook has it now. Raises InputError for a draft or one that does not exist.

    `{"kind": "campaign", "id", "name", "at", "version", "offer", "content", "audience", "state", "approval", "runs", "paused",
    "approved_by", "approved_at", "rejected_reason", "transactional", "journey", "stages", "condition", "message", "owner",
    "reentry_days", "zone", "channels": [{"name", "kind", "leaves"}], "when", "count", "asked_at", "asked_all", "sends", "reached",
    "later", "never", "outside", "samples", "new", "changes", "edited_by", "edited_at", "risks": [{"code", …}]}`; times ISO 8601 in
    the workbook's zone. Who gets it is asked of today's data for the moment at which it would next go out (`asked_at`): at night
    nobody would get anything.
    """
    ground = _ground(installation, campaign_id)
    audience = installation.audience(ground.campaign)
    document = {
        **_head(ground),
        "channels": _channels(ground),
        "when": _when(ground),
        "count": _count(ground, audience),
        **_who(ground, audience),
        "samples": _samples(ground),
        **_changed(ground),
    }
    return {**document, "risks": _risks(document, ground)}


def card_ids(installation: Installation) -> list[str]:
    """The campaigns that wait for a yes or no: pending and void ones that are ○."""
    standings = installation.in_force().standings
    return [key for key, s in standings.items() if s.approval in ("pending", "void") and s.state != "inactive"]


def _ground(installation: Installation, campaign_id: str) -> _Ground:
    version, in_force = installation.required_version(), installation.in_force()
    campaign = next((c for c in in_force.workbook.campaigns if c.id == campaign_id), None)
    if campaign is None:
        previewer(installation).samples(campaign_id, installation.now)  # says what is wrong with the id
        raise KeyError(campaign_id)
    return _Ground(installation, version, in_force, in_force.standings[campaign_id], campaign)


def _head(ground: _Ground) -> Document:
    standing, campaign, zone = ground.standing, ground.campaign, ground.in_force.zone
    journey = next((j for j in ground.in_force.workbook.journeys if j.id == campaign.journey), None)
    return {
        "kind": "campaign",
        "id": campaign.id,
        "name": campaign.name,
        "at": iso(ground.installation.now, zone),
        "version": ground.version.id,
        "offer": standing.offer,
        "content": standing.content_hash,
        "audience": standing.audience_hash,
        "state": standing.state,
        "approval": standing.approval,
        "runs": standing.runs,
        "paused": standing.paused,
        "approved_by": standing.approved_by,
        "approved_at": iso(standing.approved_at, zone) if standing.approved_at else None,
        "rejected_reason": standing.rejected_reason,
        "transactional": campaign.kind == "transactional",
        "journey": journey.name if journey else None,
        "stages": [s.name for s in journey.stages if s.id in campaign.stages] if journey else [],
        "condition": campaign.audience,
        "message": campaign.message,
        "owner": campaign.owner,
        "reentry_days": campaign.reentry // timedelta(days=1) if campaign.reentry is not None else None,
        "zone": zone.key,
    }


def _channels(ground: _Ground) -> list[Document]:
    kinds = ground.installation.config.channel_kinds
    return [{"name": c, "kind": kinds.get(c), "leaves": kinds.get(c, "outbox") != "outbox"} for c in ground.campaign.channels]


def _when(ground: _Ground) -> Document:
    """When it goes out. `next`: the coming times, moved to where sending is allowed; of entries the earliest possible one."""
    campaign, settings, zone, now = ground.campaign, ground.in_force.settings, ground.in_force.zone, ground.installation.now
    quiet = settings.quiet_hours if campaign.kind == "promotional" else None
    trigger = campaign.trigger
    return {
        "type": trigger.type,
        "typed": ground.typed.get("trigger", ""),
        **_delay(trigger),
        "next": [iso(_allowed(ground, at), zone) for at in _due(ground)],
        "late": isinstance(trigger, Once) and once_moment(trigger, settings, zone) < now,
        "window": ground.typed.get("window") or None,
        "quiet": [f"{t:%H:%M}" for t in quiet] if quiet and quiet[0] != quiet[1] else None,
        "start": campaign.start.isoformat() if campaign.start else None,
        "end": campaign.end.isoformat() if campaign.end else None,
    }


def _due(ground: _Ground) -> list[datetime]:
    """The coming moments at which it falls due, within Start and End."""
    campaign, settings, zone, now = ground.campaign, ground.in_force.settings, ground.in_force.zone, ground.installation.now
    trigger, begins = campaign.trigger, _begins(ground)
    if isinstance(trigger, Once):
        found = [once_moment(trigger, settings, zone)]
    elif isinstance(trigger, Recurring):
        found = [o.due_at for o in occurrences(trigger, begins, begins + AHEAD, settings, zone)]
    else:
        found = [begins if campaign.include_existing else entry_due(trigger, begins, settings, zone)]
    return [max(at, now) for at in found if within_dates(campaign.start, campaign.end, max(at, now), zone)][:COMING]


def _begins(ground: _Ground) -> datetime:
    """Now, or the first moment of the Start day."""
    start, now = ground.campaign.start, ground.installation.now
    return max(now, day_start(start, ground.in_force.zone)) if start is not None else now


def _allowed(ground: _Ground, at: datetime) -> datetime:
    campaign, in_force = ground.campaign, ground.in_force
    quiet, holidays = in_force.settings.quiet_hours, in_force.workbook.holidays
    return next_moment(campaign.window, quiet, holidays, in_force.zone, at, campaign.kind == "promotional")


def _asked_at(ground: _Ground) -> datetime:
    """The moment for which the gate is asked: when it would next go out to somebody."""
    due = _due(ground)
    by_calendar = isinstance(ground.campaign.trigger, Recurring | Once) and due
    return _allowed(ground, due[0] if by_calendar else _begins(ground))


def _delay(trigger: Trigger) -> Document:
    if isinstance(trigger, AfterInStage):
        return {"amount": trigger.days, "unit": "d", "time": _clock(trigger.at)}
    if isinstance(trigger, OnEnter) and trigger.delay is not None:
        return {"amount": trigger.delay.amount, "unit": trigger.delay.unit, "time": _clock(trigger.delay.at)}
    return {"amount": 0, "unit": "h", "time": None}


def _clock(at: Any) -> str | None:
    return f"{at:%H:%M}" if at is not None else None


def _count(ground: _Ground, audience: Audience) -> Document:
    return {
        "size": audience.size,
        "a_day": audience.a_day,
        "existing": audience.existing,
        "foreseen": audience.foreseen,
        "before": ground.standing.estimate,
        "limit": bulk_limit(ground.in_force.settings, audience.foreseen),
        "customers": _customers(ground)[0],
    }


def _customers(ground: _Ground) -> tuple[int, int]:
    """How many customers there are, and how many of them stand where the campaign asks (its condition aside)."""
    with reading(ground.installation.engine) as connection:
        run = last_run(connection)
    if run is None:
        return 0, 0
    if ground.campaign.journey is None:
        return run.customers, run.customers
    of = run.counts.get(ground.campaign.journey, {})
    stages = ground.campaign.stages or tuple(of)
    return run.customers, sum(of.get(stage, 0) for stage in stages)


def _who(ground: _Ground, audience: Audience) -> Document:
    """Who gets it, by stage and channel, who later, and who not, as of now."""
    names = {s.id: s.name for j in ground.in_force.workbook.journeys for s in j.stages}
    at, all_of_them = _asked_at(ground), _customers(ground)[1] <= THROUGH_THE_GATE
    if all_of_them:
        found = previewer(ground.installation).preview(ground.campaign.id, at)
        refused = dict(found.refused)
        sends = [
            {"stage": names.get(stage, stage) or None, "channel": channel, "customers": number}
            for stage, by_channel in found.sends.items()
            for channel, number in by_channel.items()
        ]
    else:
        refused = dict(audience.skips)
        sends = [{"stage": None, "channel": channel, "customers": number} for channel, number in audience.channels.items()]
    counted = [{"reason": reason, "customers": number} for reason, number in sorted(refused.items(), key=lambda r: -r[1])]
    return {
        "asked_at": iso(at, ground.in_force.zone),
        "asked_all": all_of_them,
        "sends": sends,
        "reached": sum(s["customers"] for s in sends),
        "later": [row for row in counted if row["reason"] in LATER],
        "never": [row for row in counted if row["reason"] not in LATER | OUTSIDE],
        "outside": sum(row["customers"] for row in counted if row["reason"] in OUTSIDE),
    }


def _samples(ground: _Ground) -> list[Document]:
    return [
        {
            "customer": mask(sample.customer_id),
            "channel": sample.channel,
            "variant": sample.variant.variant or None,
            "language": sample.variant.language or None,
            "subject": sample.subject,
            "text": sample.said,
        }
        for sample in previewer(ground.installation).samples(ground.campaign.id, _asked_at(ground), SAMPLES)
    ]


def _changed(ground: _Ground) -> Document:
    """What differs from what was approved last, and who edited the workbook since."""
    installation, standing, zone = ground.installation, ground.standing, ground.in_force.zone
    found: Document = {"new": standing.approved_at is None, "changes": []}
    version = ground.version
    found |= {
        "edited_by": ", ".join(version.edited_by) or version.by,
        "edited_at": iso(version.edited_at or version.applied_at, zone),
    }
    if standing.approved_at is None or standing.approval == "approved":
        return found
    with reading(installation.engine) as connection:
        before = version_at(connection, standing.approved_at)
    if before is None:
        return found
    both = [_audiences(installation, one) for one in (before, version)]
    return {**found, "changes": changes_since(before, version, standing, both, installation.lang)}


def _audiences(installation: Installation, version: Version) -> Audiences:
    names = Names.of(version.workbook, installation.facts.attributes())
    return Audiences(version.workbook, names, installation.config.channel_kinds)


def _risks(card: Document, ground: _Ground) -> list[Document]:
    """What deserves a second look, the gravest first."""
    count, when, campaign = card["count"], card["when"], ground.campaign
    share = count["foreseen"] / count["customers"] if count["customers"] else 0.0
    coming = datetime.fromisoformat(when["next"][0]) if when["next"] else None
    grown = count["before"] is not None and count["foreseen"] > max(count["before"] * 1.2, count["before"] + 2)
    checks: list[tuple[bool, Document]] = [
        (card["transactional"], {"code": "transactional"}),
        (when["late"], {"code": "late"}),
        (not when["next"], {"code": "never_due"}),
        (bool(count["existing"]), {"code": "existing", "customers": count["existing"]}),
        (
            count["foreseen"] >= LARGE or (share >= LARGE_SHARE and count["foreseen"] > 0),
            {"code": "large", "customers": count["foreseen"], "percent": round(share * 100)},
        ),
        (grown, {"code": "grown", "before": count["before"], "customers": count["foreseen"]}),
        (
            coming is not None and campaign.trigger.type in ("recurring", "once") and coming - ground.installation.now < SOON,
            {"code": "soon", "at": when["next"][0] if when["next"] else None},
        ),
        (campaign.reentry is None, {"code": "every_time"}),
        (campaign.trigger.type == "recurring" and campaign.end is None, {"code": "no_end"}),
        (count["size"] == 0 and not count["a_day"], {"code": "nobody"}),
        (not any(c["leaves"] for c in card["channels"]), {"code": "outbox"}),
    ]
    return [found for holds, found in checks if holds]
