"""Deliveries that wait for a person: held, in doubt, failed. A group for each campaign and reason, whatever their number."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select

from bot.wiring import Installation
from journey.clock import iso
from journey.ledger.states import HOLDS
from journey.store.engine import reading
from journey.store.tables import deliveries

Document = dict[str, Any]

EXAMPLES = 20
"""How many numbers of deliveries a group names."""


def waiting(installation: Installation) -> list[Document]:
    """The groups, the oldest first: `{"campaign", "state", "reason", "deliveries", "since", "ids"}`, of the ids the first twenty."""
    d, zone = deliveries.c, installation.zone
    asks = or_(and_(d.state == "planned", d.reason.in_(sorted(HOLDS))), d.state.in_(("in_doubt", "failed")))
    groups = select(d.campaign_id, d.state, d.reason, func.count().label("number"), func.min(d.due_at).label("since"))
    found: list[Document] = []
    with reading(installation.engine) as connection:
        query = groups.where(asks).group_by(d.campaign_id, d.state, d.reason).order_by(func.min(d.due_at), d.campaign_id)
        for row in connection.execute(query).all():
            of = (d.campaign_id == row.campaign_id) & (d.state == row.state) & d.reason.is_not_distinct_from(row.reason)
            ids = connection.scalars(select(d.id).where(of).order_by(d.id).limit(EXAMPLES)).all()
            found.append(
                {
                    "campaign": row.campaign_id,
                    "state": row.state,
                    "reason": row.reason,
                    "deliveries": row.number,
                    "since": iso(row.since, zone),
                    "ids": list(ids),
                }
            )
    return found
