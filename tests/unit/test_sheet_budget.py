"""The budget of requests: never more than the limit in any window, from whatever threads and processes, calls and clock."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from bisect import bisect_right
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.google.budget import Budget
from sheets_sync.google.waiting import Passing

SECONDS = 60.0


class Hand:
    """A clock that is moved by hand."""

    def __init__(self, at: float = 1000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def busiest(moments: list[float]) -> int:
    """The most requests in any window of `SECONDS`, its ends included."""
    ordered = sorted(moments)
    return max((bisect_right(ordered, start + SECONDS) - n for n, start in enumerate(ordered)), default=0)


pauses = st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 90), st.just(1.0), st.just(60.0))
steps = st.lists(st.tuples(pauses, pauses, pauses, st.integers(1, 3), st.integers(1, 12)), max_size=12)


@given(steps, st.integers(1, 6) | st.just(60), st.booleans())
def test_never_more_than_the_limit_in_any_window(
    tmp_path: Path, steps: list[tuple[float, float, float, int, int]], most: int, two_processes: bool
) -> None:
    """Requests in bursts, one after the other or several at once; the other side counts each at some moment while it is under way."""
    clock = Hand()
    shared = tmp_path / f"{uuid4()}.json" if two_processes else None
    budgets = [Budget(clock, most, SECONDS, shared) for _ in range(2 if two_processes else 1)]
    counted: list[float] = []
    for before, until_counted, until_answered, parallel, times in steps:
        clock.at += before
        for n in range(times):
            with ExitStack() as under_way:
                for _ in range(parallel):
                    try:
                        under_way.enter_context(budgets[n % len(budgets)].place())
                    except Passing as spent:
                        assert spent.untouched
                        assert spent.after is not None
                        assert spent.after > 0
                        assert len(counted) >= most, "nothing is refused that fits"
                    else:
                        clock.at += until_counted / times
                        counted.append(clock.at)
                clock.at += until_answered / times
    assert busiest(counted) <= most


def test_the_hundredth_request_of_a_minute(tmp_path: Path) -> None:
    clock = Hand()
    budget = Budget(clock, shared=tmp_path / "shared.json")
    counted: list[float] = []
    while clock.at < 1300:
        try:
            with budget.place():
                counted.append(clock.at)
        except Passing as spent:
            clock.at += spent.after or 0
        clock.at += 0.1
    assert busiest(counted) == 60
    assert len(counted) > 240, "and the minute is made full use of"


def test_a_place_is_free_after_the_wait_that_was_named() -> None:
    clock = Hand()
    budget = Budget(clock, 3, 10.0)
    for _ in range(3):
        with budget.place():
            clock.at += 1
    with pytest.raises(Passing) as spent, budget.place():
        raise AssertionError
    assert spent.value.after == pytest.approx(9.0)
    clock.at += spent.value.after
    with budget.place():
        pass


def test_a_request_that_fails_counts_too() -> None:
    clock = Hand()
    budget = Budget(clock, 1, 10.0)
    with pytest.raises(ZeroDivisionError), budget.place():
        raise ZeroDivisionError
    with pytest.raises(Passing), budget.place():
        raise AssertionError


def test_many_threads(tmp_path: Path) -> None:
    clock = Hand()
    budget = Budget(clock, 20, 10.0, tmp_path / "shared.json")
    got: list[int] = []

    def ask() -> None:
        for n in range(10):
            try:
                with budget.place():
                    got.append(n)
            except Passing:
                pass

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 20


@pytest.mark.parametrize(
    "left", ["", "{", "[1]", '{"a": "x"}', '{"a": null}', '{"a": 1e999}', '{"a": 99999999}', "\x00", '{"a": NaN}', "1"]
)
def test_a_file_that_makes_no_sense_is_as_good_as_none(tmp_path: Path, left: str) -> None:
    (tmp_path / "shared.json").write_text(left)
    budget = Budget(Hand(), 2, 10.0, tmp_path / "shared.json")
    for _ in range(2):
        with budget.place():
            pass
    with pytest.raises(Passing), budget.place():
        pass
    assert len(json.loads((tmp_path / "shared.json").read_text())) == 2


def test_a_killed_process_gives_its_place_back_in_the_end(tmp_path: Path) -> None:
    clock = Hand()
    killed = Budget(clock, 1, 10.0, tmp_path / "shared.json").place()
    killed.__enter__()
    other = Budget(clock, 1, 10.0, tmp_path / "shared.json")
    with pytest.raises(Passing), other.place():
        pass
    clock.at += 400
    with other.place():
        pass


def test_without_a_place_for_the_file_the_budget_is_kept_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for shared in (tmp_path / "file" / "none.json", tmp_path / "no folder" / "none.json", tmp_path):
        budget = Budget(Hand(), 1, 10.0, shared)
        with budget.place():
            pass
        with pytest.raises(Passing), budget.place():
            pass


def test_processes_that_share_a_file_keep_to_the_limit_together(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from sheets_sync.google.budget import Budget
from sheets_sync.google.waiting import Passing
budget, got = Budget(time.monotonic, shared=Path(sys.argv[1])), 0
for _ in range(40):
    try:
        with budget.place():
            got += 1
    except Passing:
        pass
print(got)
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "shared.json")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 60
