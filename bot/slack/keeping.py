"""What was acknowledged is kept until it is done: Slack does not deliver it again, so a crash must not lose it.

A small file each, in a folder of the store that only its owner can read. Not the store itself: a transaction there may take seconds
(a whole audience is frozen in one), and an acknowledgement must not wait for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from bot.slack.heard import Heard, load


class Letterbox:
    """What came and is not done yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(self, heard: Heard) -> bool:
        """Keeps it, so that it survives the power going; False where it lies here already. Raises OSError."""
        path = self._path(heard.key)
        unfinished = path.with_suffix(".part")
        try:
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        if path.exists():
            os.close(handle)
            unfinished.unlink()
            return False
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(heard.dump())
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        return True

    def done(self, heard: Heard) -> None:
        """It is done, or was refused: nobody needs it any more."""
        with contextlib.suppress(FileNotFoundError):
            self._path(heard.key).unlink()

    def left(self) -> list[Heard]:
        """What an earlier process acknowledged and did not finish, in the order in which it came."""
        for unfinished in self._folder.glob("*.part"):
            unfinished.unlink()  # never acknowledged: Slack delivers it again
        found = []
        for path in self._folder.glob("*.json"):
            try:
                found.append(load(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError, KeyError):
                path.unlink()
        return sorted(found, key=lambda heard: heard.at)

    def _path(self, key: str) -> Path:
        return self._folder / (hashlib.sha256(key.encode()).hexdigest()[:32] + ".json")
