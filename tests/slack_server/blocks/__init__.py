"""Whether blocks, messages and views are within what Slack documents.

Where Slack's pages leave room, the narrower reading holds here: what passes here passes there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from slack_server.blocks.check import Check, Complaints, array, flag, one_of, shape, string, typed
from slack_server.blocks.layout import BLOCKS, NOT_ON
from slack_server.blocks.objects import plain
from slack_server.kinds import Json
from slack_server.reading import words

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
"""Blocks on a surface."""
MOST_MESSAGE_TEXT = 12_000
"""Characters in all blocks of a message together: Slack documents none, and refuses (`msg_blocks_too_long`) somewhere above this."""
MOST_VIEW_BYTES = 250_000
"""Bytes of a view as JSON."""
MOST_IN_MESSAGE = {"table": 1, "data_table": 1, "data_visualization": 2, "markdown": 50}
"""Blocks of one type in a message."""


def check_blocks(blocks: Any, surface: str) -> list[str]:
    """What is wrong with the blocks of a message, modal or home: one sentence each, as Slack writes them."""
    wrong = Complaints()
    _blocks(surface)(wrong, "/blocks", blocks)
    if not wrong.all:
        _together(wrong, blocks, surface)
    return wrong.all


def too_long(blocks: list[Json]) -> bool:
    """Whether a message holds more text than Slack takes."""
    return len(words(blocks)) > MOST_MESSAGE_TEXT


def check_view(view: Json, kind: str) -> list[str]:
    """What is wrong with a view of that kind (modal or home)."""
    wrong = Complaints()
    common: dict[str, Check] = {
        "private_metadata": string(3000, 0),
        "callback_id": string(255, 0),
        "external_id": string(255, 0),
    }
    more: dict[str, Check] = {"close": plain(24), "submit": plain(24), "clear_on_close": flag, "notify_on_close": flag}
    required: dict[str, Check] = {"type": one_of(kind), "blocks": _blocks(kind)}
    if kind == "modal":
        shape(required | {"title": plain(24)}, common | more | {"submit_disabled": flag})(wrong, "/view", view)
    else:
        shape(required, common)(wrong, "/view", view)
    if not wrong.all:
        _together(wrong, view["blocks"], kind)
        if kind == "modal" and not view.get("submit") and any(block["type"] == "input" for block in view["blocks"]):
            wrong.add("/view", "missing required field: submit")
        if len(json.dumps(view, ensure_ascii=False).encode("utf-8", "replace")) > MOST_VIEW_BYTES:
            wrong.add("/view", "view_too_large")
    return wrong.all


def _blocks(surface: str) -> Check:
    kinds = {name: check for name, check in BLOCKS.items() if name not in NOT_ON[surface]}
    return array(typed(kinds), MOST_BLOCKS[surface], 0)


def _together(wrong: Complaints, blocks: list[Json], surface: str) -> None:
    """What no block can tell alone: ids that are there twice, and too many of one type."""
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        wrong.add("/blocks", f"block_id must be unique: {twice}")
    if surface == "message":
        for kind, most in MOST_IN_MESSAGE.items():
            if sum(block["type"] == kind for block in blocks) > most:
                wrong.add("/blocks", f"no more than {most} {kind} blocks allowed")


def with_ids(blocks: list[Json], new_id: Callable[[], str]) -> list[Json]:
    """The blocks, with an id for each block and each element that has none, as Slack hands them back."""
    return [_with_id(block, new_id) for block in blocks]


def _with_id(block: Json, new_id: Callable[[], str]) -> Json:
    kept = block if block.get("block_id") else block | {"block_id": new_id()}
    if kept["type"] in ("actions", "context_actions"):
        kept = kept | {"elements": [_used(element, new_id) for element in kept["elements"]]}
    if kept["type"] == "card" and kept.get("actions"):
        kept = kept | {"actions": [_used(element, new_id) for element in kept["actions"]]}
    if kept["type"] in ("carousel", "container"):
        inner = "elements" if kept["type"] == "carousel" else "child_blocks"
        kept = kept | {inner: with_ids(kept[inner], new_id)}
    for name in ("accessory", "element"):
        if kept.get(name) and kept[name]["type"] != "image":
            kept = kept | {name: _used(kept[name], new_id)}
    return kept


def _used(element: Json, new_id: Callable[[], str]) -> Json:
    return element if element.get("action_id") else element | {"action_id": new_id()}
