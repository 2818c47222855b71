"""The columns of each kind of facts, as they stand in the segments and in the views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from journey.fields import STANDARD

Kind = Literal["customers", "purchases", "events", "products", "placements", "transitions"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_BY_TYPE = {"text": "VARCHAR", "number": "DOUBLE", "date": "DATE", "yes_no": "BOOLEAN"}


def sql_type(key: str, field_type: str) -> str:
    """The DuckDB type of a customer attribute. `joined_at` is a moment although people call it a date."""
    return "TIMESTAMPTZ" if key == "joined_at" else _BY_TYPE[field_type]


# Beside the attributes of `journey.fields`: when `points` was true, when the customer was first heard of, and last changed.
CUSTOMERS: Mapping[str, str] = {
    **{f.key: sql_type(f.key, f.type) for f in STANDARD},
    "points_at": "TIMESTAMPTZ",
    "first_seen_at": "TIMESTAMPTZ",
    "changed_at": "TIMESTAMPTZ",
}

COLUMNS: Mapping[Kind, Mapping[str, str]] = {
    "customers": CUSTOMERS,
    "purchases": {
        "customer_id": "VARCHAR",  # NULL: a guest
        "order_id": "VARCHAR",  # NULL: none given
        "line": "INTEGER",
        "ordered_at": "TIMESTAMPTZ",
        "amount": "DOUBLE",
        "quantity": "DOUBLE",
        "product": "VARCHAR",
        "category": "VARCHAR",
        "place": "VARCHAR",
        "coupon": "VARCHAR",
        "points_used": "DOUBLE",
        "points_earned": "DOUBLE",
        "imported_at": "TIMESTAMPTZ",
    },
    "events": {
        "customer_id": "VARCHAR",
        "event": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "message_id": "VARCHAR",
        "properties": "VARCHAR",  # a JSON object
        "imported_at": "TIMESTAMPTZ",
    },
    "products": {
        "product": "VARCHAR",
        "name": "VARCHAR",
        "category": "VARCHAR",
        "price": "DOUBLE",
        "url": "VARCHAR",
        "image": "VARCHAR",
        "related": "VARCHAR",
        "upgrade": "VARCHAR",
        "care": "VARCHAR",
    },
    "placements": {
        "journey_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "stage_id": "VARCHAR",  # NULL: belongs to the journey, but stands on no stage
        "since": "TIMESTAMPTZ",
        "entry": "INTEGER",
        "cause": "VARCHAR",
    },
    "transitions": {
        "journey_id": "VARCHAR",
        "customer_id": "VARCHAR",
        "from_stage": "VARCHAR",
        "to_stage": "VARCHAR",
        "at": "TIMESTAMPTZ",
        "cause": "VARCHAR",
        "cause_at": "TIMESTAMPTZ",
        "cause_fact": "VARCHAR",
        "entry": "INTEGER",
    },
}

SORTED_BY: Mapping[Kind, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "purchases": ("customer_id", "ordered_at"),
    "events": ("customer_id", "at"),
    "products": ("product",),
    "placements": ("customer_id",),
    "transitions": ("customer_id", "at"),
}
"""The order of rows inside a segment: what is read together lies together."""
