"""How a value looks in its cell: number formats, as far as teams use them; days since 1899-12-30 for dates and times."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sheets_server.errors import Json

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall-clock time without a zone, as in a cell

DEFAULT_PATTERNS = {
    "NUMBER": "#,##0.00",
    "PERCENT": "0.00%",
    "CURRENCY": "[$¥-411]#,##0",
    "DATE": "yyyy/mm/dd",
    "TIME": "h:mm:ss",
    "DATE_TIME": "yyyy/mm/dd h:mm:ss",
    "SCIENTIFIC": "0.00E+00",
}
"""The pattern of a type that says none, in a Japanese spreadsheet."""

_WEEKDAYS = "月火水木金土日"


def shown(value: Json, number_format: Json | None) -> str:
    """What a person sees of an effective value under a number format."""
    if "stringValue" in value:
        return str(value["stringValue"])
    if "boolValue" in value:
        return "TRUE" if value["boolValue"] else "FALSE"
    if "errorValue" in value:
        return {"DIVIDE_BY_ZERO": "#DIV/0!", "N_A": "#N/A", "NULL_VALUE": "#NULL!", "LOADING": "Loading..."}.get(
            value["errorValue"]["type"],
            f"#{value['errorValue']['type']}!" if value["errorValue"]["type"] != "NAME" else "#NAME?",
        )
    number = float(value.get("numberValue", 0))
    kind = (number_format or {}).get("type", "")
    if not kind or kind == "TEXT":
        return general(number)
    pattern = (number_format or {}).get("pattern") or DEFAULT_PATTERNS.get(kind, "")
    if kind in ("DATE", "TIME", "DATE_TIME"):
        return _moment(number, pattern)
    return _figure(number, pattern)


def general(number: float) -> str:
    """A number without a format: as typed, at most ten decimals, very large ones with an exponent."""
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    if abs(number) >= 1e15 or abs(number) < 1e-9:
        mantissa, exponent = f"{number:.5E}".split("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{int(exponent):+03d}"
    return f"{number:.10f}".rstrip("0").rstrip(".")


def _figure(number: float, pattern: str) -> str:
    sections = pattern.split(";")
    if number < 0 and len(sections) > 1:
        pattern, number, sign = sections[1], -number, ""
    else:
        pattern, sign = sections[0], "-" if number < 0 else ""
        number = abs(number)
    pattern = re.sub(r"\[\$([^\]-]*)(?:-[^\]]*)?\]", r'"\1"', pattern)
    found = re.search(r"[#0?][#0?,]*(?:\.[#0?]+)?(?:E[+-]0+)?", pattern)
    if found is None:
        return general(number) if pattern in ("", "@", "General") else _plain(pattern)
    core = found[0]
    if "%" in pattern:
        number *= 100
    if "E" in core:
        decimals = len(core.split("E")[0].partition(".")[2])
        mantissa, exponent = f"{number:.{decimals}E}".split("E")
        text = f"{mantissa}E{int(exponent):+03d}"
    else:
        whole, _, decimal = core.partition(".")
        text = f"{number:{',' if ',' in whole else ''}.{len(decimal)}f}"
        while decimal.endswith(("#", "?")) and text.endswith("0") and "." in text:
            text, decimal = text[:-1], decimal[:-1]
        text = text.rstrip(".") if "." in text else text
        text = text.zfill(whole.count("0")) if "," not in whole else text
    return sign + _plain(pattern[: found.start()]) + text + _plain(pattern[found.end() :])


def _plain(pattern: str) -> str:
    return re.sub(r'"([^"]*)"|\\(.)', lambda found: found[1] if found[1] is not None else found[2], pattern)


def moment(number: float) -> datetime:
    """The wall-clock time that a serial number stands for, to the second."""
    return EPOCH + timedelta(seconds=round(number * 86400))


def serial(when: datetime) -> float:
    """The serial number of a wall-clock time; whole days are whole numbers."""
    days = (when - EPOCH) / timedelta(days=1)
    return int(days) if days == int(days) else days


def _moment(number: float, pattern: str) -> str:
    try:
        when = moment(number)
    except OverflowError:
        return general(number)
    half_day = "am/pm" in pattern.lower()
    hour = (when.hour % 12 or 12) if half_day else when.hour
    out, previous = "", ""
    for token in re.findall(r'"[^"]*"|\\.|\[h+\]|am/pm|y+|m+|d+|h+|s+|.', pattern, re.IGNORECASE):
        low = token.lower()
        minutes = low in ("m", "mm") and (previous in ("h", "hh", "[h]") or _seconds_follow(pattern, out))
        match low:
            case "[h]" | "[hh]":
                out += str(int(number * 24))
            case "yyyy" | "yyy":
                out += f"{when.year:04d}"
            case "yy" | "y":
                out += f"{when.year % 100:02d}"
            case "mmmm" | "mmm":
                out += f"{when.month}月"
            case "mm":
                out += f"{when.minute if minutes else when.month:02d}"
            case "m":
                out += str(when.minute if minutes else when.month)
            case "dddd":
                out += _WEEKDAYS[when.weekday()] + "曜日"
            case "ddd":
                out += _WEEKDAYS[when.weekday()]
            case "dd":
                out += f"{when.day:02d}"
            case "d":
                out += str(when.day)
            case "hh" | "h":
                out += f"{hour:02d}" if low == "hh" else str(hour)
            case "ss" | "s":
                out += f"{when.second:02d}" if low == "ss" else str(when.second)
            case "am/pm":
                out += "AM" if when.hour < 12 else "PM"
            case _:
                out += _plain(token)
        previous = low if re.match(r"[a-z\[]", low) else previous
    return out


def _seconds_follow(pattern: str, so_far: str) -> bool:
    return re.match(r"m+:s", pattern, re.IGNORECASE) is not None and not so_far
