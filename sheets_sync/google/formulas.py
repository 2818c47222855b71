"""A formula that is put back where rows and columns have moved meanwhile: it refers to the same cells as before. Pure."""

from __future__ import annotations

import re

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.utils import column_index_from_string

from sheets_sync.google.aligning import Moved
from sheets_sync.snapshot import letters

_END = re.compile(r"(?P<fix>\$?)(?P<column>[A-Za-z]{1,3})?(?P<hold>\$?)(?P<row>[1-9][0-9]{0,6})?")


def relocated(formula: str, moved: Moved) -> str:
    """The formula with its references to cells of its own tab moved. References to other tabs, and whatever cannot be read as a
    formula, stay as they are; a cell that was deleted is `#REF!`, as in any spreadsheet."""
    try:
        tokens = Tokenizer(formula).items
    except (TokenizerError, IndexError):
        return formula
    return "=" + "".join(_moved(token.value, moved) if _is_range(token) else token.value for token in tokens)


def _is_range(token: Token) -> bool:
    return token.type == Token.OPERAND and token.subtype == Token.RANGE and "!" not in token.value


def _moved(reference: str, moved: Moved) -> str:
    ends = [_END.fullmatch(end) for end in reference.split(":")]
    found = []
    for end in ends:
        if end is None or not (end["row"] or end["column"]) or len(ends) > 2:
            return reference  # a name
        if len(ends) == 1 and not (end["row"] and end["column"]):
            return reference
        column, row = end["column"] or "", end["row"] or ""
        if column:
            to = moved.columns.get(column_index_from_string(column.upper()))
            if to is None:
                return "#REF!"
            column = letters(to)
        if row:
            to = moved.rows.get(int(row))
            if to is None:
                return "#REF!"
            row = str(to)
        found.append(f"{end['fix']}{column}{end['hold']}{row}")
    return ":".join(found)
