"""The Tests tab: example customers, and the stage and campaigns that each must get."""

from __future__ import annotations

import re
from collections.abc import Collection

from journey.model import Example, JourneyMap
from journey.names import fold
from journey.texts import text
from sheets_sync.grammar.words import is_none
from sheets_sync.headers import Table
from sheets_sync.read.cells import Reader, Record, match, unknown
from sheets_sync.report import Report
from sheets_sync.snapshot import address

MOST_EXAMPLES = 1_000


def read_tests(
    table: Table | None,
    journeys: tuple[JourneyMap, ...],
    campaigns: Collection[str],
    report: Report,
    record: Record,
) -> tuple[Example, ...]:
    """The examples. A stage becomes `JOURNEY/STAGE`, `なし`/`none` no stage (or no campaigns), an empty cell is not tested.

    What an example is like stays as typed, by the typed header of its column.
    """
    found: dict[str, Example] = {}
    for row in table.rows if table else ():
        assert table is not None
        reader = Reader(table, row, report)
        name = reader.prose("example")
        if not name:
            if "example" not in row.cells:
                reader.error("example", text("workbook.name_missing"))
            continue
        if fold(name) in {fold(n) for n in found}:
            reader.error("example", text("workbook.twice", id=name))
            continue
        if len(found) >= MOST_EXAMPLES:
            reader.error("example", text("workbook.too_many_examples", most=MOST_EXAMPLES))
            break
        given: dict[str, str] = {}
        for column, cell in row.extra.items():
            header = table.extra[column]
            if cell.problem:
                report.error(address(row.number, column), cell.problem)
            elif cell.text.strip() and header in given:
                report.error(address(table.header_row, column), text("workbook.column_again", name=header))
            elif cell.text.strip() and header:
                given[header] = cell.text.strip()
        found[name] = Example(name, given, _stage(reader, journeys), _campaigns(reader, campaigns), reader.at("example"))
        record.keep(table, row, name)
        record.rows[table.spec.key][name].update(given)
        for column, header in table.extra.items():
            record.cells[table.spec.key, name, header] = (table.title, address(row.number, column))
    return tuple(found.values())


def _stage(reader: Reader, journeys: tuple[JourneyMap, ...]) -> str | None:
    typed = reader.prose("stage")
    if not typed:
        return None
    if is_none(typed):
        return ""
    names: dict[str, set[str]] = {}
    for journey in journeys:
        for stage in journey.stages:
            whole = f"{journey.id}/{stage.id}"
            for name in (stage.name, stage.id, whole, f"{journey.id}/{stage.name}", f"{journey.name}/{stage.name}"):
                names.setdefault(name, set()).add(whole)
    meant = match(typed, names)
    if meant is None:
        reader.report.error(reader.at("stage"), unknown("what_stage", typed, names))
        return None
    if len(meant) > 1:
        reader.error("stage", text("workbook.which_stage", stage=typed, stages=sorted(meant)))
        return None
    return next(iter(meant))


def _campaigns(reader: Reader, known: Collection[str]) -> tuple[str, ...] | None:
    typed = reader.row.text("campaigns")
    if not typed:
        return None
    if is_none(typed):
        return ()
    ids = {campaign: campaign for campaign in known}
    found: list[str] = []
    for part in re.split(r"[,、，;\s]+", typed):
        if not part:
            continue
        campaign = match(part, ids)
        if campaign is None:
            reader.report.error(reader.at("campaigns"), unknown("what_campaign", part, ids))
        else:
            found.append(campaign)
    return tuple(dict.fromkeys(found))
