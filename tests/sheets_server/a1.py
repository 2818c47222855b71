"""A1 notation: columns as letters, ranges with and without a tab, open ends."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sheets_server.errors import bad

_CELL = r"\$?([A-Za-z]{1,3})?\$?([1-9]\d{0,8})?"
_RANGE = re.compile(rf"{_CELL}(?::{_CELL})?\Z", re.ASCII)
_R1C1 = re.compile(r"R([1-9]\d*)C([1-9]\d*)(?::R([1-9]\d*)C([1-9]\d*))?\Z", re.ASCII)


@dataclass(frozen=True)
class Box:
    """A rectangle of cells, 0-based, ends exclusive; None is open to that side."""

    top: int | None = None
    left: int | None = None
    bottom: int | None = None
    right: int | None = None

    @property
    def one(self) -> bool:
        """Whether it is a single cell."""
        return None not in (self.top, self.left) and self.bottom == (self.top or 0) + 1 and self.right == (self.left or 0) + 1


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def number(text: str) -> int:
    """A → 0, AA → 26."""
    value = 0
    for letter in text.upper():
        value = value * 26 + ord(letter) - 64
    return value - 1


def quoted(title: str) -> str:
    """The tab as Google writes it before the exclamation mark: plain ASCII words as they are, others in quotes."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", title) and not re.fullmatch(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*", title):
        return title
    return "'" + title.replace("'", "''") + "'"


def cell(row: int, column: int) -> str:
    """(0, 0) → A1."""
    return f"{letters(column)}{row + 1}"


def ends(box: Box) -> str:
    """A box, open or closed, without its tab: A1, A1:C3, A1001:B (open downwards), AA1:2 (open to the right)."""
    first = cell(box.top or 0, box.left or 0) if (box.top, box.left) != (None, None) else ""
    last = ("" if box.right is None else letters(box.right - 1)) + ("" if box.bottom is None else str(box.bottom))
    if not first and not last:
        return "A1"
    return first if last in ("", first) else f"{first or 'A1'}:{last}"


def spelt(title: str, box: Box) -> str:
    """A closed box as Google answers it: `'施策'!A1:C3`, one cell as `'施策'!A1`."""
    top, left, bottom, right = box.top or 0, box.left or 0, box.bottom or 1, box.right or 1
    first, last = cell(top, left), cell(bottom - 1, right - 1)
    return f"{quoted(title)}!{first}" + ("" if first == last else f":{last}")


def split(text: str) -> tuple[str | None, str]:
    """The tab (None where none is said) and the rest. Raises ApiError (400) for quotes that do not close."""
    if text.startswith("'"):
        found = re.match(r"'((?:[^']|'')+)'(?:!(.*))?\Z", text, re.DOTALL)
        if found is None:
            raise bad(f"Unable to parse range: {text}")
        return found[1].replace("''", "'"), found[2] or ""
    title, mark, rest = text.rpartition("!")
    return (title, rest) if mark else (None, text)


def box(text: str) -> Box | None:
    """The box of `A1`, `A1:C3`, `A:C`, `2:5`, `A2:C`, `R1C1:R2C2`; None where it is none of these."""
    if found := _R1C1.match(text):
        top, left = int(found[1]) - 1, int(found[2]) - 1
        bottom, right = int(found[3] or found[1]), int(found[4] or found[2])
        return Box(min(top, bottom - 1), min(left, right - 1), max(top + 1, bottom), max(left + 1, right))
    match = _RANGE.match(text)
    if not text or match is None:
        return None
    one, two, three, four = match.groups()
    if ":" not in text:
        if one is None or two is None:
            return None
        three, four = one, two
    if (one is None and two is None) or (three is None and four is None) or (one is None) != (three is None):
        return None
    rows = sorted(int(row) - 1 for row in (two, four) if row)
    columns = sorted(number(column) for column in (one, three) if column)
    top_row, bottom_row = (rows[0] if two or one is None else None), (rows[-1] + 1 if four else None)
    if two is None and four is not None and one is not None:  # A:C5 counts from the first row
        top_row = None
    return Box(top_row, columns[0] if columns else None, bottom_row, columns[-1] + 1 if columns else None)
