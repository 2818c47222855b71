"""The program's part of a cell's note, and the colours of its marks. Whatever stands around that part is a person's own.

A note with a mark reads:

    what a person wrote
    〔Tabiji〕
    what the program says
    元の色: #ffeecc
    〔/Tabiji〕

The colour that the cell had before is kept in the note itself. So nothing has to be remembered elsewhere, and a mark that was
sorted or copied away with its row is still found, taken away, and the colour put back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from journey.problems import Severity
from journey.texts import LANGS, Lang, text
from sheets_sync.google.sheet import Colour

HEAD = "〔Tabiji〕"
TAIL = "〔/Tabiji〕"
MOST_CHARACTERS = 32_000
"""Longer notes are cut, in the program's part only."""
SHADES: Mapping[Severity, str] = {"error": "#f4b6b6", "warning": "#ffe9a8"}
"""The background of a marked cell, by its worst problem. Nothing else in a workbook of ours has one of them."""
_BLOCK = re.compile(rf"^[ \t]*{HEAD}[ \t]*$.*?(?:^[ \t]*{TAIL}[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_SHADE = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Split:
    """A note in its two parts: a person's `own`, exactly as written, and `ours`, what the program says ("" where nothing).

    `former` is the colour that the cell had before it was marked; None where it had none."""

    own: str
    ours: str = ""
    former: Colour | None = None


def split(note: str) -> Split:
    """The two parts of a note. What a person added below the program's part, or between two copies of it, is theirs too."""
    if HEAD not in note:
        return Split(note)
    said: list[str] = []
    former = None
    for block in _BLOCK.findall(note):
        lines = [line for line in block.split("\n")[1:] if line.strip() != TAIL]
        if lines and (found := _former(lines[-1])):
            former = former or found
            lines.pop()
        said.append("\n".join(lines))
    if not said:
        return Split(note)
    before, *rest = _BLOCK.split(note)
    own = before.removesuffix("\n")
    for part in rest:
        more = part.removeprefix("\n").removesuffix("\n")
        own = f"{own}\n{more}" if own and more else own or more
    return Split(own, "\n".join(said), former)


def join(own: str, said: str, former: Colour | None, lang: Lang) -> str:
    """The note of a cell of which the program has something to say; a person's note alone where `said` is empty."""
    if not said:
        return own
    told = [text("marks.former", colour=shade(former)).say(lang)] if former else []
    room = max(MOST_CHARACTERS - len(own) - 100, 0)
    lines = [f"・{line}" if line.lstrip().startswith("〔") else line for line in said[:room].split("\n")]
    return "\n".join([*([own] if own else []), HEAD, *lines, *told, TAIL])


def shade(colour: Colour) -> str:
    """`#ffeecc`."""
    return "#" + "".join(f"{round(min(max(part, 0.0), 1.0) * 255):02x}" for part in colour)


def colour(shade: str) -> Colour:
    """The colour of `#ffeecc`."""
    red, green, blue = (int(shade[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def is_mark(found: Colour | None) -> bool:
    """Whether a background is one of the program's marks."""
    return found is not None and shade(found) in SHADES.values()


def _former(line: str) -> Colour | None:
    found = _SHADE.search(line)
    if found and any(line.strip() == text("marks.former", colour=found[0]).say(lang) for lang in LANGS):
        return colour(found[0])
    return None
