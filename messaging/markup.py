"""A body cell as HTML and as plain text, both still templates: converted once, with the tags set aside, so that no value can bring
Markdown or HTML of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from inscriptis import get_text
from inscriptis.model.config import ParserConfig
from markdown_it import MarkdownIt

from messaging.tags import Masked, Tag

_KNOWN_TAG = re.compile(
    r"<(?:!doctype|html|head|body|div|p|table|tr|td|h[1-6]|span|a|img|center|section|ul|ol|dl|br|hr|style|b|strong|i|em|u|font"
    r"|article|main|header|footer|blockquote|pre)(?=[\s/>])|<!--",
    re.IGNORECASE,
)
_BLOCK_LINE = re.compile(r"\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s|>|\||```|~~~|    )")
_OWN_BLOCK = re.compile(r"^((?:#{1,6} .*|-{3,}|\*{3,}|_{3,}))$", re.MULTILINE)
_OPENS = ("if", "for")
_ANCHOR = re.compile(r"<a\b[^>]*?\bhref\s*=\s*(\"[^\"]*\"|'[^']*')[^>]*>((?:(?!<a\b).)*?)</a\s*>", re.IGNORECASE | re.DOTALL)
_URL_ATTRIBUTE = re.compile(r"\b(href|src|action|background)(\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_HIDDEN = re.compile(r"<(style|script|head|title)\b(?:(?!<\1\b).)*?</\1\s*>|<!--(?:(?!<!--).)*?-->", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")
_ELEMENT = re.compile(r"(<a\b[^>]*>[^<]*(?:<(?!/a>)[^<]*)*</a>|<code\b[^>]*>[^<]*</code>|<[^>]*>)")
_ADDRESS_TAG = re.compile(r"\{\{[-+]?\s*(?:(?:link|リンク)\([^()]*\)|unsubscribe_url|配信停止URL)\s*[-+]?\}\}", re.IGNORECASE)


@dataclass(frozen=True)
class Body:
    """A body in both forms, as template sources."""

    html: str
    text: str
    whole_page: bool
    """The cell brings its own `<html>`: it gets no frame of ours."""


def body(source: str) -> Body:
    """The two forms of a body cell: HTML where it starts with a known tag, else Markdown."""
    masked = Masked(source)
    if _is_html(masked):
        html = said = masked.source
    else:
        said = _lists_whole(masked, _bare_tags(masked, _markdown().render(_set_lines(masked))))
        html = _linked(masked, said)
    whole = re.search(r"<html[\s>]", html, re.IGNORECASE) is not None
    return Body(masked.unmask(_safe_addresses(masked, html)), _text(masked, _safe_addresses(masked, said)), whole)


def plain(source: str) -> Body:
    """A body for channels without HTML: the cell as it stands, its own-line tags leaving no empty lines."""
    masked = Masked(source)
    text = masked.unmask(_own_lines(masked, masked.source))
    return Body("", text, whole_page=False)


def tidy_text(rendered: str) -> str:
    """Plain text as people like it: no trailing spaces, at most one empty line in a row, one line break at its end."""
    lines = "\n".join(line.rstrip() for line in rendered.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"breaks": True, "html": False}).enable("table").enable("strikethrough").disable("lheading")


def _is_html(masked: Masked) -> bool:
    start = re.sub(rf"^(?:\s|{masked.token.pattern})+", "", masked.source.lstrip("\ufeff"))
    return _KNOWN_TAG.match(start) is not None


# Own-line statements ({% if … %} alone on a line) must leave neither a paragraph nor a line break behind.


def _set_lines(masked: Masked) -> str:
    """The Markdown source with each own-line statement either a paragraph of its own (around whole blocks) or moved to the end of
    the text line before it (inside a paragraph), so that the line break it conditions goes with it."""
    source = masked.source if "```" in masked.source else _OWN_BLOCK.sub(r"\n\1\n", masked.source)
    chunks = re.split(r"\n[ \t]*\n", source)
    spans = _open_across(masked, chunks)
    return "\n\n".join(_set_chunk(masked, chunk, alone=i in spans) for i, chunk in enumerate(chunks))


def _open_across(masked: Masked, chunks: list[str]) -> set[int]:
    """The chunks that hold a part of a construct which does not begin and end in them."""
    spans: set[int] = set()
    depth = 0
    for i, chunk in enumerate(chunks):
        before, lowest = depth, depth
        for found in masked.token.finditer(chunk):
            word = masked.tag(found).word
            depth += (word in _OPENS) - word.startswith("end")
            lowest = min(lowest, depth)
        if (
            depth != before
            or lowest < before
            or any(_word(masked, line) in ("else", "elif") and before for line in chunk.split("\n"))
        ):
            spans.add(i)
    return spans


def _set_chunk(masked: Masked, chunk: str, *, alone: bool) -> str:
    lines = chunk.split("\n")
    words = [_word(masked, line) for line in lines]
    if not any(words):
        return chunk
    texts = [line for line, word in zip(lines, words, strict=True) if word is None]
    depth, outside = 0, False
    for word in words:
        depth += (word in _OPENS) - (word or "").startswith("end")
        outside = outside or (word is None and depth == 0)
    if alone or not outside or any(_BLOCK_LINE.match(line) for line in texts):
        return "\n".join(line if word is None else f"\n{line.strip()}\n" for line, word in zip(lines, words, strict=True))
    if words[0] is None:
        joined = lines[0]
        for line, word in zip(lines[1:], words[1:], strict=True):
            joined += "\n" + line if word is None else line.strip()
        return joined
    return "".join(line + "\n" if word is None else line.strip() for line, word in zip(lines, words, strict=True)).rstrip("\n")


def _word(masked: Masked, line: str) -> str | None:
    """The first word of the statement (or comment) that is all there is on a line, else None."""
    shown = line.strip()
    rest = masked.token.sub("", shown)
    tags = [masked.tag(found) for found in masked.token.finditer(shown)]
    if rest.strip() or len(tags) != 1 or tags[0].kind == "value":
        return None
    return tags[0].word or "#"


def _bare_tags(masked: Masked, html: str) -> str:
    """Paragraphs that hold nothing but statements, without their `<p>`."""

    def bare(found: re.Match[str]) -> str:
        inner = list(masked.token.finditer(found[1]))
        return found[1] if all(masked.tag(t).kind != "value" for t in inner) else found[0]

    return re.sub(rf"<p>((?:{masked.token.pattern}\s*)+)</p>", bare, html)


def _lists_whole(masked: Masked, html: str) -> str:
    """A loop around one list is a loop inside it: one list with many items, not many lists with one."""

    def turned(found: re.Match[str]) -> str:
        opening, closing = masked.tags[int(found[1])], masked.tags[int(found[4])]
        if opening.word != "for" or closing.word != "endfor" or f"<{found[2]}>" in found[3]:
            return found[0]
        mark = masked.token.pattern.split("(")[0]
        return f"<{found[2]}>\n{mark}{found[1]}x{found[3]}{mark}{found[4]}x\n</{found[2]}>"

    token = masked.token.pattern
    return re.sub(rf"{token}\s*<(ul|ol)>((?:(?!</?(?:ul|ol)>).)*)</\2>\s*{token}", turned, html, flags=re.DOTALL)


# Addresses


def _safe_addresses(masked: Masked, html: str) -> str:
    """Values in address attributes made safe: the beginning of an address must be a permitted one, a later piece is quoted."""

    def guarded(found: re.Match[str]) -> str:
        mark, inner = found[3][0], found[3][1:-1]

        def value(token: re.Match[str]) -> str:
            tag = masked.tag(token)
            if tag.kind != "value":
                return token[0]
            begins = not masked.token.sub(
                lambda t: "" if masked.tag(t).kind != "value" else "v", inner[: token.start()]
            ).strip()
            expression = tag.text[2:-2].strip("+- \n\t")
            return masked.put(Tag("value", "{{ (" + expression + ")|" + ("_url" if begins else "_quoted") + " }}"))

        return found[1] + found[2] + mark + masked.token.sub(value, inner) + mark

    return _URL_ATTRIBUTE.sub(guarded, html)


def _linked(masked: Masked, html: str) -> str:
    """Bare addresses in the text, typed or given by `link(…)` and `unsubscribe_url`, as links."""

    def link(found: re.Match[str]) -> str:
        token = masked.token.fullmatch(found[0])
        if token is not None and not _ADDRESS_TAG.match(masked.tag(token).text):
            return found[0]
        address = found[0].rstrip(".,;:!?)")
        return f'<a href="{address}">{address}</a>{found[0][len(address) :]}'

    bare = re.compile(rf"https?://[!#$%&'()*+,\-./0-9:;=?@A-Z_a-z~]+|{masked.token.pattern}")
    pieces = _ELEMENT.split(html)
    return "".join(piece if i % 2 else bare.sub(link, piece) for i, piece in enumerate(pieces))


# Plain text

_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def _text(masked: Masked, html: str) -> str:
    shown = _HIDDEN.sub("", html)
    shown = _ANCHOR.sub(lambda found: _link(masked, found[1][1:-1], found[2]), shown)
    shown = get_text(shown, ParserConfig(table_cell_separator="  ")) if shown.strip() else ""
    bullet = "・" if _JAPANESE.search(shown) else "• "
    shown = "\n".join(re.sub(r"^(\s*)\* ", bullet, line) for line in _unindented(shown.split("\n")))
    return masked.unmask(_own_lines(masked, shown)).strip("\n")


def _link(masked: Masked, address: str, label: str) -> str:
    said = _TAGS.sub("", label).strip()
    shown = masked.unmask(address)
    same = {shown, shown.removeprefix("mailto:"), re.sub(r"^\{\{ \((.*)\)\|_url \}\}$", r"{{ \1 }}", shown)}
    return address if not said or masked.unmask(said) in same else f"{label} ( {address} )"


def _unindented(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield re.sub(r"^ {2,4}(?=\S)", "", line)


def _own_lines(masked: Masked, text: str) -> str:
    """Lines that hold only statements give up their line break."""
    kept: list[str] = []
    for line in text.split("\n"):
        tokens = [masked.tag(t) for t in masked.token.finditer(line)]
        bare = not masked.token.sub("", line).strip()
        kept.append(line.strip() if tokens and bare and all(t.kind != "value" for t in tokens) else line + "\n")
    return "".join(kept).removesuffix("\n")
