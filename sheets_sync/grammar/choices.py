"""Cells that hold one of a few words, or a list of them: channels, kind, field type, language, goal, caps, percent, numbers."""

from __future__ import annotations

import re
from collections.abc import Collection

from journey.fields import CONSENT_CHANNELS
from journey.model import Cap, ChannelName, FieldType, Goal, Kind
from journey.names import fold, nearest, tidy
from journey.texts import text
from sheets_sync.grammar.words import Wrong, is_none, normal, shown

_CHANNEL_WORDS = {
    **{fold(ja): key for key, ja in CONSENT_CHANNELS.items()},
    **{fold(word): "email" for word in ("Eメール", "e-mail", "mail", "電子メール")},
    **{fold(word): "sms" for word in ("ショートメール", "ショートメッセージ")},
    **{fold(word): "post" for word in ("手紙", "はがき", "ハガキ", "letter")},
    **{fold(word): "push" for word in ("プッシュ通知", "アプリ通知")},
}
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(["販促", "promotional", "promotion", "promo"], "promotional"),
    **dict.fromkeys(["通知", "transactional", "transaction"], "transactional"),
}
_TYPES: dict[str, FieldType] = {
    **dict.fromkeys(["text", "文字", "文字列", "テキスト", "string"], "text"),
    **dict.fromkeys(["number", "数値", "数字", "数", "num", "integer"], "number"),
    **dict.fromkeys(["date", "日付", "日", "年月日"], "date"),
    **dict.fromkeys(
        ["yes_no", "yes/no", "yesno", "はい/いいえ", "はい・いいえ", "○×", "○/×", "真偽", "boolean", "bool"], "yes_no"
    ),
}
_LANGUAGES = {"日本語": "ja", "japanese": "ja", "jp": "ja", "英語": "en", "english": "en"}
_EACH = re.compile(
    r"(?P<n>\d{1,6}) ?(?:回|通|件)? ?(?:/|a|per|毎|まで/)? ?(?P<unit>日|週間?|day|week|d|w)"
    r"|(?P<junit>1日|一日|毎日|1週間?|一週間?|毎週|週)(?:に|あたり|間に)? ?(?P<jn>\d{1,6}) ?(?:回|通|件)?(?:まで)?"
)
MOST_CHANNELS = 20


def parse_channel(typed: str, known: Collection[ChannelName]) -> ChannelName:
    """One channel by its key or Japanese name. Raises Wrong with the nearest known one."""
    word = fold(typed)
    for name in known:
        if fold(name) == word:
            return name
    named = _CHANNEL_WORDS.get(word)
    if named is not None and named in known:
        return named
    if named or word in CONSENT_CHANNELS:
        raise Wrong(text("workbook.channel_off", channel=named or word, known=sorted(known)))
    near = nearest(typed, known)
    if near:
        raise Wrong(text("workbook.unknown_channel_near", typed=shown(typed), near=near))
    raise Wrong(text("workbook.unknown_channel", typed=shown(typed), known=sorted(known)))


def parse_channels(typed: str, known: Collection[ChannelName]) -> tuple[ChannelName, ...]:
    """Channels in order of preference: `line > email > sms`. Raises Wrong."""
    parts = [p for p in re.split(r"[>→\n]", normal(typed)) if p.strip()]
    if len(parts) == 1 and re.search(r"[,、/・]", parts[0]) and fold(parts[0]) not in {fold(k) for k in known}:
        raise Wrong(text("workbook.channels_comma", typed=shown(typed)))
    if not parts or len(parts) > MOST_CHANNELS:
        raise Wrong(text("workbook.unknown_channel", typed=shown(typed), known=sorted(known)))
    return tuple(dict.fromkeys(parse_channel(part, known) for part in parts))


def parse_kind(typed: str) -> Kind:
    """`販促` / `promotional` or `通知` / `transactional`. Raises Wrong."""
    kind = _KINDS.get(fold(typed))
    if kind is None:
        raise Wrong(text("workbook.bad_kind", typed=shown(typed)))
    return kind


def parse_type(typed: str) -> FieldType:
    """The type of a field. Raises Wrong."""
    kind = _TYPES.get(fold(typed))
    if kind is None:
        raise Wrong(text("workbook.bad_type", typed=shown(typed)))
    return kind


def parse_language(typed: str) -> str:
    """A language code such as `ja` or `zh-tw`, lower case. Raises Wrong."""
    word = fold(typed).replace("_", "-")
    word = _LANGUAGES.get(word, word)
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})?", word):
        raise Wrong(text("workbook.bad_language", typed=shown(typed)))
    return word


def parse_cap(typed: str) -> Cap:
    """`1/日, 3/週`, `1/day`, `週3回`; `なし` / `none` is no limit. Raises Wrong."""
    if is_none(typed):
        return Cap()
    limits: dict[str, int] = {}
    for part in re.split(r"[,、;+\n]", typed):
        piece = normal(part)
        if not piece:
            continue
        found = _EACH.fullmatch(piece)
        if found is None:
            raise Wrong(text("workbook.bad_cap", typed=shown(typed)))
        unit = "week" if (found["unit"] or found["junit"])[0:2].strip("1一毎")[:1] in {"週", "w"} else "day"
        if unit in limits:
            raise Wrong(text("workbook.bad_cap", typed=shown(typed)))
        limits[unit] = int(found["n"] or found["jn"])
    if not limits:
        raise Wrong(text("workbook.bad_cap", typed=shown(typed)))
    return Cap(limits.get("day"), limits.get("week"))


def parse_percent(typed: str, low: float = 0.0, high: float = 100.0) -> float:
    """`20%` as 0.2, from `low` to `high` per cent. Raises Wrong."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?) ?(?:%|パーセント|percent)", normal(typed))
    if found is None:
        raise Wrong(text("workbook.bad_percent", typed=shown(typed)))
    number = float(found[1])
    if not low <= number <= high:
        raise Wrong(text("workbook.percent_range", typed=shown(typed), low=f"{low:g}", high=f"{high:g}"))
    return number / 100


def parse_whole(typed: str, low: int, high: int) -> int:
    """A whole number in a range; thousands commas and full-width digits are fine. Raises Wrong."""
    said = normal(typed).replace(",", "").replace(" ", "")
    said = re.sub(r"(?<=\d)(?:件|通|人|回|位|番)$", "", said)
    if not re.fullmatch(r"-?\d{1,12}", said) or not low <= int(said) <= high:
        raise Wrong(text("workbook.bad_whole", typed=shown(typed), low=f"{low:,}", high=f"{high:,}"))
    return int(said)


def parse_weight(typed: str) -> float:
    """The share of a variant: a number above zero, or zero to switch it off; `50%` counts as 50. Raises Wrong."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,6})?) ?%?", normal(typed))
    if found is None:
        raise Wrong(text("workbook.bad_weight", typed=shown(typed)))
    return float(found[1])


def parse_goal(typed: str) -> Goal:
    """`購入`, `イベント NAME`, `ステージ ID`, or else a condition. Names and conditions are checked by who knows them."""
    if fold(typed) in {"購入", "注文", "order", "purchase"}:
        return Goal("order")
    tidied = tidy(typed)
    found = re.fullmatch(r"(イベント|event|ステージ|stage)(?: ?: ?| +|(?=[^\s\x00-\x7f]))(?P<name>.+)", tidied, re.IGNORECASE)
    if found and not re.search(r"[()<>=≠≧≦\"「『“]", found["name"]) and not re.match(r"(が|は|in\b|not\b|is\b)", found["name"]):
        name = found["name"].strip()
        return Goal("event" if found[1].casefold() in {"イベント", "event"} else "stage", name)
    return Goal("condition", typed.strip())
