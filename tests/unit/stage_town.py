"""A small town of customers whose life the tests of placing tell: facts go in as an upload would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from journey import versions
from journey.facts import FactStore
from journey.model import JourneyMap, Settings, Stage, Workbook
from journey.stages import StageRun, assign
from journey.store.engine import open_store, reading, writing
from journey.versions import Renames

DAY = timedelta(days=1)
NOON = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
"""Noon in Tokyo on the first of June."""

EC = (
    ("interest", "orders = 0"),
    ("first", "orders = 1 and days_since_last_order <= 90"),
    ("dormant", "orders >= 1 and days_since_last_order > 90"),
    ("repeat", "orders >= 2 and days_since_last_order <= 90"),
)

_MOMENT = pa.timestamp("us", tz="UTC")


def drawn(id: str, stages: Sequence[tuple[str, str]], audience: str = "") -> JourneyMap:
    """A map of these stages (id and condition), the rightmost winning."""
    made = tuple(Stage(stage_id, stage_id.upper(), condition) for stage_id, condition in stages)
    return JourneyMap(id, id.upper(), made, tuple(s.id for s in reversed(made)), audience=audience)


def book(*journeys: JourneyMap, settings: Settings | None = None) -> Workbook:
    """A workbook of these journeys."""
    return Workbook(journeys=journeys, settings=settings or Settings())


@dataclass(frozen=True)
class Move:
    """A row of `transitions`."""

    journey: str
    customer: str
    was: str | None
    now: str | None
    at: datetime
    cause: str
    cause_at: datetime
    fact: str | None
    entry: int


class Town:
    """An installation in a folder, with verbs for what happens to it."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_store(folder)
        self.facts = FactStore(folder, self.engine)
        self._people: dict[str, dict[str, Any]] = {}
        self._workbook: Workbook | None = None

    def hear_of(self, now: datetime, **people: Mapping[str, Any]) -> None:
        """A customer file at `now`: each customer's attributes; who is unchanged keeps the old `changed_at`."""
        for customer, attributes in people.items():
            known = self._people.get(customer)
            row = {**(known or {"customer_id": customer, "first_seen_at": now}), **attributes}
            if known is None or any(known.get(k) != v for k, v in attributes.items()):
                row["changed_at"] = now
            self._people[customer] = row
        schema = pa.schema(
            [
                ("customer_id", pa.string()),
                ("joined_at", _MOMENT),
                ("points", pa.float64()),
                ("prefecture", pa.string()),
                ("first_seen_at", _MOMENT),
                ("changed_at", _MOMENT),
            ]
        )
        with self.facts.change(now) as change:
            change.replace("customers", pa.Table.from_pylist(list(self._people.values()), schema=schema))

    def forget(self, now: datetime, customer: str) -> None:
        """The customer is no longer in the facts."""
        del self._people[customer]
        with self.facts.change(now) as change:
            change.remove_where("customers", "customer_id = ?", [customer])

    def buy(self, now: datetime, *bought: tuple[str | None, str | None, datetime], returned: bool = False) -> None:
        """A purchases file at `now`: customer, order, and when it was ordered (or sent back)."""
        sign = -1.0 if returned else 1.0
        rows = [
            {
                "customer_id": c,
                "order_id": o,
                "line": 1,
                "ordered_at": at,
                "amount": 100.0 * sign,
                "quantity": sign,
                "imported_at": now,
            }
            for c, o, at in bought
        ]
        schema = pa.schema(
            [
                ("customer_id", pa.string()),
                ("order_id", pa.string()),
                ("line", pa.int32()),
                ("ordered_at", _MOMENT),
                ("amount", pa.float64()),
                ("quantity", pa.float64()),
                ("imported_at", _MOMENT),
            ]
        )
        with self.facts.change(now) as change:
            change.add("purchases", pa.Table.from_pylist(rows, schema=schema))

    def visit(self, now: datetime, *visits: tuple[str, datetime]) -> None:
        """An events file at `now`: who visited when."""
        rows = [{"customer_id": c, "event": "visit", "at": at, "imported_at": now} for c, at in visits]
        schema = pa.schema([("customer_id", pa.string()), ("event", pa.string()), ("at", _MOMENT), ("imported_at", _MOMENT)])
        with self.facts.change(now) as change:
            change.add("events", pa.Table.from_pylist(rows, schema=schema))

    def sync(self, workbook: Workbook, now: datetime, renamed: Renames | None = None) -> None:
        """The workbook becomes the version in force."""
        with writing(self.engine) as connection:
            versions.add(connection, workbook, {}, now=now, source_hash="", renamed=renamed)
        self._workbook = workbook

    def assign(self, workbook: Workbook, now: datetime) -> StageRun:
        """Places everyone by this workbook."""
        if workbook != self._workbook:
            self.sync(workbook, now)
        with reading(self.engine) as connection:
            version = versions.current(connection)
        assert version is not None
        return assign(self.engine, self.facts, version.workbook, version.id, now)

    def stands(self) -> dict[tuple[str, str], str | None]:
        """The stage by journey and customer."""
        return {(r["journey_id"], r["customer_id"]): r["stage_id"] for r in self.rows("placements")}

    def moves(self, since: int = 0) -> list[Move]:
        """All transitions, oldest first, from the `since`-th on."""
        rows = [
            Move(
                *(r[c] for c in ("journey_id", "customer_id", "from_stage", "to_stage", "at", "cause")),
                *(r[c] for c in ("cause_at", "cause_fact", "entry")),
            )
            for r in self.rows("transitions")
        ]
        return sorted(rows, key=lambda m: (m.at, m.cause != "map", m.journey, m.customer))[since:]

    def new_moves(self, workbook: Workbook, now: datetime) -> list[Move]:
        """The transitions that one `assign` adds."""
        before = {*self.moves()}
        self.assign(workbook, now)
        return [m for m in self.moves() if m not in before]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """All rows of a view, in the order of their columns."""
        with closing(self.facts.open()) as con:
            found: list[dict[str, Any]] = con.sql(f"SELECT * FROM {kind} ORDER BY ALL").to_arrow_table().to_pylist()
        return [{k: v.astimezone(UTC) if isinstance(v, datetime) else v for k, v in row.items()} for row in found]


def renamed(workbook: Workbook) -> Workbook:
    """The same maps under other labels."""
    return replace(
        workbook,
        journeys=tuple(
            replace(j, name=j.name + "!", stages=tuple(replace(s, name=s.name + "!") for s in j.stages))
            for j in workbook.journeys
        ),
    )
