"""A burst of edits is taken in once it is over, or when it goes on for too long; what did not change is never taken in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.settling import LONGEST, QUIET, QUIET_AFTER_PUSH, Settling

POLL = 3.0


def test_a_single_edit_is_taken_in_after_a_quiet_while() -> None:
    settling = Settling(POLL)
    settling.taken("r1")
    assert settling.look("r1", 0.0) is None
    assert settling.look("r2", 3.0) == QUIET
    assert settling.look("r2", 3.0 + QUIET) == 0
    settling.taken("r2")
    assert settling.look("r2", 9.0) is None


def test_an_edit_that_was_taken_back_is_nothing() -> None:
    settling = Settling(POLL)
    settling.taken("r1")
    assert settling.look("r2", 0.0) == QUIET
    assert settling.look("r1", 1.0) is None
    assert settling.look("r2", 60.0) == QUIET


def test_after_a_push_it_goes_quicker() -> None:
    settling = Settling(POLL)
    assert settling.look("r1", 0.0, pushed=True) == QUIET_AFTER_PUSH
    assert settling.look("r1", QUIET_AFTER_PUSH, pushed=True) == 0


@given(steps=st.lists(st.tuples(st.floats(0.01, 5), st.booleans()), min_size=1, max_size=60))
def test_no_edit_waits_longer_than_the_longest(steps: list[tuple[float, bool]]) -> None:
    """Whatever the rhythm of edits: whoever looks when told to look again takes in each within LONGEST of the first look at it."""
    settling = Settling(POLL)
    settling.taken("0")
    now, revision = 0.0, 0
    waiting_since: float | None = None
    for pause, edits in steps:
        now += pause
        revision += edits
        wait = settling.look(str(revision), now)
        if wait is None:
            assert waiting_since is None
            continue
        waiting_since = now if waiting_since is None else waiting_since
        assert now + wait <= max(waiting_since + LONGEST, now)
        if wait == 0:
            assert now - waiting_since >= min(QUIET, LONGEST)
            settling.taken(str(revision))
            waiting_since = None
