"""How much room a text needs in a cell: so that nothing is cut off in Excel or LibreOffice, neither of which measures on opening.

Widths are counted as a column's width is, in digits of the usual font; a wide (East Asian) character takes two. Estimates lean to
the large side, because another font may stand in for the one that is named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from journey.texts import Lang

MAX_HEIGHT = 409.0
"""The highest row that Excel knows, in points."""

_PADDING = 7.0
_MARGIN = 3.0  # what the indent and the cell's own edges take
_PIECE = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Measure:
    """The measures of a language's font at 10 points: points a line, and the width of an ordinary narrow character."""

    line: float
    narrow: float

    def units(self, text: str) -> float:
        """The width of a line of text."""
        return sum(self._unit(char) for char in text)

    def longest_word(self, text: str) -> float:
        """The width of the longest run that cannot be wrapped; a wide character can stand alone on a line."""
        return max((self.units(word) for word in _pieces(text) if not word.isspace()), default=0.0)

    def lines(self, text: str, width: float) -> int:
        """How many lines `text` takes when it is wrapped in a column of `width`."""
        room = max(width - _MARGIN, 2.0)
        return sum(self._wrapped(paragraph, room) for paragraph in text.split("\n"))

    def height(self, cells: Sequence[tuple[str, float]], points: float = 10.0) -> float:
        """The height in points of a row of (text, column width) cells, at a font size of `points`."""
        scale = points / 10.0
        most = max((self.lines(text, width / scale) for text, width in cells), default=1)
        return round(most * self.line * scale + _PADDING, 1)

    def fits(self, text: str, width: float) -> bool:
        """Whether no word of `text` is wider than its column."""
        return self.longest_word(text) <= width - _MARGIN

    def _unit(self, char: str) -> float:
        if _wide(char):
            return 2.0
        return 1.25 * self.narrow if char.isupper() or char in "@%mw" else self.narrow

    def _wrapped(self, paragraph: str, room: float) -> int:
        used, count = 0.0, 1
        for word in _pieces(paragraph):
            need = self.units(word)
            if used and used + need > room and not word.isspace():
                count, used = count + 1, 0.0
            used += need
        return count


MEASURES: Mapping[Lang, Measure] = {"ja": Measure(line=15.6, narrow=1.0), "en": Measure(line=13.2, narrow=0.94)}
"""Japanese fonts are tall; the Latin one is narrower than its digits."""


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WFA"


def _pieces(text: str) -> list[str]:
    """Runs of spaces, words, and single wide characters, in order."""
    found: list[str] = []
    for piece in _PIECE.findall(text):
        run = ""
        for char in piece:
            if _wide(char):
                found += [run, char] if run else [char]
                run = ""
            else:
                run += char
        if run:
            found.append(run)
    return found
