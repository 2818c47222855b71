"""Looking: what stands where, what was sent and what was not, and why. Nothing here changes anything."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.desk.data_tabs import data_problems
from bot.desk.documents import problem, version_document
from bot.desk.status import campaign_views
from bot.wiring import Installation
from journey import customers as people
from journey import reports
from journey.clock import iso, local_date
from journey.errors import InputError
from journey.model import AfterInStage, JourneyMap, OnEnter, Stage
from journey.names import fold, nearest
from journey.store.engine import reading
from journey.texts import text
from journey.versions import listed
from journey.why import why as decisions
from messaging.preview import Previewer
from sheets_sync import attempts

Document = dict[str, Any]


def stages(installation: Installation, days: int | None = None) -> Document:
    """How many customers stand on each stage; with `days`, also at the end of each of so many days up to now."""
    version = installation.version()
    if version is None:
        return {"at": iso(installation.now, installation.zone), "journeys": []}
    document = dict(reports.stage_counts(installation.engine, installation.facts, version.workbook, installation.now))
    document["at"] = document["at"] or iso(installation.now, installation.zone)
    if days is not None:
        today = local_date(installation.now, installation.zone)
        wanted = [today - timedelta(days=n) for n in reversed(range(days))]
        document["history"] = [
            {"date": c.day.isoformat(), "journey": c.journey_id, "stage": c.stage_id, "customers": c.customers}
            for c in reports.stage_history(installation.facts, version.workbook, wanted)
        ]
    return document


def stage(installation: Installation, name: str) -> Document:
    """One stage: how many, what the map notes about it, and its campaigns. Raises InputError for an unknown one."""
    workbook = installation.required_version().workbook
    found = [
        (j, s) for j in workbook.journeys for s in j.stages if fold(name) in {fold(s.id), fold(s.name), fold(f"{j.id}/{s.id}")}
    ]
    if not found:
        known = [s.name for j in workbook.journeys for s in j.stages]
        raise InputError(text("chat.no_stage", name=name, near=nearest(name, known) or "、".join(known)))
    return _stage(installation, *found[0])


def campaigns(installation: Installation) -> list[Document]:
    """Every campaign with its state and numbers; drafts too."""
    in_force = installation.in_force()
    numbers = campaign_views(installation, in_force)
    return [
        {
            "id": key,
            "name": standing.name,
            "state": standing.state,
            "approval": standing.approval,
            "audience": numbers[key].audience,
            "sent": numbers[key].sent,
            "opened": numbers[key].opened,
            "clicked": numbers[key].clicked,
            "converted": numbers[key].converted,
        }
        for key, standing in in_force.standings.items()
    ]


def deliveries(
    installation: Installation,
    *,
    campaign: str | None = None,
    state: str | None = None,
    customer: str | None = None,
    reason: str | None = None,
    unmask: bool = False,
) -> list[Document]:
    """The ledger, in the order of due times, narrowed by what is given."""
    with reading(installation.engine) as connection:
        rows = reports.delivery_rows(
            connection, installation.zone, campaign=campaign, state=state, customer=customer, unmask=unmask
        )
    return [row for row in rows if reason in (None, row["reason"])]


def problems(installation: Installation) -> list[Document]:
    """The workbook's problems as of the last sync, and those of the data in its tabs."""
    with reading(installation.engine) as connection:
        last = attempts.last(connection)
    found = (*(last.problems if last else ()), *data_problems(installation))
    return [problem(p, installation.lang) for p in found]


def versions(installation: Installation) -> Document:
    """All versions of the workbook, the newest first."""
    zone = installation.zone
    with reading(installation.engine) as connection:
        found = listed(connection)
    return {"versions": [version_document(v, n == 0, zone) for n, v in enumerate(found)]}


def customers(
    installation: Installation, customer: str | None, *, stage: str | None = None, limit: int = 100, unmask: bool = False
) -> list[Document]:
    """Customers with where they stand; one customer with all attributes that are known. Addresses are masked unless asked for."""
    workbook = installation.own_workbook()
    names = installation.names(workbook)
    query = (
        "SELECT c.customer_id, list({'journey': p.journey_id, 'stage': p.stage_id}) FILTER (p.journey_id IS NOT NULL) AS stages "
        "FROM customers c LEFT JOIN placements p USING (customer_id) "
        "WHERE (? IS NULL OR c.customer_id = ?) AND (? IS NULL OR p.stage_id = ?) GROUP BY 1 ORDER BY 1 LIMIT ?"
    )
    with closing(installation.facts.open(fields=workbook.fields)) as con:
        found = con.execute(query, [customer, customer, stage, stage, limit]).fetchall()
        known = (
            people.read(con, [customer], [f.key for f in names.fields if f.key != "customer_id"]) if customer and found else []
        )
    if customer is not None and not found:
        raise InputError(text("cli.no_customer", customer=customer))
    rows: list[Document] = [{"id": _shown(i, unmask), "stages": s or []} for i, s in found]
    if known:
        personal = {f.key for f in names.fields if f.personal}
        zone = ZoneInfo(workbook.settings.time_zone)
        rows[0]["attributes"] = {
            key: _attribute(value, key in personal and not unmask, zone) for key, value in known[0].items() if value is not None
        }
    return rows


def report(installation: Installation) -> Document:
    """The structure of the customer base by month, who moved where, and what campaigns sent."""
    version = installation.version()
    if version is None:
        return {"names": {}, "structure": [], "flows": [], "campaigns": []}
    moved = reports.flows(installation.facts, version.workbook)
    in_force = installation.in_force()
    numbers = campaign_views(installation, in_force)
    return {
        "names": {s.id: s.name for j in version.workbook.journeys for s in j.stages},
        "structure": [dict(row) for row in reports.structure(installation.facts, version.workbook, installation.now)],
        "flows": [{"journey": f.journey_id, "from": f.from_stage, "to": f.to_stage, "customers": f.customers} for f in moved],
        "campaigns": [
            {
                "id": key,
                "variant": None,
                "sent": view.sent,
                "converted": view.converted,
                "lift": None,
                "low": None,
                "high": None,
                "verdict": None,
            }
            for key, view in numbers.items()
            if view.sent
        ],
    }


def why(installation: Installation, customer: str, campaign: str | None = None) -> list[Document]:
    """Every decision about one customer, oldest first, then what holds now for campaigns without a delivery."""
    in_force = installation.in_force()
    with reading(installation.engine) as connection:
        lines = decisions(
            connection, installation.facts, in_force.workbook, in_force.standings, customer, installation.now, campaign
        )
    return [line.plain(installation.lang, in_force.zone) for line in lines]


def previewer(installation: Installation) -> Previewer:
    """What shows campaigns before they go out."""
    return Previewer(
        installation.engine,
        installation.ruling,
        installation.look,
        installation.gatherer,
        installation.maker,
        installation.channels,
        installation.lang,
    )


def preview(installation: Installation, campaign: str, customer: str | None = None, *, unmask: bool = False) -> Document:
    """On today's data: who would get it (by stage and channel), who not and why, and one sample."""
    workbook = installation.required_version().workbook
    names = {s.id: s.name for j in workbook.journeys for s in j.stages}
    found = previewer(installation).preview(campaign, installation.now, customer)
    sample = found.sample
    return {
        "id": found.campaign.id,
        "name": found.campaign.name,
        "at": iso(found.at, installation.zone),
        "entries_only": isinstance(found.campaign.trigger, (OnEnter, AfterInStage)) and not found.campaign.include_existing,
        "total": found.total,
        "sends": [
            {"stage": stage or None, "name": names.get(stage), "channel": channel, "customers": number}
            for stage, by_channel in found.sends.items()
            for channel, number in by_channel.items()
        ],
        "skips": [{"reason": reason, "customers": number} for reason, number in found.refused.items()],
        "sample": None
        if sample is None
        else {
            "customer": _shown(sample.customer_id, unmask),
            "channel": sample.channel,
            "variant": sample.variant.variant or None,
            "subject": sample.subject,
            "text": sample.said,
            "refused": sample.refused,
        },
    }


def _stage(installation: Installation, journey: JourneyMap, found: Stage) -> Document:
    counted = stages(installation)["journeys"]
    number = next(s["customers"] for j in counted if j["id"] == journey.id for s in j["stages"] if s["id"] == found.id)
    workbook = installation.required_version().workbook
    mine = {c.id for c in workbook.campaigns if c.journey == journey.id and (not c.stages or found.id in c.stages)}
    return {
        "journey": journey.id,
        "id": found.id,
        "name": found.name,
        "customers": number,
        "condition": found.condition,
        "goal": found.goal,
        "aspects": dict(found.aspects),
        "campaigns": [c for c in campaigns(installation) if c["id"] in mine],
    }


def _shown(customer_id: str, unmask: bool) -> str:
    return customer_id if unmask else people.mask(customer_id)


def _attribute(value: object, masked: bool, zone: ZoneInfo) -> object:
    if isinstance(value, datetime):
        return iso(value, zone)
    plain = value if isinstance(value, (str, int, float, bool)) else str(value)
    return people.mask(str(plain)) if masked else plain
