"""Blocks, and on which surfaces each is allowed. https://docs.slack.dev/reference/block-kit/blocks"""

from __future__ import annotations

from typing import Any

from slack_server.blocks.check import (
    Check,
    Complaints,
    array,
    at_least_one,
    flag,
    not_both,
    one_of,
    shape,
    string,
    typed,
    url,
)  # fmt: skip
from slack_server.blocks.elements import ELEMENTS, IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION, among
from slack_server.blocks.objects import BLOCK_ID, SLACK_FILE, plain, text
from slack_server.blocks.rich import RICH_TEXT
from slack_server.blocks.tables import DATA_TABLE, DATA_VISUALIZATION, TABLE

ID: dict[str, Check] = {"block_id": BLOCK_ID}
IN_CONTEXT = typed({"image": ELEMENTS["image"], "plain_text": text(3000), "mrkdwn": text(3000)})


def _unique_actions(wrong: Complaints, at: str, value: Any) -> None:
    """The elements of one block have action ids of their own."""
    ids = [element["action_id"] for element in value["elements"] if "action_id" in element]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        wrong.add(f"{at}/elements", f"action_id must be unique within a block: {twice}")


CARD = shape(
    {},
    ID
    | {
        "hero_image": typed({"image": IMAGE}),
        "icon": typed({"image": IMAGE}),
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "actions": array(among("button"), 5),
    },
    at_least_one("hero_image", "title", "actions", "body"),
)


def _collapses(wrong: Complaints, at: str, value: Any) -> None:
    """A container that starts collapsed can be collapsed; one that can has no divider under its header."""
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        wrong.add(at, "default_collapsed requires is_collapsible")
    if value.get("has_header_divider") and value.get("is_collapsible"):
        wrong.add(at, "has_header_divider cannot be set when is_collapsible is true")


def _child(wrong: Complaints, at: str, value: Any) -> None:
    """A block within a container: any but another container."""
    typed({name: check for name, check in BLOCKS.items() if name != "container"}, "type")(wrong, at, value)


BLOCKS: dict[str, Check] = {
    "actions": shape({"elements": array(IN_ACTIONS, 25)}, ID, _unique_actions),
    "alert": shape({"text": text(200)}, ID | {"level": one_of("default", "info", "warning", "error", "success")}),
    "card": CARD,
    "carousel": shape({"elements": array(typed({"card": CARD}), 10)}, ID),
    "container": shape(
        {"child_blocks": array(_child, 10)},
        ID
        | {
            "title": plain(150),
            "rich_text_title": typed({"rich_text": RICH_TEXT}),
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": typed({"image": IMAGE}),
            "is_collapsible": flag,
            "default_collapsed": flag,
            "has_header_divider": flag,
        },
        at_least_one("title", "rich_text_title"),
        _collapses,
    ),
    "context": shape({"elements": array(IN_CONTEXT, 10)}, ID),
    "context_actions": shape({"elements": array(among("feedback_buttons", "icon_button"), 5)}, ID, _unique_actions),
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "divider": shape({}, ID),
    "header": shape({"text": plain(150)}, ID),
    "image": shape(
        {"alt_text": string(2000)},
        ID | {"image_url": url(), "slack_file": SLACK_FILE, "title": plain(2000)},
        at_least_one("image_url", "slack_file"),
        not_both("image_url", "slack_file"),
    ),
    "input": shape(
        {"label": plain(2000), "element": IN_INPUT}, ID | {"hint": plain(2000), "optional": flag, "dispatch_action": flag}
    ),
    "markdown": shape({"text": string(12_000)}, ID),
    "rich_text": RICH_TEXT,
    "section": shape(
        {},
        ID | {"text": text(3000), "fields": array(text(2000), 10), "accessory": IN_SECTION, "expand": flag},
        at_least_one("text", "fields"),
    ),
    "table": TABLE,
    "video": shape(
        {"alt_text": string(2000), "title": plain(199), "thumbnail_url": url(), "video_url": url()},
        ID
        | {"author_name": string(49), "description": plain(200), "provider_icon_url": url(), "provider_name": string(50)}
        | {"title_url": url()},
    ),
}
"""Every block that an app may send, by its type."""

NOT_ON: dict[str, frozenset[str]] = {
    "message": frozenset(("alert",)),
    "modal": frozenset(("carousel", "container", "context_actions", "data_table", "data_visualization", "markdown", "table")),
    "home": frozenset(("alert", "container", "context_actions", "data_table", "data_visualization", "markdown", "table")),
}
"""Blocks that a surface does not take."""
