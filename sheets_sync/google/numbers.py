"""What a number in a cell means: Google keeps dates and times as numbers too, and tells them apart by how they are shown."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

from sheets_sync.shown import shown
from sheets_sync.snapshot import CellValue

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # a cell's date has no zone; its serial number counts days from here
_LAST = 109_575.0
"""The serial number of 2200-01-01: a number from there on is a number, however strangely it is shown."""

_NUMBER = re.compile(
    r"\D{0,4}?(?P<digits>\d[\d,.' ]*|[.,]\d+)(?:E(?P<power>[-+]?\d+))?\s*(?P<percent>%?)\D{0,4}", re.IGNORECASE
)
_DATED = re.compile(r"\d\s*[-/.:年月日時]\s*\d|[^\W\d_]{3,}|\d\s*[年月日時]")
_CLOCK = re.compile(
    r"午[前後]|\b[AP]M\b|\d{1,3}\s*[:時]\s*\d{1,2}(?:\s*[:分]\s*\d{1,2})?(?:\.\d+)?\s*[分秒]?|\d{1,2}\s*時", re.IGNORECASE
)


def number_shown(number: float, seen: str) -> tuple[CellValue, str]:
    """The stored value (a number, a date with or without time, or a time) and how it reads, the same in any locale.

    `seen` is what Google shows (`formattedValue`). A number stays one where it reads as that number, or as nothing of the calendar;
    as many leading zeros as it is shown with are kept.
    """
    stored: CellValue = int(number) if float(number).is_integer() else number
    folded = unicodedata.normalize("NFKC", seen).strip()
    if folded.isascii() and folded.isdigit() and int(folded) == number:
        return stored, folded
    if _reads_as(folded, number) or _DATED.search(folded) is None or not 0 <= number < _LAST:
        return stored, shown(stored, "0%" if folded.endswith("%") else "")[0]
    clock = _CLOCK.search(folded) is not None
    moment = _EPOCH + timedelta(seconds=round(number * 86_400))
    if clock and re.search(r"\d", _CLOCK.sub("", folded)) is None:
        return moment.time(), shown(moment.time(), "")[0]
    return moment, shown(moment, "h" if clock else "")[0]


def _reads_as(seen: str, number: float) -> bool:
    """Whether what is shown is this number: with separators, a sign, a unit or a currency around it, rounded as it is shown."""
    found = _NUMBER.fullmatch(seen)
    if found is None:
        return False
    unit = 10.0 ** int(found["power"] or 0) / (100 if found["percent"] else 1)
    for thousands, point in (("[,' ]", "."), ("[.' ]", ",")):
        digits = re.sub(thousands, "", found["digits"].strip()).replace(point, ".")
        if digits.count(".") > 1 or not re.fullmatch(r"\d*\.?\d*", digits) or digits in ("", "."):
            continue
        rounded = 0.500001 * 10.0 ** -len(digits.partition(".")[2])
        if abs(float(digits) * unit - abs(number)) <= rounded * unit:
            return True
    return False
