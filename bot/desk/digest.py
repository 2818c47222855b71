"""What a team is told without asking: once a week how the customer base moved, and at once what somebody should see to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.desk import look
from bot.wiring import Installation
from journey import reports
from journey.calendar import next_moment
from journey.clock import at_local, day_start, iso, local_date
from journey.ledger.states import SENT
from journey.store.engine import reading
from journey.store.tables import deliveries, versions

Document = dict[str, Any]

WEEK = timedelta(days=7)
REFUSED_OFTEN = 20
"""So many deliveries that a channel did not take and that are tried again mean that the channel is failing."""
_d = deliveries.c


def digest_due(installation: Installation) -> tuple[date, datetime] | None:
    """The Monday of the newest digest, and the moment from which it may be told: Monday at the usual sending hour, or the first
    moment after it that is neither quiet nor a holiday. None where there was no workbook yet in the week before."""
    in_force, now = installation.in_force(), installation.now
    zone, settings = in_force.zone, in_force.settings
    today = local_date(now, zone)
    monday = today - timedelta(days=today.weekday())

    def told(day: date) -> datetime:
        at = at_local(day, settings.default_send_time, zone)
        return next_moment((), settings.quiet_hours, in_force.workbook.holidays, zone, at, True)

    if told(monday) > now:
        monday -= WEEK
    with reading(installation.engine) as connection:
        began = connection.scalar(select(func.min(versions.c.applied_at)))
    return (monday, told(monday)) if began is not None and began < day_start(monday, zone) else None


def weekly(installation: Installation, monday: date) -> Document:
    """The seven local days before `monday`: `{"kind": "digest", "from", "to", "journeys": [{"name", "stages": [{"name", "customers",
    "before"}]}], "moves": [{"from", "to", "customers"}], "sent": [{"id", "name", "sent"}], "not_sent", "waiting", "zone"}`.

    `before`: how many stood there at the end of the week before. `moves`: the most frequent first.
    """
    in_force, zone = installation.in_force(), installation.zone
    workbook = in_force.workbook
    first, last = monday - WEEK, monday - timedelta(days=1)
    start, end = day_start(first, zone), day_start(monday, zone)
    counted = reports.stage_history(installation.facts, workbook, [first - timedelta(days=1), last])
    then = {(c.day, c.journey_id, c.stage_id): c.customers for c in counted}
    names = {(j.id, s.id): s.name for j in workbook.journeys for s in j.stages}
    moved = reports.flows(installation.facts, workbook, start, end)
    called = {c.id: c.name for c in workbook.campaigns}
    with reading(installation.engine) as connection:
        campaigns = _d.campaign_id.in_(list(in_force.standings))  # leads the index
        days = [(first + timedelta(days=n)).isoformat() for n in range(7)]
        query = select(_d.campaign_id, func.count()).where(campaigns, _d.local_day.in_(days), _d.state.in_(SENT))
        sent = [(row[0], row[1]) for row in connection.execute(query.group_by(_d.campaign_id))]
    return {
        "kind": "digest",
        "from": first.isoformat(),
        "to": last.isoformat(),
        "zone": zone.key,
        "journeys": [
            {
                "name": journey.name,
                "stages": [
                    {
                        "name": stage.name,
                        "customers": then.get((last, journey.id, stage.id), 0),
                        "before": then.get((first - timedelta(days=1), journey.id, stage.id), 0),
                    }
                    for stage in journey.stages
                ],
            }
            for journey in workbook.journeys
        ],
        "moves": [
            {
                "from": names.get((f.journey_id, f.from_stage or "")),
                "to": names.get((f.journey_id, f.to_stage or "")),
                "customers": f.customers,
            }
            for f in moved
        ],
        "sent": [
            {"id": key, "name": called.get(key, key), "sent": number} for key, number in sorted(sent, key=lambda s: -s[1])
        ],
        "waiting": sum(s.approval in ("pending", "void") and s.state != "inactive" for s in in_force.standings.values()),
    }


def alerts(installation: Installation, standing: Mapping[str, Sequence[str]]) -> list[Document]:
    """What somebody should see to: `{"kind": "alert", "topic", "code", "urgent", "who", "number", "rows", …}`.

    `code` is `problems` (errors in the workbook), `channel` (one that takes nothing) or `trouble` (what `standing` says is wrong, by
    the part of the program that says so). Held, doubtful and failed deliveries have cards of their own.
    """
    return [*_problems(installation), *_channels(installation), *_troubles(standing)]


def _problems(installation: Installation) -> list[Document]:
    rows = [row for row in look.problems(installation) if row["severity"] == "error"]
    if not rows:
        return []
    return [
        {
            "kind": "alert",
            "topic": "problems",
            "code": "problems",
            "urgent": False,
            "who": "editor",
            "number": len(rows),
            "rows": rows,
        }
    ]


def _channels(installation: Installation) -> list[Document]:
    refused = (_d.state == "planned") & (_d.reason == "retry") & _d.channel.is_not(None)
    with reading(installation.engine) as connection:
        query = select(_d.channel, func.count(), func.min(_d.handed_over_at)).where(refused).group_by(_d.channel)
        found = connection.execute(query.order_by(_d.channel)).all()
    return [
        {
            "kind": "alert",
            "topic": f"channel:{channel}",
            "code": "channel",
            "urgent": True,
            "who": "admin",
            "number": number,
            "rows": [],
            "channel": channel,
            "since": iso(since, installation.zone) if since is not None else None,
        }
        for channel, number, since in found
        if number >= REFUSED_OFTEN
    ]


def _troubles(standing: Mapping[str, Sequence[str]]) -> list[Document]:
    return [
        {
            "kind": "alert",
            "topic": f"trouble:{job}",
            "code": "trouble",
            "urgent": True,
            "who": "admin",
            "number": len(said),
            "rows": [{"text": one} for one in said],
        }
        for job, said in sorted(standing.items())
        if said
    ]
