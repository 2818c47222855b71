"""Composition objects: texts, options, confirmations. https://docs.slack.dev/reference/block-kit/composition-objects"""

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


def plain(most: int, least: int = 1) -> Check:
    """A plain_text object."""
    return typed({"plain_text": shape({"text": string(most, least)}, {"emoji": flag})}, "text type")


def text(most: int, least: int = 1) -> Check:
    """A plain_text or mrkdwn object."""
    kinds = {
        "plain_text": shape({"text": string(most, least)}, {"emoji": flag}),
        "mrkdwn": shape({"text": string(most, least)}, {"verbatim": flag}),
    }
    return typed(kinds, "text type")


ACTION_ID = string(255)
BLOCK_ID = string(255)
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": one_of("primary", "danger")}
)
SLACK_FILE = shape({}, {"id": string(255), "url": url()}, at_least_one("id", "url"), not_both("id", "url"))
DISPATCH = shape({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})
FILTER = shape(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)


def option(text_check: Check, *, linked: bool = False) -> Check:
    """An option of a select, a radio button or the like; `linked` where it may lead to an address."""
    more = {"description": text_check} | ({"url": url()} if linked else {})
    return shape({"text": text_check, "value": string(150)}, more)


OPTION = option(plain(75))
RICH_OPTION = option(text(75))


def option_group(wrong: Complaints, at: str, value: Any) -> None:
    """A group of options under a label."""
    shape({"label": plain(75), "options": array(OPTION, 100)})(wrong, at, value)


def offered(element: dict[str, Any]) -> list[Any]:
    """All options of an element, in groups or not."""
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options += group["options"]
    return options


def initial_is_offered(wrong: Complaints, at: str, value: Any) -> None:
    """What is chosen from the start is one of the options, exactly."""
    chosen = list(value.get("initial_options") or ())
    chosen += [value["initial_option"]] if value.get("initial_option") else []
    options = offered(value)
    for one in chosen:
        if one not in options:
            wrong.add(at, "initial option(s) must match one of the options exactly")


def values_differ(wrong: Complaints, at: str, value: Any) -> None:
    """No two options have one value."""
    values = [one["value"] for one in offered(value)]
    if len(set(values)) != len(values):
        wrong.add(at, "options must have unique values")
