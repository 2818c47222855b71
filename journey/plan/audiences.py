"""Whom a campaign means, as SQL over one evaluation of all conditions asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection

from journey.audience import evaluate
from journey.conditions import Compiled, compile_condition
from journey.fields import Names
from journey.ledger import received
from journey.model import Campaign
from journey.texts import Text


@dataclass(frozen=True)
class Conditions:
    """The audience conditions of some campaigns, compiled; `unreadable` are those that no longer can be (a field that vanished)."""

    columns: Mapping[str, str]
    """Campaign id to its column in `evaluated`; a campaign without a condition has none."""
    wanted: Mapping[str, Compiled]
    unreadable: Mapping[str, Text]

    def holds(self, campaign_id: str) -> str:
        """The SQL condition over `evaluated` for one campaign."""
        return f"coalesce(evaluated.{self.columns[campaign_id]}, false)" if campaign_id in self.columns else "true"


def compile_audiences(campaigns: Collection[Campaign], names: Names) -> Conditions:
    """The conditions of the campaigns' Audience cells. Column names are made here, never from what people typed."""
    columns: dict[str, str] = {}
    wanted: dict[str, Compiled] = {}
    unreadable: dict[str, Text] = {}
    for number, campaign in enumerate(campaigns):
        if not campaign.audience.strip():
            continue
        compiled = compile_condition(campaign.audience, names, campaign.journey)
        errors = [p for p in compiled.problems if p.severity == "error"]
        if errors:
            unreadable[campaign.id] = errors[0].said
            continue
        columns[campaign.id] = f"c{number}"
        wanted[f"c{number}"] = compiled
    return Conditions(columns, wanted, unreadable)


def show_received(
    connection: Connection, con: duckdb.DuckDBPyConnection, conditions: Conditions, only: Sequence[str] | None = None
) -> None:
    """Puts what customers (`only` these, or all) received of the messages that the conditions name beside the facts of `con`."""
    messages = {message for compiled in conditions.wanted.values() for message in compiled.uses.messages}
    if messages:
        con.register("received", received(connection, messages, only))


def evaluate_into(
    con: duckdb.DuckDBPyConnection, conditions: Conditions, at: datetime, zone: ZoneInfo, only: Sequence[str] | None = None
) -> None:
    """Makes `evaluated`: one row a customer (of `only`, or all) with a BOOLEAN a condition. One pass whatever their number.

    A condition on what was received needs `show_received` before.
    """
    con.register("evaluated", evaluate(con, conditions.wanted, at, zone, only=only))


def members(campaign: Campaign, conditions: Conditions) -> tuple[str, list[object]]:
    """A SELECT of the ids of those who are meant now: on the campaign's stages (or of its journey, or everyone) and fitting
    its condition; and its bound values. Needs `evaluated`."""
    holds = conditions.holds(campaign.id)
    if campaign.journey is None:
        return f"SELECT evaluated.customer_id FROM evaluated WHERE {holds}", []
    standing, values = on_stages(campaign, "placements.stage_id")
    return (
        "SELECT evaluated.customer_id FROM evaluated JOIN placements USING (customer_id) "
        f"WHERE placements.journey_id = ? AND {standing} AND {holds}",
        [campaign.journey, *values],
    )


def on_stages(campaign: Campaign, column: str, *, any_stage: bool = False) -> tuple[str, list[object]]:
    """The SQL condition that a stage column is one of the campaign's. Without stages: anything, or (`any_stage`) any stage."""
    if not campaign.stages:
        return (f"{column} IS NOT NULL" if any_stage else "true"), []
    return f"list_contains(?::VARCHAR[], {column})", [list(campaign.stages)]


def sizes(
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    campaigns: Collection[Campaign],
    names: Names,
    at: datetime,
    zone: ZoneInfo,
) -> dict[str, int]:
    """How many customers each campaign means at `at`, in one pass; one whose condition cannot be read is left out."""
    conditions = compile_audiences(campaigns, names)
    readable = [c for c in campaigns if c.id not in conditions.unreadable]
    show_received(connection, con, conditions)
    evaluate_into(con, conditions, at, zone)
    found = {}
    for campaign in readable:
        query, values = members(campaign, conditions)
        [(found[campaign.id],)] = con.execute(f"SELECT count(*) FROM ({query})", values).fetchall()
    return found
