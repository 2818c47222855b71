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
    """What was entered in one place: `data` holds the parts of Google's CellData that can be written (colours kept once, as styles);
    `kind` says whether it refers to other cells, by a "formula" or a "rule" (a validation)."""

    __slots__ = ("data", "kind", "written")

    def __init__(self, data: Json) -> None:
        self.data = data
        self.kind = (
            "formula" if "formulaValue" in data.get("userEnteredValue", ()) else "rule" if "dataValidation" in data else ""
        )
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
        if mask and "userEnteredValue" in mask and "textFormatRuns" not in mask:
            data = {name: item for name, item in data.items() if name != "textFormatRuns"}
        return Cell(data) if data else EMPTY


EMPTY = Cell({})


WRITABLE = ("userEnteredValue", "userEnteredFormat", "note", "dataValidation", "textFormatRuns", "chipRuns", "pivotTable")
"""The parts of CellData that can be written; the others are worked out."""


def writable(cell: Json, where: str) -> Json:
    """The writable parts of a CellData from a request, checked: one kind of value, not too long, an error cannot be written."""
    data: Json = {name: colours.kept(cell[name]) for name in WRITABLE if cell.get(name) is not None}
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


class View:
    """Cells as Google answers them under one mask. What a format looks like is worked out once: many cells share one."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._wanted = {
            name for name in (*WRITABLE, "effectiveValue", "formattedValue", "effectiveFormat") if masks.wants(mask, name)
        }
        self._formats: dict[tuple[int, str], tuple[Json, Json]] = {}

    def answer(self, cell: Cell, value: Callable[[], Json | None]) -> Json:
        """The CellData of `cell`; `value` gives its effective value, for a formula the calculated one."""
        result: Json = {}
        wanted = self._wanted
        entered: Json | None = None
        for name, item in cell.data.items():
            if name == "userEnteredValue":
                entered = item
                if name in wanted:
                    result[name] = masks.pick(item, masks.below(self._mask, name))
            elif name == "userEnteredFormat":
                if name in wanted and (told := self._format(item, name, "")):
                    result[name] = told
            elif name in wanted:
                result[name] = masks.pick(colours.told(item), masks.below(self._mask, name))
        if entered is not None:
            effective = value()
            if effective is not None:
                if "effectiveValue" in wanted:
                    result["effectiveValue"] = masks.pick(effective, masks.below(self._mask, "effectiveValue"))
                if "formattedValue" in wanted:
                    result["formattedValue"] = numbers.shown(effective, cell.number_format)
        if "effectiveFormat" in wanted and cell.data:
            aligned = "RIGHT" if "numberValue" in (entered or ()) else "LEFT"
            if told := self._format(cell.data.get("userEnteredFormat", _NO_FORMAT), "effectiveFormat", aligned):
                result["effectiveFormat"] = told
        return result

    def _format(self, own: Json, name: str, aligned: str) -> Json:
        """`own` (a userEnteredFormat as it is kept) as that part of a CellData; the effective one has everything that was not set."""
        key = (id(own), aligned)
        if key not in self._formats:
            whole = own
            if aligned:
                text = {**_DEFAULT_FORMAT["textFormat"], **own.get("textFormat", {})}
                whole = {**_DEFAULT_FORMAT, "horizontalAlignment": aligned, **own, "textFormat": text}
            self._formats[key] = (own, masks.pick(colours.told(whole), masks.below(self._mask, name)))
        return self._formats[key][1]


_NO_FORMAT: Json = {}


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """JSON as small as it gets."""
    return _ENCODE(value)
