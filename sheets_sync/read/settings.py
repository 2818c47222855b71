"""The Settings tab: one setting a row, its key in Japanese or English."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from journey.model import Cap, ChannelName, Settings
from journey.names import fold, nearest
from journey.texts import text
from sheets_sync.grammar.choices import parse_cap, parse_channel, parse_percent, parse_whole
from sheets_sync.grammar.durations import parse_duration
from sheets_sync.grammar.times import parse_time
from sheets_sync.grammar.windows import parse_quiet_hours
from sheets_sync.grammar.words import Wrong, shown
from sheets_sync.headers import Row, Table
from sheets_sync.read.cells import Reader, Record
from sheets_sync.report import Report

LABELS: dict[str, str] = {
    "time_zone": "タイムゾーン",
    "default_send_time": "既定の送信時刻",
    "quiet_hours": "送信しない時間",
    "cap_promotional": "販促の上限",
    "cap_total": "全体の上限",
    "sender_name": "差出人名",
    "sender_address": "差出人アドレス",
    "reply_to": "返信先",
    "sender_company": "事業者名",
    "sender_postal": "住所",
    "sender_contact": "苦情・問合せ先",
    "late_after": "遅れの限度",
    "entry_age": "入場の有効期間",
    "bulk_limit": "一日の急増の限度",
    "audience_drift": "対象数の増加の限度",
    "rank_source": "ランクの出所",
}
"""Settings by key, with their Japanese names. `cap_CHANNEL` stands beside them."""

_RANKS_OF_LATER = {"rank_points_or_amount": "次ランクの基準"}
_KEYS = {**{fold(k): k for k in LABELS}, **{fold(ja): k for k, ja in LABELS.items()}}
_LATER = {fold(name): key for key, ja in _RANKS_OF_LATER.items() for name in (key, ja)}
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}")
_MOST_PROSE = 500


def read_settings(table: Table | None, channels: Collection[ChannelName], report: Report, record: Record) -> Settings:
    """The settings with their defaults. A key that is not known is a problem with the nearest one."""
    settings = Settings()
    if table is None:
        return settings
    seen: dict[str, str] = {}
    for row in table.rows:
        key = _key(row.text("key"), channels)
        if key is None:
            _unknown(table, row, report)
            continue
        if key in seen:
            report.error(table.cell(row, "key"), text("workbook.setting_twice", name=row.text("key"), first=seen[key]))
            continue
        seen[key] = table.cell(row, "key")
        record.keep(table, row, key)
        reader = Reader(table, row, report)
        if key in _RANKS_OF_LATER:
            reader.error("value", text("workbook.not_yet_ranks"))
        elif key.startswith("cap_") and key not in LABELS:
            cap = reader.read("value", parse_cap, Cap())
            settings = replace(settings, cap_channel={**settings.cap_channel, key.removeprefix("cap_"): cap})
        else:
            parse = _PARSERS[key]
            value = reader.read("value", parse, getattr(settings, key), dates=key == "default_send_time")
            settings = replace(settings, **{key: value})
            if key == "rank_source" and value == "computed" and row.text("value"):
                reader.error("value", text("workbook.not_yet_ranks"))
    return settings


def _key(typed: str, channels: Collection[ChannelName]) -> str | None:
    name = fold(typed)
    known = _KEYS.get(name) or _LATER.get(name)
    if known:
        return known
    for start, end in (("cap_", ""), ("", "の上限")):
        if name.startswith(start) and name.endswith(end) and len(name) > len(start + end):
            try:
                return "cap_" + parse_channel(name[len(start) : len(name) - len(end)], channels)
            except Wrong:
                return None
    return None


def _unknown(table: Table, row: Row, report: Report) -> None:
    typed = row.text("key")
    if not typed:
        report.error(table.cell(row, "key"), text("workbook.setting_without_key"))
        return
    near = nearest(typed[:100], [*LABELS, *LABELS.values()])
    said = text("workbook.setting_near", typed=shown(typed), near=near) if near else None
    report.error(table.cell(row, "key"), said or text("workbook.setting_unknown", typed=shown(typed)))


def _zone(typed: str) -> str:
    try:
        ZoneInfo(typed)
    except (KeyError, ValueError, OSError):
        near = nearest(typed[:100], available_timezones()) or "Asia/Tokyo"
        raise Wrong(text("workbook.bad_zone", typed=shown(typed), near=near)) from None
    return typed


def _address(typed: str) -> str:
    if not _ADDRESS.fullmatch(typed) or not typed.isprintable():
        raise Wrong(text("workbook.bad_address", typed=shown(typed)))
    return typed


def _prose(typed: str) -> str:
    if len(typed) > _MOST_PROSE:
        raise Wrong(text("workbook.too_long", most=_MOST_PROSE))
    return "".join(c if c.isprintable() else " " for c in typed)


def _length(low: timedelta, high: timedelta) -> Callable[[str], timedelta]:
    def parse(typed: str) -> timedelta:
        length = parse_duration(typed)
        if not low <= length <= high:
            hours = [int(limit.total_seconds() // 3600) for limit in (low, high)]
            raise Wrong(text("workbook.length_range", typed=shown(typed), low=hours[0], high=hours[1]))
        return length

    return parse


def _rank_source(typed: str) -> str:
    word = {"computed": "computed", "計算": "computed", "uploaded": "uploaded", "取込": "uploaded", "アップロード": "uploaded"}
    found = word.get(fold(typed))
    if found is None:
        raise Wrong(text("workbook.bad_rank_source", typed=shown(typed)))
    return found


def _bulk(typed: str) -> int:
    return parse_whole(typed, 1, 1_000_000_000)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "time_zone": _zone,
    "default_send_time": parse_time,
    "quiet_hours": parse_quiet_hours,
    "cap_promotional": parse_cap,
    "cap_total": parse_cap,
    "sender_name": _prose,
    "sender_address": _address,
    "reply_to": _address,
    "sender_company": _prose,
    "sender_postal": _prose,
    "sender_contact": _prose,
    "late_after": _length(timedelta(hours=1), timedelta(days=30)),
    "entry_age": _length(timedelta(hours=1), timedelta(days=365)),
    "bulk_limit": _bulk,
    "audience_drift": parse_percent,
    "rank_source": _rank_source,
}
