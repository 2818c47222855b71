"""A cell's text as tokens, each with its place in the text as it was typed.

Width and case are folded character by character, quoted text never. Japanese runs words together (`購入回数が2回以上`), so names
are found by the longest known one that ends where a particle, a number, a sign or a keyword follows.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from journey.texts import Text, text

LONGEST = 10_000
"""More characters than that are no condition. (A spreadsheet cell holds 32,767.)"""

MOST_TOKENS = 4_000

_HELD = "\ue000"
"""Stands for quoted text in the folded form; typed ones are refused."""

_QUOTES = {'"': '"“”＂', "“": '"“”＂', "”": '"“”＂', "＂": '"“”＂', "「": "」", "『": "』", "'": "'’", "‘": "'’", "’": "'’"}

_UNITS = {
    "h": "時間|hours?|h",
    "d": "日間|日|days?|d",
    "w": "週間|週|weeks?|w",
    "m": "(?:か|カ|ヶ|ヵ|ケ|ヵ|ヶ|箇|個|ヵ)月間?|months?|m",
    "y": "年間|年|years?|y",
    "": "回|円|人|点|歳|才|件|個|月|ポイント|pt|points?|times|yen|jpy",
}

_JOINS = r"かつ|且つ|または|又は|もしくは"
_AFTER_WORD = (
    rf"{_JOINS}|でない|ではない|じゃない|でなく|ではなく|以外|以上|以下|未満|以降|以前|より|超|"
    r"を?含む|(?:で|から)?始まる|と等しい|である|です|のいずれか"
)
_BOUNDARY = rf"(?=\s|$|[^\w]|が|は|の|を|に|で|空|{_AFTER_WORD}|(?<=[^a-z0-9_])\d)"

_KEYWORDS = (
    ("AND", r"なおかつ|かつ|且つ|and\b|&&?"),
    ("OR", r"または|又は|もしくは|or\b|\|\|?"),
    ("NEG", r"でない|ではない|じゃない|でなく|ではなく|以外"),
    ("GE", r"以上|以降"),
    ("LE", r"以下|以前"),
    ("LT", r"未満|より\s*小さい|より\s*少ない|より\s*前"),
    ("GT", r"を?超える|超|より\s*大きい|より\s*多い|より\s*後"),
    ("CONTAINS", r"を?\s*含む|contains\b"),
    ("STARTS", r"(?:で|から)?\s*始まる|starts\s+with\b"),
    ("EMPTY", rf"(?:空欄|空白|空|empty|blank)(?![a-z0-9_]){_BOUNDARY}"),
    ("IN", r"in\b|のいずれか"),
    ("BETWEEN", r"between\b"),
    ("IS", r"is\b"),
    ("NOT", r"not\b"),
    ("EQ", r"と等しい"),
    ("SUBJECT", r"が|は"),
    ("SKIP", r"である|です|の|を|に|で"),
)
_OPERATOR = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KEYWORDS))
_OPERAND = re.compile(
    "|".join(
        (
            rf"(?P<EMPTY>{dict(_KEYWORDS)['EMPTY']})",
            rf"(?P<TODAY>(?:今日|本日|today){_BOUNDARY})",
            rf"(?P<TRUE>(?:true|yes|はい|○|◯|〇|真)(?![a-z0-9_]){_BOUNDARY})",
            rf"(?P<FALSE>(?:false|no|いいえ|×|✕|偽)(?![a-z0-9_]){_BOUNDARY})",
            r"(?P<NOT>not\b)",
            r"(?P<IN>in\b)|(?P<BETWEEN>between\b)|(?P<IS>is\b)|(?P<CONTAINS>contains\b)|(?P<STARTS>starts\s+with\b)",
            r"(?P<AND>(?:かつ|且つ|and)(?=\s|$|[^\w]))|(?P<OR>(?:または|又は|もしくは|or)(?=\s|$|[^\w]))",
        )
    )
)
_SIGN = re.compile(
    r"(?P<GE>>=|=>|≧|≥)|(?P<LE><=|=<|≦|≤)|(?P<NE>!=|<>|≠)|(?P<EQ>==?)|(?P<LT><)|(?P<GT>>)"
    r"|(?P<OPEN>\()|(?P<CLOSE>\))|(?P<COMMA>[,、])|(?P<RANGE>~|〜)|(?P<MINUS>-|−|‐|–)|(?P<PLUS>\+)|(?P<AND>&&?)|(?P<OR>\|\|?)"
)
_DATE = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)|(\d{4})年\s*(\d{1,2})月\s*(\d{1,2})日")
_GROUPED = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_SINGLE = r"\d+(?:\.\d+)?"
_SCALE = {"億": 10**8, "千万": 10**7, "百万": 10**6, "十万": 10**5, "万": 10**4, "千": 10**3, "": 1}
_SCALES = "億|[千百十]?万|千"
_UNIT = "|".join(f"(?P<u{key}>{pattern})" for key, pattern in _UNITS.items())
_TAIL = rf"(?:\s*(?:{_UNIT})(?![a-z0-9_]|(?<=[a-z])\d))?(?:\s*(?P<when>前|後|ago\b))?"
_NUMBER = re.compile(rf"¥?\s*(?P<n>{_GROUPED}(?:\s*(?:{_SCALES})(?:{_GROUPED})?)*){_TAIL}")
_LISTED = re.compile(rf"¥?\s*(?P<n>{_SINGLE}(?:\s*(?:{_SCALES})(?:{_SINGLE})?)*){_TAIL}")
_PART = re.compile(rf"(\d[\d,]*(?:\.\d+)?)\s*({_SCALES}|)")
_WORD = re.compile(rf"\w(?:(?!が|は|を|{_AFTER_WORD}|空{_BOUNDARY})(?:[\w・]|[-.@](?=\w)))*")
_VALUE = re.compile(rf"\w(?:(?!{_AFTER_WORD})(?:[\w・]|[-.@](?=\w)))*")
_HIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"(?:\s|[\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff])+")

_ENDS_OPERAND = frozenset(
    ("NAME", "TEXT", "NUMBER", "DATE", "TODAY", "TRUE", "FALSE", "WORD", "CLOSE", "EMPTY", "NEG", "SUFFIX", "SKIP")
)
_SUFFIXES = frozenset(("GE", "LE", "LT", "GT", "CONTAINS", "STARTS"))
_BEFORE_VALUE = frozenset(("EQ", "NE", "GE", "LE", "LT", "GT", "SUBJECT", "COMMA", "LIST", "CONTAINS", "STARTS", "IS"))


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `start` and `end` are character positions in the source.

    `value` is the text of a TEXT, the name as typed of a NAME or WORD (NAME: one that is known, or stood in brackets), a
    (number, unit, sign) of a NUMBER (unit `h d w m y`, or empty; sign −1 前, +1 後, 0), a (year, month, day) of a DATE. SUFFIX is a
    comparison word that stands after its value; its value is the comparison.
    """

    kind: str
    value: object
    start: int
    end: int


@dataclass(frozen=True)
class Unreadable(Exception):
    """What cannot be read, and where."""

    said: Text
    start: int
    end: int


@lru_cache(maxsize=64)
def vocabulary(names: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern that finds the longest of the known names (typed as people write them; spaces in them are optional)."""
    forms = {_SPACE.sub(" ", _fold(name)[0]).strip() for name in names} - {""}
    alternatives = sorted(forms, key=len, reverse=True)
    spelled = "|".join(r"\s*".join(re.escape(part) for part in form.split(" ")) for form in alternatives)
    return re.compile(f"(?:{spelled})(?![a-z0-9_]*(?<=[a-z0-9_])[a-z0-9_]){_BOUNDARY}" if spelled else r"(?!)")


def tokens(source: str, names: re.Pattern[str]) -> list[Token]:
    """All tokens of a cell. Raises Unreadable at the first character that means nothing, or where the cell is too long."""
    if len(source) > LONGEST:
        raise Unreadable(text("conditions.too_long", length=len(source), most=LONGEST), 0, len(source))
    if hidden := _HIDDEN.search(source):
        raise Unreadable(text("conditions.character", found=_shown(hidden[0])), hidden.start(), hidden.end())
    folded, places, held = _fold(source)
    found: list[Token] = []
    lists: list[bool] = []
    at, before, operand = 0, "", True
    while True:
        space = _SPACE.match(folded, at)
        at = space.end() if space else at
        if at >= len(folded):
            return found
        if len(found) >= MOST_TOKENS:
            raise Unreadable(text("conditions.too_many", most=MOST_TOKENS), places[at], len(source))
        kind, value, end = _next(source, folded, places, held, at, names, operand, before, bool(lists and lists[-1]))
        if kind in _SUFFIXES and not operand and not _is_sign(folded, at) and not folded[at].isascii():
            kind, value = "SUFFIX", kind
        if kind == "OPEN":
            lists.append(before in ("NAME", "WORD", "IN"))
        elif kind == "CLOSE" and lists:
            lists.pop()
        if kind != "SKIP":
            found.append(Token(kind, value, places[at], places[end]))
            before = "LIST" if kind == "OPEN" and lists[-1] else kind
        operand = kind not in _ENDS_OPERAND
        at = end


def _is_sign(folded: str, at: int) -> bool:
    return _SIGN.match(folded, at) is not None


def _next(
    source: str,
    folded: str,
    places: list[int],
    held: dict[int, tuple[str, str]],
    at: int,
    names: re.Pattern[str],
    operand: bool,
    before: str,
    listed: bool,
) -> tuple[str, object, int]:
    """Kind, value and end (in the folded text) of the token at `at`."""
    if folded[at] == _HELD:
        kind, inner = held[at]
        return kind, inner, at + 1
    if sign := _SIGN.match(folded, at):
        return str(sign.lastgroup), None, sign.end()
    if day := _DATE.match(folded, at):
        numbers = [int(g) for g in day.groups() if g is not None and g.isdigit()]
        return "DATE", tuple(numbers), day.end()
    if number := (_LISTED if listed else _NUMBER).match(folded, at):
        longer = names.match(folded, at)
        if longer is None or longer.end() <= number.end():
            return "NUMBER", _number(number, listed and before == "COMMA", places), number.end()
    if not operand and (word := _OPERATOR.match(folded, at)):
        return str(word.lastgroup), None, word.end()
    if operand and (word := _OPERAND.match(folded, at)) and word.lastgroup == "EMPTY":
        return "EMPTY", None, word.end()
    if known := names.match(folded, at):
        return "NAME", source[places[at] : places[known.end()]], known.end()
    if word := _OPERAND.match(folded, at):
        return str(word.lastgroup), None, word.end()
    if word := (_VALUE if before in _BEFORE_VALUE else _WORD).match(folded, at):
        return "WORD", source[places[at] : places[word.end()]], word.end()
    if word := _OPERATOR.match(folded, at):
        return str(word.lastgroup), None, word.end()
    raise Unreadable(text("conditions.character", found=_shown(source[places[at]])), places[at], places[at + 1])


def _number(found: re.Match[str], after_comma: bool, places: list[int]) -> tuple[float, str, int]:
    digits = found["n"]
    if len(digits) > 24:
        raise Unreadable(text("conditions.number_too_large"), places[found.start()], places[found.end()])
    if after_comma and re.match(r"0\d\d(?!\d)", digits):
        raise Unreadable(text("conditions.comma_in_list", found=digits), places[found.start()], places[found.end()])
    amount = sum(float(n.replace(",", "")) * _SCALE[scale] for n, scale in _PART.findall(digits))
    unit = next((key for key in _UNITS if found[f"u{key}"]), "")
    when = {"前": -1, "ago": -1, "後": 1}.get(found["when"] or "", 0)
    return amount, unit, when


def _fold(source: str) -> tuple[str, list[int], dict[int, tuple[str, str]]]:
    """The folded text, the source position of each of its characters (and one past the end), and what quotes hold."""
    out: list[str] = []
    places: list[int] = []
    held: dict[int, tuple[str, str]] = {}
    i = 0
    while i < len(source):
        char = source[i]
        if char in _QUOTES or char in "[［":
            end = _closing(source, i)
            held[len(out)] = ("TEXT" if char in _QUOTES else "NAME", source[i + 1 : end])
            out.append(_HELD)
            places.append(i)
            i = end + 1
            continue
        end = i + 1
        while end < len(source) and (source[end] in "ﾞﾟ" or unicodedata.combining(source[end])):
            end += 1
        piece = char.lower() if char.isascii() and end == i + 1 else unicodedata.normalize("NFKC", source[i:end]).casefold()
        if _HELD in piece:
            raise Unreadable(text("conditions.character", found=_shown(char)), i, end)
        out.extend(piece)
        places.extend([i] * len(piece))
        i = end
    places.append(len(source))
    return "".join(out), places, held


def _closing(source: str, start: int) -> int:
    """Where the quote or bracket that opens at `start` closes; corner brackets nest."""
    opener = source[start]
    closers = _QUOTES.get(opener, "]］")
    depth = 0
    for i in range(start + 1, len(source)):
        if opener in "「『" and source[i] == opener:
            depth += 1
        elif source[i] in closers:
            if depth == 0:
                return i
            depth -= 1
    raise Unreadable(text("conditions.unclosed", found=opener), start, len(source))


def _shown(char: str) -> str:
    return char if char.isprintable() else f"U+{ord(char):04X}"
