"""What all cell grammars share: how a cell is folded before it is read, the error they raise, yes and no."""

from __future__ import annotations

from journey.names import fold, tidy
from journey.texts import Text, text

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−~〜", "-"))
_SHOWN = 60

_YES = "○ ◯ 〇 ⭕ ● ✓ ✔ ☑ yes y true 1 はい 有 有り あり 有効 on オン する"
_NO = "× ✕ ✖ ✗ ✘ ❌ ☓ x no n false 0 いいえ 無 無し なし 無効 off オフ しない"
_NONE = "なし 無し 無 ない 無制限 制限なし none no off unlimited - ー"
YES, NO, NONE = (frozenset(words.split()) for words in (_YES, _NO, _NONE))


class Wrong(ValueError):
    """A cell's text that cannot be read. `said` names what is wrong and what would be right."""

    def __init__(self, said: Text) -> None:
        super().__init__(said.key)
        self.said = said


class NotYet(Wrong):
    """Text that is right by the design, for a feature that this program does not have yet."""


def shown(typed: str) -> str:
    """What was typed, short enough to be repeated in a sentence."""
    flat = "".join(c if c.isprintable() else " " for c in tidy(typed[:400]))
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def normal(typed: str) -> str:
    """The form that grammars match: NFKC, lower case, single spaces, every dash and wave as `-`."""
    return tidy(typed[:400]).casefold().translate(_DASHES)


def yes_no(typed: str) -> bool:
    """`○` or `×`, and what people type instead. Raises Wrong."""
    word = fold(typed)
    if word in YES:
        return True
    if word in NO:
        return False
    raise Wrong(text("workbook.bad_yes_no", typed=shown(typed)))


def is_none(typed: str) -> bool:
    """Whether a cell says "none" in so many words."""
    return fold(typed) in NONE
