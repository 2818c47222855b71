"""A whole spreadsheet at one moment.

A batch of requests works on a copy, which takes the place of the old state only when all of them were good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sheets_server.errors import Json, bad
from sheets_server.grid import Sheet
from sheets_server.shifts import Move, Shift

MOST_CELLS = 10_000_000
"""Cells that a spreadsheet may have, empty ones counted."""


@dataclass
class State:
    """A spreadsheet at one moment: its properties, tabs in order, named ranges and developer metadata."""

    properties: Json
    sheets: list[Sheet]
    named: list[Json] = field(default_factory=list)
    metadata: list[Json] = field(default_factory=list)

    def copy(self) -> State:
        """A copy that can be worked on without the other's knowing."""
        return State(self.properties, [sheet.copy() for sheet in self.sheets], list(self.named), list(self.metadata))

    def sheet(self, sheet_id: int, where: str) -> Sheet:
        """The tab with that id. Raises ApiError (400) where there is none."""
        for sheet in self.sheets:
            if sheet.id == sheet_id:
                return sheet
        raise bad(f"Invalid {where}: No grid with id: {sheet_id}")

    def titled(self, title: str) -> Sheet | None:
        """The tab of that title, in any case of letters; None where there is none."""
        return next((sheet for sheet in self.sheets if sheet.title.casefold() == title.casefold()), None)

    def room(self, more: int, where: str) -> None:
        """Refuses (400) to grow past the most cells that a spreadsheet may have."""
        if sum(len(sheet.rows) * len(sheet.columns) for sheet in self.sheets) + more > MOST_CELLS:
            said = f"This action would increase the number of cells in the workbook above the limit of {MOST_CELLS} cells."
            raise bad(f"Invalid {where}: {said}")

    def shifted(self, shift: Shift | Move) -> None:
        """Everything that lies upon ranges goes along with rows and columns that were inserted, deleted or moved."""
        for sheet in self.sheets:
            if sheet.id == shift.sheet_id:
                sheet.merges = [found for merge in sheet.merges if (found := shift.grid_range(merge)) and _more_than_one(found)]
            sheet.protected = [found for item in sheet.protected if (found := _with_range(item, shift))]
            sheet.banded = [found for item in sheet.banded if (found := _with_range(item, shift))]
            sheet.filter = _with_range(sheet.filter, shift) if sheet.filter else None
            rules = []
            for rule in sheet.conditional:
                ranges = [found for item in rule.get("ranges", ()) if (found := shift.grid_range(item))]
                rules += [{**rule, "ranges": ranges}] if ranges else []
            sheet.conditional = rules
        self.named = [found for item in self.named if (found := _with_range(item, shift))]
        self.metadata = [found for item in self.metadata if (found := _metadata(item, shift))]


def _more_than_one(grid_range: Json) -> bool:
    rows = grid_range["endRowIndex"] - grid_range.get("startRowIndex", 0)
    return bool(rows * (grid_range["endColumnIndex"] - grid_range.get("startColumnIndex", 0)) > 1)


def _with_range(item: Json, shift: Shift | Move) -> Json | None:
    if "range" not in item:
        return item
    found = shift.grid_range(item["range"])
    return {**item, "range": found} if found else None


def _metadata(item: Json, shift: Shift | Move) -> Json | None:
    place: Any = item["location"].get("dimensionRange")
    if place is None or place.get("sheetId", 0) != shift.sheet_id or place["dimension"] != shift.dimension:
        return item
    start = shift.place(place.get("startIndex", 0))
    if start is None:
        return None
    return {**item, "location": {**item["location"], "dimensionRange": {**place, "startIndex": start, "endIndex": start + 1}}}
