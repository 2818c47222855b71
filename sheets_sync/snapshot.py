"""A workbook as it was at one moment, untyped: tabs of cells, the same from every source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property

from journey.texts import Text

CellValue = str | int | float | bool | datetime | date | time | None


@dataclass(frozen=True)
class Cell:
    """One filled cell: what a person sees, what is stored, how it is shown, and a note that a person put on it."""

    text: str
    value: CellValue = None
    format: str = ""
    note: str = ""
    problem: Text | None = None
    """What makes the cell unreadable (a formula without a result, an error value)."""

    @property
    def turned(self) -> bool:
        """Whether the spreadsheet keeps a date or time here, perhaps where a person typed something else."""
        return isinstance(self.value, (date, time))


@dataclass(frozen=True)
class Merged:
    """A merged range, 1-based and inclusive; its value stands in the top left cell."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Tab:
    """One tab. `cells` holds filled cells by (row, column), 1-based; a merged value stands only at its top left here."""

    title: str
    cells: Mapping[tuple[int, int], Cell]
    merged: tuple[Merged, ...] = ()
    widths: Mapping[int, float] = field(default_factory=dict)
    """Column widths in characters, where a person set them."""

    @cached_property
    def rows(self) -> int:
        """The last row with something in it; 0 when empty."""
        return max((row for row, _ in self.cells), default=0)

    @cached_property
    def columns(self) -> int:
        """The last column with something in it; 0 when empty."""
        return max((column for _, column in self.cells), default=0)

    @cached_property
    def spread(self) -> Mapping[tuple[int, int], Cell]:
        """The cells with every merged value at each place of its range (as far as the tab's used rows and columns reach)."""
        found = dict(self.cells)
        for area in self.merged:
            cell = self.cells.get((area.top, area.left))
            if cell is None:
                continue
            for row in range(area.top, min(area.bottom, self.rows) + 1):
                for column in range(area.left, min(area.right, max(self.columns, area.left)) + 1):
                    found.setdefault((row, column), cell)
        return found

    @cached_property
    def by_row(self) -> Mapping[int, Mapping[int, Cell]]:
        """`spread`, row by row, with columns from left to right."""
        rows: dict[int, dict[int, Cell]] = {}
        for (row, column), cell in sorted(self.spread.items(), key=lambda item: item[0]):
            rows.setdefault(row, {})[column] = cell
        return rows

    def own(self, row: int) -> list[int]:
        """The columns of a row that hold a value of their own, not one that a merged range spreads over them."""
        return [column for column in self.by_row.get(row, {}) if (row, column) in self.cells]


@dataclass(frozen=True)
class Snapshot:
    """All tabs in order, and the token that changes whenever the workbook does.

    `edited_by` is who edited it last (an e-mail address, else a name) and `edited_at` when (UTC), where the source tells: empty and
    None otherwise.
    """

    tabs: tuple[Tab, ...]
    revision: str
    edited_by: str = ""
    edited_at: datetime | None = None


def letters(column: int) -> str:
    """A column's letters: 1 is A, 27 is AA."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def address(row: int, column: int) -> str:
    """`F7`."""
    return f"{letters(column)}{row}"
