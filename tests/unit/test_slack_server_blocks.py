"""The local Slack's limits of blocks, messages, views and manifests: just within is taken, just beyond refused in Slack's words."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_app import button, modal, plain
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_server import Refused, SlackServer, words
from slack_server.blocks import check_blocks, check_view, too_long
from slack_server.blocks.layout import BLOCKS, NOT_ON
from slack_server.manifest import check_manifest

Json = dict[str, Any]


def marked(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x", **more: Any) -> Json:
    return {"type": "section", "text": marked(text), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def options(count: int, *, label: str = "o", value: str = "v") -> list[Json]:
    return [{"text": plain(f"{label}{n}"), "value": f"{value}{n}"} for n in range(count)]


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", **more}


def cells(rows: int, columns: int, text: str = "c") -> list[list[Json]]:
    return [[{"type": "raw_text", "text": text} for _ in range(columns)] for _ in range(rows)]


def table(rows: int = 2, columns: int = 2, text: str = "c", **more: Any) -> Json:
    return {"type": "table", "rows": cells(rows, columns, text), **more}


def data_table(rows: int = 2, columns: int = 2, **more: Any) -> Json:
    return {"type": "data_table", "caption": "t", "rows": cells(rows, columns), **more}


def chart(kind: str = "line", series: int = 1, points: int = 2, name: str = "s", label: str = "p", **more: Any) -> Json:
    labels = [f"{label}{n}" for n in range(points)]
    data = [{"name": f"{name}{n}", "data": [{"label": one, "value": -1.5} for one in labels]} for n in range(series)]
    return {
        "type": "data_visualization",
        "title": "t",
        "chart": {"type": kind, "series": data, "axis_config": {"categories": labels}},
    } | more


def pie(count: int = 2, value: float = 1, label: str = "p") -> Json:
    segments = [{"label": f"{label}{n}", "value": value} for n in range(count)]
    return {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": segments}}


IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}


def card(**more: Any) -> Json:
    return {"type": "card", "title": marked("t"), **more}


def container(*blocks: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain("t"), "child_blocks": list(blocks), **more}


JUST_RIGHT: dict[str, list[Json]] = {
    "fifty blocks": [{"type": "divider"}] * 50,
    "section text": [section("x" * 3000)],
    "section fields": [{"type": "section", "fields": [marked("x" * 900)] * 10}],
    "section accessory": [section(accessory=button("x" * 75, "a" * 255, "v" * 2000))],
    "header": [{"type": "header", "text": plain("あ" * 150)}],
    "context": [{"type": "context", "elements": [marked("x"), IMAGE] * 5}],
    "buttons": [actions(*(button("x", f"a{n}") for n in range(25)))],
    "same action in two blocks": [actions(button("x", "a")), actions(button("y", "a"))],
    "select": [actions(select(options=options(100), placeholder=plain("p" * 150)))],
    "option": [actions(select(options=[{"text": plain("t" * 75), "value": "v" * 150, "description": plain("d" * 75)}]))],
    "groups": [actions(select(option_groups=[{"label": plain("l"), "options": [one]} for one in options(100)]))],
    "overflow": [section(accessory={"type": "overflow", "action_id": "o", "options": options(5)})],
    "confirm": [
        actions(
            button("x", "a")
            | {
                "confirm": {
                    "title": plain("t" * 100),
                    "text": plain("t" * 300),
                    "confirm": plain("c" * 30),
                    "deny": plain("d" * 30),
                }
            }
        )
    ],
    "image": [IMAGE | {"alt_text": "a" * 2000, "title": plain("t" * 2000)}],
    "file image": [{"type": "image", "slack_file": {"id": "F1"}, "alt_text": "a"}],
    "markdown": [{"type": "markdown", "text": "x" * 12_000}],
    "table": [table(100, 20)],
    "table of characters": [table(2, 5, "x" * 1000)],
    "table columns": [table(column_settings=[{"align": "right"}, None, {"is_wrapped": True}])],
    "mixed cells": [{"type": "table", "rows": [[{"type": "raw_number", "value": 1, "text": "¥1"}, RICH]]}],
    "data table": [data_table(101, 20, page_size=100, row_header_column_index=19)],
    "charts": [chart("bar", 6, 20), chart("area")],
    "pie": [pie(6)],
    "chart labels": [chart(name="s" * 19, label="l" * 18, points=11)],
    "rich text": [RICH],
    "input in a message": [
        {"type": "input", "label": plain("l" * 2000), "element": {"type": "plain_text_input", "action_id": "i"}}
    ],
    "card": [card(subtitle=marked("x" * 150), body=marked("x" * 200), actions=[button("x", "a")])],
    "carousel": [{"type": "carousel", "elements": [card()] * 10}],
    "container": [container(*[section()] * 10, is_collapsible=True, default_collapsed=True)],
    "no blocks": [],
}

JUST_WRONG: dict[str, tuple[list[Any], str]] = {
    "fifty-one blocks": ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    "not an object": (["x"], "must be an object [json-pointer:/blocks/0]"),
    "no type": ([{}], "missing required field: type [json-pointer:/blocks/0]"),
    "no such type": ([{"type": "sections"}], "unsupported type: sections [json-pointer:/blocks/0/type]"),
    "a type that is no text": ([{"type": ["section"]}], "unsupported type"),
    "unknown property": ([section(colour="red")], "invalid additional property: colour [json-pointer:/blocks/0]"),
    "section text": ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    "empty text": ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    "empty section": ([{"type": "section"}], "must define one of: text, fields [json-pointer:/blocks/0]"),
    "a field too many": ([{"type": "section", "fields": [marked("x")] * 11}], "no more than 10 items allowed"),
    "a long field": ([{"type": "section", "fields": [marked("x" * 2001)]}], "must be less than 2001 characters"),
    "bare text": ([{"type": "section", "text": "x"}], "must be an object [json-pointer:/blocks/0/text]"),
    "a number as text": ([section(7)], "must be a string"),  # type: ignore[arg-type]
    "emoji in mrkdwn": ([{"type": "section", "text": marked("x") | {"emoji": True}}], "invalid additional property: emoji"),
    "verbatim in plain": (
        [{"type": "section", "text": plain("x") | {"verbatim": True}}],
        "invalid additional property: verbatim",
    ),
    "long header": ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters"),
    "header in mrkdwn": ([{"type": "header", "text": marked("x")}], "unsupported text type: mrkdwn"),
    "context too many": ([{"type": "context", "elements": [marked("x")] * 11}], "no more than 10 items"),
    "context empty": ([{"type": "context", "elements": []}], "no fewer than 1 items"),
    "button in context": ([{"type": "context", "elements": [button("x", "a")]}], "unsupported type: button"),
    "image in actions": ([actions(IMAGE)], "unsupported type: image"),
    "text input in actions": ([actions({"type": "plain_text_input", "action_id": "i"})], "unsupported type"),
    "no buttons": ([actions()], "no fewer than 1 items"),
    "buttons": ([actions(*(button("x", f"a{n}") for n in range(26)))], "no more than 25 items"),
    "button label": ([actions(button("x" * 76, "a"))], "must be less than 76 characters"),
    "button value": ([actions(button("x", "a", "v" * 2001))], "must be less than 2001 characters"),
    "button style": ([actions(button("x", "a") | {"style": "default"})], "value must be one of: primary, danger"),
    "button url": ([actions(button("x", "a") | {"url": "example"})], "must be a valid url"),
    "action id": ([actions(button("x", "a" * 256))], "must be less than 256 characters"),
    "action id twice": ([actions(button("x", "a"), button("y", "a"))], "action_id must be unique within a block: a"),
    "block id": ([section(block_id="b" * 256)], "must be less than 256 characters"),
    "block id twice": ([section(block_id="b"), section(block_id="b")], "block_id must be unique: b"),
    "options": ([actions(select(options=options(101)))], "no more than 100 items"),
    "no options": ([actions(select())], "must define one of: options, option_groups"),
    "options both ways": (
        [actions(select(options=options(1), option_groups=[{"label": plain("l"), "options": options(1)}]))],
        "only one of these is allowed",
    ),
    "option label": ([actions(select(options=options(1, label="x" * 75)))], "must be less than 76 characters"),
    "option value": ([actions(select(options=options(1, value="v" * 150)))], "must be less than 151 characters"),
    "option value twice": ([actions(select(options=options(1) * 2))], "options must have unique values"),
    "initial option": (
        [actions(select(options=options(1), initial_option=options(2)[1]))],
        "must match one of the options exactly",
    ),
    "placeholder": ([actions(select(options=options(1), placeholder=plain("p" * 151)))], "must be less than 151 characters"),
    "overflow": ([section(accessory={"type": "overflow", "action_id": "o", "options": options(6)})], "no more than 5 items"),
    "radio": ([actions({"type": "radio_buttons", "action_id": "r", "options": options(11)})], "no more than 10 items"),
    "checkboxes": ([actions({"type": "checkboxes", "action_id": "c", "options": options(11)})], "no more than 10 items"),
    "date": ([actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-13-01"})], "a date as YYYY-MM-DD"),
    "confirm": ([actions(button("x", "a") | {"confirm": {"title": plain("t")}})], "missing required field: text"),
    "image of nothing": ([{"type": "image", "alt_text": "a"}], "must define one of: image_url, slack_file"),
    "image without words": ([{"type": "image", "image_url": "https://e.com/a.png"}], "missing required field: alt_text"),
    "image and file": ([IMAGE | {"slack_file": {"id": "F1"}}], "only one of these is allowed"),
    "markdown": ([{"type": "markdown", "text": "x" * 12_001}], "must be less than 12001 characters"),
    "table rows": ([table(101, 2)], "no more than 100 items"),
    "table columns": ([table(2, 21)], "no more than 20 items"),
    "table ragged": ([{"type": "table", "rows": [*cells(1, 2), *cells(1, 3)]}], "all rows must have the same number of cells"),
    "empty cell": ([table(1, 1, "")], "must be more than 0 characters"),
    "table of characters": ([table(2, 5, "x" * 1001)], "no more than 10000 characters in total"),
    "two tables": ([table(), table()], "no more than 1 table blocks allowed"),
    "data table rows": ([data_table(102)], "no more than 101 items"),
    "data table of a header": ([data_table(1)], "no fewer than 2 items"),
    "data table header": (
        [{"type": "data_table", "caption": "t", "rows": [[RICH], [RICH]]}],
        "header cells cannot be rich_text",
    ),
    "data table page": ([data_table(page_size=101)], "must be between 1 and 100"),
    "data table row header": ([data_table(row_header_column_index=2)], "no such column"),
    "three charts": ([chart()] * 3, "no more than 2 data_visualization blocks allowed"),
    "chart title": ([chart() | {"title": "t" * 51}], "must be less than 51 characters"),
    "chart series": ([chart(series=7)], "no more than 6 items"),
    "chart points": ([chart(points=21)], "no more than 20 items"),
    "chart label": ([chart(label="l" * 20)], "must be less than 21 characters"),
    "chart kind": ([chart("scatter")], "unsupported chart type: scatter"),
    "pie segments": ([pie(7)], "no more than 6 items"),
    "pie of nothing": ([pie(value=0)], "must be greater than 0"),
    "alert in a message": ([{"type": "alert", "text": plain("x")}], "unsupported type: alert"),
    "card": ([card(body=marked("x" * 201))], "must be less than 201 characters"),
    "cards": ([{"type": "carousel", "elements": [card()] * 11}], "no more than 10 items"),
    "container in container": ([container(container(section()))], "unsupported type: container"),
    "container collapsed": ([container(section(), default_collapsed=True)], "requires is_collapsible"),
    "deep in a container": ([container(section("x" * 3001))], "[json-pointer:/blocks/0/child_blocks/0/text/text]"),
    "call": ([{"type": "call", "call_id": "R1"}], "unsupported type: call"),
}


@pytest.mark.parametrize("name", JUST_RIGHT)
def test_what_is_within_the_limits_is_taken(name: str) -> None:
    assert check_blocks(JUST_RIGHT[name], "message") == []
    assert not too_long(JUST_RIGHT[name])


@pytest.mark.parametrize("name", JUST_WRONG)
def test_what_is_beyond_a_limit_is_refused_with_its_place(name: str) -> None:
    blocks, said = JUST_WRONG[name]
    complaints = check_blocks(blocks, "message")
    assert any(said in complaint for complaint in complaints), complaints


def test_a_message_holds_so_much_text_in_all() -> None:
    assert not too_long([section("x" * 3000)] * 3)
    assert too_long([section("x" * 3000)] * 4 + [section("x")])


@pytest.mark.parametrize("surface", ["modal", "home"])
def test_views_take_a_hundred_blocks_and_not_every_kind(surface: str) -> None:
    assert check_blocks([{"type": "divider"}] * 100, surface) == []
    assert "no more than 100 items" in check_blocks([{"type": "divider"}] * 101, surface)[0]
    assert "unsupported type: data_visualization" in check_blocks([chart()], surface)[0]
    assert NOT_ON[surface] <= set(BLOCKS)


VIEWS: dict[str, tuple[Json, str]] = {
    "title": ({"title": plain("t" * 25)}, "must be less than 25 characters [json-pointer:/view/title/text]"),
    "submit": ({"submit": plain("t" * 25)}, "must be less than 25 characters"),
    "no submit": ({"submit": None}, "missing required field: submit"),
    "metadata": ({"private_metadata": "m" * 3001}, "must be less than 3001 characters"),
    "callback": ({"callback_id": "c" * 256}, "must be less than 256 characters"),
    "type": ({"type": "dialog"}, "value must be one of: modal"),
    "unknown": ({"state": {}}, "invalid additional property: state"),
    "size": ({"blocks": [section("あ" * 3000, block_id=f"b{n}") for n in range(30)]}, "view_too_large"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_modals_have_limits_of_their_own(name: str) -> None:
    change, said = VIEWS[name]
    assert check_view(modal(), "modal") == []
    assert check_view(modal() | {"title": plain("t" * 24), "private_metadata": "m" * 3000}, "modal") == []
    assert any(said in one for one in check_view(modal() | change, "modal"))


def test_a_home_has_no_title() -> None:
    assert check_view({"type": "home", "blocks": [section()]}, "home") == []
    assert "invalid additional property: title" in check_view({"type": "home", "blocks": [], "title": plain("t")}, "home")[0]


@pytest.mark.parametrize("name", [name for name in JUST_WRONG if name not in ("not an object", "a type that is no text")])
def test_what_the_sdk_refuses_is_refused_here_too(name: str) -> None:
    """The sdk's models know some of the limits; none of them is laxer here. (What the sdk takes may still be refused here.)"""
    for block in JUST_WRONG[name][0]:
        try:
            read = Block.parse(copy.deepcopy(block))
            refused = read is not None and not _valid(read)
        except (TypeError, AttributeError, KeyError, SlackObjectFormationError):
            refused = True
        if refused:
            assert check_blocks([block], "message"), block


def _valid(block: Block) -> bool:
    try:
        block.to_dict()
    except SlackObjectFormationError:
        return False
    return True


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["section", "mrkdwn", "button"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "fields", "accessory", "options", "rows", "chart", "value"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.lists(junk, max_size=5), st.sampled_from(["message", "modal", "home"]))
def test_no_junk_makes_the_checks_fail(blocks: list[Any], surface: str) -> None:
    assert isinstance(check_blocks(blocks, surface), list)


@given(st.sampled_from(sorted(BLOCKS)), st.dictionaries(st.sampled_from(["text", "elements", "rows", "chart", "title"]), junk))
def test_no_block_with_junk_in_it_makes_the_checks_fail(kind: str, inner: Json) -> None:
    assert isinstance(check_blocks([{"type": kind, **inner}], "message"), list)


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.channel("#crm")
        yield server


def test_the_answer_is_the_one_that_slack_gives(slack: SlackServer) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="#crm", text="x", blocks=[section("x" * 3001)])
    assert refused.value.response["error"] == "invalid_blocks"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]
    with pytest.raises(SlackApiError, match="msg_blocks_too_long"):
        client.chat_postMessage(channel="#crm", text="x", blocks=[section("x" * 3000)] * 5)
    assert len(slack.mistakes) == 2 and "invalid_blocks" in slack.mistakes[0]
    slack.mistakes.clear()


@pytest.mark.parametrize("name", JUST_RIGHT)
def test_everything_that_is_taken_can_be_read_and_comes_back_with_ids(slack: SlackServer, name: str) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    blocks = JUST_RIGHT[name]
    posted = client.chat_postMessage(channel="#crm", text="x", blocks=blocks)
    there = posted["message"].get("blocks", [])
    assert len(there) == len(blocks) and all(block["block_id"] for block in there)
    assert words(there) == words(blocks)
    client.chat_postMessage(channel="#crm", text="again", blocks=there)  # what comes back can be sent again


MANIFEST: Json = {
    "display_information": {"name": "Tabiji", "description": "d", "background_color": "#1a2b3c"},
    "features": {
        "bot_user": {"display_name": "tabiji"},
        "slash_commands": [{"command": "/journey", "description": "d", "usage_hint": "h"}],
        "app_home": {"home_tab_enabled": True},
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write", "app_mentions:read"]}},
    "settings": {
        "socket_mode_enabled": True,
        "interactivity": {"is_enabled": True},
        "event_subscriptions": {"bot_events": ["app_mention", "app_home_opened"]},
    },
}


def changed(path: str, value: Any) -> Json:
    """The manifest with something else in one place."""
    manifest = copy.deepcopy(MANIFEST)
    *way, last = path.split(".")
    place: Json = manifest
    for step in way:
        place = place.setdefault(step, {})
    place[last] = value
    return manifest


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("display_information.name", "n" * 36, "must be less than 36 characters"),
        ("display_information.description", "d" * 141, "must be less than 141 characters"),
        ("display_information.background_color", "red", "a colour as #RRGGBB"),
        ("features.slash_commands", [{"command": "journey", "description": "d"}], "a slash and lower-case letters"),
        ("features.slash_commands", [{"command": "/j"}], "missing required field: description"),
        ("settings.socket_mode_enabled", False, "missing required field: url"),
        ("settings.event_subscriptions.bot_events", ["message.im"], "message.im requires the scope im:history"),
        ("settings.event_subscriptions.bot_events", ["everything"], "unknown event: everything"),
        ("oauth_config.scopes.bot", ["chat:write", "app_mentions:read"], "slash commands require the scope commands"),
        ("features.bot_user", {}, "missing required field: display_name"),
        ("colour", "red", "invalid additional property: colour"),
    ],
)
def test_manifests_are_checked_as_slack_does(path: str, value: Any, said: str) -> None:
    assert check_manifest(MANIFEST) == []
    assert any(said in one for one in check_manifest(changed(path, value)))


def test_an_app_has_what_its_manifest_asks_for() -> None:
    with SlackServer() as other:
        with pytest.raises(AssertionError, match="colour"):
            other.install(changed("colour", 1))
        other.install(MANIFEST)
        assert other.grants.scopes == {"commands", "chat:write", "app_mentions:read"}
        assert (other.commands, other.subscribed) == ({"/journey"}, {"app_mention", "app_home_opened"})
        client, tanaka = WebClient(token=other.bot_token, base_url=other.api_url), other.person("tanaka")
        with pytest.raises(SlackApiError, match="missing_scope"):
            client.users_list()
        with pytest.raises(SlackApiError, match="messages_tab_disabled"):
            client.chat_postMessage(channel=tanaka.id, text="x")
        with pytest.raises(Refused, match="turned off"):
            tanaka.say(tanaka.dm, "hello")
        client.views_publish(user_id=tanaka.id, view={"type": "home", "blocks": []})
        other.install(changed("features.app_home", {}))
        with pytest.raises(SlackApiError, match="not_enabled"):
            client.views_publish(user_id=tanaka.id, view={"type": "home", "blocks": []})
