"""Block elements: buttons, selects, inputs. https://docs.slack.dev/reference/block-kit/block-elements"""

from __future__ import annotations

from datetime import date, time
from typing import Any

from slack_server.blocks.check import (
    Check,
    Complaints,
    array,
    at_least_one,
    flag,
    matches,
    not_both,
    one_of,
    shape,
    string,
    typed,
    url,
    whole,
)  # fmt: skip
from slack_server.blocks.objects import (
    ACTION_ID,
    CONFIRM,
    DISPATCH,
    FILTER,
    OPTION,
    RICH_OPTION,
    SLACK_FILE,
    initial_is_offered,
    option,
    option_group,
    plain,
    values_differ,
)  # fmt: skip

USED: dict[str, Check] = {"action_id": ACTION_ID, "confirm": CONFIRM}
FOCUS: dict[str, Check] = {"action_id": ACTION_ID, "focus_on_load": flag}
HINT: dict[str, Check] = {"placeholder": plain(150)}
MENU: dict[str, Check] = USED | FOCUS | HINT
SEVERAL: dict[str, Check] = {"max_selected_items": whole(1, 1000)}
OFFERS: tuple[Check, ...] = (
    at_least_one("options", "option_groups"),
    not_both("options", "option_groups"),
    initial_is_offered,
    values_differ,
)
GROUPS: dict[str, Check] = {"options": array(OPTION, 100), "option_groups": array(option_group, 100)}
DAY = matches(date.fromisoformat, "a date as YYYY-MM-DD")
HOUR = matches(time.fromisoformat, "a time as HH:mm")
ID = string(255)
WORKFLOW = shape(
    {
        "trigger": shape(
            {"url": url()}, {"customizable_input_parameters": array(shape({"name": string(255), "value": string(3000)}), 100)}
        )
    }
)


def _lengths(wrong: Complaints, at: str, value: Any) -> None:
    """The least length of an input is no more than the most."""
    if (
        value.get("min_length") is not None
        and value.get("max_length") is not None
        and value["min_length"] > value["max_length"]
    ):
        wrong.add(at, "min_length must be less than max_length")


def _typed_in(**more: Check) -> Check:
    return shape({}, FOCUS | HINT | {"initial_value": string(3000, 0), "dispatch_action_config": DISPATCH} | more, _lengths)


BUTTON = shape(
    {"text": plain(75)},
    USED
    | {
        "url": url(),
        "value": string(2000, 0),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
    },
)
IMAGE = shape(
    {"alt_text": string(2000, 0)},
    {"image_url": url(), "slack_file": SLACK_FILE},
    at_least_one("image_url", "slack_file"),
    not_both("image_url", "slack_file"),
)
FEEDBACK = shape({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
NUMBER = string(3000, 0)

ELEMENTS: dict[str, Check] = {
    "button": BUTTON,
    "channels_select": shape({}, MENU | {"initial_channel": ID, "response_url_enabled": flag}),
    "checkboxes": shape(
        {"options": array(RICH_OPTION, 10)},
        USED | FOCUS | {"initial_options": array(RICH_OPTION, 10)},
        initial_is_offered,
        values_differ,
    ),
    "conversations_select": shape(
        {},
        MENU
        | {"initial_conversation": ID, "default_to_current_conversation": flag, "response_url_enabled": flag, "filter": FILTER},
    ),
    "datepicker": shape({}, MENU | {"initial_date": DAY}),
    "datetimepicker": shape({}, USED | FOCUS | {"initial_date_time": whole(10**9, 10**10 - 1)}),
    "email_text_input": shape({}, FOCUS | HINT | {"initial_value": string(3000, 0), "dispatch_action_config": DISPATCH}),
    "external_select": shape({}, MENU | {"initial_option": OPTION, "min_query_length": whole(0, 1000)}),
    "feedback_buttons": shape({"positive_button": FEEDBACK, "negative_button": FEEDBACK}, {"action_id": ACTION_ID}),
    "file_input": shape({}, {"action_id": ACTION_ID, "filetypes": array(string(100), 100), "max_files": whole(1, 10)}),
    "icon_button": shape(
        {"icon": one_of("trash"), "text": plain(75)},
        USED | {"value": string(2000, 0), "accessibility_label": string(75), "visible_to_user_ids": array(ID, 1000)},
    ),
    "image": IMAGE,
    "multi_channels_select": shape({}, MENU | SEVERAL | {"initial_channels": array(ID, 1000)}),
    "multi_conversations_select": shape(
        {},
        MENU | SEVERAL | {"initial_conversations": array(ID, 1000), "default_to_current_conversation": flag, "filter": FILTER},
    ),
    "multi_external_select": shape(
        {}, MENU | SEVERAL | {"initial_options": array(OPTION, 100), "min_query_length": whole(0, 1000)}
    ),
    "multi_static_select": shape({}, MENU | SEVERAL | GROUPS | {"initial_options": array(OPTION, 100)}, *OFFERS),
    "multi_users_select": shape({}, MENU | SEVERAL | {"initial_users": array(ID, 1000)}),
    "number_input": shape(
        {"is_decimal_allowed": flag},
        FOCUS | HINT | {"initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER, "dispatch_action_config": DISPATCH},
    ),
    "overflow": shape({"options": array(option(plain(75), linked=True), 5)}, USED, values_differ),
    "plain_text_input": _typed_in(multiline=flag, min_length=whole(0, 3000), max_length=whole(1, 3000)),
    "radio_buttons": shape(
        {"options": array(RICH_OPTION, 10)}, USED | FOCUS | {"initial_option": RICH_OPTION}, initial_is_offered, values_differ
    ),
    "rich_text_input": shape(
        {},
        FOCUS | HINT | {"initial_value": shape({}, {"elements": array(shape({}), 1000)}), "dispatch_action_config": DISPATCH},
    ),
    "static_select": shape({}, MENU | GROUPS | {"initial_option": OPTION}, *OFFERS),
    "timepicker": shape({}, MENU | {"initial_time": HOUR, "timezone": string(100)}),
    "url_text_input": shape({}, FOCUS | HINT | {"initial_value": string(3000, 0), "dispatch_action_config": DISPATCH}),
    "users_select": shape({}, MENU | {"initial_user": ID}),
    "workflow_button": shape(
        {"text": plain(75), "workflow": WORKFLOW},
        {"action_id": ACTION_ID, "style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
}
"""Every element, by its type."""

SELECTS = tuple(name for name in ELEMENTS if name.endswith("_select"))
PICKERS = ("datepicker", "timepicker")
TYPED_IN = ("plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input")


def among(*names: str) -> Check:
    """An element of one of these types."""
    return typed({name: ELEMENTS[name] for name in names}, "type")


IN_ACTIONS = among(
    "button",
    "checkboxes",
    *PICKERS,
    "datetimepicker",
    "overflow",
    "radio_buttons",
    "rich_text_input",
    "workflow_button",
    *SELECTS,
)
IN_SECTION = among("button", "checkboxes", *PICKERS, "image", "overflow", "radio_buttons", "workflow_button", *SELECTS)
IN_INPUT = among("checkboxes", *PICKERS, "datetimepicker", "radio_buttons", *TYPED_IN, *SELECTS)
