"""Filters and tests of templates, under Japanese and English names. Pure; each result is bounded by what it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from journey.names import fold
from journey.texts import Lang
from messaging.dates import dated_in, in_words
from messaging.honorifics import name, onchu, sama
from messaging.values import EMPTY, missing

Filter = Callable[..., Any]


def plain(value: Any, lang: Lang) -> str:
    """How a value is written where no filter says otherwise: whole numbers without `.0`, dates in words, yes and no in words."""
    if missing(value):
        return ""
    if isinstance(value, bool):
        return ("はい" if value else "いいえ") if lang == "ja" else ("yes" if value else "no")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    if isinstance(value, date):
        return in_words(value, lang)
    return str(value)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or missing(value):
        return None
    try:
        made = Decimal(str(value).replace(",", "").strip())
    except InvalidOperation:
        return None
    return made if made.is_finite() and abs(made) < 10**30 else None


def number(value: Any, digits: int | None = None) -> Any:
    """`12,000`, `1,234.5`; with `digits` rounded half up to so many places. What is not a number stays as it is."""
    amount = _decimal(value)
    if amount is None:
        return "" if missing(value) else value
    if digits is not None:
        amount = amount.quantize(Decimal(1).scaleb(-max(0, min(int(digits), 10))), ROUND_HALF_UP)
        return f"{amount:,f}"
    shown = f"{amount:,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def yen_ja(value: Any) -> Any:
    """`12,000円`."""
    shown = number(value, 0)
    return f"{shown}円" if _decimal(value) is not None else shown


def yen_en(value: Any) -> Any:
    """`¥12,000`."""
    shown = number(value, 0)
    if _decimal(value) is None:
        return shown
    return f"-¥{shown[1:]}" if shown.startswith("-") else f"¥{shown}"


def default(value: Any, fallback: Any = "", boolean: bool = False) -> Any:
    """The value, or `fallback` where it is missing."""
    return fallback if missing(value) or (boolean and not value) else value


def url(value: Any) -> str:
    """The address where it is one that a mail may point to (https, http, mailto, tel), else nothing."""
    shown = str(value).strip() if isinstance(value, str) else ""
    if any(ord(c) <= 32 or ord(c) == 127 or c in '<>"\\`' for c in shown):
        return ""
    try:
        parts = urlsplit(shown)
        hosted = parts.scheme.lower() in ("https", "http") and bool(parts.hostname)
    except ValueError:
        return ""
    return shown if hosted or (parts.scheme.lower() in ("mailto", "tel") and bool(parts.path)) else ""


def quoted(value: Any) -> str:
    """A value as a piece of an address."""
    return "" if missing(value) else quote(str(value), safe="")


def _digits(value: Any) -> int:
    return max(-10, min(int(value), 10))


def _round(value: Any, digits: int = 0) -> Any:
    amount = _decimal(value)
    if amount is None:
        return value
    rounded = amount.quantize(Decimal(1).scaleb(-_digits(digits)), ROUND_HALF_UP)
    return float(rounded) if digits > 0 else int(rounded)


def _whole(value: Any, fallback: int = 0) -> Any:
    amount = _decimal(value)
    return fallback if amount is None else int(amount)


def _float(value: Any, fallback: float = 0.0) -> Any:
    amount = _decimal(value)
    return fallback if amount is None else float(amount)


def _absolute(value: Any) -> Any:
    amount = _decimal(value)
    return value if amount is None else abs(value if isinstance(value, (int, float)) else float(amount))


def _truncate(value: Any, length: int = 255, end: str = "…") -> Any:
    shown = _words(value)
    return shown if len(shown) <= length else shown[: max(0, int(length) - len(end))] + end


def _words(value: Any) -> Any:
    return value if isinstance(value, str) else plain(value, "en")


def _items(value: Any) -> list[Any]:
    if missing(value):
        return []
    if not isinstance(value, (list, tuple, range)):
        raise TypeError("not a list")
    return list(value)


def _join(value: Any, separator: str = "") -> Any:
    pieces = [_words(item) for item in _items(value)]
    if sum(map(len, pieces)) + len(pieces) * len(separator) > 200_000:
        raise ValueError("too long")
    if isinstance(separator, Markup) or any(isinstance(p, Markup) for p in pieces):
        return escape(separator).join(pieces)
    return separator.join(pieces)


def _replace(value: Any, old: str, new: str) -> Any:
    shown = _words(value)
    if not old or (len(shown) // len(old) + 1) * len(new) > 200_000:
        raise ValueError("too long")
    return shown.replace(old, new)


def _first(value: Any) -> Any:
    listed = value if isinstance(value, str) else _items(value)
    return listed[0] if listed else EMPTY


def _last(value: Any) -> Any:
    listed = value if isinstance(value, str) else _items(value)
    return listed[-1] if listed else EMPTY


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_items(value))


def _unique(value: Any) -> list[Any]:
    return list(dict.fromkeys(_items(value)))


def _sort(value: Any, reverse: bool = False) -> list[Any]:
    return sorted(_items(value), reverse=bool(reverse))


def table(lang: Lang) -> Mapping[str, Filter]:
    """Every filter by every name under which a template may call it."""
    named: dict[tuple[str, ...], Filter] = {
        ("円",): yen_ja,
        ("yen",): yen_en,
        ("日付", "date"): dated_in(lang),
        ("様", "さま"): sama,
        ("御中",): onchu,
        ("name",): name,
        ("数", "number"): number,
        ("default", "d", "既定", "既定値"): default,
        ("link", "_url"): url,
        ("urlencode", "_quoted"): quoted,
        ("upper", "大文字"): lambda value: _words(value).upper(),
        ("lower", "小文字"): lambda value: _words(value).lower(),
        ("title",): lambda value: _words(value).title(),
        ("capitalize",): lambda value: _words(value).capitalize(),
        ("trim",): lambda value: _words(value).strip(),
        ("truncate", "短く"): _truncate,
        ("replace", "置換"): _replace,
        ("join", "つなぐ"): _join,
        ("first", "最初"): _first,
        ("last", "最後"): _last,
        ("length", "count", "件数"): _length,
        ("list",): _items,
        ("unique",): _unique,
        ("sort",): _sort,
        ("reverse",): lambda value: _items(value)[::-1],
        ("sum", "合計"): lambda value: sum(_items(value)),
        ("max",): lambda value: max(_items(value), default=EMPTY),
        ("min",): lambda value: min(_items(value), default=EMPTY),
        ("round", "四捨五入"): _round,
        ("int", "整数"): _whole,
        ("float",): _float,
        ("abs",): _absolute,
        ("string",): _words,
        ("escape", "e"): lambda value: escape(_words(value)),
    }
    return {known: made for names, made in named.items() for known in names}


def known_filter(wanted: str, lang: Lang) -> str | None:
    """The filter's own name for what a person typed, whatever its width and case; the inner ones (`_url`) are nobody's."""
    return _by_folded_name(lang).get(fold(wanted))


@cache
def _by_folded_name(lang: Lang) -> Mapping[str, str]:
    return {fold(known): known for known in table(lang) if not known.startswith("_")}


TESTS: Mapping[str, Callable[..., bool]] = {
    "defined": lambda value: not missing(value),
    "undefined": missing,
    "none": missing,
    "number": lambda value: _decimal(value) is not None,
    "string": lambda value: isinstance(value, str),
    "even": lambda value: value % 2 == 0,
    "odd": lambda value: value % 2 == 1,
    "divisibleby": lambda value, by: value % by == 0,
    "in": lambda value, among: value in among,
    "eq": lambda value, other: value == other,
    "ne": lambda value, other: value != other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
}
"""The tests after `is`."""
