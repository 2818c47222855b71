"""A local `.xlsx` workbook as a source. The file is untrusted: it is opened by a child process with limits, never here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from contextlib import suppress
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from journey.errors import InputError
from journey.texts import Text, text
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Cell, CellValue, Merged, Snapshot, Tab

MOST_BYTES = 20 * 2**20
MOST_UNZIPPED = 200 * 2**20
MOST_RATIO = 200
MOST_PARTS = 2_000
SECONDS = 60
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # an old .xls, or an .xlsx behind a password


class XlsxSource:
    """`WorkbookSource` over a local file. `folder` of relative names is the caller's business: `path` is used as it is.

    `kept` is a file that holds what was read last: opening a workbook safely takes a process and half a second, and one command after
    the other would ask for the same.
    """

    def __init__(self, path: Path, kept: Path | None = None) -> None:
        self.path = path
        self._kept = kept
        self.name = path.name
        self._seen: tuple[tuple[int, int, int], str] | None = None
        self._read: Snapshot | None = None

    def revision(self) -> str:
        """The file's SHA-256; read again only where its size, time or inode is another. Raises InputError."""
        stamp = self._stamp()
        if self._seen is None or self._seen[0] != stamp:
            self._seen = (stamp, hashlib.sha256(self._bytes()).hexdigest())
        return self._seen[1]

    def snapshot(self) -> Snapshot:
        """The workbook's cells; the same object as before while the file is the same. Raises InputError."""
        data = self._bytes()
        revision = hashlib.sha256(data).hexdigest()
        if self._read is None or self._read.revision != revision:
            answer = self._remembered(revision)
            if answer is None:
                check_archive(data, self.name)
                answer = _open_in_child(data, self.name)
                self._remember(revision, answer)
            self._read = Snapshot(tuple(_tab(raw) for raw in answer), revision)
        return self._read

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        """Writes `NAME.status.xlsx` beside the workbook, which itself is never rewritten."""
        from sheets_sync import writeback  # openpyxl: half a second that only who writes should wait for

        return writeback.write(status_path(self.path), snapshot, view)

    def _remembered(self, revision: str) -> Any:
        """The tabs as they were read before, None where it was another file or another reader."""
        if self._kept is None:
            return None
        try:
            found: Any = json.loads(self._kept.read_bytes())
            return found["tabs"] if found["of"] == [revision, _reader()] else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _remember(self, revision: str, tabs: Any) -> None:
        """Keeps what was read; where that cannot be, it is read again another time."""
        if self._kept is None or not self._kept.parent.is_dir():
            return
        made = self._kept.with_name(f".{self._kept.name}.{os.getpid()}.{threading.get_ident()}.tmp")
        try:
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump({"of": [revision, _reader()], "tabs": tabs}, file)
            made.replace(self._kept)
        except OSError:
            with suppress(OSError):
                made.unlink(missing_ok=True)

    def _stamp(self) -> tuple[int, int, int]:
        try:
            seen = self.path.stat()
        except (OSError, ValueError) as error:
            raise InputError(_cannot_open(self.path, error)) from error
        return seen.st_mtime_ns, seen.st_size, seen.st_ino

    def _bytes(self) -> bytes:
        try:
            with self.path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            raise InputError(_cannot_open(self.path, error)) from error
        if len(data) > MOST_BYTES:
            raise InputError(text("workbook.file_too_big", name=self.name, limit=MOST_BYTES // 2**20))
        return data


def status_path(path: Path) -> Path:
    """`journey.status.xlsx` beside `journey.xlsx`."""
    return path.with_name(f"{path.stem}.status.xlsx")


def check_archive(data: bytes, name: str) -> None:
    """Refuses what is not an `.xlsx`, and archives that would unpack to far more than they are. Raises InputError."""
    if data.startswith(_OLE):
        raise InputError(text("workbook.file_protected", name=name))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise InputError(text("workbook.file_broken", name=name)) from error
    total = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or total > MOST_UNZIPPED or total > MOST_RATIO * max(len(data), 2**16):
        raise InputError(text("workbook.file_bomb", name=name))
    if any(part.flag_bits & 1 for part in parts):
        raise InputError(text("workbook.file_protected", name=name))


@cache
def _reader() -> str:
    """Tells readers apart: what an older one made of a file may lack what this one looks for."""
    sources = (Path(__file__).with_name(name).read_bytes() for name in ("xlsx_child.py", "shown.py"))
    return hashlib.sha256(b"".join(sources)).hexdigest()


def _open_in_child(data: bytes, name: str) -> Any:
    kept = {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if key in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sheets_sync.xlsx_child"],
            input=data,
            capture_output=True,
            timeout=SECONDS,
            env={**kept, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=Path(__file__).parent.parent,
        )
        answer: Any = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise InputError(text("workbook.file_too_slow", name=name)) from error
    except ValueError as error:  # killed by its limits before it could answer
        raise InputError(text("workbook.file_bomb", name=name)) from error
    if "problem" in answer:
        raise InputError(text(f"workbook.{answer['problem']}", name=name, **answer.get("values", {})))
    return answer["tabs"]


def _tab(raw: Any) -> Tab:
    return Tab(
        raw["title"],
        {(row, column): _cell(*rest) for row, column, *rest in raw["cells"]},
        tuple(Merged(*area) for area in raw["merged"]),
        {int(column): width for column, width in raw["widths"].items()},
    )


def _cell(shown: str, kind: str, stored: Any, format_: str, note: str) -> Cell:
    if kind == "formula":
        return Cell(shown, None, format_, note, text("workbook.formula_without_result"))
    if kind == "error":
        return Cell(shown, None, format_, note, text("workbook.formula_error", shown=shown))
    value: CellValue = stored
    if kind == "datetime":
        value = datetime.fromisoformat(stored)
    elif kind == "date":
        value = date.fromisoformat(stored)
    elif kind == "time":
        value = time.fromisoformat(stored)
    return Cell(shown, value, format_, note)


def _cannot_open(path: Path, error: Exception) -> Text:
    if isinstance(error, FileNotFoundError):
        return text("workbook.file_missing", path=str(path))
    if isinstance(error, IsADirectoryError):
        return text("workbook.file_is_folder", path=str(path))
    return text("workbook.file_locked", path=str(path), why=getattr(error, "strerror", None) or type(error).__name__)
