"""How names are compared: width, case and stray spaces do not matter, and a near miss gets a suggestion."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

_SPACES = re.compile(r"\s+")


def fold(name: str) -> str:
    """The form in which two names are the same: NFKC, case-folded, without any spaces."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", name)).casefold()


def tidy(text: str) -> str:
    """NFKC, runs of spaces as one, trimmed; case kept. For short values, never for message bodies."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a person most likely meant, as it is written there, or None where nothing is near.

    A short Japanese name differs in one character of two or three, so half alike is near enough.
    """
    by_fold = {fold(k): k for k in known}
    near = difflib.get_close_matches(fold(name), by_fold, n=1, cutoff=0.5)
    return by_fold[near[0]] if near else None
