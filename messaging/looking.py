"""One look at the facts for many deliveries: who still stands there, for whom the condition holds, what a message needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from journey import ledger
from journey.audience import evaluate
from journey.facts import FactStore
from journey.facts.orders import LINE, orders_with_contents
from journey.ledger import Delivery
from journey.model import AfterInStage, Campaign, MessageVariant, OnEnter
from journey.plan.audiences import Conditions, compile_audiences
from journey.store.engine import reading
from messaging.making import MessageMaker
from messaging.outgoing import AddressBook
from messaging.ports import InForce, Seen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALWAYS = ("language", "time_zone")

Places = Mapping[tuple[str, str], tuple[str | None, int]]
"""(journey, customer) to stage and number of the entry into it."""


@dataclass(frozen=True)
class Wanted:
    """One customer in the eyes of one campaign; `occurrence` is the ledger's, None outside of it (a preview)."""

    customer_id: str
    campaign_id: str
    occurrence: str | None = None


@dataclass(frozen=True)
class FactsLook:
    """Looks at customers as the newest facts have them (the `Look` of `messaging.ports`)."""

    facts: FactStore
    maker: MessageMaker
    addresses: AddressBook

    def __call__(self, rows: Sequence[Delivery], in_force: InForce, now: datetime) -> Mapping[int, Seen]:
        """By delivery id; unknown customers are left out."""
        live = {row.campaign_id: in_force.standings[row.campaign_id].live for row in rows}
        meant = {key: content for key, content in live.items() if content is not None}
        wanted = [Wanted(row.customer_id, row.campaign_id, row.occurrence) for row in rows]
        found = self.look(wanted, meant, in_force, now)
        return {row.id: found[w] for row, w in zip(rows, wanted, strict=True) if w in found}

    def look(
        self,
        wanted: Sequence[Wanted],
        content: Mapping[str, tuple[Campaign, tuple[MessageVariant, ...]]],
        in_force: InForce,
        now: datetime,
    ) -> dict[Wanted, Seen]:
        """The same for any customers and campaigns, whether a delivery of them exists or not. `content` by campaign id."""
        campaigns = {key: campaign for key, (campaign, _) in content.items()}
        conditions = compile_audiences(list(campaigns.values()), in_force.names)
        needs = self.maker.needs((v for _, variants in content.values() for v in variants), in_force.names)
        channels = {c for campaign in campaigns.values() for c in campaign.channels}
        columns = sorted({*needs.attributes, *_ALWAYS, *(self.addresses.field(c) for c in channels)} - {"customer_id"})
        ids = sorted({w.customer_id for w in wanted})
        with closing(self.facts.open(fields=in_force.workbook.fields)) as con:
            self._register_received(con, conditions, ids)
            table = evaluate(con, conditions.wanted, now, in_force.zone, only=ids, columns=columns)
            people = {row["customer_id"]: row for row in table.to_pylist()}
            places = _places(con, ids)
            orders = _last_orders(con, ids, now) if needs.order else {}
        found: dict[Wanted, Seen] = {}
        for one in wanted:
            person = people.get(one.customer_id)
            if person is None:
                continue
            campaign = campaigns[one.campaign_id]
            column = conditions.columns.get(one.campaign_id)
            stands, where = _stands(campaign, one, places)
            found[one] = Seen(
                on_stage=stands,
                condition=bool(person[column]) if column else one.campaign_id not in conditions.unreadable,
                attributes={"customer_id": one.customer_id, **{name: person[name] for name in columns}},
                values={**where, **({"audience": campaign.audience} if campaign.audience else {})},
                last_order=orders.get(one.customer_id),
            )
        return found

    def _register_received(self, con: duckdb.DuckDBPyConnection, conditions: Conditions, ids: Sequence[str]) -> None:
        messages = {m for compiled in conditions.wanted.values() for m in compiled.uses.messages}
        with reading(self.facts.engine) as connection:
            con.register("received", ledger.received(connection, messages, ids))


def _stands(campaign: Campaign, one: Wanted, places: Places) -> tuple[bool, dict[str, Any]]:
    """Whether the customer stands where the campaign asks, and where they stand."""
    if campaign.journey is None:
        return True, {}
    place = places.get((campaign.journey, one.customer_id))
    if place is None:
        return False, {"journey": campaign.journey, "stage": None}
    stage, entry = place
    where = {"journey": campaign.journey, "stage": stage}
    by_entry = isinstance(campaign.trigger, (OnEnter, AfterInStage))
    if campaign.stages:
        stands = stage in campaign.stages
    else:
        stands = stage is not None or not by_entry
    # Where each entry gets its own message, one that has ended meanwhile gets none: the next has its own delivery.
    if stands and by_entry and campaign.reentry is None and one.occurrence is not None:
        stands = one.occurrence.rpartition("/")[2] == str(entry)
    return stands, where


def _places(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Places:
    rows = con.execute(
        "SELECT journey_id, customer_id, stage_id, entry FROM placements WHERE customer_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(ids)],
    ).fetchall()
    return {(journey, customer): (stage, entry) for journey, customer, stage, entry in rows}


def _last_orders(con: duckdb.DuckDBPyConnection, ids: Sequence[str], now: datetime) -> dict[str, dict[str, Any]]:
    """Each customer's newest order by the keys of `messaging.context.ORDER`; an order wholly given back is none."""
    rows = con.execute(
        f"""
        WITH lines AS (
            SELECT {LINE}, line, product FROM purchases
            WHERE customer_id IN (SELECT unnest(?::VARCHAR[])) AND ordered_at <= to_timestamp(?)
        )
        SELECT customer_id, epoch_us(ordered_at), amount, products, count(*) OVER (PARTITION BY customer_id)
        FROM ({orders_with_contents("lines")})
        QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, order_id DESC, amount, products) = 1
        """,
        [list(ids), now.timestamp()],
    ).fetchall()
    codes = sorted({product for row in rows for product in row[3] or ()})
    named = con.execute(
        "SELECT product, name FROM products WHERE name IS NOT NULL AND product IN (SELECT unnest(?::VARCHAR[]))", [codes]
    ).fetchall()
    names = dict(named)
    found = {}
    for customer, micros, amount, products, count in rows:
        shown = [names.get(product, product) for product in products or ()]
        found[customer] = {
            "date": _EPOCH + timedelta(microseconds=micros),
            "amount": amount,
            "product": shown[0] if shown else None,
            "products": shown,
            "count": count,
        }
    return found
