"""What the maps of a workbook ask of the facts, and how the answers become one stage a customer and journey."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from journey.conditions import Compiled, compile_condition
from journey.errors import InputError
from journey.fields import Names
from journey.model import FieldDef, JourneyMap, Workbook, dump
from journey.texts import text


@dataclass(frozen=True)
class CompiledMap:
    """A journey with the columns (of the evaluated conditions) that decide about it.

    `audience` is the column of "belongs to the journey", None where everyone does; `stages` pairs each stage's id with its
    column, the first that holds winning. Column names are made here, never from what people typed.
    """

    journey: JourneyMap
    audience: str | None
    stages: tuple[tuple[str, str], ...]

    @property
    def belongs(self) -> str:
        """The SQL condition over the evaluated columns that a customer belongs to the journey."""
        return self.audience or "true"

    def stage(self) -> tuple[str, list[str]]:
        """The SQL expression over the evaluated columns for the stage's id (NULL: on none), and its bound values."""
        if not self.stages:
            return "CAST(NULL AS VARCHAR)", []
        whens = " ".join(f"WHEN {column} THEN ?" for _, column in self.stages)
        return f"CASE {whens} END", [stage_id for stage_id, _ in self.stages]


@dataclass(frozen=True)
class CompiledMaps:
    """All maps of a workbook; `wanted` is what to evaluate in one pass, by column."""

    maps: tuple[CompiledMap, ...]
    wanted: Mapping[str, Compiled]


def compile_maps(workbook: Workbook, custom: Sequence[FieldDef] = ()) -> CompiledMaps:
    """The maps of a workbook, compiled. `custom` are the attributes that files brought.

    Raises InputError where a condition cannot be read any more (a version is checked when it is applied, so this takes a
    field or a segment that vanished since).
    """
    names = Names.of(workbook, custom)
    wanted: dict[str, Compiled] = {}

    def column(name: str, source: str, journey: JourneyMap, place: str) -> str:
        compiled = compile_condition(source, names, journey.id)
        errors = [p for p in compiled.problems if p.severity == "error"]
        if errors:
            raise InputError(text("stages.unreadable", journey=journey.name, place=place, why=errors[0].said))
        wanted[name] = compiled
        return name

    maps: list[CompiledMap] = []
    for number, journey in enumerate(workbook.journeys):
        audience = column(f"j{number}", journey.audience, journey, journey.name) if journey.audience.strip() else None
        stages = []
        for place, stage_id in enumerate(journey.check_order):
            stage = journey.stage(stage_id)
            stages.append((stage_id, column(f"j{number}_s{place}", stage.condition, journey, stage.name)))
        maps.append(CompiledMap(journey, audience, tuple(stages)))
    return CompiledMaps(tuple(maps), wanted)


def map_hash(workbook: Workbook) -> str:
    """Names the meaning of all maps: the same text as long as the same customers stand on the same stages.

    Labels, goals, aspects and personas are not in it: renaming a stage moves nobody.
    """
    settings = workbook.settings
    parts = {
        "journeys": [
            [j.id, j.audience, [[s, j.stage(s).condition] for s in j.check_order]]
            for j in sorted(workbook.journeys, key=lambda j: j.id)
        ],
        "segments": sorted([s.name, s.condition] for s in workbook.segments),
        "fields": sorted(dump(replace(f, personal=False)) for f in workbook.fields),
        "settings": [settings.time_zone, settings.rank_source],
    }
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
