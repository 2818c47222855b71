"""Turns the first sheet of an .xlsx that has a header into CSV, in a process of its own with little memory and time.

Run as a script: `python -I xlsx_child.py IN OUT`. Prints one JSON object: `{"error": KEY}` or `{"sheet": name, "more": sheets}`.
It imports nothing of this program, so that a hostile file meets as little as possible.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import resource
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MEMORY = 256 * 1024 * 1024
SECONDS = 60
MOST_COLUMNS = 1_000
MOST_UNPACKED = 1024**3
FREE_UNPACKED = 64 * 1024**2
MOST_RATIO = 150
EPOCH_DAY = dt.time(0, 0)


def main(source: str, target: str) -> dict[str, object]:
    """Writes the CSV and returns what to print."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl does without, and its memory is needed for cells
    sys.modules["lxml"] = None  # type: ignore[assignment]
    try:
        with zipfile.ZipFile(source) as package:
            names = package.namelist()
            unpacked = sum(info.file_size for info in package.infolist())
        if not any(name.startswith("xl/") for name in names):
            return {"error": "not_a_workbook"}
        ratio = unpacked / max(1, Path(source).stat().st_size)
        if unpacked > MOST_UNPACKED or (unpacked > FREE_UNPACKED and ratio > MOST_RATIO):
            return {"error": "too_big"}
        return _convert(source, target)
    except MemoryError:
        return {"error": "too_big"}
    except Exception as error:  # a broken file can raise anything from anywhere inside the reader
        return {"error": "unreadable", "why": f"{type(error).__name__}: {error}"[:200]}


def _convert(source: str, target: str) -> dict[str, object]:
    from openpyxl import load_workbook

    book = load_workbook(source, read_only=True, data_only=True, keep_links=False)
    chosen: str | None = None
    more: list[str] = []
    with Path(target).open("w", encoding="utf-8", newline="") as out:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            sheet.reset_dimensions()
            width = _width(sheet)
            if width and chosen is None:
                _write(sheet.iter_rows(values_only=True, max_col=width + 1), width, out)
                chosen = sheet.title
            elif width:
                more.append(sheet.title)
    return {"sheet": chosen, "more": more} if chosen is not None else {"error": "empty"}


def _width(sheet: Any) -> int:
    """How many columns the header (row 1) has; only so many are read: a lone cell far out would fill every row up to there."""
    for row in sheet.iter_rows(values_only=True, max_row=1, max_col=MOST_COLUMNS + 1):
        return max((i for i, cell in enumerate(row, 1) if cell is not None and str(cell).strip()), default=0)
    return 0


def _write(rows: Iterable[tuple[Any, ...]], width: int, out: Any) -> None:
    writer = csv.writer(out, lineterminator="\n")
    blank = 0
    for row in rows:
        if not any(cell is not None for cell in row):
            blank += 1  # written only when something follows: a sheet may claim a million empty rows
            continue
        cells = [_text(cell) for cell in row[:width]]
        cells += [""] * (width - len(cells))
        if len(row) > width and row[width] is not None:
            cells.append(_text(row[width]))  # one cell too many: the reader says so
        out.write("\n" * blank)
        blank = 0
        writer.writerow(cells)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == EPOCH_DAY else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell).replace("\x00", "")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2])))
