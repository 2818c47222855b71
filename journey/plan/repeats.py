"""What recurs or happens once: the occurrence that is due, frozen whole with its audience."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, true

from journey.approvals import Standing
from journey.calendar import Occurrence, newest_occurrence, within_dates
from journey.ledger import PlannedRow, freeze
from journey.model import Campaign, Once, Recurring, Settings
from journey.plan.limits import Held, drifted, late, too_many
from journey.store.tables import occurrences

_LONG_AGO = timedelta(days=3_660)
STEP = "1"
"""A campaign without an action tree has one step."""


def due(
    connection: Connection, standing: Standing, campaign: Campaign, settings: Settings, now: datetime, zone: ZoneInfo
) -> Occurrence | None:
    """The occurrence that has fallen due and is not frozen yet, or None.

    Of several missed ones only the newest counts; what of a recurring campaign fell due before the first approval or the one that
    changed its times, or while it was stopped, is not made up. What happens once does wait for its approval and for the end of a
    pause (`late_after` then asks).
    """
    if not isinstance(campaign.trigger, (Recurring, Once)) or standing.in_force_at is None:
        return None
    if isinstance(campaign.trigger, Once):
        after = standing.in_force_at - _LONG_AGO
    else:
        # Strictly after: neither going live nor a new time mails anybody at once, whatever the hour.
        bounds = (standing.in_force_at, standing.scheduled_at, standing.idle_at)
        after = max(moment for moment in bounds if moment is not None)
    newest = newest_occurrence(campaign.trigger, after, now, settings, zone)
    if newest is None or not within_dates(campaign.start, campaign.end, newest.due_at, zone):
        return None
    return None if _frozen(connection, campaign.id, newest.name) else newest


def freeze_occurrence(
    connection: Connection,
    standing: Standing,
    campaign: Campaign,
    occurrence: Occurrence,
    customers: list[str],
    settings: Settings,
    now: datetime,
) -> tuple[int, Held | None]:
    """Freezes an occurrence with its whole audience, in the caller's transaction; how many were planned, and why they are held.

    Does nothing where another process froze it first.
    """
    if _frozen(connection, campaign.id, occurrence.name):
        return 0, None
    held = (
        too_many(settings, standing.estimate, len(customers), occurrence.day.isoformat())
        or drifted(settings, _agreed(connection, standing), len(customers))
        or (late(settings, occurrence.due_at, now) if customers else None)
    )
    reason, detail = (held.reason, held.detail) if held else (None, None)
    connection.execute(
        insert(occurrences).values(
            campaign_id=campaign.id,
            occurrence=occurrence.name,
            due_at=occurrence.due_at,
            frozen_at=now,
            audience=len(customers),
            hold=reason,
        )
    )
    rows = (PlannedRow(c, STEP, occurrence.name, occurrence.due_at, "planned", reason, detail) for c in customers)
    return freeze(connection, campaign, rows, now), held


def _agreed(connection: Connection, standing: Standing) -> int | None:
    """How many a person has said yes to: the approval's estimate, or more where a larger audience was released since."""
    released = connection.scalar(
        select(func.max(occurrences.c.audience)).where(
            occurrences.c.campaign_id == standing.campaign_id,
            occurrences.c.decided_by.is_not(None),
            occurrences.c.hold.is_(None),
            occurrences.c.decided_at >= standing.approved_at if standing.approved_at is not None else true(),
        )
    )
    return standing.estimate if released is None else max(released, standing.estimate or 0)


def _frozen(connection: Connection, campaign_id: str, name: str) -> bool:
    known = select(occurrences.c.occurrence).where(occurrences.c.campaign_id == campaign_id, occurrences.c.occurrence == name)
    return connection.scalar(known) is not None
