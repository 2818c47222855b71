"""What a person reads in blocks, and what they can use there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from slack_server.kinds import Json

USABLE = frozenset(
    [
        "button",
        "static_select",
        "multi_static_select",
        "external_select",
        "users_select",
        "multi_users_select",
        "overflow",
        "conversations_select",
        "multi_conversations_select",
        "channels_select",
        "multi_channels_select",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "radio_buttons",
        "checkboxes",
        "plain_text_input",
        "email_text_input",
        "url_text_input",
        "number_input",
        "rich_text_input",
        "file_input",
        "icon_button",
        "feedback_buttons",
        "workflow_button",
    ]
)
"""Elements that a person can use."""


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element that can be used, with its block, in the order of the page."""
    for block in blocks:
        inner: list[Any] = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
        if block["type"] == "carousel":
            yield from elements(block["elements"])
        inner += block.get("actions") or ()
        yield from ((block, one) for one in inner if isinstance(one, dict) and one.get("type") in USABLE)
        yield from elements(block.get("child_blocks") or [])


def label(element: Json) -> str:
    """What stands on a button, or the hint inside a select."""
    text = element.get("text") or element.get("placeholder") or {}
    return str(text.get("text", ""))


def labels(blocks: list[Json]) -> list[str]:
    """What stands on the buttons, from top to bottom."""
    return [label(element) for _, element in elements(blocks) if element["type"] == "button"]


def words(blocks: list[Json]) -> str:
    """Everything that is written in blocks, a line for each piece, with `&amp;` and the like as they are seen."""
    return html.unescape("\n".join(line for block in blocks for line in _pieces(block)))


def _pieces(node: Any) -> Iterator[str]:
    """The texts under a node, in order; not what a person does not see (values, ids, addresses)."""
    if isinstance(node, list):
        for one in node:
            yield from _pieces(one)
        return
    if not isinstance(node, dict):
        return
    kind = node.get("type")
    if kind in ("plain_text", "mrkdwn", "raw_text", "text", "link", "markdown"):
        text = node.get("text")
        yield str(text if text is not None else node.get("url", ""))
    elif kind == "raw_number":
        yield str(node.get("text", node.get("value", "")))
    elif kind == "image":
        yield from _pieces(node.get("title"))
        yield str(node.get("alt_text", ""))
    elif kind == "rich_text_section":
        yield "".join(_pieces(node.get("elements")))
    elif kind == "data_visualization":
        yield str(node.get("title", ""))
        yield from _chart(node.get("chart") or {})
    else:
        for name in SEEN:
            value = node.get(name)
            if isinstance(value, str) and name in ("title", "caption"):
                yield value
            else:
                yield from _pieces(value)


def _chart(chart: Json) -> Iterator[str]:
    for segment in chart.get("segments") or ():
        yield f"{segment['label']} {segment['value']}"
    for series in chart.get("series") or ():
        yield series["name"] + ": " + ", ".join(f"{point['label']} {point['value']}" for point in series["data"])


SEEN = (
    "title",
    "rich_text_title",
    "subtitle",
    "caption",
    "label",
    "text",
    "body",
    "description",
    "fields",
    "rows",
    "element",
    "accessory",
    "elements",
    "placeholder",
    "options",
    "hint",
    "child_blocks",
    "actions",
    "tasks",
    "details",
    "output",
)
"""Properties of blocks and elements that hold what is seen."""


LIVE = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>|<!subteam\^[^>]+>")
"""What in mrkdwn calls many people."""


def calls_many(text: str, blocks: list[Json]) -> list[str]:
    """Everything in a message that calls many people at once: `<!channel>` and the like where they are live."""
    if not blocks:
        return LIVE.findall(text)
    return [found for one in _marked(blocks) for found in LIVE.findall(one)]


def _marked(node: Any) -> Iterator[str]:
    """Every text under a node in which Slack looks for markup."""
    if isinstance(node, list):
        for one in node:
            yield from _marked(one)
    elif isinstance(node, dict):
        if node.get("type") in ("mrkdwn", "markdown"):
            yield str(node["text"])
        elif node.get("type") == "broadcast":
            yield f"<!{node['range']}>"
        else:
            for one in node.values():
                yield from _marked(one)
