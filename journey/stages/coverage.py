"""Where a map does not say one thing: customers whom several of its stages fit, and those whom none fits. For `check`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Engine

from journey.model import FieldDef, JourneyMap, Workbook
from journey.stages.evaluated import evaluate_into
from journey.stages.maps import CompiledMap, compile_maps
from journey.store.engine import reading
from journey.texts import Text, text


@dataclass(frozen=True)
class Overlap:
    """So many customers fit exactly these stages (in the map's order, at least two) and stand on `winner`."""

    journey: JourneyMap
    stages: tuple[str, ...]
    winner: str
    customers: int

    def json(self) -> Mapping[str, object]:
        """As `check --json` lists it."""
        return {"journey": self.journey.id, "stages": list(self.stages), "customers": self.customers, "winner": self.winner}

    def said(self) -> Text:
        """412人が休眠と再購入の両方に合い、再購入になります。"""
        names = [self.journey.stage(s).name for s in self.stages]
        winner = self.journey.stage(self.winner).name
        if len(names) == 2:
            return text("stages.overlap_two", customers=self.customers, one=names[0], other=names[1], winner=winner)
        return text("stages.overlap_many", customers=self.customers, names=names, winner=winner)


@dataclass(frozen=True)
class Gap:
    """So many customers belong to the journey and fit none of its stages."""

    journey: JourneyMap
    customers: int

    def json(self) -> Mapping[str, object]:
        """As `check --json` lists it."""
        return {"journey": self.journey.id, "customers": self.customers}

    def said(self) -> Text:
        """31人はジャーニー「EC 通常」の対象ですが、どのステージにも合いません。"""
        return text("stages.gap", customers=self.customers, journey=self.journey.name)


@dataclass(frozen=True)
class Coverage:
    """Overlaps and gaps of all maps of a workbook."""

    overlaps: tuple[Overlap, ...]
    gaps: tuple[Gap, ...]


def coverage(
    engine: Engine,
    con: duckdb.DuckDBPyConnection,
    workbook: Workbook,
    now: datetime,
    custom: Sequence[FieldDef] = (),
) -> Coverage:
    """Overlaps and gaps of the maps of a candidate workbook over the facts of `con` (of `FactStore.open`) at `now`.

    `engine` is the state store's; `custom` are the attributes that files brought. Raises InputError where a condition
    cannot be read.
    """
    maps = compile_maps(workbook, custom)
    if not maps.wanted:
        return Coverage((), ())
    with reading(engine) as connection:
        evaluate_into(connection, con, con, maps.wanted, now, ZoneInfo(workbook.settings.time_zone))
    overlaps: list[Overlap] = []
    gaps: list[Gap] = []
    for compiled in maps.maps:
        for fitting, customers in _combinations(con, compiled):
            if not fitting:
                gaps.append(Gap(compiled.journey, customers))
            elif len(fitting) > 1:
                overlaps.append(Overlap(compiled.journey, _drawn(compiled.journey, fitting), fitting[0], customers))
    con.unregister("evaluated")
    return Coverage(tuple(overlaps), tuple(sorted(gaps, key=lambda g: g.journey.id)))


def _combinations(con: duckdb.DuckDBPyConnection, compiled: CompiledMap) -> list[tuple[tuple[str, ...], int]]:
    """Which stages (first the one that wins) fit together for how many members of the journey, the most first."""
    columns = [column for _, column in compiled.stages]
    fits = ", ".join(f"coalesce({c}, false)" for c in columns)
    rows = con.execute(
        f"SELECT [{fits}]::BOOLEAN[] AS fits, count(*) AS customers FROM evaluated WHERE {compiled.belongs} "
        "GROUP BY fits ORDER BY customers DESC, fits"
    ).fetchall()
    ids = [stage_id for stage_id, _ in compiled.stages]
    return [(tuple(i for i, fit in zip(ids, found, strict=True) if fit), customers) for found, customers in rows]


def _drawn(journey: JourneyMap, stages: Sequence[str]) -> tuple[str, ...]:
    """The stages in the order in which the map shows them."""
    return tuple(s.id for s in journey.stages if s.id in stages)
