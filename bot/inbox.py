"""The inbox folder: whatever a team (or its shop system) puts there is uploaded, then moved out of the way.

A file that could be read goes to `done/`, its rejected rows to `problems/`; a file that could not be read at all goes to `problems/`
with the reason beside it. A crash between the upload and the move only means that the file is uploaded again, which changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from journey.errors import OutsideError, TabijiError
from journey.texts import Lang, Text, text

log = logging.getLogger("tabiji")

Stamp = tuple[int, int]
"""Size and modification time (ns): what tells whether somebody still writes a file."""


R = TypeVar("R")


@dataclass(frozen=True)
class Unreadable:
    """A file that could not be taken in, where it lies now, and why."""

    path: Path
    said: Text


@dataclass
class Inbox:
    """One inbox folder. `upload` takes a file and the folder for its rejected rows; it raises TabijiError for an unreadable one."""

    folder: Path
    lang: Lang
    _seen: dict[Path, Stamp] = field(default_factory=dict)

    def waiting(self) -> list[Path]:
        """The files that wait, in the order of their names; hidden, temporary and half-copied ones (by name) are left alone."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path
            for path in self.folder.iterdir()
            if path.is_file()
            and not path.name.startswith((".", "~$"))
            and path.suffix.lower() not in (".part", ".tmp", ".crdownload")
        )

    def settled(self) -> list[Path]:
        """The waiting files that nobody wrote to since the last look: for a watcher that looks every few seconds."""
        stamps = {path: _stamp(path) for path in self.waiting()}
        still = [path for path, stamp in stamps.items() if self._seen.get(path) == stamp]
        self._seen = stamps
        return still

    def take_in(self, files: Sequence[Path], upload: Callable[[Path, Path], R], now: datetime) -> list[R | Unreadable]:
        """Uploads the files one by one and moves each away; one file's problem keeps no other from being taken in.

        OutsideError, OSError and SQLAlchemyError come through: they are about the disk and the store, and the files stay.
        """
        done, problems = self.folder / "done", self.folder / "problems"
        found: list[R | Unreadable] = []
        for path in files:
            try:
                taken = upload(path, problems)
            except (OutsideError, OSError, SQLAlchemyError):
                raise  # a full disk, a locked store: nothing that is wrong with this file, so it waits here
            except TabijiError as error:
                found.append(self._refused(path, error.said, now))
            except Exception as error:  # what a library says of a file that it was not made for
                if _disk(error):
                    raise
                log.exception("%s", path.name)
                found.append(self._refused(path, text("uploads.unexpected", file=path.name, error=type(error).__name__), now))
            else:
                found.append(taken)
                _move(path, done, now)
            self._seen.pop(path, None)
        return found

    def _refused(self, path: Path, said: Text, now: datetime) -> Unreadable:
        moved = _move(path, self.folder / "problems", now)
        moved.with_name(moved.name + ".txt").write_text(said.say(self.lang) + "\n", encoding="utf-8")
        return Unreadable(moved, said)


def _disk(error: Exception) -> bool:
    """Whether a library met a failing disk: DuckDB has an error of its own for it, others name the one they met."""
    return isinstance(error, duckdb.IOException) or isinstance(error.__cause__, OSError)


def _move(path: Path, folder: Path, now: datetime) -> Path:
    """Into a folder, under its own name, or with the time behind it where that name is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    target, n = folder / path.name, 0
    while target.exists():
        n += 1
        target = folder / f"{path.stem}-{now:%Y%m%dT%H%M%S}{'' if n == 1 else f'-{n}'}{path.suffix}"
    return path.rename(target)


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
