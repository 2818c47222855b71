"""How a tab becomes a table of rows by column key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from journey.names import fold, tidy
from journey.texts import text
from sheets_sync.report import Report
from sheets_sync.snapshot import Cell, Tab, address
from sheets_sync.tabs import HOLIDAYS, SETTINGS, TESTS, Column, TabSpec


@dataclass(frozen=True)
class Row:
    """A filled row: its number and its cells by column key (only those with something in them)."""

    number: int
    cells: Mapping[str, Cell]
    extra: Mapping[int, Cell] = field(default_factory=dict)
    """Cells of columns that are not known, by column number."""

    def text(self, key: str) -> str:
        """The cell's text, trimmed; empty where nothing stands."""
        cell = self.cells.get(key)
        return cell.text.strip() if cell else ""


@dataclass(frozen=True)
class Table:
    """A tab read as a table. `columns` and `headers` hold, by key, where a column is and how its header is typed."""

    spec: TabSpec
    title: str
    header_row: int
    columns: Mapping[str, int]
    headers: Mapping[str, str]
    extra: Mapping[int, str]
    """Typed headers of unknown columns, by column number."""
    rows: tuple[Row, ...]

    def cell(self, row: Row, key: str) -> str:
        """The address of a row's cell in a column; of its first cell where the column is not there."""
        return address(row.number, self.columns.get(key) or min(self.columns.values(), default=1))


def read_table(tab: Tab, spec: TabSpec, report: Report) -> Table | None:
    """The rows of a tab, dividers left out; None, with a problem on the tab, where its header cannot be found.

    A divider is a row with only its first cell filled. Holidays keep theirs: a day needs no name.
    """
    if not tab.cells:
        return Table(spec, tab.title, 1, {}, {}, {}, ())
    known = {name: c for c in spec.columns for name in c.names()}
    header = _header_row(tab, known)
    if header is None and spec in (SETTINGS, HOLIDAYS):
        columns = {c.key: i + 1 for i, c in enumerate(spec.columns)}
        return Table(spec, tab.title, 0, columns, {}, {}, _rows(tab, spec, 0, columns, {}, report))
    header = header or min(row for row, _ in tab.cells)
    columns, headers, extra = _columns(tab, header, known, report)
    missing = [key for key in spec.needs if key not in columns]
    for key in missing:
        report.error(address(header, 1), text("workbook.column_missing", ja=spec.column(key).ja, en=spec.column(key).en))
    if missing:
        return None
    if spec is not TESTS:
        _warn_near(header, columns, extra, spec, report)
    rows = _rows(tab, spec, header, columns, extra, report)
    return Table(spec, tab.title, header, columns, headers, extra, rows)


def _header_row(tab: Tab, known: Mapping[str, Column]) -> int | None:
    best, most = None, 0
    for number in sorted(tab.by_row)[:10]:
        hits = len({known[name].key for c in tab.by_row[number].values() if (name := fold(c.text)) in known})
        if hits > most:
            best, most = number, hits
    return best


def _columns(
    tab: Tab, header: int, known: Mapping[str, Column], report: Report
) -> tuple[dict[str, int], dict[str, str], dict[int, str]]:
    columns: dict[str, int] = {}
    headers: dict[str, str] = {}
    extra: dict[int, str] = {}
    for number, cell in tab.by_row.get(header, {}).items():
        typed = tidy(cell.text)
        column = known.get(fold(typed))
        if column is None:
            extra[number] = typed
        elif column.key in columns:
            if not column.program:
                said = text("workbook.column_twice", name=typed, first=address(header, columns[column.key]))
                report.error(address(header, number), said)
        else:
            columns[column.key] = number
            headers[column.key] = typed
    return columns, headers, extra


def _warn_near(header: int, columns: Mapping[str, int], extra: Mapping[int, str], spec: TabSpec, report: Report) -> None:
    absent = [c for c in spec.columns if c.key not in columns]
    for number, typed in extra.items():
        for column in absent:
            if any(
                len(typed) > 1 and SequenceMatcher(None, fold(typed), fold(n)).ratio() >= 0.75 for n in (column.ja, column.en)
            ):
                near = column.ja if not typed.isascii() else column.en
                report.warn(address(header, number), text("workbook.column_near", typed=typed, near=near))
                break


def _rows(
    tab: Tab, spec: TabSpec, header: int, columns: Mapping[str, int], extra: Mapping[int, str], report: Report
) -> tuple[Row, ...]:
    keys = {number: key for key, number in columns.items()}
    program = {c.key for c in spec.columns if c.program}
    first = min((*columns.values(), *extra), default=1)
    found: list[Row] = []
    for number, cells in tab.by_row.items():
        if number <= header:
            continue
        filled = {c for c, cell in cells.items() if keys.get(c) not in program and (cell.text.strip() or cell.problem)}
        own = {c for c in tab.own(number) if c in filled}
        if not own & set(keys) and not (spec is TESTS and own):
            continue
        if spec is not HOLIDAYS and own <= {first} and filled <= _same(cells, first):
            continue
        row = Row(
            number,
            {keys[c]: cells[c] for c in filled if c in keys},
            {c: cells[c] for c in filled if c in extra},
        )
        found.append(row)
        for key, cell in row.cells.items():
            if cell.problem:
                report.error(address(number, columns[key]), cell.problem)
    return tuple(found)


def _same(cells: Mapping[int, Cell], first: int) -> set[int]:
    """The columns over which the first cell is merged."""
    return {c for c, cell in cells.items() if cell is cells.get(first)}


def typed_text(row: Row, keys: Iterable[str]) -> dict[str, str]:
    """What was typed in the given columns, for the difference between two versions."""
    return {key: typed for key in keys if (typed := row.text(key))}
