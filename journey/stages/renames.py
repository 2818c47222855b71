"""Ids of journeys and stages that a person renamed since the last run: whoever stood on the old one stands on the new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import duckdb

from journey.versions import Renames


def renamed_in_force(in_force: Mapping[str, datetime], renames: Sequence[Renames]) -> dict[str, datetime]:
    """Since when each journey is in force, under the names of now."""
    found = dict(in_force)
    for one in renames:
        found = {one.journeys.get(journey_id, journey_id): since for journey_id, since in found.items()}
    return found


def rename(con: duckdb.DuckDBPyConnection, renames: Sequence[Renames]) -> None:
    """Puts tables in the place of the views `placements` and `transitions` of `con`, with the ids of now."""
    for view, columns in (("placements", ("stage_id",)), ("transitions", ("from_stage", "to_stage"))):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {view}_0 AS SELECT * FROM {view}")
        for number, one in enumerate(renames, 1):
            _rename_once(con, f"{view}_{number - 1}", f"{view}_{number}", columns, one)
        con.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT * FROM {view}_{len(renames)}")


def _rename_once(con: duckdb.DuckDBPyConnection, old: str, new: str, columns: Sequence[str], renames: Renames) -> None:
    # All at once, so that two stages may swap their ids.
    con.execute(
        "CREATE OR REPLACE TEMP TABLE other_journey AS SELECT unnest(?::VARCHAR[]) AS was, unnest(?::VARCHAR[]) AS now",
        [list(renames.journeys), list(renames.journeys.values())],
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE other_stage AS "
        "SELECT unnest(?::VARCHAR[]) AS journey_id, unnest(?::VARCHAR[]) AS was, unnest(?::VARCHAR[]) AS now",
        [[j for j, _ in renames.stages], [s for _, s in renames.stages], [s for _, s in renames.stages.values()]],
    )
    stages = ", ".join(f"coalesce({c}_now.now, row.{c}) AS {c}" for c in columns)
    joins = " ".join(
        f"LEFT JOIN other_stage AS {c}_now ON {c}_now.journey_id = row.journey_id AND {c}_now.was = row.{c}" for c in columns
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {new} AS "
        f"SELECT row.* REPLACE (coalesce(journey.now, row.journey_id) AS journey_id, {stages}) "
        f"FROM {old} AS row LEFT JOIN other_journey AS journey ON journey.was = row.journey_id {joins}"
    )
