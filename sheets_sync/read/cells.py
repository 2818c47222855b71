"""What all tabs need of a row: ids, cells that the spreadsheet turned into dates, and the record of what stands where."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from journey.names import fold, nearest, tidy
from journey.texts import Text, text
from sheets_sync.grammar.words import Wrong, shown
from sheets_sync.headers import Row, Table, typed_text
from sheets_sync.report import Report

T = TypeVar("T")
Rows = dict[str, dict[str, dict[str, str]]]
"""What was typed: {tab key: {row id: {column key: text}}}. A map's tab key is `journey:ID`, its own row `*`."""

_ID = re.compile(r"[^\W](?:[\w.\-]{0,62}[^\W]|)")
MOST_ID = 64


@dataclass
class Record:
    """What was found where, while a workbook is read: `rows` for the difference, `cells` for later problems."""

    rows: Rows = field(default_factory=dict)
    cells: dict[tuple[str, str, str], tuple[str, str]] = field(default_factory=dict)
    """(tab key, row id, column key) → (tab title, cell address)."""
    titles: dict[str, str] = field(default_factory=dict)
    """Tab key → the tab's title as typed."""
    headers: dict[tuple[str, str], str] = field(default_factory=dict)
    """(tab key, column key) → the header as typed."""

    def keep(self, table: Table, row: Row, row_id: str) -> None:
        """Records a row of a table under its id."""
        tab = table.spec.key
        if tab not in self.titles:
            self.titles[tab] = table.title
            self.headers.update({(tab, key): typed for key, typed in table.headers.items()})
        keys = [c.key for c in table.spec.columns if not c.program and c.key in table.columns]
        self.rows.setdefault(tab, {})[row_id] = typed_text(row, keys)
        for key in keys:
            self.cells[tab, row_id, key] = (table.title, table.cell(row, key))


class Reader:
    """Reads the cells of one row, each problem on its cell."""

    def __init__(self, table: Table, row: Row, report: Report) -> None:
        self.table, self.row, self.report = table, row, report

    def at(self, key: str) -> str:
        """The address of a cell of this row."""
        return self.table.cell(self.row, key)

    def error(self, key: str, said: Text) -> None:
        """A blocking problem on a cell of this row."""
        self.report.error(self.at(key), said)

    def prose(self, key: str) -> str:
        """A short text as typed, trimmed, with single spaces."""
        return tidy(self.row.text(key))

    def read(self, key: str, parse: Callable[[str], T], empty: T, *, dates: bool = False) -> T:
        """What `parse` makes of a cell; `empty` where nothing stands, or, with a problem, where it cannot be read.

        Unless `dates` are meant here, a date or time that the spreadsheet keeps in the cell is named as just that.
        """
        cell = self.row.cells.get(key)
        if cell is None or not cell.text.strip() or cell.problem:
            return empty
        if cell.turned and not dates:
            self.error(key, text("workbook.turned", shown=shown(cell.text)))
            return empty
        try:
            return parse(cell.text.strip())
        except Wrong as wrong:
            self.report.error(self.at(key), wrong.said)
            return empty

    def id(self, key: str = "id") -> str | None:
        """The row's id, or None with a problem where there is none or it has characters that an id must not have."""
        if not self.row.text(key):
            if key not in self.row.cells:
                self.error(key, text("workbook.id_missing"))
            return None
        return self.read(key, parse_id, None)


def parse_id(typed: str) -> str | None:
    """An id: letters (of any script), digits, `_`, `-` and `.`, at most 64 characters. Raises Wrong."""
    said = tidy(typed[:400])
    if not _ID.fullmatch(said):
        raise Wrong(text("workbook.bad_id", typed=shown(typed), most=MOST_ID))
    return said


def match(typed: str, known: Mapping[str, T]) -> T | None:
    """What a name means: exactly as written, or else the only one that is the same in width and case."""
    name = tidy(typed[:400])
    if name in known:
        return known[name]
    folded = fold(name)
    same = [value for key, value in known.items() if fold(key) == folded]
    first = same[0] if same else None
    return first if all(value == first for value in same) else None


def unknown(what: str, typed: str, known: Mapping[str, object]) -> Text:
    """As in "There is no stage 休民. Did you mean 休眠?"; `what` is a key of `workbook.toml` (`what_stage`)."""
    near = nearest(typed[:100], known)
    kind = text(f"workbook.{what}")
    if near:
        return text("workbook.unknown_near", what=kind, typed=shown(typed), near=near)
    if known:
        return text("workbook.unknown_listed", what=kind, typed=shown(typed), known=list(known)[:8])
    return text("workbook.unknown_none", what=kind, typed=shown(typed))
