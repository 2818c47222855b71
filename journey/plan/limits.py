"""What is held and asked about instead of being sent: a day far above what was foreseen, an audience that grew, a late start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from journey.model import Settings

LEAST_BULK = 1_000
TIMES_ESTIMATE = 3
DRIFT_FREE = 2
"""So few customers more are never a drift: a small team's twelve may become fourteen."""


@dataclass(frozen=True)
class Held:
    """Why rows wait for a person: the gate's reason code, and the values behind it."""

    reason: str
    detail: Mapping[str, Any]


def bulk_limit(settings: Settings, estimate: int | None) -> int:
    """How many deliveries of one campaign a local day may bring without asking."""
    return settings.bulk_limit if settings.bulk_limit is not None else max(LEAST_BULK, TIMES_ESTIMATE * (estimate or 0))


def too_many(settings: Settings, estimate: int | None, planned: int, day: str) -> Held | None:
    """Held where a day's deliveries of a campaign exceed the limit. `planned` counts the new ones too."""
    limit = bulk_limit(settings, estimate)
    return Held("bulk", {"day": day, "planned": planned, "limit": limit}) if planned > limit else None


def drifted(settings: Settings, estimate: int | None, audience: int) -> Held | None:
    """Held where a frozen audience has grown too far beyond the approved one. Shrinking surprises nobody."""
    if estimate is None or audience <= estimate + DRIFT_FREE or audience <= estimate * (1 + settings.audience_drift):
        return None
    return Held("bulk", {"audience": audience, "approved": estimate, "drift": settings.audience_drift})


def late(settings: Settings, due_at: datetime, now: datetime) -> Held | None:
    """Held where something falls due so long after its time that it might surprise."""
    behind = now - due_at
    if behind <= settings.late_after:
        return None
    return Held("late_start", {"due_at": due_at.isoformat(), "late_hours": behind // timedelta(hours=1)})
