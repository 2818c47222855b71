"""Small sayings of the cards: texts of the catalogue, moments, channels, and what differs between two values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.slack.limits import clean, clip
from journey.texts import Lang, catalogue, text

_DAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AROUND = 40
"""How much of what is the same is shown before and after a difference."""


def said(lang: Lang, name: str, /, **values: object) -> str:
    """A text of the `cards` area; numbers get their thousands."""
    shown = {key: f"{v:,}" if isinstance(v, int) and not isinstance(v, bool) else v for key, v in values.items()}
    return text(f"cards.{name}", **shown).say(lang)


def moment(iso: str | None, lang: Lang, now: str | None = None) -> str:
    """A time as people say it, with the weekday; the year only where it is another than that of `now`. Its offset is left out."""
    if not iso:
        return "–"
    at = datetime.fromisoformat(iso)
    other = now is None or datetime.fromisoformat(now).year != at.year
    day = _DAYS[lang][at.weekday()]
    if lang == "ja":
        return (f"{at.year}年" if other else "") + f"{at.month}月{at.day}日({day}) {at:%H:%M}"
    return f"{day} {at.day} {_MONTHS[at.month - 1]} " + (f"{at.year} " if other else "") + f"{at:%H:%M}"


def channel(name: str, lang: Lang) -> str:
    """A channel as people call it; one of the team's own by its name."""
    key = f"channel_{name}"
    return said(lang, key) if f"cards.{key}" in catalogue() else name


def listed(names: Sequence[str], lang: Lang) -> str:
    """Names one after the other."""
    return ("、" if lang == "ja" else ", ").join(names)


def short(value: object, most: int = 60) -> str:
    """A value that stands inside a sentence, on one line: however long it is, the sentence's end is seen too."""
    return clip(clean(value, lines=False), most)


def differing(before: object, after: object, most: int) -> tuple[str, str]:
    """Two values of a cell, so short that what differs is seen: of long ones what is the same at both ends is left out."""
    old, new = (clean(value if value is not None else "", lines=False) for value in (before, after))
    if max(len(old), len(new)) <= most:
        return old, new
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    start, cuts = max(0, head - AROUND), []
    for value in (old, new):
        end = min(len(value), len(value) - tail + AROUND)
        shown = clip(value[start:end], most - 2)
        cuts.append(("…" if start else "") + shown + ("…" if end < len(value) and not shown.endswith("…") else ""))
    return cuts[0], cuts[1]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))
