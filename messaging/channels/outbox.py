"""The outbox: each message a file that a mail program or an editor opens. Nothing leaves this machine."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

from messaging.addresses import mask
from messaging.channels.base import Accepted, Answer, Carries, NotAccepted, Parcel

_UNSAFE = re.compile(r"[^A-Za-z0-9@.+_-]+")


class Outbox:
    """Writes `FOLDER/YYYY-MM-DD/DELIVERY-MASKED.eml` (or `.json`), whole or not at all, readable by its owner only.

    The day is that of `Parcel.made_at` in that moment's own zone (`undated` without one). A repeat replaces the same file.
    """

    kind = "outbox"
    hosts: tuple[str, ...] = ()

    def __init__(self, folder: Path, *, carries: Carries = "mail", when_in_doubt: str = "repeat", window: int = 10) -> None:
        self.folder = folder
        self.carries: Carries = carries
        self.when_in_doubt = when_in_doubt
        self.window = window

    def path(self, parcel: Parcel) -> Path:
        """Where the parcel's file is."""
        day = parcel.made_at.date().isoformat() if parcel.made_at else "undated"
        shown = _UNSAFE.sub("_", mask(parcel.address).replace("***", "---"))[:80].strip(".")
        ending = "eml" if self.carries == "mail" else "json"
        return self.folder / day / f"{parcel.delivery_id}-{shown}.{ending}"

    def send(self, parcel: Parcel) -> Answer:
        """Writes the file and makes it durable. A disk that refuses has certainly accepted nothing."""
        path = self.path(parcel)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, parcel.payload)
        except OSError as error:
            return NotAccepted(f"outbox: {error.strerror or error}", permanent=False)
        return Accepted(path.name)

    def check(self) -> str | None:
        """Whether the folder can be written to."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=self.folder):
                return None
        except OSError as error:
            return f"{self.folder}: {error.strerror or error}"

    def close(self) -> None:
        """Nothing is held open."""


def _write_whole(path: Path, payload: bytes) -> None:
    """Other programs see the whole file or none. One fsync after the rename: on journalling file systems it carries the name too,
    and what a power cut leaves before it was not yet called accepted."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    here = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(payload)
            file.flush()
            here = here.replace(path)
            os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            here.unlink()
        raise
