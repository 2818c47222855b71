"""The program's log, on standard error: lines for people, or one JSON object a line for programs.

What was done and to which ids is logged; bodies, addresses and links' tokens never are. Whatever has their shape is masked here
as a last net, tracebacks of libraries included.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TextIO

from bot.config import Log
from journey.customers import mask

_ADDRESS = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+|(?<![\w:.+-])[+0]\d[\d()-]{7,16}\d(?![\w:.-])")
_TOKEN = re.compile(r"(/u/)[\w.~-]+")
_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_CHATTY: Mapping[str, int] = {
    "apscheduler": logging.ERROR,  # it warns of each look that waits for a pass to end
    **dict.fromkeys(("waitress", "alembic", "apprise", "sqlalchemy", "matplotlib", "urllib3"), logging.WARNING),
}
"""Libraries whose own news are nobody's here: only what went wrong in them is passed on, from this level."""


def set_up(wanted: Log) -> None:
    """Sends every log record of the process to standard error as `[log]` of the config says. May be called again."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _ToStandardError)]:
        root.removeHandler(handler)
    handler = _ToStandardError()
    handler.setFormatter(_Json() if wanted.format == "json" else _Lines())
    root.addHandler(handler)
    root.setLevel(_LEVELS[wanted.level])
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(max(_LEVELS[wanted.level], least))


def scrubbed(said: str) -> str:
    """The same text with e-mail addresses, telephone numbers and links' tokens masked."""
    return _TOKEN.sub(r"\1***", _ADDRESS.sub(lambda found: mask(found[0]), said))


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that nobody can read any more (a closed pipe, a full disk) stops nothing."""


class _Lines(logging.Formatter):
    """`2026-12-01T10:00:00+09:00 info tabiji: …` in the machine's time zone, a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        said = f"{_moment(record)} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        return scrubbed(said + "".join(f"\n{part}" for part in _trace(self, record)))


class _Json(logging.Formatter):
    """`{"at", "level", "logger", "text", "trace"}`; `trace` only where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": scrubbed(record.getMessage()),
        }
        for part in _trace(self, record):
            told["trace"] = scrubbed(part)
        return json.dumps(told, ensure_ascii=False)


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    return [formatter.formatException(record.exc_info)] if record.exc_info else []
