"""What campaigns sent, what became of the rest, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, select

from journey.clock import iso
from journey.conditions import compile_condition
from journey.customers import mask
from journey.facts.orders import LINE, orders_that_count
from journey.fields import Names
from journey.ledger import counts, listed
from journey.model import Campaign, Goal, Workbook
from journey.stages.evaluated import evaluate_into
from journey.store.tables import deliveries

_REACHED = ("accepted", "delivered")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class CampaignNumbers:
    """Deliveries of a campaign by what became of them. `planned` wait for their time, `held` for a decision.

    Opens and clicks are not measured yet: None is not zero.
    """

    sent: int = 0
    skipped: int = 0
    planned: int = 0
    held: int = 0
    in_doubt: int = 0
    failed: int = 0
    cancelled: int = 0
    opened: int | None = None
    clicked: int | None = None


def campaign_numbers(connection: Connection) -> dict[str, CampaignNumbers]:
    """The numbers of each campaign that has a row in the ledger."""
    return {
        campaign: CampaignNumbers(
            sent=sum(by_state.get(state, 0) for state in (*_REACHED, "bounced")),
            skipped=by_state.get("skipped", 0),
            planned=sum(by_state.get(state, 0) for state in ("planned", "leased")),
            held=by_state.get("held", 0),
            in_doubt=sum(by_state.get(state, 0) for state in ("in_doubt", "handed_over")),
            failed=by_state.get("failed", 0),
            cancelled=by_state.get("cancelled", 0),
        )
        for campaign, by_state in counts(connection).items()
    }


def delivery_rows(
    connection: Connection,
    zone: ZoneInfo,
    *,
    campaign: str | None = None,
    state: str | None = None,
    customer: str | None = None,
    unmask: bool = False,
) -> list[dict[str, object]]:
    """`deliveries --json` (product.md), in the order of their due times; times in `zone`. An id that is an address is masked."""
    return [
        {
            "id": row.id,
            "campaign": row.campaign,
            "customer": row.customer if unmask else mask(row.customer),
            "step": row.step,
            "occurrence": row.occurrence,
            "message": row.message,
            "variant": row.variant,
            "channel": row.channel,
            "state": row.state,
            "reason": row.reason,
            "due_at": iso(row.due_at, zone),
            "sent_at": iso(row.sent_at, zone) if row.sent_at else None,
        }
        for row in listed(connection, campaign=campaign, state=state, customer=customer)
    ]


# One row a customer who did what the goal asks within the window after a delivery. `sent` holds customer_id and sent_at.
_BOUGHT = (
    f"WITH lines AS (SELECT {LINE} FROM purchases WHERE ordered_at <= $now AND customer_id IN (SELECT customer_id FROM sent)) "
    f"SELECT customer_id, ordered_at AS moment FROM ({orders_that_count('lines')})"
)
_DONE = 'SELECT customer_id, "at" AS moment FROM events WHERE event = $value AND "at" <= $now'
_ENTERED = """SELECT customer_id, cause_at AS moment FROM transitions
WHERE to_stage = $value AND journey_id = coalesce($journey, journey_id) AND cause NOT IN ('map', 'first') AND "at" <= $now"""
_WITHIN = """SELECT count(DISTINCT sent.customer_id) FROM sent JOIN ({done}) AS done USING (customer_id)
WHERE done.moment > sent.sent_at AND done.moment <= sent.sent_at + to_microseconds($window)"""

_FITS = """SELECT count(DISTINCT customer_id) FROM evaluated JOIN sent USING (customer_id)
WHERE fits AND sent_at > $since AND sent_at <= $now"""


def conversions(
    connection: Connection, con: duckdb.DuckDBPyConnection, workbook: Workbook, now: datetime, names: Names
) -> dict[str, int]:
    """By campaign with a goal: how many different customers reached it within its goal window after a delivery.

    `con` holds the facts (of `FactStore.open`), `names` are the workbook's with the custom attributes. An order, an event or an
    entry into a stage counts by when it (or what caused it) happened; a condition by whether it holds at `now`, for those who got
    the delivery within the window before. A campaign whose goal's condition cannot be read is left out.
    """
    found: dict[str, int] = {}
    for campaign in workbook.campaigns:
        goal = campaign.goal
        if goal is None:
            continue
        sent = _sent(connection, campaign.id)
        if not sent.num_rows:
            found[campaign.id] = 0
            continue
        con.register("sent", sent)
        if goal.kind == "condition":
            compiled = compile_condition(goal.value, names, campaign.journey)
            if compiled.ast is None:
                continue
            evaluate_into(connection, con, con, {"fits": compiled}, now, ZoneInfo(workbook.settings.time_zone))
            values: dict[str, object] = {"since": now - campaign.goal_window, "now": now}
            query = _FITS
        else:
            query, values = _happened(campaign, goal, now)
        [(customers,)] = con.execute(query, values).fetchall()
        found[campaign.id] = customers
    return found


def _sent(connection: Connection, campaign_id: str) -> pa.Table:
    rows: Sequence[tuple[str, datetime]] = [
        (row.customer_id, row.sent_at)
        for row in connection.execute(
            select(deliveries.c.customer_id, deliveries.c.sent_at).where(
                deliveries.c.campaign_id == campaign_id,
                deliveries.c.state.in_(_REACHED),
                deliveries.c.sent_at.is_not(None),
            )
        )
    ]
    schema = pa.schema([("customer_id", pa.string()), ("sent_at", pa.timestamp("us", tz="UTC"))])
    return pa.table({"customer_id": [c for c, _ in rows], "sent_at": [at for _, at in rows]}, schema=schema)


def _happened(campaign: Campaign, goal: Goal, now: datetime) -> tuple[str, dict[str, object]]:
    """The query that counts who reached a goal that is an order, an event or a stage; and its bound values."""
    values: dict[str, object] = {"now": now, "window": campaign.goal_window // _MICROSECOND}
    if goal.kind == "order":
        return _WITHIN.format(done=_BOUGHT), values
    if goal.kind == "event":
        return _WITHIN.format(done=_DONE), {**values, "value": goal.value}
    return _WITHIN.format(done=_ENTERED), {**values, "value": goal.value, "journey": campaign.journey}
