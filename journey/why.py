"""`why CUSTOMER [CAMPAIGN]`: every decision about one customer with the values behind it, for what was sent and for what was not.

The trail is the ledger's. A campaign that has no delivery for the customer is explained as of now (`journey.why_now`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from journey.approvals import Standing
from journey.clock import iso
from journey.errors import InputError
from journey.facts import FactStore
from journey.ledger.states import HOLDS
from journey.model import Workbook
from journey.names import nearest
from journey.store.tables import deliveries, delivery_log
from journey.texts import Lang, Text, catalogue, text
from journey.why_now import Ground, explain

Decision = Literal["sent", "skipped", "deferred", "held"]

_SENT = ("handed_over", "accepted", "delivered")
_NEVER = ("skipped", "cancelled", "failed", "bounced")


@dataclass(frozen=True)
class Line:
    """One decision. `reason` is a code of delivery.md or of the ledger, None for what was sent."""

    at: datetime
    campaign: str
    step: str
    decision: Decision
    reason: str | None
    detail: Text

    def plain(self, lang: Lang, zone: ZoneInfo) -> dict[str, Any]:
        """The line as `--json` has it (product.md)."""
        return {
            "at": iso(self.at, zone),
            "campaign": self.campaign,
            "step": self.step,
            "decision": self.decision,
            "reason": self.reason,
            "detail": self.detail.say(lang),
        }


def why(
    connection: Connection,
    facts: FactStore,
    workbook: Workbook,
    standings: Mapping[str, Standing],
    customer: str,
    now: datetime,
    campaign: str | None = None,
) -> list[Line]:
    """The trail of one customer, oldest first, then what holds now for campaigns without a delivery for them.

    `workbook` is the one in force, with the settings in force. Raises InputError for a campaign or a customer nobody knows.
    """
    if campaign is not None and campaign not in standings:
        near = nearest(campaign, standings)
        unknown = text("why.unknown_campaign", campaign=campaign)
        raise InputError(text("why.unknown_campaign_near", campaign=campaign, near=near) if near else unknown)
    lines = _trail(connection, workbook, customer, campaign)
    told = {line.campaign for line in lines}
    asked = [s for key, s in standings.items() if key not in told and campaign in (None, key)]
    ground = Ground(connection, facts, workbook, now)
    reasons = explain(ground, asked, customer)
    if reasons is None:
        if not lines:
            raise InputError(text("why.unknown_customer", customer=customer))
        return lines
    for standing in asked:
        found = reasons[standing.campaign_id]
        lines.append(Line(now, standing.campaign_id, "", found.decision, found.reason, found.detail))
    return lines


def _trail(connection: Connection, workbook: Workbook, customer: str, campaign: str | None) -> list[Line]:
    d = deliveries.c
    mine = (d.customer_id == customer) & (d.campaign_id == campaign if campaign is not None else True)
    rows = connection.execute(
        select(
            d.id,
            d.campaign_id,
            d.step,
            d.channel,
            d.message_id,
            d.first_due_at,
            d.planned_at,
            delivery_log.c.at,
            delivery_log.c.state,
            delivery_log.c.reason,
            delivery_log.c.detail,
        )
        .outerjoin(delivery_log, delivery_log.c.delivery_id == d.id)
        .where(mine)
        .order_by(d.id, delivery_log.c.id)
    ).all()
    zone = ZoneInfo(workbook.settings.time_zone)
    lines = []
    for number, row in enumerate(rows):
        after = rows[number + 1] if number + 1 < len(rows) and rows[number + 1].id == row.id else None
        if row.state == "handed_over" and after is not None:
            continue  # what came of it follows
        lines.append(_line(row, workbook, zone))
    return sorted(lines, key=lambda line: line.at)


def _line(row: Any, workbook: Workbook, zone: ZoneInfo) -> Line:
    if row.state is None:
        when = text("why.planned", due_at=_when(row.first_due_at, zone))
        return Line(row.planned_at, row.campaign_id, row.step, "deferred", "planned", when)
    values: dict[str, object] = {"channel": row.channel or "–", "message": row.message_id or "–"}
    values |= {key: _shown(key, value, workbook, zone) for key, value in (row.detail or {}).items()}
    if row.state in _SENT:
        return Line(row.at, row.campaign_id, row.step, "sent", None, _said(row.state, values))
    reason = row.reason or row.state
    decision: Decision = "held"
    if row.state in _NEVER:
        decision = "skipped"
    elif row.state == "planned" and reason not in HOLDS:
        decision = "deferred"
    return Line(row.at, row.campaign_id, row.step, decision, reason, _said(reason, values))


def _said(reason: str, values: Mapping[str, object]) -> Text:
    """The fullest sentence for a reason that these values can fill."""
    for key in (f"why.{reason}_full", f"why.{reason}_other", f"why.{reason}"):
        if key in catalogue() and _names(key) <= values.keys():
            return Text(key, values)
    return text("why.other", reason=reason)


def _names(key: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(catalogue()[key]["en"]) if name}


def _shown(key: str, value: Any, workbook: Workbook, zone: ZoneInfo) -> object:
    """A value of the trail as people read it."""
    if key in ("due_at", "until", "last") and isinstance(value, str):
        return _when(datetime.fromisoformat(value), zone)
    if key == "stage":
        return stage_name(workbook, value)
    if key == "period":
        return text(f"why.period_{value}")
    if key == "drift" and isinstance(value, float):
        return f"{value:.0%}"
    if key == "reentry_days" and isinstance(value, (int, float)):
        return f"{value:g}"
    if key == "channels" and isinstance(value, Mapping):
        return [text("why.channel_lacks", channel=channel, why=text(f"why.lacks_{why}")) for channel, why in value.items()]
    return value if isinstance(value, (str, int, float, Text)) else _listed(value)


def _listed(value: Any) -> object:
    return [str(item) for item in value] if isinstance(value, Sequence) else "–"


def stage_name(workbook: Workbook, stage_id: object) -> object:
    """A stage as its map names it, or that there is none."""
    for journey in workbook.journeys:
        for stage in journey.stages:
            if stage.id == stage_id:
                return stage.name
    return text("why.no_stage") if stage_id is None else str(stage_id)


def _when(moment: datetime, zone: ZoneInfo) -> str:
    return iso(moment, zone)[:16].replace("T", " ")
