"""What a disk, a database or a damaged file throws, as a sentence for whoever can act on it."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from sqlalchemy.exc import DBAPIError

from journey.errors import OutsideError
from journey.texts import text


def explained(error: BaseException) -> OutsideError | None:
    """The sentence for a failure outside the program; None for one that is the program's own fault."""
    if isinstance(error, DBAPIError):
        return OutsideError(text("outside.store", why=_first_line(error.orig or error)))
    if isinstance(error, duckdb.OutOfMemoryException):
        return OutsideError(text("outside.memory", why=_first_line(error)))
    if isinstance(error, duckdb.IOException) or (isinstance(error, duckdb.Error) and ".parquet" in str(error)):
        return OutsideError(text("outside.facts", why=_first_line(error)))
    if isinstance(error, OSError):  # pyarrow's own too
        where = f" ({error.filename})" if error.filename else ""
        return OutsideError(text("cli.outside", why=f"{error.strerror or error}{where}"))
    if isinstance(error, pa.ArrowInvalid):
        return OutsideError(text("outside.facts", why=_first_line(error)))
    if isinstance(error, MemoryError):
        return OutsideError(text("outside.memory", why="MemoryError"))
    return None


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:300]
