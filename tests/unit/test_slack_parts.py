"""The small parts of the bot: what is understood of what Slack sends, what is kept, who works, who may what."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Config, Roles, Slack
from bot.replies import split
from bot.slack import heard
from bot.slack.client import required_tokens
from bot.slack.heard import Heard
from bot.slack.keeping import Letterbox
from bot.slack.once import Once
from bot.slack.people import Person
from bot.slack.roles import Roles as Reading
from bot.slack.work import MOST, Work
from journey.claim import Repeated
from journey.clock import FrozenClock
from journey.errors import InputError, OutsideError, UsageError
from journey.store.engine import open_store, writing

AT = 1_800_000_000.0


def test_what_is_typed_into_a_message() -> None:
    assert heard.unmarked("<@U012AB> test C01 <mailto:a@b.jp|a@b.jp>") == "test C01 a@b.jp"
    assert heard.unmarked("<@U012AB|tabiji>　ステージ &lt;x&gt; &amp;") == "ステージ <x> &"
    assert heard.unmarked("see <https://a.example/x|a.example>") == "see a.example"
    assert heard.unmarked("<!channel> stop") == "<!channel> stop"


@given(st.text(max_size=300))
def test_whatever_is_typed_is_words_or_a_sentence(line: str) -> None:
    heard.unmarked(line)
    try:
        assert all(isinstance(word, str) for word in split(line, "/journey"))
    except UsageError:
        assert "'" in line or '"' in line or any(c in line for c in "“”„‘’「」") or "\\" in line


def test_words() -> None:
    assert split("/journey approve C01", "/journey") == ["approve", "C01"]
    assert split("/crm　承認　「C 01」", "/crm") == ["承認", "C 01"]
    assert split("why customer's", "/journey") == ["why", "customer's"]


@given(
    st.dictionaries(
        st.sampled_from(["user", "text", "ts", "channel", "bot_id", "subtype", "channel_type"]), st.text(max_size=9)
    )
)
def test_no_event_breaks_the_listener(event: dict[str, Any]) -> None:
    body = {"event": {"type": "message", "channel": "C1", "ts": "1.2", **event}, "event_id": "E1"}
    found = heard.message(body, AT)
    assert found is None or heard.load(found.dump()) == found


def test_the_same_message_is_the_same_whichever_event_tells_of_it() -> None:
    event = {"user": "U1", "text": "<@U2> stages", "ts": "1.2", "channel": "D1", "channel_type": "im"}
    one = heard.message({"event": {"type": "message", **event}, "event_id": "E1"}, AT)
    two = heard.message({"event": {"type": "app_mention", **event}, "event_id": "E2"}, AT)
    assert one is not None and two is not None and one.key == two.key


def test_a_letter_is_kept_until_it_is_done(tmp_path: Path) -> None:
    box = Letterbox(tmp_path / "slack")
    first, second = (Heard("said", f"command:{n}", "U1", AT - n, text="stages") for n in (1, 2))
    assert box.keep(first) and box.keep(second) and not box.keep(first)
    (tmp_path / "slack" / "broken.json").write_text("{")
    (tmp_path / "slack" / "half.part").write_text("{")
    assert Letterbox(tmp_path / "slack").left() == [second, first]
    box.done(first)
    box.done(first)
    assert box.left() == [second]
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "slack").iterdir()} == {0}


def test_what_was_taken_up_is_taken_up_once(tmp_path: Path) -> None:
    engine, clock = open_store(tmp_path), FrozenClock(datetime(2026, 6, 1, tzinfo=UTC))
    once = Once(engine, clock)
    assert once.begin("a") and not once.begin("a")
    with writing(engine) as connection:
        once.claim("press:1", "button:n")(connection)
    with pytest.raises(Repeated), writing(engine) as connection:
        once.claim("press:2", "button:n")(connection)
    again = Once(engine, clock)
    assert not again.begin("press:1") and again.begin("press:2"), "what was rolled back was not taken up"
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        again.claim("press:3")(connection)
        raise ZeroDivisionError
    assert Once(engine, clock).begin("press:3")


def test_a_full_lane_refuses_and_the_other_goes_on() -> None:
    gate, done = threading.Event(), threading.Event()

    def handle(one: Heard) -> None:
        if one.key == "urgent":
            done.set()
        else:
            gate.wait(10)

    work = Work(handle, looking=1, deciding=1)
    letters = [Heard("said", f"look:{n}", "U1", AT) for n in range(MOST + 2)]
    taken = [work.submit(one, urgent=False) for one in letters]
    assert not all(taken)
    assert work.submit(Heard("pressed", "urgent", "U1", AT), urgent=True) and done.wait(5)
    gate.set()
    work.close()
    assert not work.submit(letters[0], urgent=True)


class Groups:
    """A Web API that only knows groups and a channel; `broken` while Slack does not answer."""

    def __init__(self) -> None:
        self.members = {"S1": ["U1"], "C1": ["U1", "U2"]}
        self.broken, self.asked = False, 0

    def usergroups_users_list(self, *, usergroup: str) -> dict[str, Any]:
        self.asked += 1
        if self.broken:
            raise OSError("down")
        return {"users": self.members[usergroup]}

    def conversations_members(self, *, channel: str, **_: Any) -> dict[str, Any]:
        self.asked += 1
        if self.broken:
            raise OSError("down")
        return {"members": self.members[channel]}


def someone(user: str, outsider: bool = False) -> Person:
    return Person(user, user, frozenset(), "", outsider)


def reading(groups: Groups, roles: Roles | None = None, **lists: tuple[str, ...]) -> Reading:
    config = Config(Path(), slack=Slack(**lists), roles=roles or Roles())  # type: ignore[arg-type]
    return Reading(groups, config, lambda: "C1", lambda: 0.0)  # type: ignore[arg-type]


def test_the_highest_role_counts_and_is_read_at_the_click() -> None:
    groups = Groups()
    made = reading(groups, viewers=("U1",), approvers=("S1",), admins=("U9",))
    assert made.of(someone("U1"), fresh=True) == "approver"
    groups.members["S1"] = []
    assert made.of(someone("U1"), fresh=False) == "approver", "for looking what was read just now serves"
    assert made.of(someone("U1"), fresh=True) == "viewer", "for a decision it is read anew"
    assert made.of(someone("U9"), fresh=True) == "admin"
    assert made.of(someone("U9", outsider=True), fresh=True) == "none"
    assert made.of(someone("U7"), fresh=True) == "none"


def test_a_role_that_cannot_be_read_is_none_for_a_decision_but_stops() -> None:
    groups = Groups()
    made = reading(groups, editors=("S1",))
    assert made.of(someone("U1"), fresh=True) == "editor"
    groups.broken = True
    with pytest.raises(OutsideError):
        made.of(someone("U1"), fresh=True)
    assert made.of(someone("U1"), fresh=True, stopping=True) == "editor"


def test_without_any_roles_the_channel_decides_and_with_roles_elsewhere_nobody_does() -> None:
    groups = Groups()
    assert [reading(groups).of(someone(u), fresh=True) for u in ("U1", "U3")] == ["admin", "none"]
    assert reading(groups, Roles(admins=("root",))).of(someone("U1"), fresh=True) == "none"


def test_tokens_are_of_their_kind_and_never_shown() -> None:
    slack = Slack(mode="socket", channel="#crm")
    good = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    assert "xoxb" not in repr(required_tokens(slack, good))
    for name in good:
        with pytest.raises(InputError) as refused:
            required_tokens(slack, {**good, name: "xoxp-secret"})
        assert name in refused.value.said.say("en") and "secret" not in refused.value.said.say("ja")
    with pytest.raises(InputError):
        required_tokens(replace(slack, mode="http"), good)
