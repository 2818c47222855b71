"""What people typed into a workbook, told from what the program wrote there: a token that changes with the one and not the other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence

from sheets_sync.headers import read_table
from sheets_sync.read.maps import LABELS, map_rows
from sheets_sync.report import Report
from sheets_sync.snapshot import Tab
from sheets_sync.tabs import CAMPAIGNS, NEVER_READ, is_map, spec_of

_ROWS = frozenset(label.key for label in LABELS if label.program)
_COLUMNS = frozenset(column.key for column in CAMPAIGNS.columns if column.program)


def typed(tabs: Sequence[Tab]) -> str:
    """The SHA-256 of everything that is read, tab by tab in their order: not the program's rows, columns and tabs, not the guide,
    not notes and looks."""
    digest = hashlib.sha256()
    for tab in tabs:
        if spec_of(tab) in NEVER_READ:
            continue
        rows, columns = _program_rows(tab), _program_columns(tab)
        cells = [
            [*place, cell.text, repr(cell.value), cell.problem is not None]
            for place, cell in sorted(tab.cells.items())
            if place[0] not in rows and place[1] not in columns
        ]
        merged = [[a.top, a.left, a.bottom, a.right] for a in tab.merged]
        digest.update(json.dumps([tab.title, cells, merged], ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _program_rows(tab: Tab) -> Collection[int]:
    if not is_map(tab):
        return ()
    return {row for key, row in map_rows(tab).items() if key in _ROWS}


def _program_columns(tab: Tab) -> Collection[int]:
    if spec_of(tab) is not CAMPAIGNS:
        return ()
    table = read_table(tab, CAMPAIGNS, Report(tab.title))
    return {column for key, column in table.columns.items() if key in _COLUMNS} if table is not None else ()
