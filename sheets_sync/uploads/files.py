"""Reads an uploaded file as rows of text: CSV (any of the usual encodings, packed or not), .xlsx, Parquet.

Everything is streamed: a file of several gigabytes takes no more memory than a small one. Rows are numbered as a person sees them
in a spreadsheet: the header is row 1.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from journey.errors import InputError
from journey.texts import Text, text
from sheets_sync.uploads.survey import BLOCK, Encoded, survey

MOST_COLUMNS = 1_000
MOST_CELL = 32_767
MOST_ROW_GROUP = 1024**3
CHILD_SECONDS = 90
_CHILD_ERRORS = {"not_a_workbook": "uploads.not_a_workbook", "too_big": "uploads.too_big", "empty": "uploads.empty"}


@dataclass(frozen=True)
class Unfit:
    """A row that is no row of the table: its number, its cells as far as they could be told apart, and why."""

    row: int
    cells: tuple[str, ...]
    said: Text


@dataclass(frozen=True)
class Batch:
    """Some rows: their numbers, one array of text a column (never null), and the unfit rows met on the way."""

    rows: np.ndarray[Any, np.dtype[np.int64]]
    columns: list[pa.StringArray]
    unfit: list[Unfit]


@dataclass(frozen=True)
class Source:
    """An uploaded file that can be read, as often as needed. `sha256` is of the file as it lies there."""

    path: Path
    form: Literal["csv", "xlsx", "parquet"]
    headers: tuple[str, ...]
    sha256: str
    notes: tuple[Text, ...] = ()
    _encoded: Encoded | None = None

    def batches(self) -> Iterator[Batch]:
        """The rows in the order of the file, without those that are wholly empty. Raises InputError where reading breaks off."""
        raw = _parquet(self.path, len(self.headers)) if self._encoded is None else _csv(self._encoded, len(self.headers))
        for batch in raw:
            yield _fit(batch)


def open_source(path: Path, scratch: Path) -> Source:
    """Looks at a file: what it is, how it is written, and its headers. `scratch` is a folder for what must be unpacked.

    Raises InputError with a sentence for anything that is no table.
    """
    head = _head(path)
    sha256 = _sha256(path)
    if head.startswith(b"PAR1"):
        return Source(path, "parquet", _parquet_headers(path), sha256)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError(text("uploads.old_excel", file=path.name))
    if head.startswith(b"PK"):
        unpacked, notes = _unpack_xlsx(path, scratch)
        encoded = survey(unpacked)
        return Source(path, "xlsx", _headers(encoded, path), sha256, notes, encoded)
    encoded = survey(path)
    return Source(path, "csv", _headers(encoded, path), sha256, (), encoded)


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(text("uploads.folder", file=path.name))
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError as error:
        raise InputError(text("uploads.not_found", file=path.name)) from error
    except (OSError, ValueError) as error:
        raise InputError(text("uploads.unreadable", file=path.name, why=getattr(error, "strerror", None) or error)) from error
    if not path.is_file():
        raise InputError(text("uploads.not_a_file", file=path.name))
    if not head:
        raise InputError(text("uploads.empty", file=path.name))
    return head


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _headers(encoded: Encoded, path: Path) -> tuple[str, ...]:
    try:
        first = next(csv.reader(io.StringIO(encoded.head, newline=""), delimiter=encoded.delimiter), [])
    except csv.Error as error:
        raise InputError(text("uploads.header_unreadable", file=path.name)) from error
    return _checked([cell.strip() for cell in first], path)


def _checked(headers: list[str], path: Path) -> tuple[str, ...]:
    if not any(headers):
        raise InputError(text("uploads.header_empty"))
    if len(headers) > MOST_COLUMNS:
        raise InputError(text("uploads.too_many_columns", file=path.name, columns=len(headers), most=MOST_COLUMNS))
    if any(len(header) > 1_000 for header in headers):
        raise InputError(text("uploads.header_unreadable", file=path.name))
    return tuple(headers)


def _csv(encoded: Encoded, width: int) -> Iterator[Batch]:
    if encoded.only_header:
        return
    ragged: list[Unfit] = []

    def skip(row: Any) -> str:
        if row.text.strip():
            ragged.append(_ragged(row, width, encoded.delimiter))
        else:
            ragged.append(Unfit(row.number, (), text("uploads.blank")))
        return "skip"

    names = [f"c{i}" for i in range(width)]
    numbers = _Numbers()
    held: Batch | None = None
    try:
        with encoded.stream() as stream:
            reader = pyarrow.csv.open_csv(
                stream,
                read_options=pyarrow.csv.ReadOptions(
                    use_threads=False,
                    column_names=names,
                    skip_rows_after_names=1,
                    block_size=BLOCK,
                    encoding=encoded.encoding,
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=encoded.delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
                ),
            )
            for read in reader:
                taken = numbers.take(read.num_rows, ragged)
                unfit = [u for u in ragged if u.cells]
                ragged.clear()
                if held is not None:
                    yield held
                held = Batch(taken, [read.column(i) for i in range(width)], unfit)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(text("uploads.broken_off", row=numbers.next, why=_first_line(error))) from error
    left = [u for u in ragged if u.cells]
    if held is not None:
        yield _unclosed(held) if encoded.odd_quotes else held
    if left:
        yield Batch(np.empty(0, np.int64), [pa.array([], pa.string())] * width, left)


@dataclass
class _Numbers:
    """Gives row numbers to rows that were read, leaving out those of rows that were not fit."""

    next: int = 2
    skipped: set[int] = field(default_factory=set)

    def take(self, count: int, unfit: list[Unfit]) -> np.ndarray[Any, np.dtype[np.int64]]:
        self.skipped.update(u.row for u in unfit)
        numbers = np.arange(self.next, self.next + count, dtype=np.int64)
        for gap in sorted(g for g in self.skipped if g >= self.next):
            i = int(np.searchsorted(numbers, gap))
            if i < count:
                numbers[i:] += 1
        if count:
            self.next = int(numbers[-1]) + 1
        self.skipped = {g for g in self.skipped if g >= self.next}
        return numbers


def _ragged(row: Any, width: int, delimiter: str) -> Unfit:
    try:
        cells = next(csv.reader(io.StringIO(row.text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        cells = [row.text]
    if len(cells) > width:
        cells = [*cells[: width - 1], delimiter.join(cells[width - 1 :])]
    said = text("uploads.ragged", found=row.actual_columns, expected=row.expected_columns)
    return Unfit(row.number, tuple(cells) or ("",), said)


def _unclosed(batch: Batch) -> Batch:
    """The last row of a file with an odd number of quotes, if a line break is inside one of its cells: the rest of the file."""
    if not len(batch.rows):
        return batch
    last = [column[-1].as_py() for column in batch.columns]
    if not any("\n" in cell or "\r" in cell for cell in last):
        return batch
    unfit = Unfit(int(batch.rows[-1]), tuple(last), text("uploads.unclosed_quote"))
    return Batch(batch.rows[:-1], [c.slice(0, len(c) - 1) for c in batch.columns], [*batch.unfit, unfit])


def _fit(batch: Batch) -> Batch:
    """Without empty rows; rows with a cell that is far too long become unfit; a guard against formulas is taken off again."""
    if not len(batch.rows):
        return batch
    columns = [_unguarded(c) for c in batch.columns]
    lengths = [pc.binary_length(c).to_numpy(zero_copy_only=False) for c in columns]
    longest = np.maximum.reduce(lengths)
    keep = longest > 0
    unfit = list(batch.unfit)
    for i in np.flatnonzero(longest > MOST_CELL):
        cells = tuple(c[int(i)].as_py() for c in columns)
        if max(map(len, cells)) > MOST_CELL:
            unfit.append(Unfit(int(batch.rows[i]), cells, text("uploads.cell_too_long", most=MOST_CELL)))
            keep[i] = False
    if keep.all():
        return Batch(batch.rows, columns, unfit)
    mask = pa.array(keep)
    return Batch(batch.rows[keep], [c.filter(mask) for c in columns], unfit)


def _unguarded(column: pa.StringArray) -> pa.StringArray:
    if pc.any(pc.starts_with(column, "'")).as_py():
        return pc.replace_substring_regex(column, r"^'([=+\-@\t\r])", r"\1")
    return column


def _unpack_xlsx(path: Path, scratch: Path) -> tuple[Path, tuple[Text, ...]]:
    scratch.mkdir(parents=True, exist_ok=True)
    target = scratch / "sheet.csv"
    command = [sys.executable, "-I", str(Path(__file__).with_name("xlsx_child.py")), str(path.resolve()), str(target)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CHILD_SECONDS, check=False)  # noqa: S603  # our own script
        said = json.loads(done.stdout or b'{"error": "too_big"}')
    except subprocess.TimeoutExpired:
        said = {"error": "too_big"}
    if "error" in said:
        key = _CHILD_ERRORS.get(said["error"])
        if key is None:
            raise InputError(text("uploads.unreadable", file=path.name, why=said.get("why", said["error"])))
        raise InputError(text(key, file=path.name))
    notes = (text("uploads.other_sheets", sheet=said["sheet"], more=said["more"]),) if said["more"] else ()
    return target, notes


def _parquet_headers(path: Path) -> tuple[str, ...]:
    try:
        meta = pq.ParquetFile(path).metadata
        names = list(pq.ParquetFile(path).schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(text("uploads.unreadable", file=path.name, why=_first_line(error))) from error
    if any(meta.row_group(i).total_byte_size > MOST_ROW_GROUP for i in range(meta.num_row_groups)):
        raise InputError(text("uploads.too_big", file=path.name))
    return _checked([str(name).strip() for name in names], path)


def _parquet(path: Path, width: int) -> Iterator[Batch]:
    at = 2
    try:
        for read in pq.ParquetFile(path).iter_batches(batch_size=32_768):
            rows = np.arange(at, at + read.num_rows, dtype=np.int64)
            yield Batch(rows, [_as_text(read.column(i)) for i in range(width)], [])
            at += read.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InputError(text("uploads.broken_off", row=at, why=_first_line(error))) from error


def _as_text(column: pa.Array) -> pa.StringArray:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type):
        column = pa.array([None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in column.to_pylist()])
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
