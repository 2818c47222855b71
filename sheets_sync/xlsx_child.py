"""Opens an untrusted `.xlsx` from standard input and prints its cells as JSON. Runs only as a process of its own.

Printed is `{"tabs": [{"title", "cells": [[row, column, shown, kind, stored, format, note], …], "merged", "widths"}]}` or
`{"problem": KEY, "values"}`, where KEY is a text of `workbook.toml`. `kind` tells how `stored` is to be read.
"""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from sheets_sync.shown import shown

MEMORY = 1024 * 2**20
CPU_SECONDS = 50
MOST_ROWS = 50_000
MOST_COLUMNS = 500
MOST_CELLS = 400_000
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


def main() -> None:
    """Reads, answers, ends. Whatever goes wrong is an answer too: the parent never sees a traceback."""
    _limit()
    data = sys.stdin.buffer.read()
    try:
        answer = read(data)
    except TooBig as big:
        answer = {"problem": "sheet_too_big", "values": {"tab": str(big), "rows": MOST_ROWS, "columns": MOST_COLUMNS}}
    except MemoryError:
        answer = {"problem": "file_bomb"}
    except Exception:  # the edge of the process: openpyxl raises dozens of kinds over a broken file
        answer = {"problem": "file_broken"}
    sys.stdout.write(json.dumps(answer))


class TooBig(Exception):
    """A tab with more rows, columns or cells than a workbook of this kind has. Its argument is the tab's title."""


def read(data: bytes) -> dict[str, Any]:
    """All tabs of a workbook. Raises TooBig, MemoryError, or whatever openpyxl raises over a broken file."""
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl would load it for nothing
    from openpyxl import load_workbook

    warnings.simplefilter("ignore")
    results = load_workbook(io.BytesIO(data), data_only=True)
    formulas = load_workbook(io.BytesIO(data)) if _has_formulas(data) else None
    tabs = [
        {
            "title": sheet.title,
            "cells": list(_cells(sheet, formulas[sheet.title] if formulas is not None else None)),
            "merged": [[a.min_row, a.min_col, a.max_row, a.max_col] for a in sheet.merged_cells.ranges],
            "widths": {str(_column(d)): d.width for d in sheet.column_dimensions.values() if d.customWidth},
        }
        for sheet in results.worksheets
    ]
    return {"tabs": tabs}


def _cells(sheet: Any, formulas: Any) -> Iterator[list[Any]]:
    seen = 0
    without_results = _formulas(formulas) if formulas is not None else {}
    # What there is; iter_rows would walk, and make, every cell between.
    for (row, column), cell in sorted(sheet._cells.items()):
        formula = without_results.get((row, column)) if cell.value is None else None
        if cell.value in (None, "") and formula is None:
            continue
        seen += 1
        if row > MOST_ROWS or column > MOST_COLUMNS or seen > MOST_CELLS:
            raise TooBig(sheet.title)
        note = cell.comment.text if cell.comment else ""
        if formula is not None:
            yield [row, column, formula, "formula", None, "", note]
        elif cell.data_type == "e":
            yield [row, column, str(cell.value), "error", None, "", note]
        else:
            yield [row, column, *shown(cell.value, cell.number_format or ""), cell.number_format or "", note]


def _formulas(sheet: Any) -> dict[tuple[int, int], str]:
    return {place: str(cell.value)[:200] for place, cell in sheet._cells.items() if cell.data_type == "f"}


def _has_formulas(data: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [part for part in archive.namelist() if "worksheets/" in part and part.endswith(".xml")]
        return any(_FORMULA.search(archive.read(part)) for part in sheets)


def _column(dimension: Any) -> int:
    return int(dimension.min or 1)


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's time limit and the archive check remain
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
