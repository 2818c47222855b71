"""What somebody finds who looks in: today's numbers, what waits for a person, what runs, what is wrong."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from bot.desk import look
from bot.desk.asked import held_cards, settings_card
from bot.wiring import Installation
from journey import reports
from journey.approvals import Standing
from journey.clock import day_start, iso, local_date
from journey.ledger.states import HOLDS, SENT
from journey.store.engine import reading
from journey.store.tables import deliveries

Document = dict[str, Any]

BACK = timedelta(days=7)
"""Against when the stages' numbers are compared."""
PROBLEMS = 20
_d = deliveries.c


def home(installation: Installation) -> Document:
    """`{"at", "zone", "version", "sheet", "today", "journeys", "waiting", "campaigns", "problems"}`.

    `today`: `{"sent", "planned", "in_doubt", "failed"}` of the local day. `journeys` as `look.stages` has them, each stage with
    `before`: how many stood there a week ago (None where nobody knows). `waiting`: campaigns, held deliveries and settings, each with
    `kind`, `subject`, `id`, `name` and what its buttons are bound to. `campaigns`: those that run or are paused, with `sent` today.
    Before the first sync everything is empty.
    """
    zone, now = installation.zone, installation.now
    source = installation.config.sheet.source
    empty = {"sent": 0, "planned": 0, "in_doubt": 0, "failed": 0}
    document: Document = {
        "at": iso(now, zone),
        "zone": zone.key,
        "version": None,
        "sheet": source if source.startswith("https://") else None,
        "today": empty,
        "journeys": [],
        "waiting": [],
        "campaigns": [],
        "problems": _problems(installation),
    }
    version = installation.version()
    if version is None:
        return document
    standings = installation.in_force().standings
    transactional = {c.id for c in version.workbook.campaigns if c.kind == "transactional"}
    today = local_date(now, zone).isoformat()
    sent = _sent_today(installation, standings, today)
    return {
        **document,
        "version": version.id,
        "today": {**empty, **_today(installation), "sent": sum(sent.values())},
        "journeys": _journeys(installation),
        "waiting": [
            *(_waiting(s, s.campaign_id in transactional) for s in standings.values() if _asks(s)),
            *held_cards(installation),
            *([found] if (found := settings_card(installation)) is not None else []),
        ],
        "campaigns": [
            {**_bound(s), "state": s.state, "paused": s.paused, "sent": sent.get(key, 0)}
            for key, s in standings.items()
            if s.runs or s.state == "paused"
        ],
    }


def _asks(standing: Standing) -> bool:
    return standing.approval in ("pending", "void") and standing.state != "inactive"


def _bound(standing: Standing) -> Document:
    return {
        "id": standing.campaign_id,
        "name": standing.name,
        "offer": standing.offer,
        "content": standing.content_hash,
        "audience": standing.audience_hash,
    }


def _waiting(standing: Standing, transactional: bool) -> Document:
    subject = f"campaign:{standing.campaign_id}"
    return {
        "kind": "campaign",
        "subject": subject,
        "approval": standing.approval,
        "transactional": transactional,
        **_bound(standing),
    }


def _sent_today(installation: Installation, campaigns: Collection[str], today: str) -> dict[str, int]:
    """By campaign, what was handed over on the local day."""
    with reading(installation.engine) as connection:
        rows = connection.execute(
            select(_d.campaign_id, func.count())
            # the campaigns lead the index
            .where(_d.campaign_id.in_(list(campaigns)), _d.local_day == today, _d.state.in_(SENT))
            .group_by(_d.campaign_id)
        )
        return {row[0]: row[1] for row in rows}


def _today(installation: Installation) -> dict[str, int]:
    """What is still to go out today (held deliveries aside), and what is in doubt or failed, whenever that was."""
    zone = installation.zone
    tomorrow = day_start(local_date(installation.now, zone) + timedelta(days=1), zone)
    free = _d.reason.is_(None) | _d.reason.not_in(sorted(HOLDS))
    with reading(installation.engine) as connection:
        counted = select(_d.state, func.count()).where(_d.state.in_(("in_doubt", "failed"))).group_by(_d.state)
        states = {row[0]: row[1] for row in connection.execute(counted)}
        due = select(func.count()).where(_d.state.in_(("planned", "leased")), _d.due_at < tomorrow, free)
        return {**states, "planned": connection.scalar(due) or 0}


def _journeys(installation: Installation) -> list[Document]:
    workbook = installation.required_version().workbook
    day = local_date(installation.now - BACK, installation.zone)
    known = reports.stage_history(installation.facts, workbook, [day])
    before = {(c.journey_id, c.stage_id): c.customers for c in known}
    any_then = {journey for (journey, _), number in before.items() if number}
    return [
        {
            **journey,
            "stages": [
                {**s, "before": before.get((journey["id"], s["id"])) if journey["id"] in any_then else None}
                for s in journey["stages"]
            ],
        }
        for journey in look.stages(installation)["journeys"]
    ]


def _problems(installation: Installation) -> Document:
    rows = look.problems(installation)
    errors = [row for row in rows if row["severity"] == "error"]
    warnings = [row for row in rows if row["severity"] != "error"]
    return {"errors": len(errors), "warnings": len(warnings), "rows": [*errors, *warnings][:PROBLEMS]}
