"""How many a campaign would reach, as a person is shown it before saying yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Connection, select

from journey.facts.views import quoted
from journey.fields import ADDRESS_FIELD, Names
from journey.model import AfterInStage, Campaign, OnEnter, Settings
from journey.plan.audiences import compile_audiences, evaluate_into, members, on_stages, show_received
from journey.store.tables import consents

LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True)
class Audience:
    """Whom a campaign would reach.

    `size`: customers who stand where it asks and fit its condition now. `a_day`: how many entries a day to expect (the busiest
    of the last 30 days), None for what recurs or happens once. `channels`: of `size`, how many each channel would serve first
    in the campaign's order; `skips`: how many none would serve, by the gate's reason.
    """

    size: int
    a_day: int | None = None
    include_existing: bool = False
    channels: Mapping[str, int] = field(default_factory=dict)
    skips: Mapping[str, int] = field(default_factory=dict)

    @property
    def existing(self) -> int | None:
        """Those who stand there already and would get it, where the campaign includes them; shown apart."""
        return self.size if self.include_existing and self.a_day is not None else None

    @property
    def foreseen(self) -> int:
        """The number that an approval records, a local day: what `bulk_limit` and `audience_drift` compare with."""
        return self.size if self.a_day is None else self.a_day + (self.existing or 0)


def estimate(
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    names: Names,
    campaign: Campaign,
    settings: Settings,
    now: datetime,
) -> Audience:
    """The audience of a campaign over the facts of `con` at `now`. Reads only.

    Consent counts for promotional campaigns. Bounced and erased addresses are not looked up: the gate does that. A condition
    that cannot be read reaches nobody.
    """
    zone = ZoneInfo(settings.time_zone)
    conditions = compile_audiences([campaign], names)
    if conditions.unreadable:
        return Audience(0)
    show_received(connection, con, conditions)
    evaluate_into(con, conditions, now, zone)
    query, values = members(campaign, conditions)
    con.execute(f"CREATE OR REPLACE TEMP TABLE meant AS {query}", values)
    [(size,)] = con.execute("SELECT count(*) FROM meant").fetchall()
    channels, skips = _served(connection, con, campaign)
    a_day = _entries_a_day(con, campaign, now, zone) if isinstance(campaign.trigger, (OnEnter, AfterInStage)) else None
    return Audience(size, a_day, campaign.include_existing, channels, skips)


def _entries_a_day(con: duckdb.DuckDBPyConnection, campaign: Campaign, now: datetime, zone: ZoneInfo) -> int:
    """The busiest local day of the last 30: a quiet average would hold every pay-day.

    First placements and redrawn maps are no entries. The campaign's condition is left aside: it held or not at that time.
    """
    if campaign.journey is None:
        return 0
    stage, values = on_stages(campaign, "to_stage", any_stage=True)
    [(busiest,)] = con.execute(
        f"""
        SELECT coalesce(max(entries), 0) FROM (
            SELECT count(*) AS entries FROM transitions AS t
            WHERE journey_id = ? AND {stage} AND cause IN ('data', 'time', 'hand') AND t.at > ? AND t.at <= ?
            GROUP BY CAST(timezone(?, t.at) AS DATE)
        )
        """,
        [campaign.journey, *values, now - LOOK_BACK, now, zone.key],
    ).fetchall()
    return int(busiest)


def _served(
    connection: Connection, con: duckdb.DuckDBPyConnection, campaign: Campaign
) -> tuple[dict[str, int], dict[str, int]]:
    """How many each channel would serve, and why none would serve the rest."""
    con.execute("CREATE OR REPLACE TEMP TABLE allowed (customer_id VARCHAR, channel VARCHAR)")
    addresses = []
    for channel in campaign.channels:
        addresses.append(f"nullif(trim(customers.{quoted(ADDRESS_FIELD.get(channel, 'email'))}), '') IS NOT NULL")
    promotional = campaign.kind == "promotional"
    if promotional:
        query = select(consents.c.customer_id, consents.c.channel).where(
            consents.c.channel.in_(campaign.channels), consents.c.granted
        )
        yes = connection.execute(query).fetchall()
        if yes:
            con.execute(
                "INSERT INTO allowed SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
                [[r[0] for r in yes], [r[1] for r in yes]],
            )
    whens, values = [], []
    for number, address in enumerate(addresses):
        consent = "true"
        if promotional:
            consent = "EXISTS (SELECT 1 FROM allowed WHERE allowed.customer_id = meant.customer_id AND allowed.channel = ?)"
            values.append(campaign.channels[number])
        whens.append(f"WHEN {address} AND {consent} THEN {number}")
    rows = con.execute(
        f"""
        SELECT CASE {" ".join(whens)} WHEN {" OR ".join(addresses)} THEN -2 ELSE -1 END AS served, count(*)
        FROM meant JOIN customers USING (customer_id) GROUP BY served ORDER BY served
        """,
        values,
    ).fetchall()
    reasons = {-2: "no_consent", -1: "no_address"}
    return (
        {campaign.channels[n]: count for n, count in rows if n >= 0},
        {reasons[n]: count for n, count in rows if n < 0},
    )
