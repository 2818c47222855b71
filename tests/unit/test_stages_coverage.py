"""Overlaps and gaps of a map, as `check` tells them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from stage_town import DAY, EC, NOON, Town, book, drawn

from journey.errors import InputError
from journey.model import Stage, Workbook
from journey.stages import Coverage, coverage


def seen(town: Town, workbook: Workbook) -> Coverage:
    with closing(town.facts.open(fields=workbook.fields)) as con:
        return coverage(town.engine, con, workbook, NOON)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path)
    town.hear_of(NOON - DAY, a={}, b={"points": 5.0}, c={"points": 50.0}, d={"points": 50.0})
    town.buy(NOON - DAY, ("b", "b1", NOON - DAY), ("c", "c1", NOON - DAY), ("c", "c2", NOON - DAY))
    return town


def test_a_map_whose_stages_exclude_each_other_is_clean(town: Town) -> None:
    assert seen(town, book(drawn("ec", EC))) == Coverage((), ())


def test_overlaps_are_exact_and_name_who_wins(town: Town) -> None:
    stages = (("any", "orders >= 1"), ("two", "orders >= 2"), ("rich", "points >= 50"))
    found = seen(town, book(drawn("ec", stages)))
    assert [o.json() for o in found.overlaps] == [
        {"journey": "ec", "stages": ["any", "two", "rich"], "customers": 1, "winner": "rich"}
    ]
    assert found.overlaps[0].said().say("ja") == "1人がANY、TWO、RICHのすべてに合い、RICHになります。"
    assert [g.json() for g in found.gaps] == [{"journey": "ec", "customers": 1}]


def test_the_check_order_decides_who_wins(town: Town) -> None:
    journey = drawn("ec", (("one", "orders >= 1"), ("two", "orders >= 2"), ("none", "orders = 0")))
    [overlap] = seen(town, book(journey)).overlaps
    assert (overlap.stages, overlap.winner) == (("one", "two"), "two")
    reversed_order = Workbook(journeys=(type(journey)(**{**vars(journey), "check_order": ("one", "two", "none")}),))
    [overlap] = seen(town, reversed_order).overlaps
    assert (overlap.stages, overlap.winner) == (("one", "two"), "one")
    assert overlap.said().say("ja") == "1人がONEとTWOの両方に合い、ONEになります。"


def test_only_members_of_the_journey_count(town: Town) -> None:
    stages = (("one", "orders = 1"),)
    found = seen(town, book(drawn("ec", stages, audience="points >= 50")))
    assert [g.json() for g in found.gaps] == [{"journey": "ec", "customers": 2}]


def test_no_journey_has_neither(town: Town) -> None:
    assert seen(town, book()) == Coverage((), ())


def test_a_condition_that_cannot_be_read_is_named(town: Town) -> None:
    journey = drawn("ec", (("one", "shoe_size = 1"),))
    with pytest.raises(InputError) as refused:
        seen(town, book(journey))
    assert "ONE" in refused.value.said.say("ja")
    assert "EC" in refused.value.said.say("en")
    assert isinstance(journey.stages[0], Stage)
