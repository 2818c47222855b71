"""Sending windows and quiet hours: `9:00-21:00`, `月-金 10:00-18:00`, several with commas."""

from __future__ import annotations

import re
from datetime import time

from journey.model import WindowSpan
from journey.texts import text
from sheets_sync.grammar.times import parse_time
from sheets_sync.grammar.weekdays import parse_weekdays
from sheets_sync.grammar.words import Wrong, is_none, normal, shown

_TIME = r"(?:午前|午後)? ?\d{1,2} ?(?:: ?\d{2}(?::00)?|時 ?(?:半|\d{1,2} ?分)?)? ?(?:am|pm)?"
_SPAN = re.compile(rf"(?P<days>.*?) ?(?P<start>{_TIME}) ?(?:-|から|to) ?(?P<end>{_TIME})(?:まで)?")
MOST_SPANS = 20


def parse_windows(typed: str) -> tuple[WindowSpan, ...]:
    """All spans of a cell, in the order typed. Raises Wrong."""
    spans: list[WindowSpan] = []
    waiting = ""
    for part in re.split(r"[,、;\n]", typed):
        piece = normal(part)
        if not piece:
            continue
        if parse_weekdays(piece) is not None:  # "月,水 10:00-18:00": the comma stood between days
            waiting += piece + ","
            continue
        spans.append(_span(waiting + piece, typed))
        waiting = ""
    if waiting or not spans or len(spans) > MOST_SPANS:
        raise Wrong(text("workbook.bad_window", typed=shown(typed)))
    return tuple(spans)


def parse_quiet_hours(typed: str) -> tuple[time, time] | None:
    """From when until when nothing promotional goes out; None for `なし` / `none`. Raises Wrong."""
    if is_none(typed):
        return None
    spans = parse_windows(typed)
    if len(spans) != 1 or spans[0].weekdays:
        raise Wrong(text("workbook.bad_quiet_hours", typed=shown(typed)))
    return spans[0].start, spans[0].end


def _span(piece: str, typed: str) -> WindowSpan:
    found = _SPAN.fullmatch(piece)
    days = parse_weekdays(found["days"].rstrip(",: ")) if found and found["days"].strip(",: ") else ()
    if found is None or days is None:
        raise Wrong(text("workbook.bad_window", typed=shown(typed)))
    start, end = parse_time(found["start"], bare=True), parse_time(found["end"], bare=True, end_of_day=True)
    if start == end and start != time(0, 0):
        raise Wrong(text("workbook.empty_window", typed=shown(typed)))
    return WindowSpan(start, end, () if len(days) == 7 else days)
