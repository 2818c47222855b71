"""Every condition of a workbook compiled, its findings put on its cell with the place in the text."""

from __future__ import annotations

from collections.abc import Iterator

from journey.conditions import compile_condition
from journey.fields import Names
from journey.model import Workbook
from journey.texts import text
from sheets_sync.read.campaigns import Campaigns
from sheets_sync.read.cells import Record
from sheets_sync.report import Report
from sheets_sync.tabs import CAMPAIGNS, SEGMENTS

Place = tuple[str, str, str]


def check_conditions(workbook: Workbook, campaigns: Campaigns, names: Names, record: Record, report: Report) -> None:
    """Compiles segments, journey audiences, stage conditions, campaign audiences and goals that are conditions."""
    for place, source, journey in _conditions(workbook, names):
        if place not in record.cells:
            continue
        tab, cell = record.cells[place]
        for problem in compile_condition(source, names, journey).problems:
            part = source[problem.start : problem.end]
            key = "workbook.in_condition" if part.strip() else "workbook.in_condition_end"
            said = text(key, at=problem.start + 1, part=part[:40], said=problem.said)
            report.on(tab).add(cell, problem.severity, said)


def _conditions(workbook: Workbook, names: Names) -> Iterator[tuple[Place, str, str | None]]:
    for segment in workbook.segments:
        yield (SEGMENTS.key, segment.name, "condition"), segment.condition, None
    for journey in workbook.journeys:
        tab = f"journey:{journey.id}"
        yield (tab, "*", "audience"), journey.audience, journey.id
        for stage in journey.stages:
            yield (tab, stage.id, "condition"), stage.condition, journey.id
    for campaign in workbook.campaigns:
        yield (CAMPAIGNS.key, campaign.id, "audience"), campaign.audience, campaign.journey
        if campaign.goal and campaign.goal.kind == "condition":
            yield (CAMPAIGNS.key, campaign.id, "goal"), campaign.goal.value, campaign.journey
