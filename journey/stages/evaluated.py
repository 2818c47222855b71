"""The conditions of all maps for all customers, as the table `evaluated` of a connection."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection

from journey.audience import evaluate
from journey.conditions import Compiled
from journey.ledger import received


def evaluate_into(
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    source: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, Compiled],
    at: datetime,
    zone: ZoneInfo,
) -> None:
    """Makes `evaluated` in `con`: `customer_id` and a BOOLEAN column a key of `wanted`, over the facts of `source` as of `at`.

    `connection` is the state store's: what customers received is in the ledger.
    """
    messages = sorted({message for compiled in wanted.values() for message in compiled.uses.messages})
    if messages:
        source.register("received", received(connection, messages))
    con.register("evaluated", evaluate(source, wanted, at, zone))
