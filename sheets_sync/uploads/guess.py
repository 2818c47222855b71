"""What type a custom attribute seems to have: the one that all its values fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from journey.model import FieldType
from journey.names import fold
from sheets_sync.uploads.values import NO, YES

_DATE = (
    r"^(19|20)\d{2}(-(0[1-9]|1[0-2])-([0-2]\d|3[01])|/([1-9]|0[1-9]|1[0-2])/([1-9]|[0-2]\d|3[01])"
    r"|(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|年\d{1,2}月\d{1,2}日)$"
)
_NUMBER = r"^-?¥?(0|[1-9]\d{0,14}|[1-9]\d{0,2}(,\d{3}){1,4})(\.\d{1,12})?円?$"
_WORDS = pa.array(sorted({w for word in (*YES, *NO) if (w := fold(word)) not in ("x", "t", "f", "y", "n", "可", "店")}))


@dataclass
class TypeGuess:
    """Watches a column's values go by. A number with leading zeros is a code, and so text."""

    seen: bool = False
    possible: list[FieldType] = field(default_factory=lambda: ["date", "number", "yes_no"])

    def see(self, cells: pa.StringArray) -> None:
        """Takes in more values (trimmed, null where empty)."""
        if cells.null_count == len(cells):
            return
        self.seen = True
        self.possible = [kind for kind in self.possible if pc.all(_fits(cells, kind)).as_py()]

    def type(self, before: FieldType | None = None) -> FieldType:
        """The guess; `before` is what earlier files made of it: where the two differ, only text holds both."""
        if not self.seen:
            return before or "text"
        guessed: FieldType = self.possible[0] if self.possible else "text"
        if before is None:
            return guessed
        return before if before in self.possible else "text"


def _fits(cells: pa.StringArray, kind: FieldType) -> pa.Array:
    if kind == "date":
        return pc.match_substring_regex(cells, _DATE)
    if kind == "number":
        return pc.match_substring_regex(cells, _NUMBER)
    return pc.or_kleene(pc.is_in(pc.utf8_lower(cells), value_set=_WORDS), pc.is_null(cells))
