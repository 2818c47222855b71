"""Placing against a plain model: random lives and maps, one Python loop that says who should stand where, and why."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from stage_town import DAY, NOON, Town, book, drawn

from journey.model import Workbook

ENTRY_AGE = 3 * DAY
TOKYO = ZoneInfo("Asia/Tokyo")
PEOPLE = ("a", "b", "c", "d")

# Each condition as it is typed, and what it means.
CONDITIONS: Mapping[str, Any] = {
    "orders = 0": lambda p: p.orders == 0,
    "orders >= 1": lambda p: p.orders >= 1,
    "orders >= 2": lambda p: p.orders >= 2,
    "days_since_last_order > 5": lambda p: p.quiet is not None and p.quiet > 5,
    "days_since_last_order <= 2": lambda p: p.quiet is not None and p.quiet <= 2,
    "points >= 10": lambda p: p.points is not None and p.points >= 10,
    'events("visit") >= 1': lambda p: p.visits >= 1,
    "": lambda p: True,
}


@dataclass(frozen=True)
class Portrait:
    """What the conditions can see of a customer at a moment."""

    orders: int
    quiet: int | None
    points: float | None
    visits: int


@dataclass
class Person:
    """What an upload told, and when."""

    joined_at: datetime | None
    points: float | None
    first_seen_at: datetime
    changed_at: datetime


@dataclass
class Known:
    """All facts as of one moment of uploading."""

    people: dict[str, Person] = field(default_factory=dict)
    purchases: list[tuple[str, str, datetime, int]] = field(default_factory=list)  # who, order, when, number of the upload
    visits: list[tuple[str, datetime, int]] = field(default_factory=list)

    def copy(self) -> Known:
        people = {c: Person(p.joined_at, p.points, p.first_seen_at, p.changed_at) for c, p in self.people.items()}
        return Known(people, list(self.purchases), list(self.visits))

    def portrait(self, who: str, at: datetime) -> Portrait:
        bought = [when for c, _, when, _ in self.purchases if c == who and when <= at]
        quiet = (at.astimezone(TOKYO).date() - max(bought).astimezone(TOKYO).date()).days if bought else None
        return Portrait(
            len(bought), quiet, self.people[who].points, sum(1 for c, when, _ in self.visits if c == who and when <= at)
        )

    def earliest(self, who: str) -> datetime:
        facts = [w for c, _, w, _ in self.purchases if c == who] + [w for c, w, _ in self.visits if c == who]
        return self.people[who].joined_at or (min(facts) if facts else self.people[who].first_seen_at)


NOWHERE = "nowhere"


class Model:
    """One customer after the other, one journey after the other, in plain Python."""

    def __init__(self) -> None:
        self.stands: dict[tuple[str, str], str | None] = {}
        self.moves: list[tuple[Any, ...]] = []
        self.in_force: dict[str, datetime] = {}
        self.last: tuple[datetime, Workbook, Known, int] | None = None

    def wanted(self, workbook: Workbook, known: Known, at: datetime) -> dict[tuple[str, str], str | None]:
        found: dict[tuple[str, str], str | None] = {}
        for journey in workbook.journeys:
            for who in known.people:
                portrait = known.portrait(who, at)
                if CONDITIONS[journey.audience](portrait):
                    fits = [s for s in journey.check_order if CONDITIONS[journey.stage(s).condition](portrait)]
                    found[journey.id, who] = fits[0] if fits else None
        return found

    def assign(self, workbook: Workbook, known: Known, uploads: int, now: datetime) -> None:
        ids = [j.id for j in workbook.journeys]
        if self.last is None:
            self._place(workbook, known, now, now, lambda key: ("first", now, None))
        else:
            at, old_book, old_known, old_uploads = self.last
            long_ago = now - ENTRY_AGE - timedelta(seconds=1)
            slept = at < long_ago
            if workbook != old_book:
                dated = long_ago if slept else now
                leaving = {k: self.stands[k] for k in self.stands if k[0] not in ids}
                self._place(
                    workbook,
                    old_known,
                    at,
                    dated,
                    lambda k: ("map" if k[0] in self.in_force else "first", dated, None),
                    leaving,
                )
                self.in_force = {j: self.in_force.get(j, now) for j in ids}
            news = {who: self._news(known, who, at, old_uploads, now) for who in known.people}
            if slept:
                quiet = {who for who, top in news.items() if top is None}
                self._place(workbook, known, long_ago, long_ago, lambda k: self._why(known, k, None, long_ago), only=quiet)
            self._place(workbook, known, now, now, lambda k: self._why(known, k, news[k[1]], now))
        self.in_force = {j: self.in_force.get(j, now) for j in ids}
        self.last = (now, workbook, known.copy(), uploads)

    def _news(self, known: Known, who: str, since: datetime, uploads: int, now: datetime) -> tuple[datetime, str] | None:
        dated = [(w, f"purchase:{o}") for c, o, w, n in known.purchases if c == who and w <= now and (n > uploads or w > since)]
        dated += [(w, "event:visit") for c, w, n in known.visits if c == who and w <= now and (n > uploads or w > since)]
        if dated:
            return max(dated)
        person = known.people[who]
        return (person.changed_at, "customer") if since < person.changed_at <= now else None

    def _why(self, known: Known, key: tuple[str, str], news: tuple[datetime, str] | None, at: datetime) -> tuple[Any, ...]:
        journey, who = key
        if key not in self.stands and not any(m[0] == journey and m[1] == who for m in self.moves):
            born = known.earliest(who)
            if born < self.in_force[journey] or born < at - ENTRY_AGE:
                return "first", min(born, at), None
            if news is not None and news[1] == "customer":
                return "data", min(born, news[0]), "customer"
        return ("data", news[0], news[1]) if news else ("time", at, None)

    def _place(
        self,
        workbook: Workbook,
        known: Known,
        seen: datetime,
        dated: datetime,
        why: Any,
        leaving: Mapping[tuple[str, str], str | None] | None = None,
        only: set[str] | None = None,
    ) -> None:
        wanted = self.wanted(workbook, known, seen)
        ids = {j.id for j in workbook.journeys}
        keys = {*wanted, *(k for k in self.stands if k[0] in ids)}
        if only is not None:
            keys = {k for k in keys if k[1] in only}
        moved = []
        for key in sorted(keys):
            was, now = self.stands.get(key, NOWHERE), wanted.get(key, NOWHERE)
            if was == now:
                continue
            cause, cause_at, fact = why(key)
            if now == NOWHERE and cause == "first":
                cause = "map"
            moved.append((key, was, now, cause, cause_at, fact))
        moved += [(key, was, NOWHERE, "map", dated, None) for key, was in (leaving or {}).items()]
        for (journey, who), was, now, cause, cause_at, fact in moved:
            from_stage, to_stage = (None if s == NOWHERE else s for s in (was, now))
            entry = 0
            if to_stage:
                entry = 1 + sum(1 for m in self.moves if m[:2] == (journey, who) and m[3] == to_stage)
            if from_stage != to_stage:
                self.moves.append((journey, who, from_stage, to_stage, dated, cause, cause_at, fact, entry))
            if now == NOWHERE:
                self.stands.pop((journey, who), None)
            else:
                self.stands[journey, who] = to_stage


@st.composite
def maps(draw: st.DrawFn) -> Workbook:
    made = []
    for id in draw(st.sampled_from([("x",), ("x", "y"), ("y",)])):
        conditions = draw(st.lists(st.sampled_from([c for c in CONDITIONS if c]), min_size=1, max_size=3))
        stages = [(f"s{n}", c) for n, c in enumerate(conditions)]
        made.append(drawn(id, stages, audience=draw(st.sampled_from(["", "", "points >= 10", "orders >= 1"]))))
    return book(*made)


hours = st.integers(min_value=-24 * 12, max_value=36).map(lambda h: timedelta(hours=h))
someone = st.sampled_from(PEOPLE)
happenings = st.one_of(
    st.tuples(st.just("assign"), st.sampled_from([0, 0, 5, 24, 60, 24 * 9]), st.none()),
    st.tuples(st.just("assign"), st.sampled_from([1, 24]), maps()),
    st.tuples(st.just("person"), someone, st.tuples(st.none() | hours, st.none() | st.integers(0, 20))),
    st.tuples(st.just("buy"), someone, hours),
    st.tuples(st.just("visit"), someone, hours),
)


@settings(max_examples=10, phases=[Phase.generate])
@given(first=maps(), story=st.lists(happenings, min_size=3, max_size=10))
def test_placing_is_what_the_plain_model_says(first: Workbook, story: list[tuple[str, Any, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town, model, known, workbook, now, uploads = Town(Path(folder)), Model(), Known(), first, NOON, 0
        for what, one, two in [*story, ("assign", 7, None)]:
            if what == "assign":
                now += timedelta(hours=one)
                workbook = two or workbook
                town.assign(workbook, now)
                model.assign(workbook, known, uploads, now)
                assert town.stands() == model.stands
                told = [(m.journey, m.customer, m.was, m.now, m.at, m.cause, m.cause_at, m.fact, m.entry) for m in town.moves()]
                assert sorted(told, key=repr) == sorted(model.moves, key=repr)
                continue
            uploads += 1
            now += timedelta(minutes=1)
            person = known.people.get(one)
            if person is None or what == "person":
                joined, points = two if what == "person" else (None, None)
                joined_at = now + joined if joined is not None else None
                told_points = float(points) if points is not None else None
                if person is None:
                    known.people[one] = Person(joined_at, told_points, now, now)
                elif (person.joined_at, person.points) != (joined_at, told_points):
                    person.joined_at, person.points, person.changed_at = joined_at, told_points, now
                town.hear_of(now, **{one: {"joined_at": joined_at, "points": told_points}})
            if what == "buy":
                known.purchases.append((one, f"o{uploads}", now + two, uploads))
                town.buy(now, (one, f"o{uploads}", now + two))
            elif what == "visit":
                known.visits.append((one, now + two, uploads))
                town.visit(now, (one, now + two))
