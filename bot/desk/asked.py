"""What else asks a person for a yes or no: deliveries that are held, in doubt or failed, and settings that protect customers.

`mark` names exactly what a person is shown, so that a press can be held against what is there by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select

from bot.desk.card_changes import settings_changes, version_at
from bot.wiring import Installation
from journey.clock import iso
from journey.ledger.states import STICKY_HOLDS
from journey.model import Settings
from journey.settings import SUBJECT, settings_pending
from journey.store.engine import reading
from journey.store.tables import approvals, deliveries
from journey.versions import current

Document = dict[str, Any]

_d = deliveries.c
EXAMPLES = 5


def held_cards(installation: Installation) -> list[Document]:
    """Deliveries that wait for a person, a group for each campaign and reason, the oldest first.

    `{"kind": "held", "subject", "id", "name", "reason", "held", "in_doubt", "failed", "deliveries", "channels", "since", "detail",
    "ids", "mark", "at", "zone"}`. What waits only because its whole campaign does (paused, not approved) is not among them.
    """
    in_force, zone, now = installation.in_force(), installation.zone, installation.now
    names = {c.id: c.name for c in in_force.workbook.campaigns}
    found = []
    with reading(installation.engine) as connection:
        for campaign, reason in connection.execute(
            select(_d.campaign_id, _d.reason)
            .where(_open(), _d.reason.is_not(None))
            .group_by(_d.campaign_id, _d.reason)
            .order_by(func.min(_d.due_at), _d.campaign_id)
        ).all():
            group = _group(connection, campaign, reason)
            found.append(
                {
                    "kind": "held",
                    "subject": f"held:{campaign}:{reason}",
                    "id": campaign,
                    "name": names.get(campaign, campaign),
                    "reason": reason,
                    **group,
                    "since": iso(group["since"], zone),
                    "at": iso(now, zone),
                    "zone": zone.key,
                }
            )
    return found


def settings_card(installation: Installation) -> Document | None:
    """The protecting settings that wait for a yes, or None: `{"kind": "settings", "subject", "keys", "changes", "mark", "at", "zone",
    "edited_by", "edited_at"}`."""
    zone = installation.zone
    with reading(installation.engine) as connection:
        version = current(connection)
        keys = settings_pending(connection, version.workbook.settings) if version is not None else ()
        if version is None or not keys:
            return None
        newest = select(approvals.c.at).where(approvals.c.subject == SUBJECT).order_by(approvals.c.id.desc()).limit(1)
        known = connection.scalar(newest)
        before = version_at(connection, known) if known is not None else None
        return {
            "kind": "settings",
            "subject": SUBJECT,
            "keys": list(keys),
            "changes": settings_changes(before, version, keys, installation.lang),
            "mark": mark(connection, SUBJECT),
            "at": iso(installation.now, zone),
            "zone": zone.key,
            "edited_by": ", ".join(version.edited_by) or version.by,
            "edited_at": iso(version.edited_at or version.applied_at, zone),
        }


def mark(connection: Connection, subject: str) -> str:
    """What stands behind a subject (`held:CAMPAIGN:REASON` or `settings`) now, as 16 characters: another where anything of it changed.

    Fit for the transaction of a decision. Empty where nothing of it waits.
    """
    if subject == SUBJECT:
        version = current(connection)
        wanted = version.workbook.settings if version is not None else Settings()
        pending = settings_pending(connection, wanted) if version is not None else ()
        return _digest([(key, repr(getattr(wanted, key))) for key in pending])
    _, campaign, reason = subject.split(":", 2)
    return str(_group(connection, campaign, reason)["mark"])


def _open() -> Any:
    return or_(_d.state.in_(("in_doubt", "failed")), (_d.state == "planned") & _d.reason.in_(sorted(STICKY_HOLDS)))


def _group(connection: Connection, campaign: str, reason: str) -> Document:
    of = (_d.campaign_id == campaign) & (_d.reason == reason) & _open()
    rows = connection.execute(
        select(_d.state, _d.channel, func.count(), func.min(_d.id), func.max(_d.id), func.sum(_d.id), func.min(_d.first_due_at))
        .where(of)
        .group_by(_d.state, _d.channel)
        .order_by(_d.state, _d.channel)
    ).all()
    states: dict[str, int] = {}
    for state, _, number, *_ in rows:
        states[state] = states.get(state, 0) + number
    newest = connection.scalar(select(_d.detail).where(of).order_by(_d.id.desc()).limit(1))
    return {
        "held": states.get("planned", 0),
        "in_doubt": states.get("in_doubt", 0),
        "failed": states.get("failed", 0),
        "deliveries": sum(states.values()),
        "channels": sorted({channel for _, channel, *_ in rows if channel}),
        "since": min((row[6] for row in rows), default=None),
        "detail": newest if isinstance(newest, dict) else {},
        "ids": list(connection.scalars(select(_d.id).where(of).order_by(_d.id).limit(EXAMPLES))),
        "mark": _digest([tuple(row[:6]) for row in rows]),
    }


def _digest(parts: Sequence[object]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16] if parts else ""
