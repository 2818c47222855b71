"""Messages that are kept up: one a topic, whatever goes wrong on the way, also after a restart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_channel import FAULTS, Channel
from slack_sdk.errors import SlackApiError
from sqlalchemy import Engine, delete

from bot.slack.posting import Board, Ended, Post, Topic
from journey.clock import FrozenClock
from journey.errors import InputError, OutsideError
from journey.store.engine import open_store, writing
from journey.store.tables import chat_posts
from journey.texts import text

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    found = open_store(tmp_path_factory.mktemp("store"))
    yield found
    found.dispose()


@pytest.fixture(autouse=True)
def _empty(engine: Engine) -> None:
    empty(engine)


def empty(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(delete(chat_posts))


def topic(name: str, identity: str = "1", state: str = "a", lasts: timedelta | None = None) -> Topic:
    shown = {"text": f"{name}/{identity}/{state}", "blocks": []}
    return Topic(f"campaign:{name}", identity, state, lambda: shown, {"name": name}, lasts)


def close(post: Post, ended: Ended) -> dict[str, Any]:
    return {"text": f"closed {post.detail['name']} {ended}", "blocks": []}


def board(engine: Engine, channel: Channel, now: datetime = NOW) -> Board:
    return Board(engine, channel, "C1", FrozenClock(now))


def test_a_topic_has_one_message_that_follows_it(engine: Engine) -> None:
    channel = Channel()
    board(engine, channel).show([topic("C01"), topic("C02")], close)
    board(engine, channel).show([topic("C01"), topic("C02")], close)
    assert channel.open == ["C01/1/a", "C02/1/a"]
    assert channel.calls == 2
    board(engine, channel).show([topic("C01", state="b"), topic("C02")], close)
    assert channel.open == ["C01/1/b", "C02/1/a"]
    assert len(channel.messages) == 2


def test_another_content_closes_the_message_and_posts_another(engine: Engine) -> None:
    channel = Channel()
    board(engine, channel).show([topic("C01")], close)
    board(engine, channel).show([topic("C01", identity="2")], close)
    assert [m["text"] for m in channel.messages.values()] == ["closed C01 edited", "C01/2/a"]
    board(engine, channel).show([], close)
    assert [m["text"] for m in channel.messages.values()] == ["closed C01 edited", "closed C01 over"]
    assert board(engine, channel).posts() == {}


def test_what_nobody_decides_expires_and_is_shown_anew(engine: Engine) -> None:
    channel, week = Channel(), timedelta(days=7)
    board(engine, channel).show([topic("C01", lasts=week)], close)
    board(engine, channel, NOW + week - timedelta(seconds=1)).show([topic("C01", lasts=week)], close)
    assert len(channel.messages) == 1
    board(engine, channel, NOW + week).show([topic("C01", lasts=week)], close)
    assert [m["text"] for m in channel.messages.values()] == ["closed C01 expired", "C01/1/a"]


def test_a_message_that_somebody_deleted_is_posted_again_once_it_changes(engine: Engine) -> None:
    channel = Channel()
    board(engine, channel).show([topic("C01")], close)
    channel.messages.clear()
    board(engine, channel).show([topic("C01", state="b")], close)
    assert channel.open == ["C01/1/b"]


def test_where_blocks_are_refused_the_words_are_posted(engine: Engine) -> None:
    class Old(Channel):
        def chat_postMessage(self, **fields: Any) -> Any:
            if "blocks" in fields:
                raise SlackApiError("no", {"ok": False, "error": "invalid_blocks"})
            return super().chat_postMessage(**fields)

    channel = Old()
    board(engine, channel).show([topic("C01")], close)
    assert channel.open == ["C01/1/a"]


def test_one_that_cannot_be_made_does_not_keep_the_others_back(engine: Engine) -> None:
    def broken() -> dict[str, Any]:
        raise InputError(text("cards.forged"))

    channel = Channel()
    with pytest.raises(InputError):
        board(engine, channel).show([Topic("campaign:C00", "1", "a", broken, {"name": "C00"}), topic("C01")], close)
    assert channel.open == ["C01/1/a"]


def test_links_lead_to_the_messages(engine: Engine) -> None:
    channel = Channel()
    shown = board(engine, channel)
    shown.show([topic("C01")], close)
    assert shown.links(["campaign:C01", "campaign:C02"]) == {"campaign:C01": "https://slack.invalid/1.0"}


WORLDS = st.lists(
    st.dictionaries(st.sampled_from(["C01", "C02", "C03"]), st.tuples(st.sampled_from("12"), st.sampled_from("ab")), max_size=3),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(WORLDS, st.lists(st.sampled_from(FAULTS), max_size=40))
def test_whatever_goes_wrong_each_topic_ends_with_one_message(engine: Engine, worlds: list[Any], faults: list[str]) -> None:
    """Every refresh is a fresh process: nothing but the store and the channel is remembered."""
    empty(engine)
    channel = Channel(*faults)
    for world in worlds:
        topics = [topic(name, identity, state) for name, (identity, state) in world.items()]
        for _ in range(50):
            try:
                board(engine, channel).show(topics, close)
            except OutsideError:
                continue
            break
        assert channel.open == sorted(t.show()["text"] for t in topics)
