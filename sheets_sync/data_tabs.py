"""Tabs whose rows are uploads: from cells to the text that an uploaded file of the same rows would hold. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from journey.errors import InputError
from journey.model import FieldDef
from journey.names import tidy
from journey.problems import Problem
from journey.texts import Text, text
from sheets_sync.snapshot import Cell, Tab, address
from sheets_sync.uploads.catalogue import UploadKind, ValueType
from sheets_sync.uploads.columns import Layout, recognise, recognised
from sheets_sync.uploads.result import RowProblem

_HEADER_WITHIN = 10
_LONGEST_NUMBER = 40
_KEYS = ("customer_id", "email", "phone", "product")
_EXACT: Collection[ValueType] = ("id", "email", "phone")
_DATED: Collection[ValueType] = ("day", "moment")
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001  # spreadsheets count days from here, on no zone's clock
_SERIALS = range(10_000, 100_000)
"""Numbers that a file of a spreadsheet may hold for a day (1927 to 2173)."""
_BY_KEY: Collection[UploadKind] = ("customers", "products", "consents")


@dataclass(frozen=True)
class DataRow:
    """A row as an uploaded file would have it: its number in the tab, and its cells as text, one a column with a header."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class DataTab:
    """A tab read as an upload. Rows with only their first cell filled are left out: they are dividers, or somebody still types."""

    title: str
    kind: UploadKind
    header: int
    """The header's row."""
    columns: tuple[int, ...]
    """The tab's columns that have a header, from left to right."""
    headers: tuple[str, ...]
    rows: tuple[DataRow, ...]
    layout: Layout | None
    """None where the header does not say what an upload of this kind needs."""
    refused: Text | None = None
    """Why: then nothing of the tab can be taken in."""
    unreadable: tuple[RowProblem, ...] = ()
    """Cells that cannot be read, by the tab's rows."""
    spoilt: frozenset[int] = field(default_factory=frozenset)
    """Rows that are left out: a cell of theirs, or of another line of the same order, cannot be read."""

    @property
    def typed(self) -> str:
        """A token that is another whenever what is taken in, or where it stands, is another."""
        rows = [[row.number, *row.cells] for row in self.rows]
        problems = [(p.row, p.column, p.said.key) for p in self.unreadable]
        return _hash([self.kind, self.header, self.columns, self.headers, rows, problems])

    def token(self, row: DataRow) -> str:
        """Tells rows apart by what they say, wherever they stand."""
        return _hash([self.headers, row.cells])[:16]

    def fresh(self, known: Sequence[str]) -> tuple[DataRow, ...]:
        """The rows to take in where those with the tokens `known` were taken in before, each as often as it stood there.

        A customer's or a product's row says how things are, as of when it was handed in: it is not said again because another row
        was edited; rows of the same key go together, since of two the later one counts. Purchases and events merge by what a file
        holds as a whole (uploads.md), so all of them.
        """
        readable = tuple(row for row in self.rows if row.number not in self.spoilt)
        if self.kind not in _BY_KEY:
            return readable if Counter(map(self.token, readable)) - Counter(known) else ()
        before = set(known)
        touched = {self._key(row) for row in readable if self.token(row) not in before}
        return tuple(row for row in readable if self._key(row) in touched)

    def csv(self, rows: Sequence[DataRow]) -> bytes:
        """Rows under the header, as a file that `upload` reads. Everything is quoted, so that nothing is taken for a delimiter."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(self.headers)
        writer.writerows(row.cells for row in rows)
        return out.getvalue().encode("utf-8", "replace")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Cells that cannot be read."""
        return tuple(self._on_cell(p.row, p) for p in self.unreadable)

    def on_cells(self, found: Sequence[RowProblem], rows: Sequence[DataRow]) -> Iterator[Problem]:
        """The problems of an upload of `rows` on the cells of the tab. They keep nothing else from coming into force."""
        for problem in found:
            yield self._on_cell(self.header if problem.row < 2 else rows[problem.row - 2].number, problem)

    @property
    def header_problems(self) -> tuple[Problem, ...]:
        """What is to be said of the header, whatever its rows hold."""
        if self.refused is not None:
            return (Problem(self.title, address(self.header, self.columns[0]), "warning", self.refused),)
        warnings = self.layout.warnings if self.layout is not None else ()
        return tuple(self.on_cells([RowProblem(1, header, said) for header, said in warnings], ()))

    def _on_cell(self, row: int, problem: RowProblem) -> Problem:
        column = self.columns[self.headers.index(problem.column)] if problem.column in self.headers else self.columns[0]
        return Problem(self.title, address(row, column), "warning", problem.said)

    def _key(self, row: DataRow) -> tuple[str, str]:
        places = self.layout.fields if self.layout is not None else {}
        values = ((name, row.cells[places[name]]) for name in _KEYS if name in places)
        return next(((name, tidy(value)) for name, value in values if value.strip()), ("", ""))


def read_data(tab: Tab, kind: UploadKind, fields: Sequence[FieldDef]) -> DataTab | None:
    """A tab as an upload of `kind`; None where nothing stands in it. `fields` are the attributes known by now, with their names."""
    header = _header(tab, kind, fields)
    if header is None:
        return None
    named = {column: name for column, cell in sorted(tab.by_row[header].items()) if (name := " ".join(cell.text.split()))}
    if not named:
        return None
    rows = [(number, cells) for number, cells in tab.by_row.items() if number > header and _whole(tab, number, cells, named)]
    layout, refused = _layout(tuple(named.values()), kind, fields)
    dated = _columns(named, layout, _DATED)
    made = [DataRow(number, tuple(_text(cells.get(c), c in dated) for c in named)) for number, cells in rows]
    unreadable = tuple(_unreadable(rows, named, layout))
    return DataTab(
        tab.title,
        kind,
        header,
        tuple(named),
        tuple(named.values()),
        tuple(made),
        layout,
        refused,
        unreadable,
        _spoilt(unreadable, made, layout),
    )


def _header(tab: Tab, kind: UploadKind, fields: Sequence[FieldDef]) -> int | None:
    """The row of the first ten that names the most columns of the kind, else the first."""
    best, most = None, -1
    for number in sorted(tab.by_row)[:_HEADER_WITHIN]:
        hits = recognised([cell.text for cell in tab.by_row[number].values()], kind, fields)
        if hits > most:
            best, most = number, hits
    return best


def _whole(tab: Tab, number: int, cells: Mapping[int, Cell], named: Mapping[int, str]) -> bool:
    first = min(named)
    filled = {c for c, cell in cells.items() if c in named and (cell.text.strip() or cell.problem)}
    own = {c for c in tab.own(number) if c in filled}
    same = {c for c in filled if cells[c] is cells.get(first)}
    return bool(own) and (len(named) == 1 or not (own <= {first} and filled <= same))


def _layout(headers: tuple[str, ...], kind: UploadKind, fields: Sequence[FieldDef]) -> tuple[Layout | None, Text | None]:
    try:
        return recognise(headers, kind=kind, fields=fields), None
    except InputError as error:
        if error.said.key == "uploads.column_missing":  # speaks of a file, and of an option that a tab does not have
            return None, text("uploads.tab_column_missing", **error.said.values)
        return None, error.said


def _columns(named: Mapping[int, str], layout: Layout | None, types: Collection[ValueType]) -> frozenset[int]:
    """The tab's columns whose values are of one of these types."""
    columns = list(named)
    return (
        frozenset(columns[at] for name, at in layout.fields.items() if layout.types[name] in types) if layout else frozenset()
    )


def _unreadable(
    rows: Sequence[tuple[int, Mapping[int, Cell]]], named: Mapping[int, str], layout: Layout | None
) -> Iterator[RowProblem]:
    exact = _columns(named, layout, _EXACT)
    for number, cells in rows:
        for column, header in named.items():
            cell = cells.get(column)
            if cell is None:
                continue
            if cell.problem is not None:
                yield RowProblem(number, header, cell.problem)
            elif cell.turned and column in exact:
                yield RowProblem(number, header, text("workbook.turned", shown=cell.text))


def _spoilt(unreadable: Sequence[RowProblem], rows: Sequence[DataRow], layout: Layout | None) -> frozenset[int]:
    """Rows with a cell that cannot be read; of an order all lines, since a part of it would replace the whole (uploads.md)."""
    bad = {problem.row for problem in unreadable}
    if not bad or layout is None or layout.kind != "purchases" or "order_id" not in layout.fields:
        return frozenset(bad)
    at = layout.fields["order_id"]
    orders = {tidy(row.cells[at]) for row in rows if row.number in bad} - {""}
    return frozenset(bad | {row.number for row in rows if tidy(row.cells[at]) in orders})


def _text(cell: Cell | None, dated: bool) -> str:
    """A cell as a file would have it: numbers without thousands separators, days and times in ISO form, leading zeros kept; where
    dates are meant (`dated`), also those that are only shown as the number they are."""
    if cell is None:
        return ""
    value = cell.value
    if dated and isinstance(value, (int, float)) and not isinstance(value, bool) and value // 1 in _SERIALS:
        value = _FIRST_DAY + timedelta(seconds=round(value * 86_400))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value, tidy(cell.text))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return (cell.text if value is None else value).replace("\x00", "")


def _number(value: float, shown: str) -> str:
    if (
        len(shown) <= _LONGEST_NUMBER
        and shown.isascii()
        and shown.isdecimal()
        and shown.startswith("0")
        and int(shown) == value
    ):
        return shown
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(value)


def _hash(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()
