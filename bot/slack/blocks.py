"""Slack's blocks as plain dicts, each within its limits whatever it is given.

Everything that comes from people stands in plain text or rich text: neither is read for markup, so a name can mention nobody, link
nowhere and set nothing in bold. Markup is not used at all; only the fallback text of a message is read as such, and escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack import limits
from bot.slack.limits import clean, clip, escape, size

Block = dict[str, Any]
Message = dict[str, Any]
"""`text` (the fallback) and `blocks`: what chat.postMessage and chat.update take."""
View = dict[str, Any]


@dataclass(frozen=True)
class Bold:
    """A piece of rich text in bold."""

    text: object


@dataclass(frozen=True)
class Code:
    """A piece of rich text to be copied as it is: a command, an id."""

    text: object


@dataclass(frozen=True)
class Struck:
    """A piece of rich text that holds no longer."""

    text: object


@dataclass(frozen=True)
class Link:
    """A link to an address that the program made itself."""

    text: object
    url: str


@dataclass(frozen=True)
class Person:
    """A person of the workspace by id (`U…`), shown by name; this is the one thing that does notify somebody."""

    user: str


Piece = str | Bold | Code | Struck | Link | Person
Line = Sequence[Piece] | Piece


def header(text: object) -> Block:
    """A big line."""
    return {"type": "header", "text": plain(text, limits.HEADER_TEXT)}


def plain(text: object, most: int, *, lines: bool = False) -> Block:
    """A plain text object; what is empty becomes a dash, because Slack refuses empty text."""
    return {"type": "plain_text", "text": clip(clean(text, lines=lines), most) or "–", "emoji": False}


def section(text: object, accessory: Block | None = None) -> Block:
    """A paragraph, with a button beside it where one is given."""
    made: Block = {"type": "section", "text": plain(text, limits.SECTION_TEXT, lines=True)}
    return made if accessory is None else {**made, "accessory": accessory}


def fields(pairs: Iterable[tuple[object, object]]) -> list[Block]:
    """Labels and values in two columns."""
    cells = [plain(f"{clean(label)}\n{clean(value)}", limits.FIELD_TEXT, lines=True) for label, value in pairs]
    most = limits.SECTION_FIELDS
    return [{"type": "section", "fields": cells[n : n + most]} for n in range(0, len(cells), most)]


def context(*texts: object) -> Block:
    """Small grey lines."""
    shown = [plain(text, limits.CONTEXT_TEXT, lines=True) for text in texts[: limits.CONTEXT_ELEMENTS]]
    return {"type": "context", "elements": shown}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def lines(said: Iterable[Line], *, most: int = limits.RICH_TEXT) -> Block:
    """A paragraph of several lines, with bold labels and the like. What does not fit is left out, with an ellipsis."""
    pieces: list[Piece] = []
    for line in said:
        if pieces:
            pieces.append("\n")
        pieces += [line] if isinstance(line, Piece) else list(line)
    return _rich([{"type": "rich_text_section", "elements": _elements(pieces, most)}])


def bullets(items: Iterable[Line], *, most: int = limits.RICH_TEXT) -> Block:
    """A list with bullets; items that do not fit are left out (callers who must not lose any count themselves)."""
    made: list[Block] = []
    for item in items:
        pieces = [item] if isinstance(item, Piece) else list(item)
        found = _elements(pieces, most)
        most -= sum(size(str(e.get("text", ""))) for e in found)
        made.append({"type": "rich_text_section", "elements": found})
        if most <= 1:
            break
    return _rich([{"type": "rich_text_list", "style": "bullet", "elements": made}])


def quoted(text: object, *, most: int = limits.RICH_TEXT) -> Block:
    """Somebody's words as they stand, with a line beside them."""
    return _rich([{"type": "rich_text_quote", "elements": _elements([str(text)], most)}])


def letters(text: object, *, most: int = limits.RICH_TEXT) -> Block:
    """Text with every character as wide as the next: a drawn table."""
    return _rich([{"type": "rich_text_preformatted", "elements": _elements([str(text)], most)}])


def confirm(title: object, text: object, yes: object, no: object, *, danger: bool = False) -> Block:
    """The question before a press counts."""
    made: Block = {
        "title": plain(title, limits.CONFIRM_TITLE),
        "text": plain(text, limits.CONFIRM_TEXT, lines=True),
        "confirm": plain(yes, limits.CONFIRM_BUTTON),
        "deny": plain(no, limits.CONFIRM_BUTTON),
    }
    return {**made, "style": "danger"} if danger else made


def button(
    label: object, action: str, value: str = "", *, style: str | None = None, asks: Block | None = None, url: str | None = None
) -> Block:
    """A button. `action` names what it does. Raises ValueError for a value that Slack would not take: cut, nobody could read it."""
    if len(value) > limits.BUTTON_VALUE or len(action) > limits.ACTION_ID:
        raise ValueError("a button's value or action is too long")
    made: Block = {"type": "button", "action_id": action, "text": plain(label, limits.BUTTON_TEXT)}
    extra = {"value": value, "style": style, "confirm": asks, "url": url if url and len(url) <= limits.URL else None}
    return {**made, **{key: one for key, one in extra.items() if one}}


def actions(buttons: Sequence[Block]) -> Block:
    """A row of buttons."""
    if len(buttons) > limits.ACTIONS:
        raise ValueError("too many buttons")
    return {"type": "actions", "elements": list(buttons)}


def image(url: str, alt: object) -> Block:
    """A picture from an address."""
    return {"type": "image", "image_url": url, "alt_text": clip(clean(alt, lines=False), limits.IMAGE_ALT) or "–"}


def table(heads: Sequence[object], rows: Sequence[Sequence[object]], *, numbers: Iterable[int] = ()) -> Block:
    """A table; `numbers` are the columns that are set to the right. Rows beyond what Slack takes are left out: callers say so."""
    width = min(len(heads), limits.TABLE_COLUMNS)
    cut = [[_cell(value) for value in row[:width]] for row in (heads, *rows[: limits.TABLE_ROWS - 1])]
    room, kept = limits.TABLE_ROOM, []
    for row in cut:
        room -= sum(size(cell["text"]) for cell in row)
        if room < 0:
            break
        kept.append(row)
    right = frozenset(numbers)
    aligned = [{"align": "right"} if n in right else {"is_wrapped": True} for n in range(width)]
    return {"type": "table", "rows": kept, "column_settings": aligned}


def chart(kind: str, title: object, categories: Sequence[object], series: Mapping[str, Sequence[float]]) -> Block | None:
    """A line, bar or area chart of at most six series over at most twenty categories; None where it has nothing to show.

    Every series has a value for every category. Of more categories the newest (the last) are shown, of more series the first.
    """
    labels = _unique([clip(clean(c, lines=False), limits.CHART_LABEL) for c in categories[-limits.CHART_POINTS :]])
    names = _unique([clip(clean(n, lines=False), limits.CHART_LABEL) for n in [*series][: limits.CHART_SERIES]])
    if not labels or not names:
        return None
    shown = [
        {"name": name, "data": [{"label": x, "value": y} for x, y in zip(labels, values[-len(labels) :], strict=True)]}
        for name, values in zip(names, series.values(), strict=False)
    ]
    about = clip(clean(title, lines=False), limits.CHART_TITLE) or "–"
    return {
        "type": "data_visualization",
        "title": about,
        "chart": {"type": kind, "series": shown, "axis_config": {"categories": labels}},
    }


def message(text: object, blocks: Sequence[Block], *, tail: Sequence[Block] = (), more: object = "") -> Message:
    """A message. What of `blocks` would be too many or too much is left out at their end, and `more` says so; `tail` always stays."""
    most, room = limits.MESSAGE_BLOCKS, limits.MESSAGE_SIZE
    fits = fitting(blocks, most - len(tail), room - _weights(tail))
    if len(fits) < len(blocks) and more:
        note = context(more)
        fits = [*fitting(fits, most - len(tail) - 1, room - _weights([*tail, note])), note]
    return {"text": fallback(text), "blocks": [*fits, *tail]}


def home(blocks: Sequence[Block]) -> View:
    """A Home tab."""
    return {"type": "home", "blocks": fitting(blocks, limits.VIEW_BLOCKS, limits.VIEW_SIZE)}


def modal(
    title: object,
    blocks: Sequence[Block],
    *,
    close: object,
    submit: object | None = None,
    callback: str = "",
    metadata: str = "",
) -> View:
    """A dialog. `metadata` comes back with what was filled in."""
    if len(metadata) > limits.PRIVATE_METADATA:
        raise ValueError("a view's metadata is too long")
    made: View = {
        "type": "modal",
        "title": plain(title, limits.MODAL_TITLE),
        "close": plain(close, limits.MODAL_BUTTON),
        "blocks": fitting(blocks, limits.VIEW_BLOCKS, limits.VIEW_SIZE),
    }
    extra = {"callback_id": callback, "private_metadata": metadata}
    made |= {key: one for key, one in extra.items() if one}
    return made if submit is None else {**made, "submit": plain(submit, limits.MODAL_BUTTON)}


def fallback(text: object) -> str:
    """The text beside the blocks: the one place where Slack reads markup, so it is escaped."""
    return escape(clip(clean(text), limits.FALLBACK, escaped=True)) or "–"


def fitting(blocks: Sequence[Block], most: int, room: int) -> list[Block]:
    """As many blocks from the start as fit."""
    kept: list[Block] = []
    for block in blocks[:most]:
        room -= weight(block)
        if room < 0:
            break
        kept.append(block)
    return kept


def _weights(blocks: Iterable[Block]) -> int:
    return sum(weight(block) for block in blocks)


def weight(block: Block) -> int:
    """What a block counts for in a message: its JSON; of a table, whose cells are counted apart, their text."""
    if block["type"] == "table":
        return sum(size(cell["text"]) for row in block["rows"] for cell in row)
    return size(json.dumps(block, ensure_ascii=False))


def _cell(value: object) -> Block:
    if value is None:
        said = "–"
    elif isinstance(value, bool):
        said = "○" if value else "×"
    else:
        said = f"{value:,}" if isinstance(value, int) else str(value)
    return {"type": "raw_text", "text": clip(clean(said, lines=False), 300) or "–"}


def _unique(names: Sequence[str]) -> list[str]:
    """Names that are told apart although they were cut; an empty one becomes a dash."""
    found: list[str] = []
    for name in names:
        number, one = 1, name or "–"
        while one in found:
            number += 1
            one = clip(name or "–", limits.CHART_LABEL - len(str(number)) - 1) + f" {number}"
        found.append(one)
    return found


def _rich(elements: list[Block]) -> Block:
    return {"type": "rich_text", "elements": elements}


def _elements(pieces: Iterable[Piece], most: int) -> list[Block]:
    made: list[Block] = []
    for piece in pieces:
        if most <= 1:
            break
        one = _element(piece, most)
        most -= size(str(one.get("text", "")))
        if one.get("text") != "":
            made.append(one)
    return made or [{"type": "text", "text": "–"}]


def _element(piece: Piece, most: int) -> Block:
    if isinstance(piece, Person):
        return {"type": "user", "user_id": piece.user}
    said = clip(clean(piece if isinstance(piece, str) else piece.text), most)
    if isinstance(piece, Link):
        return {"type": "link", "url": piece.url, "text": said or piece.url}
    made: Block = {"type": "text", "text": said}
    if isinstance(piece, str):
        return made
    style = {Bold: "bold", Code: "code", Struck: "strike"}[type(piece)]
    return {**made, "style": {style: True}}
