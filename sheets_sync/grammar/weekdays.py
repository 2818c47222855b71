"""Days of the week, alone, listed or from–to: `月`, `月・木`, `月-金`, `平日`, `mon,thu`, `mon-fri`."""

from __future__ import annotations

import re

_JA = "月火水木金土日"
_EN = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = {
    "平日": (0, 1, 2, 3, 4),
    "土日": (5, 6),
    "週末": (5, 6),
    "毎日": tuple(range(7)),
    "weekday": (0, 1, 2, 3, 4),
    "weekdays": (0, 1, 2, 3, 4),
    "weekend": (5, 6),
    "weekends": (5, 6),
}
_DAY = rf"(?:[{_JA}](?:曜\(日\)|曜日?)?|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)"
_ITEM = re.compile(rf" ?(?P<from>{_DAY})(?: ?(?:-|から|to) ?(?P<to>{_DAY})(?:まで)?)? ?")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_weekdays(said: str) -> tuple[int, ...] | None:
    """Weekdays in ascending order (Monday is 0) of a text that is `normal` already, or None where it holds anything else."""
    said = said.strip()
    if said in _GROUPS:
        return _GROUPS[said]
    found: set[int] = set()
    at = 0
    while at < len(said):
        item = _ITEM.match(said, at)
        if item is None:
            return None
        first, last = _index(item["from"]), _index(item["to"] or item["from"])
        if first is None or last is None:
            return None
        found.update((first + step) % 7 for step in range((last - first) % 7 + 1))
        at = item.end()
        if at < len(said):
            at = _separator(said, at, before=item["from"])
            if at < 0:
                return None
    return tuple(sorted(found)) or None


def _index(word: str) -> int | None:
    if word[0] in _JA:
        return _JA.index(word[0])
    near = [i for i, full in enumerate(_FULL) if full.startswith(word) or word in {_EN[i] + "s", full + "s", "tues", "thurs"}]
    return next((i for i in near if word.startswith(_EN[i])), None)


def _separator(said: str, at: int, before: str) -> int:
    """Where the next day starts; -1 where something else than a separator stands there."""
    found = re.compile(r"(?: ?[,、・/&と]| ?and(?= )) ?").match(said, at)
    if found is not None and found.end() < len(said):
        return found.end()
    glued = before[0] in _JA or said[at - 1] == " "
    return at if glued and found is None else -1
