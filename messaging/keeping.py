"""Parcels in flight on channels that repeat a delivery in doubt: kept until their answer is known, so a repeat is the same bytes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from journey.store.tables import deliveries, parcels
from messaging.channels.base import Parcel


def kept(connection: Connection, ids: Sequence[int]) -> dict[int, Parcel]:
    """What was kept of these deliveries' earlier attempts, to be repeated as it was."""
    d = deliveries.c
    query = select(parcels, d.attempt_id, d.channel).join(deliveries, d.id == parcels.c.delivery_id)
    return {
        row.delivery_id: Parcel(
            row.delivery_id, row.attempt_id, row.channel, row.address, row.payload, row.sender, row.made_at, row.facts
        )
        for row in connection.execute(query.where(parcels.c.delivery_id.in_(ids)))
    }


def keep(connection: Connection, parting: Sequence[Parcel]) -> None:
    """Keeps these until their answers are known, in the transaction that hands them over."""
    if not parting:
        return
    connection.execute(delete(parcels).where(parcels.c.delivery_id.in_([p.delivery_id for p in parting])))
    rows = [
        {
            "delivery_id": p.delivery_id,
            "address": p.address,
            "payload": p.payload,
            "sender": p.sender,
            "made_at": p.made_at,
            "facts": dict(p.facts),
        }
        for p in parting
    ]
    connection.execute(insert(parcels), rows)
