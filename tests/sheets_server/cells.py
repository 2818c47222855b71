"""One cell, and how it is answered. Cells are never changed, only replaced, so many places may share one, and what was once
written out as JSON can be used again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sheets_server import colours, masks, numbers
from sheets_server.errors import Json, bad
from sheets_server.masks import Mask

LONGEST = 50_000
"""Characters that a cell may hold."""


class Cell:
    """What was entered in one place: `data` holds the parts of Google's CellData that can be written (colours kept once, as styles)."""

    __slots__ = ("data", "written")

    def __init__(self, data: Json) -> None:
        self.data = data
        self.written: dict[str, str] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and self.data == other.data

    __hash__ = None  # type: ignore[assignment]

    @property
    def entered(self) -> Json | None:
        """userEnteredValue; None where the cell is empty."""
        value: Json | None = self.data.get("userEnteredValue")
        return value

    @property
    def formula(self) -> str:
        """The formula, "" where it has none."""
        return str((self.entered or {}).get("formulaValue", ""))

    @property
    def number_format(self) -> Json | None:
        """The number format that was set, None for automatic."""
        found: Json | None = (self.data.get("userEnteredFormat") or {}).get("numberFormat")
        return found

    def with_value(self, value: Json | None, number_format: Json | None = None) -> Cell:
        """The same cell with another value, and with a number format where typing brought one and the cell has none of its own."""
        data = {name: item for name, item in self.data.items() if name not in ("userEnteredValue", "textFormatRuns")}
        if value is not None:
            data["userEnteredValue"] = value
        if number_format is not None and self.number_format is None:
            data["userEnteredFormat"] = {**data.get("userEnteredFormat", {}), "numberFormat": number_format}
        return Cell(data) if data else EMPTY

    def updated(self, new: Json, mask: Mask) -> Cell:
        """The same cell with what the mask names taken from `new` (both as `colours.kept` makes them)."""
        data = masks.merged(self.data, new, mask)
        if data.get("note") == "":
            data = {name: item for name, item in data.items() if name != "note"}
        if masks.wants(mask, "userEnteredValue") and not (mask and "textFormatRuns" in mask) and not (not mask or "*" in mask):
            data = {name: item for name, item in data.items() if name != "textFormatRuns"}
        return Cell(data) if data else EMPTY


EMPTY = Cell({})


def writable(cell: Json, where: str) -> Json:
    """The writable parts of a CellData from a request, checked: one kind of value, not too long, an error cannot be written."""
    names = ("userEnteredValue", "userEnteredFormat", "note", "dataValidation", "textFormatRuns", "chipRuns", "pivotTable")
    data: Json = {name: colours.kept(cell[name]) for name in names if cell.get(name) is not None}
    value = data.get("userEnteredValue")
    if value is not None:
        kinds = {name: item for name, item in value.items() if item is not None}
        if len(kinds) > 1:
            raise bad(f"Invalid {where}: oneof field 'value' is already set. Cannot set '{list(kinds)[1]}'")
        if "errorValue" in kinds:
            raise bad(f"Invalid {where}: ExtendedValue.error_value is read only.")
        data["userEnteredValue"] = kinds
        if not kinds or kinds.get("stringValue") == "":
            del data["userEnteredValue"]
        text = str(kinds.get("stringValue", kinds.get("formulaValue", "")))
        if len(text) > LONGEST:
            raise bad(f"Invalid {where}: Your input contains more than the maximum of {LONGEST} characters in a single cell.")
        if "formulaValue" in kinds and not text.startswith("="):
            raise bad(f'Invalid {where}: Formula values must start with "=". Found: {text}')
    number_format = (data.get("userEnteredFormat") or {}).get("numberFormat")
    if (
        number_format is not None
        and number_format.get("type", "NUMBER_FORMAT_TYPE_UNSPECIFIED") == "NUMBER_FORMAT_TYPE_UNSPECIFIED"
    ):
        raise bad(f"Invalid {where}: userEnteredFormat.numberFormat.type is required")
    return data


_DEFAULT_FORMAT: Json = {
    "backgroundColorStyle": {"rgbColor": {"red": 1, "green": 1, "blue": 1}},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM",
    "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColorStyle": {"rgbColor": {}},
        "fontFamily": "Arial",
        "fontSize": 10,
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
    },
    "hyperlinkDisplayType": "PLAIN_TEXT",
}


def default_format() -> Json:
    """The format of a new spreadsheet's cells, as Google answers it."""
    told: Json = colours.told(_DEFAULT_FORMAT)
    return told


def answer(cell: Cell, mask: Mask, value: Callable[[], Json | None]) -> Json:
    """The CellData that Google answers for `cell`; `value` gives its effective value, for a formula the calculated one."""
    result: Json = {}
    entered = cell.entered
    for name, item in cell.data.items():
        if masks.wants(mask, name):
            result[name] = masks.pick(colours.told(item), masks.below(mask, name))
    if entered is not None:
        effective = value()
        if effective is not None and masks.wants(mask, "effectiveValue"):
            result["effectiveValue"] = effective
        if effective is not None and masks.wants(mask, "formattedValue"):
            result["formattedValue"] = numbers.shown(effective, cell.number_format)
    if cell.data and masks.wants(mask, "effectiveFormat"):
        own = masks.pick(colours.told(_effective_format(cell, entered)), masks.below(mask, "effectiveFormat"))
        if own:
            result["effectiveFormat"] = own
    return result


def _effective_format(cell: Cell, entered: Json | None) -> Json:
    own = cell.data.get("userEnteredFormat", {})
    base = {**_DEFAULT_FORMAT, "horizontalAlignment": "RIGHT" if "numberValue" in (entered or {}) else "LEFT"}
    return {**base, **own, "textFormat": {**_DEFAULT_FORMAT["textFormat"], **own.get("textFormat", {})}}


def dumps(value: Any) -> str:
    """JSON as small as it gets."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
