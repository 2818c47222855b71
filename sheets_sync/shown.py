"""What a stored value looks like to a person: the same for a local file, which stores no looks, and for a Sheet in any locale."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any


def shown(value: Any, number_format: str) -> tuple[str, str, Any]:
    """What a person sees, the kind, and the JSON form of a stored value."""
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "plain", value
    if isinstance(value, (int, float)):
        return _number(value, number_format), "plain", value
    if isinstance(value, datetime):
        clock = f" {value:%H:%M}" if (value.hour, value.minute) != (0, 0) or "h" in number_format.lower() else ""
        return f"{value:%Y-%m-%d}{clock}", "datetime", value.isoformat()
    if isinstance(value, date):
        return value.isoformat(), "date", value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M"), "time", value.isoformat()
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds()) // 60
        return f"{minutes // 60}:{minutes % 60:02}", "time", time(minutes // 60 % 24, minutes % 60).isoformat()
    return str(value), "plain", str(value)


def _number(value: float, number_format: str) -> str:
    if number_format.endswith("%"):
        return f"{value * 100:.10g}%"
    if set(number_format) == {"0"} and value >= 0 and value == int(value):
        return f"{int(value):0{len(number_format)}d}"
    if isinstance(value, int) or (value == value and abs(value) < 1e15 and value == int(value)):
        return str(int(value))
    return f"{value:.15g}"
