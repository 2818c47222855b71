"""Slack's documented limits as a check of its own, and texts made to break them."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from slack_server.blocks import check_blocks, check_view, too_long

NASTY = (
    "<!channel>", "<!here|x>", "<@U012AB3CD>", "<#C012AB3CD>", "<https://evil.invalid|bank>", "*bold*", "_it_", "~no~", "`code`",
    "```",     "&amp;", "&", "<", ">", ":tada:", "\x00", "\u202e", "\u2066", "\ud800", "שלום", "مرحبا", "👨‍👩‍👧‍👦",
    "🇯🇵", "が", "é", "髙﨑", "\n", "\r\n", "\t", " ",
    "{name}", "%s", "=1+1", "'", '"', "\\", "a", "様", "ﷺ", "\U000e0100",
)  # fmt: skip
HOSTILE = st.one_of(
    st.lists(st.sampled_from(NASTY), max_size=40).map("".join),
    st.text(max_size=60),
    st.sampled_from([n * 500 for n in NASTY] + ["x" * 5000, "長い名前" * 125]),
)

_TEXT = {"header": 150, "section": 3000}


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def texts_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object (or element) inside."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value
        for one in value.values():
            yield from texts_of(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)


def keeps_limits(made: dict[str, Any]) -> None:
    """Asserts that a message or view keeps every limit that Slack documents."""
    json.dumps(made, ensure_ascii=False).encode()  # no lone surrogates
    blocks, view = made["blocks"], made.get("type") in ("home", "modal")
    assert len(blocks) <= (100 if view else 50)
    if view:
        assert len(json.dumps(made, ensure_ascii=False).encode()) <= 250_000
    else:
        assert 1 <= units(made["text"]) <= 4000
        assert sum(units(json.dumps(x, ensure_ascii=False)) for x in blocks if x["type"] != "table") <= 13_200
    if made.get("type") == "modal":
        assert all(1 <= units(made[k]["text"]) <= 24 for k in ("title", "close", "submit") if k in made)
    kinds = Counter(x["type"] for x in blocks)
    assert kinds["table"] <= 1
    assert kinds["data_visualization"] <= 2
    assert sum(units(c["text"]) for x in blocks if x["type"] == "table" for row in x["rows"] for c in row) <= 10_000
    for one in blocks:
        _block(one)
    complaints = check_view(made, made["type"]) if view else check_blocks(blocks, "message")
    assert complaints == []
    assert view or not too_long(blocks)
    for text in texts_of(blocks):
        assert text["text"] != ""
    ids = [e["action_id"] for x in blocks if x["type"] == "actions" for e in x["elements"]]
    ids += [x["accessory"]["action_id"] for x in blocks if "accessory" in x]
    if not view:
        assert len(ids) == len(set(ids)) or "x" in ids


def _block(one: dict[str, Any]) -> None:
    kind = one["type"]
    if kind in _TEXT and "text" in one:
        assert 1 <= units(one["text"]["text"]) <= _TEXT[kind]
    if kind == "section":
        assert "text" in one or 1 <= len(one["fields"]) <= 10
        assert all(1 <= units(f["text"]) <= 2000 for f in one.get("fields", ()))
        _element(one.get("accessory"))
    elif kind == "context":
        assert 1 <= len(one["elements"]) <= 10
        assert all(1 <= units(e["text"]) <= 2000 for e in one["elements"])
    elif kind == "actions":
        assert 1 <= len(one["elements"]) <= 25
        for element in one["elements"]:
            _element(element)
    elif kind == "table":
        assert 1 <= len(one["rows"]) <= 100
        assert all(1 <= len(row) <= 20 for row in one["rows"])
        assert len({len(row) for row in one["rows"]}) == 1
        assert len(one["column_settings"]) <= 20
    elif kind == "data_visualization":
        _chart(one)
    elif kind == "image":
        assert 1 <= units(one["alt_text"]) <= 2000
        assert len(one["image_url"]) <= 3000
    elif kind == "rich_text":
        assert one["elements"]
        assert all(part["elements"] for part in one["elements"])
        assert sum(units(t["text"]) for t in texts_of(one)) <= 3000
    else:
        assert kind in ("header", "divider", "section"), kind


def _element(one: dict[str, Any] | None) -> None:
    if one is None:
        return
    assert one["type"] == "button"
    assert 1 <= units(one["text"]["text"]) <= 75
    assert 1 <= len(one["action_id"]) <= 255
    assert len(one.get("value", "")) <= 2000
    assert len(one.get("url", "")) <= 3000
    assert one.get("style", "primary") in ("primary", "danger")
    if asks := one.get("confirm"):
        for key, most in {"title": 100, "text": 300, "confirm": 30, "deny": 30}.items():
            assert 1 <= units(asks[key]["text"]) <= most


def _chart(one: dict[str, Any]) -> None:
    assert 1 <= units(one["title"]) <= 50
    chart = one["chart"]
    categories = chart["axis_config"]["categories"]
    assert 1 <= len(categories) <= 20
    assert len(set(categories)) == len(categories)
    names = [series["name"] for series in chart["series"]]
    assert 1 <= len(names) <= 6
    assert len(set(names)) == len(names)
    assert all(1 <= units(label) <= 20 for label in [*names, *categories])
    assert all([p["label"] for p in series["data"]] == categories for series in chart["series"])
