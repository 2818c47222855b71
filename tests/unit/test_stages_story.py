"""Who has entered a stage, and why: the stories of uploads.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from stage_town import DAY, EC, NOON, Town, book, drawn, renamed

from journey.stages import last_run
from journey.store.engine import reading
from journey.versions import Renames

WORKBOOK = book(drawn("ec", EC))


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def live(town: Town) -> None:
    """Three customers, placed for the first time at NOON: a has bought nothing, b once lately, c once long ago."""
    joined = NOON - 400 * DAY
    town.hear_of(NOON - DAY, a={"joined_at": joined}, b={"joined_at": joined}, c={"joined_at": joined})
    town.buy(NOON - DAY, ("b", "b1", NOON - 88 * DAY), ("c", "c1", NOON - 300 * DAY), (None, "g1", NOON - 3 * DAY))
    town.assign(WORKBOOK, NOON)


def test_going_live_gives_only_first(town: Town) -> None:
    live(town)
    assert town.stands() == {("ec", "a"): "interest", ("ec", "b"): "first", ("ec", "c"): "dormant"}
    assert {(m.customer, m.was, m.now, m.at, m.cause, m.cause_at, m.fact, m.entry) for m in town.moves()} == {
        (c, None, s, NOON, "first", NOON, None, 1) for c, s in (("a", "interest"), ("b", "first"), ("c", "dormant"))
    }


def test_a_new_purchase_moves_by_data_with_the_fact(town: Town) -> None:
    live(town)
    bought = NOON + timedelta(hours=2)
    town.buy(NOON + DAY, ("a", "a0", bought - DAY), ("a", "a1", bought), ("a", "a2", NOON + 5 * DAY))
    [move] = town.new_moves(WORKBOOK, NOON + DAY)
    assert (move.was, move.now, move.cause, move.cause_at, move.fact) == ("interest", "repeat", "data", bought, "purchase:a1")
    assert move.at == NOON + DAY


def test_what_was_dated_ahead_moves_by_data_when_its_day_has_come(town: Town) -> None:
    live(town)
    ahead = NOON + 2 * DAY
    town.buy(NOON, ("a", "a1", ahead))
    assert town.new_moves(WORKBOOK, NOON + DAY) == []
    [move] = town.new_moves(WORKBOOK, ahead)
    assert (move.cause, move.cause_at, move.fact) == ("data", ahead, "purchase:a1")


def test_time_alone_makes_dormant(town: Town) -> None:
    live(town)
    assert town.new_moves(WORKBOOK, NOON + 2 * DAY) == []
    [move] = town.new_moves(WORKBOOK, NOON + 3 * DAY)
    assert (move.customer, move.was, move.now, move.cause) == ("b", "first", "dormant", "time")
    assert (move.at, move.cause_at, move.fact) == (NOON + 3 * DAY, NOON + 3 * DAY, None)


def test_facts_of_the_moment_of_the_last_run_are_old_or_new_by_when_they_came(town: Town) -> None:
    live(town)
    town.buy(NOON, ("a", "a1", NOON - DAY))  # the clock stands still, as under --now
    [move] = town.new_moves(WORKBOOK, NOON)
    assert (move.cause, move.fact, move.cause_at) == ("data", "purchase:a1", NOON - DAY)
    later = town.new_moves(WORKBOOK, NOON + 100 * DAY)
    assert {(m.customer, m.cause) for m in later} == {("a", "time"), ("b", "time")}


def test_a_file_that_a_run_overtook_while_it_was_read_is_news_once(town: Town) -> None:
    live(town)
    handed_in = NOON - timedelta(seconds=30)
    town.buy(handed_in, ("a", "a1", NOON - 60 * DAY))
    town.visit(handed_in, ("b", NOON - 50 * DAY))
    [move] = town.new_moves(WORKBOOK, NOON + timedelta(minutes=1))
    assert (move.customer, move.cause, move.fact, move.cause_at) == ("a", "data", "purchase:a1", NOON - 60 * DAY)
    for n in range(14):  # so many small files are merged: what was news comes again in a new file
        town.buy(NOON + timedelta(minutes=2), (None, f"g{n}", NOON))
    later = town.new_moves(WORKBOOK, NOON + timedelta(days=40))
    assert {(m.customer, m.cause) for m in later} == {("a", "time"), ("b", "time")}


def test_a_customer_file_that_a_run_overtook_is_news(town: Town) -> None:
    live(town)
    vip = book(drawn("ec", [*EC, ("vip", "points >= 1000")]))
    town.assign(vip, NOON + timedelta(minutes=1))
    town.hear_of(NOON, a={"points": 2000.0})
    [move] = town.new_moves(vip, NOON + timedelta(minutes=2))
    assert (move.customer, move.now, move.cause, move.fact, move.cause_at) == ("a", "vip", "data", "customer", NOON)


def test_a_new_map_moves_by_map_and_new_facts_by_data(town: Town) -> None:
    live(town)
    town.buy(NOON + DAY, ("a", "a1", NOON))
    shorter = book(drawn("ec", [(s, c.replace("90", "30")) for s, c in EC]))
    moves = town.new_moves(shorter, NOON + DAY)
    assert [(m.customer, m.was, m.now, m.cause) for m in moves] == [
        ("b", "first", "dormant", "map"),
        ("a", "interest", "first", "data"),
    ]


def test_time_that_passed_before_a_new_map_is_not_the_maps_doing(town: Town) -> None:
    live(town)
    edited = book(drawn("ec", [*EC, ("vip", "points >= 1000")]))
    [move] = town.new_moves(edited, NOON + 3 * DAY)
    assert (move.customer, move.cause) == ("b", "time")


def test_new_labels_move_nobody(town: Town) -> None:
    live(town)
    assert town.new_moves(renamed(WORKBOOK), NOON + DAY) == []


def test_a_renamed_id_is_the_same_stage_with_its_history(town: Town) -> None:
    live(town)
    names = {"interest": "newbie", "dormant": "repeat", "repeat": "dormant"}
    other = book(drawn("shop", [(names.get(s, s), c) for s, c in EC]))
    town.sync(other, NOON, Renames({"ec": "shop"}, {("ec", old): ("shop", new) for old, new in names.items()}))
    before = town.moves()
    town.assign(other, NOON + DAY)
    assert {*town.moves()} == {replace(m, journey="shop", now=names.get(str(m.now), m.now)) for m in before}
    assert town.stands() == {("shop", "a"): "newbie", ("shop", "b"): "first", ("shop", "c"): "repeat"}
    town.buy(NOON + 2 * DAY, ("a", "a1", NOON + 2 * DAY))
    [move] = town.new_moves(other, NOON + 2 * DAY)
    assert (move.journey, move.was, move.now, move.cause, move.entry) == ("shop", "newbie", "first", "data", 1)
    town.hear_of(NOON + 2 * DAY, late={"joined_at": NOON - DAY})
    [first] = town.new_moves(other, NOON + 2 * DAY)
    assert (first.customer, first.cause) == ("late", "first")  # in force since NOON, under whatever name


def test_a_stage_and_a_journey_that_vanish(town: Town) -> None:
    live(town)
    without = book(drawn("ec", EC[1:]))
    moves = town.new_moves(without, NOON + DAY)
    assert [(m.customer, m.was, m.now, m.cause, m.entry) for m in moves] == [("a", "interest", None, "map", 0)]
    assert town.stands()["ec", "a"] is None
    gone = town.new_moves(book(), NOON + 2 * DAY)
    assert {(m.customer, m.now, m.cause) for m in gone} == {("b", None, "map"), ("c", None, "map")}
    assert town.stands() == {}
    again = town.new_moves(WORKBOOK, NOON + 2 * DAY + timedelta(hours=1))
    assert {(m.customer, m.cause, m.entry) for m in again} == {("a", "first", 2), ("b", "first", 2), ("c", "first", 2)}


def test_a_second_journey_is_first_placed_on_what_was_known(town: Town) -> None:
    live(town)
    town.hear_of(NOON + DAY, a={"points": 10.0})
    two = book(drawn("ec", EC), drawn("club", [("poor", "orders >= 0"), ("rich", "points >= 5")]))
    moves = town.new_moves(two, NOON + DAY)
    assert {(m.journey, m.customer, m.was, m.now, m.cause) for m in moves} == {
        ("club", "a", None, "poor", "first"),
        ("club", "b", None, "poor", "first"),
        ("club", "c", None, "poor", "first"),
        ("club", "a", "poor", "rich", "data"),
    }
    [rich] = [m for m in moves if m.now == "rich"]
    assert (rich.fact, rich.cause_at) == ("customer", NOON + DAY)


def test_who_no_longer_fits_the_audience_leaves_and_may_come_back(town: Town) -> None:
    tokyo = book(drawn("ec", EC, audience='prefecture = "東京都"'))
    town.hear_of(NOON - DAY, a={"prefecture": "東京都"}, b={"prefecture": "大阪府"})
    town.assign(tokyo, NOON)
    assert town.stands() == {("ec", "a"): "interest"}
    town.hear_of(NOON + DAY, a={"prefecture": "大阪府"})
    [left] = town.new_moves(tokyo, NOON + DAY)
    assert (left.was, left.now, left.cause, left.fact) == ("interest", None, "data", "customer")
    assert town.stands() == {}
    town.hear_of(NOON + 2 * DAY, a={"prefecture": "東京都"})
    [back] = town.new_moves(tokyo, NOON + 2 * DAY)
    assert (back.was, back.now, back.cause, back.entry) == (None, "interest", "data", 2)


def test_newcomers_enter_by_data_unless_they_have_been_around(town: Town) -> None:
    live(town)
    now = NOON + 10 * DAY
    town.assign(WORKBOOK, now - DAY)
    town.hear_of(
        now,
        fresh={"joined_at": now - timedelta(hours=5)},
        member={"joined_at": NOON - 10 * DAY},  # joined before the journey came into force
        slow={"joined_at": now - 4 * DAY},  # longer ago than entries count
        buyer={},
        old_buyer={},
        unknown={},
    )
    town.buy(now, ("buyer", "x1", now - DAY), ("old_buyer", "x2", NOON - 20 * DAY), ("old_buyer", "x3", now - DAY))
    moves = {m.customer: m for m in town.new_moves(WORKBOOK, now)}
    assert {c: m.cause for c, m in moves.items() if c not in ("b",)} == {
        "fresh": "data",
        "member": "first",
        "slow": "first",
        "buyer": "data",
        "old_buyer": "first",
        "unknown": "data",
    }
    assert (moves["fresh"].fact, moves["fresh"].cause_at) == ("customer", now - timedelta(hours=5))
    assert (moves["buyer"].fact, moves["buyer"].cause_at) == ("purchase:x1", now - DAY)
    assert (moves["member"].fact, moves["member"].cause_at) == (None, NOON - 10 * DAY)
    assert moves["unknown"].cause_at == now


def test_importing_history_keeps_its_age(town: Town) -> None:
    live(town)
    old = NOON - 50 * DAY
    town.hear_of(NOON + DAY, a={"points": 3.0})  # the same day's customer file does not make the history recent
    town.buy(NOON + DAY, ("a", "a1", old))
    [move] = town.new_moves(WORKBOOK, NOON + DAY)
    assert (move.now, move.cause, move.cause_at, move.fact) == ("first", "data", old, "purchase:a1")


def test_a_machine_that_slept_dates_what_moved_meanwhile(town: Town) -> None:
    live(town)
    town.hear_of(NOON, d={"joined_at": NOON - 50 * DAY}, e={"joined_at": NOON - 50 * DAY})
    town.buy(NOON, ("d", "d1", NOON - 82 * DAY), ("e", "e1", NOON - 88 * DAY))
    town.assign(WORKBOOK, NOON)
    now = NOON + 10 * DAY
    town.visit(now, ("e", now - 9 * DAY))
    moves = {m.customer: m for m in town.new_moves(WORKBOOK, now)}
    assert set(moves) == {"b", "d", "e"}
    assert {m.now for m in moves.values()} == {"dormant"}
    assert moves["b"].cause == "time"
    assert moves["b"].at == moves["b"].cause_at < now - 3 * DAY  # dormant for a week: nobody's news any more
    assert (moves["d"].cause, moves["d"].cause_at) == ("time", now)
    assert (moves["e"].cause, moves["e"].cause_at) == ("data", now - 9 * DAY)


def test_again_changes_nothing(town: Town) -> None:
    live(town)
    town.buy(NOON + DAY, ("a", "a1", NOON))
    first = town.assign(WORKBOOK, NOON + DAY)
    before = (town.facts.generation(), town.rows("placements"), town.rows("transitions"))
    again = town.assign(WORKBOOK, NOON + DAY)
    assert (town.facts.generation(), town.rows("placements"), town.rows("transitions")) == before
    assert (first.changed, first.moved, again.changed, again.moved, again.counts) == (True, 1, False, 0, first.counts)


def test_entries_are_numbered(town: Town) -> None:
    live(town)
    now = NOON + 10 * DAY
    numbers = []
    for round in range(3):
        now += 95 * DAY
        town.assign(WORKBOOK, now)
        town.buy(now + DAY, ("c", f"c{round + 2}", now + DAY))
        numbers += [(m.now, m.entry) for m in town.new_moves(WORKBOOK, now + DAY) if m.customer == "c"]
    assert numbers == [("repeat", 1), ("repeat", 2), ("repeat", 3)]
    assert [m.entry for m in town.moves() if m.customer == "c" and m.now == "dormant"] == [1, 2, 3]


def test_counts_and_causes_of_a_run(town: Town) -> None:
    live(town)
    with reading(town.engine) as connection:
        run = last_run(connection)
    assert run is not None
    assert (run.customers, run.moved) == (3, 3)
    assert run.counts == {"ec": {"interest": 1, "first": 1, "dormant": 1}}


def test_who_was_erased_leaves(town: Town) -> None:
    live(town)
    town.forget(NOON + DAY, "a")
    [move] = town.new_moves(WORKBOOK, NOON + DAY)
    assert (move.customer, move.now) == ("a", None)
    assert ("ec", "a") not in town.stands()


def test_a_crash_before_the_commit_leaves_the_old_state_whole(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    live(town)
    before = (town.facts.generation(), town.rows("placements"), town.rows("transitions"))
    town.buy(NOON + DAY, ("a", "a1", NOON))
    bought = town.facts.generation()

    def crash(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr("journey.stages.run._record", crash)
        with pytest.raises(RuntimeError):
            town.assign(WORKBOOK, NOON + DAY)
    assert town.facts.generation() == bought
    assert (town.rows("placements"), town.rows("transitions")) == before[1:]
    [move] = town.new_moves(WORKBOOK, NOON + DAY)
    assert (move.customer, move.cause, move.fact) == ("a", "data", "purchase:a1")


def test_who_belonged_without_a_stage_is_still_a_newcomer_to_the_stages(town: Town) -> None:
    town.hear_of(NOON - DAY, a={})
    town.assign(book(drawn("club", [("rich", "points >= 1000")])), NOON)
    assert (town.stands(), town.moves()) == ({("club", "a"): None}, [])
    town.hear_of(NOON + DAY, a={"points": 20.0})
    narrower = book(drawn("club", [("member", "orders = 0")], audience="points >= 10"))
    [move] = town.new_moves(narrower, NOON + DAY)
    assert (move.was, move.now, move.cause) == (None, "member", "first")
