"""Template tags inside a cell: where they are, what full-width typing meant, and how to set them aside while text around them is
converted. Pure text work; it does not know what a tag means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# Nothing between a tag's ends opens another, so that a cell of nothing but openings is read in one go.
_INNER = r"""(?:[^"'“”‘’＂＇{{｛{close}]|"[^"]*"|'[^']*'|[“”＂][^“”＂]*[“”＂]|[‘’＇][^‘’＇]*[‘’＇]|[{close}](?![}}｝]))*+"""
_TAG = re.compile(
    r"[{｛][{｛]" + _INNER.format(close="}｝") + r"[}｝][}｝]"
    r"|[{｛][%％]" + _INNER.format(close="%％") + r"[%％][}｝]"
    r"|[{｛][#＃](?:[^#＃{｛]|[{｛](?![#＃])|[#＃](?![}｝]))*+[#＃][}｝]",
    re.DOTALL,
)
_QUOTED = re.compile(r"""("[^"]*"|'[^']*'|[“”＂][^“”＂]*[“”＂]|[‘’＇][^‘’＇]*[‘’＇])""")
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}

Kind = Literal["value", "statement", "comment"]


@dataclass(frozen=True)
class Tag:
    """One tag: its folded text, and for statements its first word (`if`, `endfor`, …)."""

    kind: Kind
    text: str
    word: str = ""


def fold_tags(source: str) -> str:
    """The source with full-width characters inside tags as the half-width ones they stand for; quoted text is left as it is."""
    return _TAG.sub(lambda found: _folded(found[0]), source.replace("\r\n", "\n").replace("\r", "\n"))


def _folded(tag: str) -> str:
    if tag[1] in "#＃":
        return "{#" + tag[2:-2] + "#}"
    pieces = _QUOTED.split(tag[2:-2])
    inner = "".join(_narrow(p) if i % 2 == 0 else _requoted(p) for i, p in enumerate(pieces))
    return "{{" + inner + "}}" if tag[1] in "{｛" else "{%" + inner + "%}"


def _narrow(code: str) -> str:
    return code.translate(_NARROW)


def _requoted(quoted: str) -> str:
    if quoted[0] in "\"'":
        return quoted
    mark = '"' if quoted[0] in "“”＂" and '"' not in quoted else "'"
    return mark + quoted[1:-1] + mark if mark not in quoted[1:-1] else quoted


class Masked:
    """A source whose tags are replaced by tokens of plain letters, which Markdown and HTML leave alone.

    `source` is the masked text; `unmask` puts the tags back. The tokens are letters and digits that occur nowhere in the cell.
    """

    def __init__(self, source: str) -> None:
        folded = fold_tags(source)
        mark = "zq"
        while mark in folded.lower():
            mark += "zq"
        self.tags: list[Tag] = []
        self.token = re.compile(rf"{mark}(\d+)x")
        self._mark = mark
        self.source = _TAG.sub(self._set_aside, folded)

    def _set_aside(self, found: re.Match[str]) -> str:
        shown = found[0]
        word = shown[2:-2].strip("+- \n\t").split(None, 1)
        kind: Kind = "value" if shown[1] == "{" else "statement" if shown[1] == "%" else "comment"
        return self.put(Tag(kind, shown, word[0] if word and kind == "statement" else ""))

    def tag(self, found: re.Match[str]) -> Tag:
        """The tag that a token found by `token` stands for."""
        return self.tags[int(found[1])]

    def put(self, tag: Tag) -> str:
        """The token of one more tag, to stand wherever the caller puts it."""
        self.tags.append(tag)
        return f"{self._mark}{len(self.tags) - 1}x"

    def unmask(self, masked: str) -> str:
        """The text with its tags again."""
        return self.token.sub(lambda found: self.tag(found).text, masked)
