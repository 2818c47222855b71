"""The plain lists: Segments, Fields and Holidays."""

from __future__ import annotations

import re
from datetime import date

from journey.fields import STANDARD, Names
from journey.model import FieldDef, Segment
from journey.names import fold, tidy
from journey.texts import Text, text
from sheets_sync.grammar.choices import parse_type
from sheets_sync.grammar.times import parse_date
from sheets_sync.grammar.words import Wrong, yes_no
from sheets_sync.headers import Table
from sheets_sync.read.cells import Reader, Record
from sheets_sync.report import Report

MOST_NAME = 100


def read_segments(table: Table | None, report: Report, record: Record) -> tuple[Segment, ...]:
    """Named conditions. Their conditions are compiled later, when all names are known."""
    found: dict[str, Segment] = {}
    for row in table.rows if table else ():
        assert table is not None
        reader = Reader(table, row, report)
        name, condition = reader.prose("name"), row.text("condition")
        if not name or len(name) > MOST_NAME:
            reader.error("name", _no_name(name))
        elif fold(name) in found:
            reader.error("name", text("workbook.twice", id=name))
        elif not condition:
            if "condition" not in row.cells:
                reader.error("condition", text("workbook.segment_without_condition", name=name))
        else:
            found[fold(name)] = Segment(name, condition)
            record.keep(table, row, name)
    return tuple(found.values())


def read_fields(table: Table | None, report: Report, record: Record) -> tuple[FieldDef, ...]:
    """Customer attributes. A standard one may be relabelled and given aliases; its type stays."""
    found: dict[str, FieldDef] = {}
    standard = Names(fields=STANDARD)
    for row in table.rows if table else ():
        assert table is not None
        reader = Reader(table, row, report)
        typed = reader.prose("field")
        if not typed or len(typed) > MOST_NAME or not typed.isprintable():
            reader.error("field", _no_name(typed))
            continue
        known = standard.field(typed)
        key = known.key if known else fold(typed)
        if key in found:
            reader.error("field", text("workbook.twice", id=typed))
            continue
        type_ = reader.read("type", parse_type, known.type if known else "text")
        if known and type_ != known.type:
            report.warn(reader.at("type"), text("workbook.standard_type", name=known.label, type=known.type))
            type_ = known.type
        aliases = [tidy(alias) for alias in re.split(r"[,、;\n]", row.text("aliases"))]
        if known is None and reader.prose("label"):
            aliases.append(typed)
        found[key] = FieldDef(
            key,
            reader.prose("label") or (known.label if known else typed),
            type_,
            tuple(dict.fromkeys(a for a in aliases if a and len(a) <= MOST_NAME)),
            reader.read("personal", yes_no, bool(known and known.personal)),
        )
        record.keep(table, row, key)
    return tuple(found.values())


def read_holidays(table: Table | None, report: Report, record: Record) -> tuple[date, ...]:
    """Days on which nothing promotional goes out, ascending. A first cell alone that holds no digit is a divider."""
    found: set[date] = set()
    for row in table.rows if table else ():
        assert table is not None
        typed = row.text("date")
        if not any(c.isdigit() for c in typed) and len(row.cells) == 1:
            continue
        if not typed:
            if "date" not in row.cells:
                report.error(table.cell(row, "date"), text("workbook.bad_date", typed=""))
            continue
        reader = Reader(table, row, report)
        day = reader.read("date", _day, None, dates=True)
        if day is not None:
            found.add(day)
            record.keep(table, row, day.isoformat())
    return tuple(sorted(found))


def _no_name(typed: str) -> Text:
    return text("workbook.name_too_long", most=MOST_NAME) if typed else text("workbook.name_missing")


def _day(typed: str) -> date | None:
    day = parse_date(typed)
    if not 1900 <= day.year <= 2200:
        raise Wrong(text("workbook.bad_date", typed=typed[:40]))
    return day
