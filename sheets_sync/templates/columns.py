"""How the columns of each tab are laid out: widths, and where the words of their dropdowns come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Dropdown:
    """A dropdown. `words` names a list of the choices of `shared`; `lists` a column of the workbook as `tab.column`.

    `strict` refuses anything else; `ask` warns and lets it pass; `open` only suggests, where a cell has a grammar of its own.
    """

    source: str
    rule: Literal["strict", "ask", "open"] = "open"
    lists: bool = False


@dataclass(frozen=True)
class Layout:
    """A column: its width in narrow characters, and its dropdown."""

    width: float
    dropdown: Dropdown | None = None
    idle: bool = False
    """Nobody types here yet: grey, like the program's own."""


def _words(source: str, rule: Literal["strict", "ask", "open"] = "open") -> Dropdown:
    return Dropdown(source, rule)


def _list(source: str, rule: Literal["ask", "open"] = "ask") -> Dropdown:
    return Dropdown(source, rule, lists=True)


LAYOUTS: Mapping[str, Mapping[str, Layout]] = {
    "messages": {
        "id": Layout(8),
        "channel": Layout(12, _words("channel", "ask")),
        "language": Layout(13, _words("language")),
        "variant": Layout(12, _words("variant")),
        "weight": Layout(11),
        "subject": Layout(36),
        "preheader": Layout(32),
        "body": Layout(76),
        "link": Layout(13),
        "image": Layout(13),
        "notes": Layout(34),
    },
    "campaigns": {
        "id": Layout(7),
        "name": Layout(34),
        "active": Layout(11, _words("active", "strict")),
        "journey": Layout(13, _list("journey.name", "open")),
        "stage": Layout(14, _list("journey.stage", "open")),
        "trigger": Layout(30, _words("trigger")),
        "audience": Layout(24),
        "message": Layout(12, _list("messages.id")),
        "channels": Layout(22, _words("channels")),
        "kind": Layout(17, _words("kind", "strict")),
        "window": Layout(18, _words("window")),
        "priority": Layout(13),
        "goal": Layout(18, _words("goal")),
        "goal_window": Layout(13, _words("goal_window")),
        "holdout": Layout(12, idle=True),
        "include_existing": Layout(17, _words("yes_no", "strict")),
        "reentry": Layout(13, _words("reentry")),
        "start": Layout(12),
        "end": Layout(12),
        "owner": Layout(12),
        "state": Layout(10),
        "approval": Layout(13),
        "audience_size": Layout(13),
        "sent": Layout(9),
        "opened": Layout(11),
        "clicked": Layout(12),
        "converted": Layout(14),
        "lift": Layout(9),
    },
    "segments": {"name": Layout(26), "condition": Layout(62), "notes": Layout(60)},
    "fields": {
        "field": Layout(24),
        "label": Layout(28),
        "type": Layout(16, _words("type", "strict")),
        "aliases": Layout(44),
        "personal": Layout(14, _words("yes_no", "strict")),
    },
    "settings": {"key": Layout(28), "value": Layout(34), "default": Layout(30), "notes": Layout(72)},
    "holidays": {"date": Layout(16), "name": Layout(30)},
    "tests": {
        "example": Layout(46),
        "stage": Layout(22, _list("journey.stage", "open")),
        "campaigns": Layout(34),
    },
}
"""Tab key → column key → layout. Columns of the Tests tab's own (the given values) are `GIVEN_WIDTH` wide."""

GIVEN_WIDTH = 26.0

SPARE_COLUMNS = 20
"""Columns beside a table that are text-formatted too, so that a column added there reads what was typed."""

SETTING_DROPDOWNS: Mapping[str, Dropdown] = {
    key: _words(key) for key in ("time_zone", "default_send_time", "quiet_hours", "late_after", "entry_age", "audience_drift")
}
"""Dropdowns of single rows of the Settings tab."""

JOURNEY_LABEL_WIDTH = 20.0
JOURNEY_STAGE_WIDTH = 32.0
STAGE_COLUMNS = 12
"""How many stages a map may grow to before its dropdowns no longer list them all."""

SPARE_ROWS = 120
"""Rows that are ready to be typed in: text-formatted, with their dropdowns."""
