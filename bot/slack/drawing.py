"""A command's reply as a Slack message. Pure: a reply in, blocks out."""

from __future__ import annotations

from bot.replies import Reply
from bot.slack import blocks, limits, tables
from bot.slack.blocks import Block, Message
from journey.texts import Lang, text


def draw(reply: Reply, lang: Lang, by: str = "") -> Message:
    """The message for a reply. `by`: the name of who decided, for everyone to see."""
    shown = tables.drawn(reply.shows, reply.document, lang)
    if not shown:
        shown = [blocks.section(reply.text)] if _is_prose(reply) else _letters(reply.text)
    tail = [blocks.context(text("slack.decided_by", who=by).say(lang))] if by else []
    return blocks.message(reply.text, shown, tail=tail, more=text("slack.cut").say(lang))


def worded(words: str) -> Message:
    """A message of words alone, for when blocks are refused."""
    return {"text": blocks.fallback(words)}


def _is_prose(reply: Reply) -> bool:
    """Whether a text reads well in letters of different widths."""
    return reply.shows in ("", "decisions", "settled") and limits.size(reply.text) <= limits.SECTION_TEXT


def _letters(drawn: str) -> list[Block]:
    return [blocks.letters(piece) for piece in limits.split(drawn, limits.RICH_TEXT)]
