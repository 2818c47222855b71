"""Opens the state store: a migrated, durable SQLite file (or another engine by URL), and short, immediate transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import DatabaseError

from journey.errors import InputError
from journey.texts import text

HEAD = "0003"
"""The revision that this program's tables are at: the newest of `migrations/versions` (a test compares the two)."""
BUSY_SECONDS = 30.0


def sqlite_module() -> ModuleType:
    """The SQLite to use. Builds before 3.51.3 can corrupt a WAL when it is reset, and CPython often carries one; the wheel
    of `pysqlite3` brings a fixed build, where there is one for this machine."""
    try:
        import pysqlite3.dbapi2 as module
    except ImportError:
        import sqlite3 as module
    # Both look for someone who can translate each None that is bound, and find none: that took longer than writing the row.
    module.register_adapter(type(None), lambda _: None)
    return module  # type: ignore[no-any-return]


def open_store(folder: Path, url: str = "") -> Engine:
    """The store of an installation, created and migrated to this program's schema.

    `url` empty: the file `state.sqlite` in `folder`. Raises InputError where the store is newer than this program, is not a
    store, or cannot be opened.
    """
    if url and not url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True)
    else:
        path = Path(make_url(url).database or "") if url else folder / "state.sqlite"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(text("store.cannot_open", path=path, why=error.strerror or error)) from error
        engine = create_engine(
            f"sqlite:///{path}",
            module=sqlite_module(),
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            hide_parameters=True,  # a failing statement's values (addresses, messages) have no place in a log
        )
        event.listen(engine, "connect", _durable)
        event.listen(engine, "begin", _immediate)
    try:
        _migrate(engine)
    except (DatabaseError, OSError) as error:
        where = engine.url.database if engine.url.drivername == "sqlite" else engine.url.render_as_string(hide_password=True)
        why = str(getattr(error, "orig", error))
        key = "store.damaged" if "malformed" in why or "not a database" in why else "store.cannot_open"
        raise InputError(text(key, path=where, why=why)) from error
    return engine


def _durable(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # we say BEGIN ourselves
    cursor = raw.cursor()
    mode = cursor.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise InputError(text("store.no_wal", mode=mode))
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL loses acknowledged rows when the power goes
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _immediate(connection: Connection) -> None:
    # A transaction that reads first and writes later could otherwise fail half-way with "database is locked".
    mode = connection.get_execution_options().get("tabiji_reads")
    connection.exec_driver_sql("BEGIN" if mode else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reads only: one consistent snapshot, never waits for a writer."""
    with engine.connect().execution_options(tabiji_reads=True) as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction of a use case: all of it or nothing."""
    with engine.begin() as connection:
        yield connection


def _migrate(engine: Engine) -> None:
    with engine.connect().execution_options(tabiji_reads=True) as connection:
        at = _revision(connection)
    if at != HEAD:
        from journey.store.migrating import upgrade  # Alembic takes longer to load than a whole read of the store

        upgrade(engine, at)


def _revision(connection: Connection) -> str | None:
    """The schema revision that the store has; None for a store nobody has made yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found
