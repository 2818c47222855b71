"""The look of a ready-made workbook: fonts, colours, borders. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from journey.texts import Lang

NAVY, TEAL, GREY, AMBER = "1F3A5F", "2A737A", "5F6670", "96590F"
"""Colours of headers and tabs: needed columns, further ones, the program's own, the guide.
White on each of them is readable (a contrast of 4.5 to 1 or more)."""

PALE_NAVY, PALE_GREY, PALE_AMBER, LINE_COLOUR = "E8EEF6", "EFF0F2", "FBF1E2", "C9CFD8"
RED, DIM = "B3261E", "4A4F57"
"""Text of a transactional campaign, and text that stands back: a stopped campaign, a remark."""

ALERT = ("FBE4E2", RED)
"""Back and front of what a person must not overlook."""

_GREEN, _YELLOW, _PALE = ("DDEFE0", "1B5E2A"), ("FCF0C8", "6B4A00"), (PALE_GREY, DIM)
STATES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "state": {
        "running": _GREEN,
        "pending": _YELLOW,
        "paused": _YELLOW,
        "held": ALERT,
        "draft": _PALE,
        "ended": _PALE,
        "inactive": _PALE,
    },
    "approval": {"approved": _GREEN, "pending": _YELLOW, "void": ALERT, "rejected": ALERT},
}
"""Column of a campaign → what stands there → its colours: back, front."""

_FONT_NAMES: dict[Lang, str] = {"ja": "Meiryo UI", "en": "Arial"}

TOP = Alignment(wrap_text=True, vertical="top", horizontal="left", indent=1)
MIDDLE = Alignment(wrap_text=True, vertical="center", horizontal="left", indent=1)
ONE_LINE = Alignment(vertical="center")
CENTRED = Alignment(wrap_text=True, vertical="center", horizontal="center")

_SIDE = Side(style="thin", color=LINE_COLOUR)
BOXED = Border(left=_SIDE, right=_SIDE, top=_SIDE, bottom=_SIDE)


@cache
def font(lang: Lang, *, size: float = 10, bold: bool = False, colour: str = "22272E") -> Font:
    """A font that the usual machines of that language have."""
    return Font(name=_FONT_NAMES[lang], size=size, bold=bold, color=colour)


@cache
def fill(colour: str) -> PatternFill:
    """A plain fill."""
    return PatternFill("solid", start_color=colour, end_color=colour)


def rule_font(colour: str) -> Font:
    """The font of a conditional format, which may change colours but neither name nor size."""
    return Font(color=colour)
