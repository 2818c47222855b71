"""The program's own columns in the workbook: gathered here, written back by the source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select

from bot.desk.data_tabs import data_problems
from bot.wiring import Installation
from journey.approvals import Standing
from journey.errors import InputError, OutsideError
from journey.model import Workbook
from journey.plan.audiences import sizes
from journey.reports import CampaignNumbers, campaign_numbers, conversions
from journey.stages import last_run
from journey.store.engine import reading, writing
from journey.store.tables import audit, meta
from journey.texts import Text
from messaging.ports import InForce
from sheets_sync import attempts
from sheets_sync.google.access import spreadsheet_id
from sheets_sync.program_view import CampaignView, LogRow, ProgramView, StageView

MOST_LOG_ROWS = 1_000
_WRITTEN = "status_written"
"""What was written last, and into which workbook: the same again is not written."""
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def write_status(installation: Installation) -> Text | None:
    """Writes the program's columns in the workbook, where they changed; a sentence where that could not be done.

    Nothing else depends on it. Under a given clock a real Google Sheet is left alone: its numbers would be those of another day.
    """
    sheet = installation.config.sheet
    if installation.clock.given and spreadsheet_id(sheet.source) is not None and not sheet.api_root:
        return None
    view = program_view(installation)
    try:
        seen = f"{installation.source.revision()} {replace(view, at=_ANY_TIME)!r}"
        digest = hashlib.sha256(seen.encode()).hexdigest()
        with reading(installation.engine) as connection:
            if connection.scalar(select(meta.c.value).where(meta.c.key == _WRITTEN)) == digest:
                return None
        snapshot = installation.source.snapshot()
    except (InputError, OutsideError):
        return None  # the sync has said so already
    said = installation.source.write_back(snapshot, view)
    if said is None:
        with writing(installation.engine) as connection:
            connection.execute(delete(meta).where(meta.c.key == _WRITTEN))
            connection.execute(insert(meta).values(key=_WRITTEN, value=digest))
    return said


def program_view(installation: Installation) -> ProgramView:
    """Everything that is shown in the workbook, as of now."""
    version = installation.version()
    in_force = installation.in_force()
    with reading(installation.engine) as connection:
        run = last_run(connection)
        attempt = attempts.last(connection)
        log = [
            LogRow(row.at, row.who, row.action, row.subject.removeprefix("campaign:"), _detail(row.detail))
            for row in connection.execute(select(audit).order_by(audit.c.id.desc()).limit(MOST_LOG_ROWS))
        ]
    counts: Mapping[str, Mapping[str, int]] = run.counts if run is not None else {}
    return ProgramView(
        at=installation.now,
        zone=in_force.zone,
        version=version.id if version else None,
        campaigns=campaign_views(installation, in_force),
        stages=_stages(in_force.workbook, in_force.standings, counts),
        unassigned={journey: of.get("", 0) for journey, of in counts.items()},
        problems=(*(attempt.problems if attempt else ()), *data_problems(installation)),
        log=tuple(log),
    )


def campaign_views(installation: Installation, in_force: InForce) -> dict[str, CampaignView]:
    """Each campaign's state and numbers; opened, clicked and lift are not known yet."""
    complete = [c for c in in_force.workbook.campaigns if c.id in in_force.standings]
    with reading(installation.engine) as connection, closing(installation.facts.open(fields=in_force.workbook.fields)) as con:
        audience = sizes(connection, con, complete, in_force.names, installation.now, in_force.zone)
        numbers = campaign_numbers(connection)
        goals = conversions(connection, con, in_force.workbook, installation.now, in_force.names)
    return {
        key: CampaignView(
            state=standing.state,
            approval=standing.approval,
            audience=audience.get(key),
            sent=numbers.get(key, CampaignNumbers()).sent,
            converted=goals.get(key),
        )
        for key, standing in in_force.standings.items()
    }


def _stages(
    workbook: Workbook, standings: Mapping[str, Standing], counts: Mapping[str, Mapping[str, int]]
) -> dict[tuple[str, str], StageView]:
    found = {}
    for journey in workbook.journeys:
        for stage in journey.stages:
            campaigns = tuple(
                (c.id, standings[c.id].state)
                for c in workbook.campaigns
                if c.journey == journey.id and stage.id in c.stages and c.id in standings
            )
            known = counts.get(journey.id)
            found[journey.id, stage.id] = StageView(known.get(stage.id, 0) if known is not None else None, campaigns)
    return found


def _detail(detail: object) -> str:
    if not isinstance(detail, dict):
        return ""
    return ", ".join(
        f"{key}: {value}" for key, value in detail.items() if value not in (None, "") and not key.endswith("_hash")
    )
