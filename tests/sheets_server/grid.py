"""A tab's grid: rows of cells, columns, and what lies upon them. Rows are replaced, never changed, so a copy of a tab is cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sheets_server.a1 import Box, ends, quoted
from sheets_server.cells import EMPTY, Cell
from sheets_server.errors import ApiError, Json, bad
from sheets_server.shifts import Move


class Row:
    """A row: its cells up to the last one that holds anything, the row's own properties (height, hidden), whether it has formulas
    (`live`) or anything that refers to other cells (`refers`), and what of it was written out before, by place and mask."""

    __slots__ = ("cells", "live", "properties", "refers", "written")

    def __init__(self, cells: Iterable[Cell] = (), properties: Json | None = None) -> None:
        found = tuple(cells)
        length = len(found)
        while length and not found[length - 1].data:
            length -= 1
        self.cells = found[:length]
        self.properties: Json = properties or {}
        kinds = {cell.kind for cell in self.cells}
        self.live = "formula" in kinds
        self.refers = len(kinds) > 1 or (bool(kinds) and "" not in kinds)
        self.written: dict[tuple[str, int, int], str] = {}

    def cell(self, column: int) -> Cell:
        """The cell in that column."""
        return self.cells[column] if column < len(self.cells) else EMPTY

    def wide(self, columns: int) -> list[Cell]:
        """The cells as a list of at least that length."""
        return [*self.cells, *[EMPTY] * (columns - len(self.cells))]

    def with_cells(self, changes: Mapping[int, Cell]) -> Row:
        """The row with other cells in some columns."""
        cells = self.wide(max(changes, default=-1) + 1)
        for column, cell in changes.items():
            cells[column] = cell
        return Row(cells, self.properties)


@dataclass
class Sheet:
    """A tab: Google's SheetProperties without the size of the grid, the rows, each column's properties, and what lies upon it."""

    properties: Json
    rows: list[Row]
    columns: list[Json]
    merges: list[Json] = field(default_factory=list)
    protected: list[Json] = field(default_factory=list)
    conditional: list[Json] = field(default_factory=list)
    banded: list[Json] = field(default_factory=list)
    filter: Json | None = None

    @property
    def id(self) -> int:
        """Its sheetId."""
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        """Its title."""
        return str(self.properties["title"])

    @property
    def grid_properties(self) -> Json:
        """GridProperties with the size of the grid."""
        return {"rowCount": len(self.rows), "columnCount": len(self.columns), **self.properties.get("gridProperties", {})}

    def copy(self) -> Sheet:
        """A copy; rows and all JSON are shared, as they are never changed."""
        return Sheet(
            self.properties,
            list(self.rows),
            list(self.columns),
            list(self.merges),
            list(self.protected),
            list(self.conditional),
            list(self.banded),
            self.filter,
        )

    def cell(self, row: int, column: int) -> Cell:
        """The cell at that place, which must be within the grid's rows."""
        return self.rows[row].cell(column)

    def put(self, row: int, changes: Mapping[int, Cell]) -> None:
        """Other cells in one row."""
        self.rows[row] = self.rows[row].with_cells(changes)

    def each(self, box: Closed, change: Callable[[Cell], Cell]) -> None:
        """`change` for every cell of the box. What was one cell, or one row, stays one: a thousand rows alike cost next to nothing."""
        known: dict[int, tuple[Cell, Cell]] = {}

        def other(row: Row) -> Row:
            changes = {}
            for column in range(box.left, box.right):
                cell = row.cell(column)
                if id(cell) not in known:
                    known[id(cell)] = (cell, change(cell))
                if known[id(cell)][1] is not cell:
                    changes[column] = known[id(cell)][1]
            return row.with_cells(changes) if changes else row

        self.each_row(other, box.top, box.bottom)

    def each_row(self, other: Callable[[Row], Row], top: int = 0, bottom: int | None = None) -> None:
        """Other rows in place of those from `top` to before `bottom`; rows that were one stay one."""
        known: dict[int, tuple[Row, Row]] = {}
        for number, row in enumerate(self.rows[top:bottom], start=top):
            if id(row) not in known:
                known[id(row)] = (row, other(row))
            self.rows[number] = known[id(row)][1]

    def closed(self, box: Box) -> Closed:
        """The box with its open ends at the grid's, and cut to the grid."""
        bottom = len(self.rows) if box.bottom is None else min(box.bottom, len(self.rows))
        right = len(self.columns) if box.right is None else min(box.right, len(self.columns))
        return Closed(box.top or 0, box.left or 0, bottom, right)

    def within(self, grid_range: Json, where: str) -> Closed:
        """The cells of a GridRange, cut to the grid; perhaps none. Raises ApiError (400) where it starts outside of the grid."""
        box = Box(*(grid_range.get(name) for name in ("startRowIndex", "startColumnIndex", "endRowIndex", "endColumnIndex")))
        for name, start, end in (("Row", box.top or 0, box.bottom), ("Column", box.left or 0, box.right)):
            if start < 0:
                raise bad(f"Invalid {where}: range.start{name}Index[{start}] is less than zero.")
            if end is not None and end < start:
                raise bad(f"Invalid {where}: range.end{name}Index[{end}] must be at least range.start{name}Index[{start}].")
        self.begins_within(box, f"Invalid {where}: ")
        return self.closed(box)

    def begins_within(self, box: Box, before: str = "") -> None:
        """Refuses (400) a box that starts at or past the grid's end, in Google's words."""
        if (box.top or 0) >= len(self.rows) or (box.left or 0) >= len(self.columns):
            raise self.beyond(box, before)

    def beyond(self, box: Box, before: str = "") -> ApiError:
        """The refusal (400) of a range that is not within the grid."""
        size = f"Max rows: {len(self.rows)}, max columns: {len(self.columns)}"
        return bad(f"{before}Range ({quoted(self.title)}!{ends(box)}) exceeds grid limits. {size}")

    def insert(self, dimension: str, at: int, count: int, like: Json | None = None, formats: int | None = None) -> None:
        """`count` empty rows or columns before index `at`, with properties `like` and the formats of the row or column `formats`."""
        if dimension == "ROWS":
            cells = [_shell(cell) for cell in self.rows[formats].cells] if formats is not None else []
            self.rows[at:at] = [Row(cells, like)] * count
        else:
            self.columns[at:at] = [like or {}] * count

            def wider(row: Row) -> Row:
                new = _shell(row.cell(formats)) if formats is not None else EMPTY
                if len(row.cells) <= at and new is EMPTY:
                    return row
                cells = row.wide(at)
                return Row([*cells[:at], *[new] * count, *cells[at:]], row.properties)

            self.each_row(wider)

    def delete(self, dimension: str, start: int, end: int) -> None:
        """The rows or columns from `start` to before `end` taken away."""
        if dimension == "ROWS":
            del self.rows[start:end]
        else:
            del self.columns[start:end]
            self.each_row(
                lambda row: Row([*row.cells[:start], *row.cells[end:]], row.properties) if len(row.cells) > start else row
            )

    def move(self, move: Move) -> None:
        """Rows or columns moved within the tab."""
        if move.dimension == "ROWS":
            self.rows = [self.rows[index] for index in move.order(len(self.rows))]
        else:
            order = move.order(len(self.columns))
            self.columns = [self.columns[index] for index in order]
            self.each_row(lambda row: Row([row.cell(index) for index in order], row.properties))

    def last_row(self) -> int:
        """The number of rows up to the last one with a value."""
        for number in range(len(self.rows), 0, -1):
            if any(cell.entered is not None for cell in self.rows[number - 1].cells):
                return number
        return 0


@dataclass(frozen=True)
class Closed:
    """A rectangle of cells, 0-based, ends exclusive, no end open."""

    top: int
    left: int
    bottom: int
    right: int

    def box(self) -> Box:
        """The same as a box."""
        return Box(self.top, self.left, self.bottom, self.right)

    def holds(self, row: int, column: int) -> bool:
        """Whether that cell is within."""
        return self.top <= row < self.bottom and self.left <= column < self.right

    def meets(self, other: Closed) -> bool:
        """Whether the two have a cell in common."""
        return self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right

    def covers(self, other: Closed) -> bool:
        """Whether the other is wholly within."""
        return self.top <= other.top and other.bottom <= self.bottom and self.left <= other.left and other.right <= self.right

    def grid_range(self, sheet_id: int) -> Json:
        """As Google's GridRange."""
        sizes = {
            "startRowIndex": self.top,
            "endRowIndex": self.bottom,
            "startColumnIndex": self.left,
            "endColumnIndex": self.right,
        }
        return {"sheetId": sheet_id, **sizes} if sheet_id else sizes


def _shell(cell: Cell) -> Cell:
    """What a new cell takes over from its neighbour: format and validation."""
    data = {name: item for name, item in cell.data.items() if name in ("userEnteredFormat", "dataValidation")}
    return Cell(data) if data else EMPTY


def new_sheet(sheet_id: int, title: str, index: int, rows: int = 1000, columns: int = 26) -> Sheet:
    """An empty tab, of the size that Google gives."""
    properties: Json = {"sheetId": sheet_id, "title": title, "index": index, "sheetType": "GRID"}
    return Sheet(properties, [Row()] * rows, [{}] * columns)
