"""Text and blocks stay within what Slack takes, whatever they are given."""

import json
import re
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from slack_limits import HOSTILE, keeps_limits, texts_of

from bot.slack import blocks as b
from bot.slack import limits
from bot.slack.limits import clean, clip, escape, size, split

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇯🇵"


@given(HOSTILE, st.integers(2, 400))
def test_clipped_text_fits_and_begins_as_it_began(text: str, most: int) -> None:
    said = clip(clean(text), most)
    assert size(said) <= most
    assert said == clean(text) or said.endswith("…")
    assert clean(text).startswith(said.removesuffix("…").removesuffix("\u2069"))


@given(HOSTILE, st.integers(2, 400))
def test_escaped_text_fits_and_no_entity_is_cut(text: str, most: int) -> None:
    said = escape(clip(clean(text), most, escaped=True))
    assert size(said) <= most
    assert not re.search(r"[<>]", said)
    assert not re.search(r"&(?!amp;|lt;|gt;)", said)


@given(HOSTILE, st.integers(10, 300))
def test_pieces_fit_and_hold_all_words(text: str, most: int) -> None:
    cleaned = clean(text)
    pieces = split(cleaned, most)
    assert all(size(piece) <= most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(cleaned.split())


@pytest.mark.parametrize("character", [FAMILY, FLAG, "が", "👍🏽", "é", "葛\U000e0100"])
def test_characters_stay_whole(character: str) -> None:
    text = character * 20
    for most in range(2, size(text)):
        said = clip(text, most).removesuffix("…")
        assert said == character * (len(said) // len(character))


def test_what_is_hostile_in_a_value_is_gone() -> None:
    said = clean("a\x00b\u202ec\ud800<!channel> <@U1> <#C1>\r\nd\te")
    assert said == "a bc\ufffd<\u2060!channel> <\u2060@U1> <\u2060#C1>\nd e"
    assert said.encode()


def test_right_to_left_text_is_set_apart() -> None:
    assert clean("שלום 10") == "\u2068שלום 10\u2069"
    assert clip(clean("שלום " * 50), 20).count("\u2069") == 1


@given(HOSTILE)
def test_nothing_shown_can_mention_anybody(text: str) -> None:
    made = b.message(text, [b.header(text), b.section(text), b.context(text), b.lines([[b.Bold(text), text]]), b.quoted(text)])
    assert not re.search(r"<[!@#]", json.dumps(made, ensure_ascii=False))
    assert not re.search(r"[<>]", made["text"])
    assert all(t.get("type") != "mrkdwn" for t in texts_of(made))


@settings(max_examples=20, phases=[Phase.explicit, Phase.generate], deadline=None)  # shrinking such heaps takes minutes
@given(st.lists(HOSTILE, max_size=30), st.integers(1, 200))
def test_any_message_keeps_every_limit(texts: list[str], times: int) -> None:
    rows = [[text, number, None, True] for number, text in enumerate(texts)] * times
    many: list[dict[str, Any]] = []
    for text in texts:
        many += [b.header(text), b.section(text, b.button(text, "x")), b.lines([text] * 5), b.bullets([[text]] * 50)]
        many += [
            *b.fields([(text, text)] * 25),
            b.context(*[text] * 20),
            b.letters(text),
            b.image("https://x.invalid/y.png", text),
        ]
    tail = [b.actions([b.button(t, f"act.{n}", "v" * 2000, asks=b.confirm(t, t, t, t)) for n, t in enumerate(texts[:3])])]
    keeps_limits(b.message("x", many, tail=tail if texts else [], more="…"))
    made = b.message("x", [b.table(["a", "b", "c", "d"], rows, numbers=[1])])
    keeps_limits(made)
    keeps_limits(b.home(many * 3))
    keeps_limits(b.modal("title" * 30, many, close="close" * 20, submit="submit" * 20))


@given(st.lists(HOSTILE, min_size=1, max_size=30), st.dictionaries(HOSTILE, st.integers(-5, 10**9), min_size=1, max_size=10))
def test_charts_keep_their_limits(categories: list[str], series: dict[str, int]) -> None:
    made = b.chart("line", categories[0], categories, {name: [value] * len(categories) for name, value in series.items()})
    assert made is not None
    keeps_limits(b.message("x", [made]))


def test_the_tail_of_a_message_always_stays() -> None:
    many = [b.section("x" * 2900)] * 60
    made = b.message("x", many, tail=[b.actions([b.button("Yes", "yes", "v" * 2000)])], more="more")
    assert made["blocks"][-1]["type"] == "actions"
    assert made["blocks"][-2] == b.context("more")
    keeps_limits(made)


def test_values_that_would_be_cut_are_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        b.button("x", "a", "v" * (limits.BUTTON_VALUE + 1))
    with pytest.raises(ValueError, match="metadata"):
        b.modal("x", [], close="c", metadata="m" * (limits.PRIVATE_METADATA + 1))
