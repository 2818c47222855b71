"""What a cell means: one plain parser a type. Whole columns of the usual forms go a vectorised way; each other distinct value
is parsed once by hand.

Every parser takes text that is trimmed and NFKC-folded and returns None where it does not understand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from journey.clock import at_local
from journey.fields import CONSENT_CHANNELS
from journey.names import fold

FIRST_YEAR, LAST_YEAR = 1900, 2199
MOMENT = pa.timestamp("us", tz="UTC")
LONGEST_ID = 255

_AMOUNT = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d{1,2})?")
_MONEY = re.compile(r"^[¥\\$€£]|(円|JPY|USD|EUR|点|個|ポイント|pt|%$)$", re.IGNORECASE)
_TIME = r"(?:[T\s]+(?P<h>\d{1,2})[:時](?P<m>\d{1,2})(?:(?:[:分](?P<s>\d{1,2})(?:\.(?P<f>\d{1,9}))?秒?)|分)?)?"
_OFFSET = r"\s*(?P<z>Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_SPELT = re.compile(r"(?P<y>\d{4})[-/.年](?P<mo>\d{1,2})[-/.月](?P<d>\d{1,2})日?" + _TIME + _OFFSET)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<mo>\d{2})(?P<d>\d{2})(?:[T\s]?(?P<h>\d{2}):?(?P<m>\d{2}):?(?P<s>\d{2})?)?" + _OFFSET)
_ERA = re.compile(
    r"(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\.?(?P<y>元|\d{1,2})[-/.年](?P<mo>\d{1,2})[-/.月](?P<d>\d{1,2})日?" + _TIME
)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_ERAS |= {"R": 2018, "H": 1988, "S": 1925, "T": 1911, "M": 1867}
_WEEKDAY = re.compile(r"\s*\([月火水木金土日]\)")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_MAIL = re.compile(r'(?:[^\s@<>(),;:"\[\]\\]+|"[^"\\\s]+")@(?:[\w-]+\.)+[\w-]{2,}')
_PHONE_DAMAGED = re.compile(r"(\d{9,15})\.0+")
_ID_DAMAGED = re.compile(r"(-?\d+)\.0+")
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

YES = (
    "yes",
    "y",
    "true",
    "t",
    "1",
    "on",
    "はい",
    "○",
    "〇",
    "◯",
    "◎",
    "同意",
    "同意する",
    "同意済",
    "許可",
    "可",
    "希望",
    "希望する",
    "有",
    "あり",
)
NO = (
    "no",
    "n",
    "false",
    "f",
    "0",
    "off",
    "いいえ",
    "×",
    "✕",
    "✖",
    "x",
    "拒否",
    "不可",
    "不要",
    "希望しない",
    "同意しない",
    "無",
    "なし",
)
_WORDS = {fold(word): True for word in YES} | {fold(word): False for word in NO}
_PLACES = {
    fold(word): place
    for place, words in {
        "online": ("online", "オンライン", "ec", "ネット", "web", "通販", "通販サイト", "アプリ"),
        "phone": ("phone", "電話", "tel", "コールセンター"),
        "shop": ("shop", "store", "店舗", "店頭", "実店舗", "店"),
    }.items()
    for word in words
}
_CHANNELS = {
    **{fold(name): name for name in CONSENT_CHANNELS},
    **{fold(label): name for name, label in CONSENT_CHANNELS.items()},
    fold("e-mail"): "email",
    fold("Eメール"): "email",
    "mail": "email",
    "メルマガ": "email",
    "ショートメール": "sms",
    "ライン": "line",
    "アプリ通知": "push",
    "dm": "post",
    "郵便": "post",
    "手紙": "post",
    "tel": "call",
    "phone": "call",
}
_OWN_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def tidied(column: pa.StringArray) -> pa.StringArray:
    """Trimmed and NFKC-folded; null where nothing is left."""
    if not pc.all(pc.string_is_ascii(column)).as_py():
        column = pc.utf8_normalize(column, form="NFKC")
    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def numbers(column: pa.StringArray) -> pa.Array:
    """Amounts and quantities as DOUBLE."""
    return _convert(column, r"^-?\d{1,15}(\.\d{1,12})?$", lambda c: pc.cast(c, pa.float64()), number, pa.float64())


def days(column: pa.StringArray, excel: bool) -> pa.Array:
    """Calendar days. `excel`: serial numbers are days too."""

    def fast(c: pa.StringArray) -> pa.Array:
        return pa.array(_in_range(pd.to_datetime(c.to_pandas(), format="%Y-%m-%d", errors="coerce")), pa.timestamp("us")).cast(
            pa.date32()
        )

    return _convert(column, r"^\d{4}-\d{2}-\d{2}$", fast, lambda v: day(v, excel), pa.date32())


def moments(column: pa.StringArray, zone: ZoneInfo, excel: bool) -> pa.Array:
    """Moments in UTC; a time without an offset is in `zone`, a day alone is its beginning."""

    def fast(c: pa.StringArray) -> pa.Array:
        local = _in_range(pd.to_datetime(c.to_pandas(), format="ISO8601", errors="coerce"))
        return pa.array(_localised(local, zone).dt.tz_convert("UTC"), MOMENT)

    usual = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
    return _convert(column, usual, fast, lambda v: moment(v, zone, excel), MOMENT)


def ids(column: pa.StringArray) -> pa.Array:
    """Identifiers of customers, orders, products."""
    return _convert(
        column, r"^[A-Za-z0-9_-]{0,40}[A-Za-z_-][A-Za-z0-9_-]{0,40}$|^\d{1,40}$", lambda c: c, identifier, pa.string()
    )


def each(column: pa.StringArray, parse: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Any other type: `parse` once a distinct value."""
    return _convert(column, None, lambda c: c, parse, kind)


def number(value: str) -> float | None:
    """`1,200`, `¥1,200`, `1200円`, `(500)`, `▲500`, `1.2e3`; no NaN, nothing beyond 10^15."""
    value = value.replace("−", "-").replace(" ", "")
    negative = value[:1] in "△▲" or (value.startswith("(") and value.endswith(")"))
    value = value.strip("△▲()")
    sign = "-" if value.startswith("-") else ""
    value = _MONEY.sub("", sign + _MONEY.sub("", value.removeprefix("-")))
    if value in ("", "-", "+") or _AMOUNT.fullmatch(value) is None or not any(c.isdigit() for c in value.split("e")[0]):
        return None
    found = float(value.replace(",", ""))
    return None if abs(found) >= 1e15 else -found if negative else found


def moment(value: str, zone: ZoneInfo, excel: bool = False) -> datetime | None:
    """A date with or without a time, in the forms that spreadsheets, shops and people write."""
    found = _SERIAL.fullmatch(value) if excel else None
    if found:
        local = datetime(1899, 12, 30) + timedelta(days=float(value))  # noqa: DTZ001  # a wall clock, given its zone below
        return at_local(local.date(), local.time(), zone) if FIRST_YEAR <= local.year <= LAST_YEAR else None
    value = _WEEKDAY.sub("", value)
    match = _SPELT.fullmatch(value) or _COMPACT.fullmatch(value) or _ERA.fullmatch(value)
    if match is None:
        return None
    parts = match.groupdict()
    try:
        year = 1 if parts["y"] == "元" else int(parts["y"])
        year += _ERAS[parts["era"]] if "era" in parts else 0
        on = date(year, int(parts["mo"]), int(parts["d"]))
        micro = int((parts.get("f") or "0").ljust(6, "0")[:6])
        at = time(int(parts["h"] or 0), int(parts["m"] or 0), int(parts["s"] or 0), micro)
    except ValueError:
        return None
    if not FIRST_YEAR <= on.year <= LAST_YEAR:
        return None
    offset = parts.get("z")
    if not offset:
        return at_local(on, at, zone)
    try:
        return datetime.combine(on, at, tzinfo=_offset(offset)).astimezone(UTC)
    except ValueError:
        return None


def day(value: str, excel: bool = False) -> date | None:
    """The calendar day that is written; a time behind it is left out."""
    found = moment(re.sub(r"(Z|UTC|[+-]\d{2}:?\d{2})$", "", value) if ":" in value else value, ZoneInfo("UTC"), excel)
    return found.date() if found else None


def identifier(value: str) -> str | None:
    """An id as text: leading zeros kept, `17850.0` mended; None for control characters and for what Excel has shortened."""
    damaged = _ID_DAMAGED.fullmatch(value)
    if damaged:
        return damaged[1]
    return None if _SHORTENED.fullmatch(value) or _CONTROL.search(value) or len(value) > LONGEST_ID else value


def email(value: str) -> str | None:
    """One address. Old docomo and au addresses with `..` or `.@` are real; a second recipient or a control character is not."""
    if len(value) > 254 or _CONTROL.search(value) or not _MAIL.fullmatch(value):
        return None
    return value


def phone(value: str, zone: ZoneInfo) -> str | None:
    """A number as it was typed, leading zeros kept. `9012345678.0` lost its zero on the way through a number: in Japan, where
    only one reading is left, it gets it back."""
    damaged = _PHONE_DAMAGED.fullmatch(value)
    if damaged:
        digits = damaged[1]
        mobile = len(digits) == 10 and digits[0] in "5789" and digits[1] == "0"
        fixed = len(digits) == 9
        return "0" + digits if zone.key == "Asia/Tokyo" and (mobile or fixed) else digits
    count = sum(c.isdigit() for c in value)
    return None if not 5 <= count <= 20 or len(value) > 40 or _CONTROL.search(value) or "@" in value else value


def yes_no(value: str) -> bool | None:
    """`○ ×`, `yes no`, `1 0`, `true false`, `はい いいえ`, `同意 拒否`."""
    return _WORDS.get(fold(identifier(value) or value))


def place(value: str) -> str | None:
    """online, phone or shop where the word says so, else the word itself."""
    return None if len(value) > LONGEST_ID else _PLACES.get(fold(value), value)


def channel(value: str) -> str | None:
    """A channel's key; names of one's own channels are small latin letters."""
    name = fold(value)
    return _CHANNELS.get(name) or (name if _OWN_CHANNEL.fullmatch(name) else None)


def short(value: str) -> str | None:
    """Any text."""
    return value


def _convert(
    column: pa.StringArray,
    usual: str | None,
    fast: Callable[[pa.StringArray], pa.Array],
    slow: Callable[[str], Any],
    kind: pa.DataType,
) -> pa.Array:
    if usual is None:
        return _one_by_one(column, slow, kind)
    mask = pc.fill_null(pc.match_substring_regex(column, usual), True)
    if pc.all(mask).as_py():
        return _chunk(fast(column)) if len(column) else pa.array([], kind)
    nothing = pa.scalar(None, pa.string())
    return pc.coalesce(
        _chunk(fast(pc.if_else(mask, column, nothing))).cast(kind), _one_by_one(pc.if_else(mask, nothing, column), slow, kind)
    )


def _one_by_one(column: pa.StringArray, slow: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    encoded = column.dictionary_encode()
    return pa.array([slow(value) for value in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def _chunk(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _in_range(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.where((column.dt.year >= FIRST_YEAR) & (column.dt.year <= LAST_YEAR))


def _localised(local: pd.Series[Any], zone: ZoneInfo) -> pd.Series[Any]:
    # As journey.clock.at_local: in the autumn fold the earlier moment, in the spring gap as much later as the gap is wide.
    earlier = np.ones(len(local), dtype=bool)
    try:
        return local.dt.tz_localize(zone, ambiguous=earlier, nonexistent=pd.Timedelta(hours=1))
    except ValueError:
        return local.dt.tz_localize(zone, ambiguous=earlier, nonexistent="shift_forward")


def _offset(offset: str) -> Any:
    if offset in ("Z", "UTC"):
        return UTC
    sign = -1 if offset[0] == "-" else 1
    digits = offset[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 14 or int(digits[2:]) > 59:
        raise ValueError(offset)
    return timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
