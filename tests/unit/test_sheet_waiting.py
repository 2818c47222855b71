"""How long is waited, and when it is enough: held for every kind of failure, patience and luck."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.errors import OutsideError
from journey.texts import text
from sheets_sync.google.waiting import LONGEST_ASKED, MOST_ATTEMPTS, Passing, Patience, Waiting, asked_wait

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
BUSY, CUT = text("google.busy", place="Google"), text("google.cut", place="Google")


@dataclass
class World:
    """A clock that only sleeping and trying move; `attempt` fails as told and then succeeds."""

    failures: list[tuple[Passing, float]]
    at: float = 0.0
    slept: list[float] = field(default_factory=list)
    attempts: int = 0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def attempt(self) -> str:
        self.attempts += 1
        if not self.failures:
            return "done"
        failure, took = self.failures.pop(0)
        self.at += took
        raise failure


def waiting(world: World, patience: float, luck: float = 1.0) -> Waiting:
    return Waiting(patience, world.sleep, lambda: world.at, lambda: luck, lambda: NOW)


failing = st.lists(
    st.tuples(
        st.builds(
            lambda untouched, after: Passing(BUSY, untouched=untouched, after=after),
            st.booleans(),
            st.one_of(st.none(), st.floats(0, 100)),
        ),
        st.floats(0, 40),
    ),
    max_size=12,
)


@given(failing, st.floats(0, 120), st.floats(0, 1, exclude_max=True), st.booleans())
def test_the_patience_is_never_passed_and_a_write_never_risked(
    failures: list[tuple[Passing, float]], patience: float, luck: float, repeatable: bool
) -> None:
    world = World(list(failures))
    try:
        assert Patience(waiting(world, patience, luck)).call("read", world.attempt, repeatable=repeatable) == "done"
        assert world.attempts == len(failures) + 1
    except OutsideError as given_up:
        assert given_up.said == BUSY
    assert sum(world.slept) <= patience
    assert world.attempts <= MOST_ATTEMPTS
    if not repeatable:
        risky = [n for n, (failure, _) in enumerate(failures) if not failure.untouched]
        assert world.attempts <= (risky[0] if risky else len(failures)) + 1
    for slept, (failure, _) in zip(world.slept, failures, strict=False):
        assert slept >= (failure.after or 0), "whoever asks for a wait gets it"


def test_waits_grow_and_are_jittered_in_full() -> None:
    world = World([(Passing(BUSY), 0.0)] * 9)
    with pytest.raises(OutsideError):
        Patience(waiting(world, 1000)).call("read", world.attempt, repeatable=True)
    assert world.slept == [1, 2, 4, 8, 16, 32, 32]
    lucky = World([(Passing(BUSY), 0.0)] * 3)
    Patience(waiting(lucky, 1000, luck=0.0)).call("read", lucky.attempt, repeatable=True)
    assert lucky.slept == [0, 0, 0]


def test_a_wait_beyond_the_patience_is_remembered_and_costs_no_request() -> None:
    world = World([(Passing(BUSY, untouched=True, after=90.0), 0.0)])
    patience = Patience(waiting(world, 5))
    with pytest.raises(OutsideError) as first:
        patience.call("read", world.attempt, repeatable=True)
    world.at = 89.0
    with pytest.raises(OutsideError) as second:
        patience.call("read", world.attempt, repeatable=True)
    assert first.value.said == second.value.said == BUSY, "told once"
    assert (world.attempts, world.slept) == (1, [])
    assert patience.call("write", world.attempt, repeatable=False) == "done", "another kind is not held up"
    world.at = 90.0
    assert patience.call("read", world.attempt, repeatable=True) == "done"


def test_a_write_that_may_have_been_carried_out_is_not_repeated() -> None:
    world = World([(Passing(CUT), 0.0)])
    with pytest.raises(OutsideError):
        Patience(waiting(world, 60)).call("write", world.attempt, repeatable=False)
    assert world.attempts == 1


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 30 ", 30.0),
        ("1.5", 1.5),
        (format_datetime(NOW + timedelta(seconds=20), usegmt=True), 20.0),
        ("Sunday, 22-Nov-26 10:00:20 GMT", 20.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
        ("99999999", LONGEST_ASKED),
        (format_datetime(NOW + timedelta(days=9000), usegmt=True), LONGEST_ASKED),
    ],
)
def test_retry_after_in_both_forms(given: str, seconds: float) -> None:
    assert asked_wait(given, None, NOW) == pytest.approx(seconds)


def test_a_moment_counts_from_the_answers_own_date() -> None:
    """A machine whose clock is wrong by an hour waits as long as was meant."""
    theirs = NOW + timedelta(hours=1)
    said, date = (format_datetime(m, usegmt=True) for m in (theirs + timedelta(seconds=9), theirs))
    assert asked_wait(said, date, NOW) == pytest.approx(9.0)


@pytest.mark.parametrize(
    "given", [None, "", "soon", "-5", "１２", "1e9", "nan", "inf", "0x10", "Sun, 99 Foo 2026", "9" * 400, "\x00"]
)
def test_a_retry_after_that_is_none(given: str | None) -> None:
    assert asked_wait(given, "rubbish", NOW) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_header_gives_a_bounded_wait_or_none(given: str, date: str) -> None:
    found = asked_wait(given, date, NOW)
    assert found is None or 0 <= found <= LONGEST_ASKED
