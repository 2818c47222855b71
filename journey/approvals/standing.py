"""Where each campaign stands: its approval, its state, and the content that may run now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from journey.approvals.hashes import Audiences, content_hash
from journey.clock import local_date
from journey.facts.store import known_attributes
from journey.fields import Names
from journey.model import Campaign, MessageVariant, Workbook, dump, load
from journey.store.tables import approvals, campaign_state

Approval = Literal["none", "pending", "approved", "void", "rejected"]
State = Literal["draft", "pending", "running", "paused", "held", "ended", "inactive"]
Live = tuple[Campaign, tuple[MessageVariant, ...]]

_SUBJECT = "campaign:"


@dataclass(frozen=True)
class Standing:
    """One campaign, judged at a moment.

    `approval` is about the campaign as the workbook has it now; `live` is the approved content, which runs on while an edit of
    it waits (None: nothing was ever approved, or it left the workbook). `content_hash` and `audience_hash` are those of the
    workbook's campaign (empty for a draft or one that is gone), `live_hash` that of `live`. `state` says whether `live` may be
    planned and sent at all: only when it is `running`.
    """

    campaign_id: str
    name: str
    approval: Approval
    state: State
    content_hash: str = ""
    audience_hash: str = ""
    live: Live | None = None
    live_hash: str = ""
    in_force_at: datetime | None = None
    """First approval ever: what was caused up to then never counts."""
    existing_at: datetime | None = None
    """When `Include existing` was approved: who stood there then gets it once. None: it does not include them."""
    idle_at: datetime | None = None
    """The last moment at which it was known not to run: occurrences due up to then are not made up."""
    scheduled_at: datetime | None = None
    """Since when its times (trigger, Start, End) are as approved: occurrences due up to then are not made up."""
    judged_at: datetime | None = None
    """The moment of which all this is true."""
    estimate: int | None = None
    """How many a day the approval foresaw (plan.estimate)."""
    existing: int | None = None
    """How many of them stood there already, where `Include existing` was approved."""
    approved_by: str | None = None
    approved_at: datetime | None = None
    rejected_reason: str | None = None
    paused: bool = False
    paused_by: str | None = None
    paused_at: datetime | None = None
    stopped: bool = False
    """× was read from a workbook that was refused for other problems."""
    active: bool = True
    """○ in the workbook in force, still in it, and not stopped."""

    @property
    def runs(self) -> bool:
        """Whether `live` may be planned and sent now."""
        return self.state == "running" and self.live is not None

    @property
    def offer(self) -> str:
        """What exactly an approval now would cover, short enough for a button: changes with content and audience."""
        return hashlib.sha256(f"{self.content_hash}:{self.audience_hash}".encode()).hexdigest()[:16]

    @property
    def hold(self) -> str | None:
        """The gate's reason code for holding all of it (delivery.md), None where it may run or has ended."""
        if self.paused:
            return "paused"
        if not self.active:
            return "inactive"
        if self.live is None:
            return "not_approved"
        return "approval_void" if self.approval == "void" else None


@dataclass(frozen=True)
class _Record:
    """What the store knows of a campaign: its decisions, oldest first, and its switches."""

    decisions: Sequence[Any] = ()
    switches: Any = None

    @property
    def newest_approval(self) -> Any:
        return next((d for d in reversed(self.decisions) if d.decision == "approved"), None)

    def switch(self, name: str) -> Any:
        return getattr(self.switches, name) if self.switches is not None else None

    def existing_since(self) -> datetime | None:
        """The first of the newest unbroken run of approvals that include existing customers."""
        since = None
        for decision in self.decisions:
            if decision.decision == "approved":
                included = _campaign(decision.content["campaign"]).include_existing
                since = (since or decision.at) if included else None
        return since

    def scheduled_since(self) -> datetime | None:
        """The newest approval that changed when the campaign happens; one that changes what it says keeps its times."""
        since, before = None, None
        for decision in self.decisions:
            if decision.decision == "approved":
                campaign = _campaign(decision.content["campaign"])
                times = (campaign.trigger, campaign.start, campaign.end)
                since, before = (decision.at if times != before else since), times
        return since


def standings(
    connection: Connection,
    workbook: Workbook,
    drafts: Mapping[str, str],
    channel_kinds: Mapping[str, str],
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Standing]:
    """Every campaign of the workbook in its order, then drafts (id to name), then those that were approved once and are gone.

    `channel_kinds` is the kind of each configured channel (`email`: `smtp`). Reads only, in the caller's transaction.
    """
    records = _records(connection)
    audiences = Audiences(workbook, Names.of(workbook, tuple(known_attributes(connection).values())), channel_kinds)
    today = local_date(now, zone)
    found: dict[str, Standing] = {}
    for campaign in workbook.campaigns:
        record = records.get(campaign.id, _Record())
        here = content_hash(campaign, workbook.variants(campaign.message))
        found[campaign.id] = _judge(campaign, here, audiences, record, now, today)
    for campaign_id, name in drafts.items():
        found.setdefault(campaign_id, _absent(campaign_id, name, "draft", records.get(campaign_id, _Record()), now))
    for campaign_id, record in records.items():
        if campaign_id not in found and record.newest_approval is not None:
            live = _live(record.newest_approval)
            found[campaign_id] = _absent(campaign_id, live[0].name, "inactive", record, now)
    return found


def _records(connection: Connection) -> dict[str, _Record]:
    decided: dict[str, list[Any]] = {}
    query = select(approvals).where(approvals.c.subject.startswith(_SUBJECT, autoescape=True)).order_by(approvals.c.id)
    for row in connection.execute(query):
        decided.setdefault(row.subject.removeprefix(_SUBJECT), []).append(row)
    switches = {row.campaign_id: row for row in connection.execute(select(campaign_state))}
    return {key: _Record(decided.get(key, ()), switches.get(key)) for key in (*decided, *(switches.keys() - decided.keys()))}


def _judge(campaign: Campaign, content: str, audiences: Audiences, record: _Record, now: datetime, today: date) -> Standing:
    approved = record.newest_approval
    live = _live(approved) if approved is not None else None
    audience = audiences.hash(campaign)
    # Judged by the approved row: moving a campaign to another stage is an edit of its content.
    void = live is not None and (audience if live[0] == campaign else audiences.hash(live[0])) != approved.audience_hash
    newest = record.decisions[-1] if record.decisions else None
    active = campaign.active and not record.switch("stopped")
    approval: Approval
    if void:
        approval = "void"
    elif live is not None and content_hash(*live) == content:
        approval = "approved"
    elif newest is not None and newest.decision == "rejected" and newest.content_hash == content:
        approval = "rejected"
    elif live is None and not active:
        approval = "none"
    else:
        approval = "pending"
    end = (live[0] if live else campaign).end
    state: State
    if not active:
        state = "inactive"
    elif end is not None and end < today:
        state = "ended"
    elif live is None:
        state = "pending"
    elif record.switch("paused"):
        state = "paused"
    else:
        state = "held" if void else "running"
    return Standing(
        campaign_id=campaign.id,
        name=campaign.name,
        approval=approval,
        state=state,
        content_hash=content,
        audience_hash=audience,
        active=active,
        rejected_reason=newest.reason if approval == "rejected" and newest is not None else None,
        judged_at=now,
        **_history(record, live),
    )


def _absent(campaign_id: str, name: str, state: State, record: _Record, now: datetime) -> Standing:
    """A draft, or a campaign that left the workbook: nothing of it runs, whatever was approved."""
    history = _history(record, None)
    return Standing(campaign_id, name, "none", state, active=state == "draft", judged_at=now, **history)


def _live(approved: Any) -> Live:
    content = approved.content
    return _campaign(content["campaign"]), tuple(_message(m) for m in content["messages"])


# Keyed by the text itself, so they can never be another store's; the sender judges anew for each window.
@lru_cache(maxsize=512)
def _campaign(dumped: str) -> Campaign:
    return load(Campaign, dumped)


@lru_cache(maxsize=2048)
def _message(dumped: str) -> MessageVariant:
    return load(MessageVariant, dumped)


def approved_content(live: Live, existing: int | None) -> dict[str, Any]:
    """What an approval keeps of a campaign, so that it can run on while the workbook is edited."""
    return {"campaign": dump(live[0]), "messages": [dump(m) for m in live[1]], "existing": existing}


def _history(record: _Record, live: Live | None) -> dict[str, Any]:
    approved = record.newest_approval
    return {
        "live": live,
        "live_hash": content_hash(*live) if live is not None else "",
        "in_force_at": record.switch("in_force_at"),
        "existing_at": record.existing_since(),
        "idle_at": record.switch("idle_at"),
        "scheduled_at": record.scheduled_since(),
        "estimate": approved.estimate if approved is not None else None,
        "existing": approved.content["existing"] if approved is not None else None,
        "approved_by": approved.by if approved is not None else None,
        "approved_at": approved.at if approved is not None else None,
        "paused": bool(record.switch("paused")),
        "paused_by": record.switch("paused_by"),
        "paused_at": record.switch("paused_at"),
        "stopped": bool(record.switch("stopped")),
    }
