"""An order that counts is the same thing for conditions, for templates and for goals, whatever the lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from condition_worlds import IDS, NAMES, NOW, database, numbered, purchases
from hypothesis import given, settings
from hypothesis import strategies as st

from journey import features
from journey.conditions import compile_condition
from journey.conditions.plain import World
from journey.reports.campaigns import _BOUGHT
from messaging.looking import _last_orders

TOKYO = ZoneInfo("Asia/Tokyo")
(ORDERS,) = compile_condition("orders >= 1", NAMES).features
(LAST,) = compile_condition("last_order_at >= 2020-01-01", NAMES).features


def expected(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The times of the orders that count, by customer: docs/architecture.md, "An order", in plain Python."""
    orders: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for number, line in enumerate(lines):
        if line["customer_id"] is not None and line["ordered_at"] <= NOW:
            orders[line["customer_id"], line["order_id"] or number].append(line)
    found: dict[str, list[Any]] = defaultdict(list)
    for (customer, _), own in orders.items():
        back = [line["amount"] < 0 or (line["quantity"] or 0) < 0 for line in own]
        nothing_left = sum(line["amount"] for line in own) <= 0 and sum(line["quantity"] or 0 for line in own) <= 0
        if not all(back) and not (any(back) and nothing_left):
            found[customer].append(min(line["ordered_at"] for line in own))
    return found


@settings(max_examples=30)
@given(lines=st.lists(purchases, max_size=14), known=st.booleans(), alone=st.booleans())
def test_all_who_ask_for_orders_mean_the_same(lines: list[dict[str, Any]], known: bool, alone: bool) -> None:
    lines = numbered(lines, known)
    wanted = expected(lines)
    world = World(customers=[{"customer_id": c} for c in IDS], purchases=lines)
    with database(world) as con:
        asked = features.select([ORDERS, LAST], NOW, TOKYO, alone=alone)
        by_condition = {
            row["customer_id"]: row for row in con.sql(asked.text, params=asked.params).to_arrow_table().to_pylist()
        }
        by_template = _last_orders(con, IDS, NOW)
        con.register("sent", pa.table({"customer_id": list(IDS)}))
        by_goal = defaultdict(list)
        for row in con.sql(_BOUGHT, params={"now": NOW}).to_arrow_table().to_pylist():
            by_goal[row["customer_id"]].append(row["moment"])
    for customer in IDS:
        times = sorted(wanted[customer])
        condition = by_condition[customer]
        assert (condition[ORDERS.column], condition[LAST.column]) == (len(times), times[-1] if times else None)
        assert sorted(by_goal[customer]) == times
        last = by_template.get(customer)
        assert (last is None) == (not times)
        if last is not None:
            assert (last["count"], last["date"]) == (len(times), times[-1])


def test_rows_without_an_order_id_are_orders_of_their_own_even_at_one_moment() -> None:
    line = {"customer_id": "c1", "order_id": None, "ordered_at": NOW - timedelta(days=1), "amount": 500.0, "line": 1}
    world = World(purchases=[{**line, "product": "A"}, {**line, "product": "B"}, {**line, "product": "B", "amount": -500.0}])
    with database(world) as con:
        last = _last_orders(con, ["c1"], NOW)["c1"]
    assert (last["count"], last["amount"], len(last["products"])) == (2, 500.0, 1)
