"""The file of rejected rows: the same columns, the reason beside each, ready to mend and hand in again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from journey.texts import Lang
from sheets_sync.uploads.catalogue import REASON
from sheets_sync.uploads.files import Source
from sheets_sync.uploads.stage import Staged

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_rejected(staged: Staged, folder: Path, lang: Lang) -> Path:
    """Writes the rejected rows as CSV (UTF-8 with a byte-order mark, for Excel) under a name of its own in `folder`.

    The rows are read from the source once more, so that nothing of them had to be kept meanwhile. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _free(folder, staged.source.path)
    part = path.with_name(path.name + ".part")
    headers = [h for h in staged.source.headers if h != REASON]
    keep = [i for i, h in enumerate(staged.source.headers) if h != REASON]
    with part.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([*map(guarded, headers), REASON])
        for row, cells in _cells(staged.source, set(staged.rejected)):
            padded = [*cells, *[""] * (len(staged.source.headers) - len(cells))]
            writer.writerow([*(guarded(padded[i]) for i in keep), guarded(_reasons(staged, row, lang))])
    return part.replace(path)


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; reading takes the `'` off again."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def _reasons(staged: Staged, row: int, lang: Lang) -> str:
    said = [(header, reason.say(lang)) for header, reason in staged.rejected[row]]
    return " / ".join(f"{header}: {reason}" if header else reason for header, reason in said)


def _cells(source: Source, wanted: set[int]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for batch in source.batches():
        found = [(u.row, u.cells) for u in batch.unfit]
        for i, row in enumerate(batch.rows.tolist()):
            if row in wanted:
                found.append((row, tuple(column[i].as_py() for column in batch.columns)))
        yield from sorted(found)


def _free(folder: Path, source: Path) -> Path:
    name = source.name
    for ending in (".gz", ".zst"):
        name = name.removesuffix(ending)
    stem = Path(name).stem.removesuffix(".rejected")
    n, path = 1, folder / f"{stem}.rejected.csv"
    while path.exists():
        n += 1
        path = folder / f"{stem}.rejected-{n}.csv"
    return path
