"""How much room a text needs in a cell: so that nothing is cut off in Excel or LibreOffice, neither of which measures on opening.

A column's width is counted in narrow characters; a wide (East Asian) one takes two. Estimates lean to the large side.
"""

from __future__ import annotations

import re
import unicodedata

MAX_HEIGHT = 409.0
"""The highest row that Excel knows, in points."""

LINE = 15.6
"""Points a line of 10 pt text takes in the tallest of the fonts that may stand in (Japanese ones are tall)."""

_PADDING = 7.0
_MARGIN = 1.6  # what the cell's own edges take, in narrow characters
_PIECE = re.compile(r"\s+|[^\s]+")


def units(text: str) -> float:
    """The width of a line of text in narrow characters."""
    return sum(_units(char) for char in text)


def longest_word(text: str) -> float:
    """The width of the longest run that cannot be wrapped; a wide character can stand alone on a line."""
    return max((units(word) for word in _unbreakable(text)), default=0.0)


def lines(text: str, width: float) -> int:
    """How many lines `text` takes when it is wrapped in a column of `width`."""
    room = max(width - _MARGIN, 2.0)
    return sum(_wrapped(paragraph, room) for paragraph in (text.split("\n") if text else [""]))


def height(cells: list[tuple[str, float]], points: float = 10.0) -> float:
    """The height in points of a row of (text, column width) cells, at a font size of `points`."""
    scale = points / 10.0
    most = max((lines(text, width / scale) for text, width in cells), default=1)
    return round(most * LINE * scale + _PADDING, 1)


def _units(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WFA":
        return 2.0
    return 1.25 if char.isupper() or char in "@%mw" else 1.0


def _unbreakable(text: str) -> list[str]:
    words: list[str] = []
    for piece in text.split():
        run = ""
        for char in piece:
            if unicodedata.east_asian_width(char) in "WFA":
                words += [run, char]
                run = ""
            else:
                run += char
        words.append(run)
    return words


def _wrapped(paragraph: str, room: float) -> int:
    used, count = 0.0, 1
    for piece in _PIECE.findall(paragraph):
        for word in _pieces(piece):
            need = units(word)
            if used and used + need > room and not word.isspace():
                count, used = count + 1, 0.0
            used += need
    return count


def _pieces(piece: str) -> list[str]:
    return [piece] if piece.isspace() else [word for word in _unbreakable(piece) if word]
