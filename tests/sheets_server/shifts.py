"""What becomes of ranges when rows or columns are inserted, deleted or moved."""

from __future__ import annotations

from dataclasses import dataclass

from sheets_server.errors import Json

ENDS = {"ROWS": ("startRowIndex", "endRowIndex"), "COLUMNS": ("startColumnIndex", "endColumnIndex")}


@dataclass(frozen=True)
class Shift:
    """`count` rows or columns inserted before index `at`, or (with a negative count) deleted from `at` on, in the tab `sheet_id`."""

    sheet_id: int
    dimension: str
    at: int
    count: int

    def start(self, index: int) -> int:
        """Where the start of a range goes."""
        if self.count >= 0:
            return index + self.count if index >= self.at else index
        return index if index < self.at else max(self.at, index + self.count)

    def end(self, index: int) -> int:
        """Where the (exclusive) end of a range goes: what is inserted at the very end is outside."""
        if self.count >= 0:
            return index + self.count if index > self.at else index
        return index if index <= self.at else max(self.at, index + self.count)

    def place(self, index: int) -> int | None:
        """Where one row or column goes; None where it was deleted."""
        if self.count < 0 and self.at <= index < self.at - self.count:
            return None
        return self.start(index)

    def grid_range(self, grid_range: Json) -> Json | None:
        """The range afterwards; None where nothing is left of it."""
        first, last = ENDS[self.dimension]
        if grid_range.get("sheetId", 0) != self.sheet_id:
            return grid_range
        result = dict(grid_range)
        if first in result:
            result[first] = self.start(result[first])
        if last in result:
            result[last] = self.end(result[last])
            if result.get(first, 0) >= result[last]:
                return None
        return result


@dataclass(frozen=True)
class Move:
    """The rows or columns from `start` (inclusive) to `end` (exclusive) moved before what was at index `to` (outside of them)."""

    sheet_id: int
    dimension: str
    start: int
    end: int
    to: int

    def order(self, length: int) -> list[int]:
        """Old indexes in their new order."""
        moved = list(range(self.start, self.end))
        rest = [index for index in range(length) if not self.start <= index < self.end]
        at = self.to if self.to <= self.start else self.to - len(moved)
        return rest[:at] + moved + rest[at:]

    def place(self, index: int) -> int:
        """Where one row or column goes."""
        count = self.end - self.start
        at = self.to if self.to <= self.start else self.to - count
        if self.start <= index < self.end:
            return at + index - self.start
        left = index if index < self.start else index - count
        return left if left < at else left + count

    def grid_range(self, grid_range: Json) -> Json:
        """The range afterwards: one that lies within what moved goes along; others close up behind it, and widen where it goes in."""
        first, last = ENDS[self.dimension]
        if grid_range.get("sheetId", 0) != self.sheet_id or (first not in grid_range and last not in grid_range):
            return grid_range
        start, end = grid_range.get(first, 0), grid_range.get(last)
        result = dict(grid_range)
        if end is not None and self.start <= start and end <= self.end:
            result[first], result[last] = self.place(start), self.place(start) + end - start
            return result
        count = self.end - self.start
        at = self.to if self.to <= self.start else self.to - count
        out, back = Shift(self.sheet_id, self.dimension, self.start, -count), Shift(self.sheet_id, self.dimension, at, count)
        if first in result:
            result[first] = back.start(out.start(start))
        if end is not None:
            result[last] = max(result.get(first, 0) + 1, back.end(out.end(end)))
        return result
