"""The use cases: approve, reject, pause, resume. Each is one transaction, and says who did it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select, update

from journey.approvals.standing import Live, Standing, approved_content, standings
from journey.calendar import once_moment
from journey.claim import Claim, at_will
from journey.clock import iso
from journey.errors import InputError
from journey.model import AfterInStage, Campaign, Once, OnEnter, Workbook
from journey.names import nearest
from journey.store.engine import reading, writing
from journey.store.tables import approvals, audit, campaign_state
from journey.texts import Text, text

_SHOWN = 80
"""How much is repeated of an id that nobody knows."""


@dataclass(frozen=True)
class Ground:
    """What decisions are made on: the version in force, its drafts (id to name) and the kind of each configured channel."""

    workbook: Workbook
    drafts: Mapping[str, str]
    channel_kinds: Mapping[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The workbook's time zone."""
        return ZoneInfo(self.workbook.settings.time_zone)

    def standings(self, connection: Connection, now: datetime) -> dict[str, Standing]:
        """`approvals.standings` on this ground."""
        return standings(connection, self.workbook, self.drafts, self.channel_kinds, now, self.zone)


@dataclass(frozen=True)
class Decided:
    """What became of one campaign: `changed` is False where nothing had to be done, `refused` where it could not be."""

    campaign_id: str
    said: Text
    changed: bool = True
    refused: bool = False


Estimate = Callable[[Campaign], tuple[int, int | None]]
"""How many a day a campaign would reach, and how many of those stand there already (None: it does not include existing ones)."""

Refusal = Callable[[Campaign], Text | None]
"""Why a campaign may not be approved as things are (a sender that is not set), or None."""


def approve(
    engine: Engine,
    ground: Ground,
    campaign_id: str | None,
    *,
    who: str,
    now: datetime,
    estimate: Estimate,
    admin: bool,
    refusal: Refusal | None = None,
    expect: str | None = None,
    claim: Claim = at_will,
) -> tuple[Decided, ...]:
    """Approves one campaign as the workbook has it, or (None) all that wait for a decision, pending and void.

    `admin`: whether `who` may approve transactional campaigns. `expect`: the `Standing.offer` that the person was shown. `claim` runs
    first in the transaction (journey.claim).
    Estimates are made before the transaction. Approving what is approved changes nothing and says so. Raises InputError where
    the one campaign named cannot be approved; of all, those that cannot are `refused` in the answer and the others go ahead.
    """
    with reading(engine) as connection:
        before = ground.standings(connection, now)
    if campaign_id is None:
        wanted = [s for s in before.values() if s.approval in ("pending", "void") and s.state != "inactive"]
    else:
        wanted = [_known(before, campaign_id)]
        _raise_if(_cannot(wanted[0], ground, now, admin, refusal, expect))
    answers = [_cannot(s, ground, now, admin, refusal, None) if campaign_id is None else None for s in wanted]
    foreseen = {
        s.campaign_id: estimate(ground.workbook.campaign(s.campaign_id))
        for s, said in zip(wanted, answers, strict=True)
        if said is None and s.approval != "approved"
    }
    decided = []
    with writing(engine) as connection:
        claim(connection)
        current = ground.standings(connection, now)
        for standing, said in zip(wanted, answers, strict=True):
            if said is not None:
                decided.append(Decided(standing.campaign_id, said, changed=False, refused=True))
            elif current[standing.campaign_id].approval == "approved":
                again = text("approvals.already_approved", campaign=standing.campaign_id)
                decided.append(Decided(standing.campaign_id, again, changed=False))
            else:
                decided.append(
                    _approve_one(connection, ground, current[standing.campaign_id], who, now, *foreseen[standing.campaign_id])
                )
    return tuple(decided)


def reject(
    engine: Engine,
    ground: Ground,
    campaign_id: str,
    *,
    who: str,
    now: datetime,
    reason: str = "",
    expect: str | None = None,
    claim: Claim = at_will,
) -> Decided:
    """Says no to a campaign as the workbook has it; an approved version of it runs on. Raises InputError where nothing waits, or
    where it is no longer what the person was shown (`expect`)."""
    with writing(engine) as connection:
        claim(connection)
        standing = _known(ground.standings(connection, now), campaign_id)
        if standing.state == "draft" or not standing.content_hash:
            raise InputError(text("approvals.draft", campaign=standing.campaign_id))
        if expect is not None and expect != standing.offer:
            raise InputError(text("approvals.edited_meanwhile", campaign=standing.campaign_id))
        if standing.approval == "rejected":
            return Decided(
                standing.campaign_id, text("approvals.already_rejected", campaign=standing.campaign_id), changed=False
            )
        if standing.approval == "approved":
            raise InputError(text("approvals.nothing_to_reject", campaign=standing.campaign_id))
        _record(connection, standing, "rejected", who, now, reason=reason or None)
        _note(connection, who, "reject", standing.campaign_id, now, {"reason": reason} if reason else None)
        key = "approvals.rejected_runs_on" if standing.runs else "approvals.rejected"
        return Decided(standing.campaign_id, text(key, campaign=standing.campaign_id))


def pause(
    engine: Engine, ground: Ground, campaign_id: str | None, *, who: str, now: datetime, claim: Claim = at_will
) -> tuple[Decided, ...]:
    """Stops one campaign, or (None) all of them, until it is resumed. Raises InputError for an unknown one."""
    return _switch(engine, ground, campaign_id, who, now, claim, paused=True)


def resume(
    engine: Engine, ground: Ground, campaign_id: str | None, *, who: str, now: datetime, claim: Claim = at_will
) -> tuple[Decided, ...]:
    """Lets one paused campaign, or (None) all of them, go on; recurrences missed meanwhile are not made up."""
    return _switch(engine, ground, campaign_id, who, now, claim, paused=False)


def _switch(
    engine: Engine, ground: Ground, campaign_id: str | None, who: str, now: datetime, claim: Claim, *, paused: bool
) -> tuple[Decided, ...]:
    action = "pause" if paused else "resume"
    with writing(engine) as connection:
        claim(connection)
        known = ground.standings(connection, now)
        wanted = list(known.values()) if campaign_id is None else [_known(known, campaign_id)]
        change = [s for s in wanted if s.paused != paused]
        decided = [
            Decided(s.campaign_id, text(f"approvals.already_{action}d", campaign=s.campaign_id), changed=False)
            for s in wanted
            if s.paused == paused and campaign_id is not None
        ]
        for standing in change:
            values: dict[str, Any] = {
                "paused": paused,
                "paused_by": who if paused else None,
                "paused_at": now if paused else None,
            }
            _put_state(connection, standing.campaign_id, values if paused else {**values, "idle_at": now})
            _note(connection, who, action, standing.campaign_id, now, None)
            decided.append(Decided(standing.campaign_id, text(f"approvals.{action}d", campaign=standing.campaign_id)))
    return tuple(decided)


def _known(known: Mapping[str, Standing], campaign_id: str) -> Standing:
    if campaign_id in known:
        return known[campaign_id]
    shown = campaign_id[:_SHOWN]
    near = nearest(shown, known)
    if near is not None:
        raise InputError(text("approvals.unknown_near", campaign=shown, near=near))
    raise InputError(text("approvals.unknown", campaign=shown, known=_listed(known)))


def _listed(ids: Iterable[str]) -> object:
    shown = list(ids)[:20]
    return shown if shown else text("approvals.no_campaigns")


def _cannot(
    standing: Standing, ground: Ground, now: datetime, admin: bool, refusal: Refusal | None, expect: str | None
) -> Text | None:
    """Why a campaign cannot be approved, or None."""
    campaign_id = standing.campaign_id
    if standing.state == "draft":
        return text("approvals.draft", campaign=campaign_id)
    if not standing.content_hash:
        return text("approvals.gone", campaign=campaign_id)
    if expect is not None and expect != standing.offer:
        return text("approvals.edited_meanwhile", campaign=campaign_id)
    if standing.approval == "approved":
        return None
    campaign = ground.workbook.campaign(campaign_id)
    if campaign.kind == "transactional" and not admin:
        return text("approvals.needs_admin", campaign=campaign_id)
    if isinstance(campaign.trigger, Once):
        moment = once_moment(campaign.trigger, ground.workbook.settings, ground.zone)
        if moment + ground.workbook.settings.late_after < now:
            return text("approvals.once_passed", campaign=campaign_id, moment=iso(moment, ground.zone)[:16].replace("T", " "))
    return refusal(campaign) if refusal is not None else None


def _raise_if(said: Text | None) -> None:
    if said is not None:
        raise InputError(said)


def _approve_one(
    connection: Connection, ground: Ground, standing: Standing, who: str, now: datetime, estimate: int, existing: int | None
) -> Decided:
    campaign = ground.workbook.campaign(standing.campaign_id)
    live: Live = (campaign, ground.workbook.variants(campaign.message))
    _record(connection, standing, "approved", who, now, content=approved_content(live, existing), estimate=estimate)
    values: dict[str, Any] = {}
    if standing.in_force_at is None:
        values["in_force_at"] = now
    if standing.approval == "void":
        values["idle_at"] = now  # what fell due while it was held is not made up
    _put_state(connection, campaign.id, values)
    detail = {"content_hash": standing.content_hash, "estimate": estimate, "existing": existing}
    _note(connection, who, "approve", campaign.id, now, detail)
    if existing is not None:
        said = text("approvals.approved_existing", campaign=campaign.id, estimate=estimate, existing=existing)
    elif isinstance(campaign.trigger, (OnEnter, AfterInStage)):
        said = text("approvals.approved_entries", campaign=campaign.id, estimate=estimate)
    else:
        said = text("approvals.approved", campaign=campaign.id, estimate=estimate)
    return Decided(campaign.id, said)


def _record(connection: Connection, standing: Standing, decision: str, who: str, now: datetime, **more: Any) -> None:
    connection.execute(
        insert(approvals).values(
            subject=f"campaign:{standing.campaign_id}",
            decision=decision,
            content_hash=standing.content_hash,
            audience_hash=standing.audience_hash,
            by=who,
            at=now,
            **more,
        )
    )


def _put_state(connection: Connection, campaign_id: str, values: Mapping[str, Any]) -> None:
    if connection.scalar(select(campaign_state.c.campaign_id).where(campaign_state.c.campaign_id == campaign_id)) is None:
        connection.execute(insert(campaign_state).values(campaign_id=campaign_id, paused=False, stopped=False))
    if values:
        connection.execute(update(campaign_state).where(campaign_state.c.campaign_id == campaign_id).values(**values))


def _note(connection: Connection, who: str, action: str, campaign_id: str, now: datetime, detail: object) -> None:
    connection.execute(insert(audit).values(at=now, who=who, action=action, subject=f"campaign:{campaign_id}", detail=detail))
