"""The cards: whatever a document holds, they stay within Slack's limits, mention nobody, and keep buttons that mean what was shown."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from slack_documents import campaign_documents, held_documents
from slack_limits import HOSTILE, keeps_limits

from bot.slack.cards import card, closed
from bot.slack.held import held_card, held_closed, settings_card
from bot.slack.presses import DECIDES, Press, Presses, read, showing
from bot.slack.saying import differing
from journey.errors import InputError
from journey.texts import LANGS

SECRET = b"s" * 32
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HEAVY = settings(
    max_examples=30, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
LANG = st.sampled_from(LANGS)


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def buttons(message: dict[str, Any]) -> dict[str, Press]:
    elements = [e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]]
    return {e["action_id"].removeprefix("tabiji."): read(SECRET, e["value"], NOW) for e in elements}


@HEAVY
@given(campaign_documents(), LANG)
def test_a_card_keeps_limits_and_its_buttons_whatever_it_holds(document: dict[str, Any], lang: Any) -> None:
    made = card(document, showing(SECRET, NOW), lang)
    keeps_limits(made)
    assert not re.search(r"<[!@#]", shown(made))
    pressed = buttons(made)
    assert {"approve", "reject", "test", "preview"} <= set(pressed)
    for press in pressed.values():
        assert press.subject == f"campaign:{document['id']}"
        assert press.offer == document["offer"]
        assert document["content"].startswith(press.content)
        assert document["audience"].startswith(press.audience)
        assert len(press.content) == len(press.audience) == 16
    assert len({press.nonce for press in pressed.values()}) == 1
    assert ("resume" in pressed) == document["paused"]
    assert ("pause" in pressed) == (document["runs"] and not document["paused"])


@HEAVY
@given(campaign_documents(), LANG)
def test_what_a_yes_does_is_never_left_out(document: dict[str, Any], lang: Any) -> None:
    made = card(document, showing(SECRET, NOW), lang)
    yes = next(e for block in made["blocks"] if block["type"] == "actions" for e in block["elements"])
    number = document["count"]["size"] if document["count"]["a_day"] is None else document["count"]["a_day"]
    if number:
        assert f"{number:,}" in yes["confirm"]["text"]["text"]
        assert f"{number:,}" in shown(made["blocks"][2])
    assert yes["style"] == ("danger" if document["transactional"] else "primary")
    assert ("🔴" in made["text"]) == document["transactional"]


@HEAVY
@given(held_documents(), LANG)
def test_held_cards_keep_limits_and_say_what_each_button_does(document: dict[str, Any], lang: Any) -> None:
    made = held_card(document, showing(SECRET, NOW), lang)
    keeps_limits(made)
    assert not re.search(r"<[!@#]", shown(made))
    for press in buttons(made).values():
        assert press.content == document["mark"]
        assert press.decides
        assert (press.id, press.reason) == ("C01", "bulk")
    keeps_limits(held_closed(document, lang, by=document["name"], what=document["name"]))


@HEAVY
@given(campaign_documents(), LANG, HOSTILE, st.sampled_from(["approved", "rejected", "edited", "expired", "inactive", "gone"]))
def test_a_closed_card_has_nothing_to_press(document: dict[str, Any], lang: Any, who: str, outcome: Any) -> None:
    made = closed(document, outcome, lang, by=who, at=document["at"], why=who)
    keeps_limits(made)
    assert "button" not in shown(made)
    assert made["text"] != card(document, showing(SECRET, NOW), lang)["text"]


@given(st.lists(st.fixed_dictionaries({"id": HOSTILE, "before": HOSTILE, "after": HOSTILE}), max_size=30), LANG)
def test_settings_keep_limits(changes: list[dict[str, str]], lang: Any) -> None:
    document = {
        "subject": "settings", "keys": ["quiet_hours"], "changes": changes, "mark": "0" * 16, "at": NOW.isoformat(),
        "zone": "Asia/Tokyo",         "edited_by": None, "edited_at": NOW.isoformat(),
    }  # fmt: skip
    made = settings_card(document, showing(SECRET, NOW), lang)
    keeps_limits(made)
    assert buttons(made)["approve"].subject == "settings"


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=30), st.text(max_size=30))
def test_what_differs_of_two_long_cells_is_seen(head: str, tail: str, old: str, new: str) -> None:
    one, other = differing(head + old + tail, head + new + tail, 200)
    assert max(len(one), len(other)) <= 210
    if " ".join(f"{head}{old}{tail}".split()) != " ".join(f"{head}{new}{tail}".split()) and "\u2068" not in one + other:
        assert one != other or not (head + old + tail).isprintable() or not (head + new + tail).isprintable()


def test_a_press_is_what_was_signed_until_it_expires() -> None:
    presses = showing(SECRET, NOW)
    token = presses.token("approve", "campaign:C01", content="a" * 64, audience="b" * 64, offer="c" * 16)
    press = read(SECRET, token, NOW)
    assert (press.action, press.id, press.content, press.audience, press.offer) == (
        "approve", "C01", "a" * 16, "b" * 16, "c" * 16,
    )  # fmt: skip
    assert press.nonce == presses.nonce != showing(SECRET, NOW).nonce
    with pytest.raises(InputError, match="expired"):
        read(SECRET, token, NOW + timedelta(days=7))
    with pytest.raises(InputError, match="not made by"):
        read(b"t" * 32, token, NOW)


@settings(max_examples=150)
@given(st.data())
def test_no_mutated_press_is_read(data: st.DataObject) -> None:
    token = Presses(SECRET, NOW + timedelta(days=1), "n").token("approve", "campaign:C01", offer="c" * 16)
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != token[at]))
    with pytest.raises(InputError, match="not made by"):
        read(SECRET, token[:at] + other + token[at + 1 :], NOW)


@given(HOSTILE)
def test_no_made_up_press_is_read(token: str) -> None:
    with pytest.raises(InputError, match="not made by"):
        read(SECRET, token, NOW)


def test_what_decides_counts_once() -> None:
    assert {"approve", "reject", "pause", "resume", "release", "drop", "retry"} <= DECIDES
    assert {"test", "preview"}.isdisjoint(DECIDES)
