"""What Slack takes, and text made to fit it: never cut inside a character or an entity, never with a live token in it.

The numbers are those of Slack's own reference (docs.slack.dev/reference/block-kit and /reference/methods, November 2026); where it is
silent, what was measured. Lengths are counted in UTF-16 units, as Slack's own clients count: never fewer than Python's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from rich.cells import split_graphemes

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
"""Of a modal or a Home tab."""
MESSAGE_SIZE = 12_000
"""All blocks of a message as JSON (of tables the cells' text). Not documented; `msg_blocks_too_long` was seen from about 13,200
characters on."""
VIEW_SIZE = 80_000
"""All blocks of a view as JSON: 250 KB are refused (`view_too_large`), and a character may take three bytes."""
FALLBACK = 3_000
"""The text of a message, which notifications and screen readers use; Slack advises at most 4,000."""

SECTION_TEXT = 3_000
SECTION_FIELDS = 10
FIELD_TEXT = 2_000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
CONTEXT_TEXT = 2_000
RICH_TEXT = 2_500
"""One rich text block. Not documented; as a section, with room for its structure."""

ACTIONS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
ACTION_ID = 255
BLOCK_ID = 255
URL = 3_000
CONFIRM_TITLE = 100
CONFIRM_TEXT = 300
CONFIRM_BUTTON = 30

OPTIONS = 100
OPTION_TEXT = 75
OPTION_VALUE = 150
PLACEHOLDER = 150
INPUT_LABEL = 2_000
MODAL_TITLE = 24
MODAL_BUTTON = 24
PRIVATE_METADATA = 3_000

TABLES = 1
"""A message; two are refused with `only_one_table_allowed`."""
TABLE_ROWS = 100
"""With the heads."""
TABLE_COLUMNS = 20
TABLE_ROOM = 6_000
"""Text of a table's cells: Slack takes 10,000, but a chart should find room in the same message."""

CHARTS = 2
"""A message."""
CHART_TITLE = 50
CHART_SERIES = 6
CHART_POINTS = 20
CHART_LABEL = 20
"""The name of a series, of a segment or of a category."""
CHART_AXIS = 50
CHART_SEGMENTS = 6

IMAGE_ALT = 2_000

_JOINER = "\u2060"
_APART, _AGAIN = "\u2068", "\u2069"
_TOKEN = re.compile(r"<(?=[!@#])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_FLAGS = range(0x1F1E6, 0x1F200)


def size(text: str) -> int:
    """How long Slack takes a text to be."""
    return len(text) + sum(c > "\uffff" for c in text)


def clean(text: object, *, lines: bool = True) -> str:
    """A value as it may be shown: no control characters, nothing that turns the direction of what stands around it, no live token.

    `lines` False makes one line of it. Text that runs right to left is set apart, so that numbers beside it stay where they are.
    """
    said = str(text).replace("\r\n", "\n").replace("\r", "\n").translate(_BIDI)
    said = "".join(_shown(c) for c in said)
    said = said if lines else " ".join(said.split())
    said = _TOKEN.sub("<" + _JOINER, said)
    if any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in said):
        return "\n".join(f"{_APART}{line}{_AGAIN}" if line else "" for line in said.split("\n"))
    return said


def escape(text: str) -> str:
    """Text for where Slack reads its own markup: exactly `&`, `<` and `>` mean something there."""
    return "".join(_ENTITIES.get(c, c) for c in text)


def clip(text: str, most: int, *, escaped: bool = False) -> str:
    """A text of at most `most` (at least 2), with an ellipsis where something was left out.

    `escaped`: what counts is its length once escaped (the result is not escaped yet, so no entity can be cut).
    """
    if _length(text, escaped) <= most:
        return text
    kept, room = [], most - (2 if _APART in text else 1)
    for one in _graphemes(text[: most + 1]):
        room -= _length(one, escaped)
        if room < 0:
            break
        kept.append(one)
    said = "".join(kept).rstrip()
    # what was opened to set right-to-left text apart is closed again
    return said + (_AGAIN if said.count(_APART) > said.count(_AGAIN) else "") + "…"


def split(text: str, most: int) -> list[str]:
    """A text in pieces of at most `most`: between lines where that serves, else between words, else between characters."""
    pieces: list[str] = []
    rest = text
    while size(rest) > most:
        cut = _cut(rest, most)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip("\n ")
    return [piece for piece in [*pieces, rest] if piece.strip()]


def _cut(text: str, most: int) -> int:
    """Where to cut, at least one character on."""
    fits = used = 0
    for one in _graphemes(text[: most + 1]):
        used += size(one)
        if used > most:
            break
        fits += len(one)
    fits = fits or most // 2  # one character out of thousands of marks: nothing better can be done with it
    for mark in ("\n", " "):
        at = text.rfind(mark, fits // 2, fits)
        if at > 0:
            return at + 1
    return fits


def _length(text: str, escaped: bool) -> int:
    return size(escape(text)) if escaped else size(text)


def _shown(character: str) -> str:
    if character in "\n\t":
        return "\n" if character == "\n" else " "
    category = unicodedata.category(character)
    return "\ufffd" if category == "Cs" else " " if category in ("Cc", "Zl", "Zp") else character


def _graphemes(text: str) -> Iterator[str]:
    """The characters as people see them: marks, joined emoji and flags stay whole."""
    waiting = ""
    for start, end, _ in split_graphemes(text)[0]:
        one = text[start:end]
        if len(one) == 1 and ord(one) in _FLAGS:
            if waiting:
                yield waiting + one
                waiting = ""
            else:
                waiting = one
            continue
        if waiting:
            yield waiting
            waiting = ""
        yield one
    if waiting:
        yield waiting
