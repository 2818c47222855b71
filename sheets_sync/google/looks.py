"""From the looks of an openpyxl workbook to those of a Sheet: formats, colours and sizes. Pure."""

from __future__ import annotations

from typing import Any

from openpyxl.cell.cell import Cell

from sheets_sync.marks import colour as parts

Request = dict[str, Any]
"""A part of a request to Google, as JSON."""

_PIXELS = 4 / 3
"""Pixels of a point."""
_VERTICAL = {"top": "TOP", "center": "MIDDLE", "bottom": "BOTTOM"}
_HORIZONTAL = {"left": "LEFT", "center": "CENTER", "right": "RIGHT"}
_SIDES = ("top", "bottom", "left", "right")
PADDING = {"top": 3, "right": 6, "bottom": 3, "left": 7}
"""What an indent of one is here: the text does not stick to the lines."""


def cell_format(cell: Cell) -> Request:
    """A cell's own format as Google's `CellFormat`. The font's name is left to the Sheet: not every machine has the one of the file."""
    found: Request = {"textFormat": _text_format(cell.font)}
    if cell.number_format == "@":
        found["numberFormat"] = {"type": "TEXT", "pattern": "@"}
    if cell.fill.fill_type == "solid":
        found["backgroundColorStyle"] = colour(cell.fill.start_color.rgb)
    alignment = cell.alignment
    found["wrapStrategy"] = "WRAP" if alignment.wrap_text else "OVERFLOW_CELL"
    if alignment.vertical in _VERTICAL:
        found["verticalAlignment"] = _VERTICAL[alignment.vertical]
    if alignment.horizontal in _HORIZONTAL:
        found["horizontalAlignment"] = _HORIZONTAL[alignment.horizontal]
    if alignment.indent:
        found["padding"] = dict(PADDING)
    lines = {side: line for side in _SIDES if (line := getattr(cell.border, side)) is not None and line.style}
    drawn = {side: {"style": "SOLID", "colorStyle": colour(line.color.rgb)} for side, line in lines.items()}
    if drawn:
        found["borders"] = drawn
    return found


def rule_format(style: Any) -> Request:
    """The format of a conditional rule (an openpyxl `DifferentialStyle`): colours alone."""
    found: Request = {}
    if style.fill is not None:
        found["backgroundColorStyle"] = colour(style.fill.start_color.rgb)
    if style.font is not None:
        found["textFormat"] = {"foregroundColorStyle": colour(style.font.color.rgb)}
    return found


def colour(rgb: str) -> Request:
    """`RRGGBB`, or with the alpha before it, as Google's `ColorStyle`."""
    red, green, blue = parts(f"#{rgb[-6:].lower()}")
    return {"rgbColor": {"red": round(red, 4), "green": round(green, 4), "blue": round(blue, 4)}}


def height(points: float) -> int:
    """A row's height in pixels."""
    return round(points * _PIXELS)


def width(characters: float) -> int:
    """A column's width in pixels, from one in narrow characters."""
    return round(characters * 7 + 5)


def _text_format(font: Any) -> Request:
    found: Request = {"fontSize": int(font.sz)}  # whole points: rounded down, so that nothing outgrows its row
    if font.b:
        found["bold"] = True
    if font.color is not None and font.color.type == "rgb":
        found["foregroundColorStyle"] = colour(font.color.rgb)
    return found
