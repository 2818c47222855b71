"""One sender and scheduler at a time on a store: a lock of the operating system held for the process's life, and an epoch.

The lock keeps an honest second process out. The epoch fences one that slept, whose store was taken over meanwhile, and that
woke up again: each of its transactions first compares the epoch it began with to the newest one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Engine, insert, select, update

from journey.errors import TabijiError
from journey.store.engine import writing
from journey.store.tables import meta
from journey.texts import text

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PID_AT = 1 << 16
"""Where the lock sits in the file: past the text, which others may then read on every system."""


class AlreadyRunning(TabijiError):
    """Another process works on this store; whoever meets this says so and leaves."""


class EpochLost(TabijiError):
    """A newer process has taken over the store: this one must not write any more."""

    exit_code = 3


@contextmanager
def only_one(folder: Path, engine: Engine) -> Iterator[int]:
    """Holds the store's lock and gives this process's epoch, which is then the newest.

    `folder` is the store's folder. Raises AlreadyRunning, naming the other process, where the lock is held.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tabiji.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        if not _lock(file):
            raise AlreadyRunning(text("delivery.already_running", pid=file.read(20).decode(errors="replace").strip() or "?"))
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        file.flush()
        with writing(engine) as connection:
            epoch = raise_epoch(connection)
        yield epoch  # closing the file lets go of the lock, and so does the end of the process, however it ends


def raise_epoch(connection: Connection) -> int:
    """Makes a new epoch the store's newest and returns it: from now on every older holder's writes are refused."""
    known = connection.scalar(select(meta.c.value).where(meta.c.key == "epoch"))
    if known is None:
        connection.execute(insert(meta).values(key="epoch", value=1))
        return 1
    connection.execute(update(meta).where(meta.c.key == "epoch").values(value=known + 1))
    return int(known) + 1


def require_epoch(connection: Connection, epoch: int) -> None:
    """First words of each of a sender's transactions. Raises EpochLost when a newer process has taken over."""
    newest = connection.scalar(select(meta.c.value).where(meta.c.key == "epoch"))
    if newest != epoch:
        raise EpochLost(text("delivery.epoch_lost"))


def _lock(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            file.seek(_PID_AT)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        return False
    return True
