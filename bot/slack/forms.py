"""The forms that a press opens: a reason for a no, an address for a test. Pure: plain dicts out."""

from __future__ import annotations

from typing import Any

from bot.slack import blocks
from bot.slack.blocks import Block, View
from journey.texts import Lang, text

REJECT, TEST = "reject_form", "test_form"
REASON, ADDRESS = "reason", "address"
_LONGEST_REASON, _LONGEST_ADDRESS = 500, 254
_LABEL = 150


def reject_form(subject: str, note: str, lang: Lang) -> View:
    """Asks why; an answer may be left out."""
    asked = _input(
        REASON, text("slack.form_reason").say(lang), {"multiline": True, "max_length": _LONGEST_REASON}, optional=True
    )
    return _form(REJECT, subject, note, asked, lang)


def test_form(subject: str, note: str, address: str, lang: Lang) -> View:
    """Asks where to; `address` stands there already."""
    more: dict[str, Any] = {"max_length": _LONGEST_ADDRESS}
    if 0 < len(address) <= _LONGEST_ADDRESS:
        more["initial_value"] = address
    return _form(TEST, subject, note, _input(ADDRESS, text("slack.form_address").say(lang), more), lang)


def _form(name: str, subject: str, note: str, asked: Block, lang: Lang) -> View:
    title = text(f"slack.form_{name.removesuffix('_form')}").say(lang)
    about = text(f"slack.form_{name.removesuffix('_form')}_about", subject=subject).say(lang)
    cancel = text("slack.form_cancel").say(lang)
    return blocks.modal(title, [blocks.section(about), asked], close=cancel, submit=title, callback=name, metadata=note)


def _input(name: str, label: str, more: dict[str, Any], *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": blocks.plain(label, _LABEL),
        "element": {"type": "plain_text_input", "action_id": name, **more},
    }
