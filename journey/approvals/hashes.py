"""What an approval covers, as two hashes (sheet.md): the content, and the audience it reaches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from journey.conditions import Compiled, compile_condition
from journey.conditions.disjoint import disjoint
from journey.fields import Names
from journey.model import AfterInStage, Campaign, JourneyMap, MessageVariant, OnEnter, Stage, Workbook, dump

_BLANK = Campaign("", "", True, OnEnter(), "")


def content_hash(campaign: Campaign, messages: Sequence[MessageVariant]) -> str:
    """The campaign row and its message rows as they are meant (not as they are typed or ordered).

    Goal, goal window, owner and Active are not in it: they change nothing that a customer gets.
    """
    return _content_hash(replace(campaign, goal=None, goal_window=_BLANK.goal_window, owner="", active=True), tuple(messages))


@lru_cache(maxsize=2_048)  # asked for at each look at where campaigns stand, of content that hardly ever changes
def _content_hash(row: Campaign, messages: tuple[MessageVariant, ...]) -> str:
    return _hash([dump(row), *sorted(dump(m) for m in messages)])


@dataclass(frozen=True)
class Used:
    """What an audience is made of, by name: journeys, stages (journey id, stage id), segments, and keys of fields."""

    journeys: frozenset[str] = frozenset()
    stages: frozenset[tuple[str, str]] = frozenset()
    segments: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()


class Audiences:
    """The audience hashes of one workbook. Keeps what it has compiled: campaigns share stages and segments.

    `channel_kinds` is the kind of each configured channel.
    """

    def __init__(self, workbook: Workbook, names: Names, channel_kinds: Mapping[str, str]) -> None:
        self._workbook = workbook
        self._names = names
        self._kinds = channel_kinds
        self._compiled: dict[tuple[str, str | None], Compiled] = {}

    def hash(self, campaign: Campaign) -> str:
        """Everything outside the campaign's own row that decides whom it reaches, and by what kind of channel.

        `campaign` may be an approved one that differs from the workbook's row of today. What is no longer there hashes as absent.
        """
        collected = self._collected(campaign)
        parts = {
            # Without their ids, so that a renamed stage or journey is the same audience.
            "journeys": sorted(json.dumps(part, ensure_ascii=False) for part in collected.parts()),
            "segments": collected.segments,
            "fields": collected.fields,
            "channels": {c: self._kinds.get(c) for c in campaign.channels},
        }
        return _hash([json.dumps(parts, ensure_ascii=False, sort_keys=True)])

    def used(self, campaign: Campaign) -> Used:
        """The names of all that the hash covers, so that a person can be told what of it changed."""
        collected = self._collected(campaign)
        stages = {(journey, stage) for journey, part in collected.journeys.items() for stage in part.get("stages", ())}
        return Used(
            frozenset(collected.journeys), frozenset(stages), frozenset(collected.segments), frozenset(collected.fields)
        )

    def _collected(self, campaign: Campaign) -> _Collected:
        collected = _Collected(self._names, self._compile)
        collected.condition(campaign.audience, campaign.journey)
        journey = next((j for j in self._workbook.journeys if j.id == campaign.journey), None)
        if campaign.journey is not None:
            collected.journey(campaign.journey, journey, _stages_of(campaign, journey))
        return collected

    def _compile(self, source: str, of: str | None) -> Compiled:
        key = (source, of)
        if key not in self._compiled:
            self._compiled[key] = compile_condition(source, self._names, of)
        return self._compiled[key]


def _stages_of(campaign: Campaign, journey: JourneyMap | None) -> Sequence[str]:
    # Without stages, an entry is one into any stage of the map; an audience is then whoever belongs to the journey.
    if campaign.stages or journey is None or not isinstance(campaign.trigger, (OnEnter, AfterInStage)):
        return campaign.stages
    return [s.id for s in journey.stages]


class _Collected:
    """Gathers definitions, each once, from a condition to all that it refers to."""

    def __init__(self, names: Names, compiled: Callable[[str, str | None], Compiled]) -> None:
        self._names = names
        self._compile = compiled
        self._seen: set[tuple[str, str | None]] = set()
        self.journeys: dict[str, dict[str, Any]] = {}
        self.segments: dict[str, str] = {}
        self.fields: dict[str, str] = {}

    def condition(self, source: str, of: str | None) -> Compiled:
        """Collects what a condition uses; `of` is the journey that it stands in."""
        compiled = self._compile(source, of)
        if (source, of) in self._seen:
            return compiled
        self._seen.add((source, of))
        for name in compiled.uses.segments:
            segment = self._names.segment(name)
            self.segments[segment.name if segment else name] = segment.condition if segment else ""
        for key in compiled.uses.fields:
            known = self._names.field(key)
            self.fields[key] = known.type if known else ""
        for journey_id in compiled.uses.journeys:
            other = next((j for j in self._names.journeys if j.id == journey_id), None)
            named = [stage for owner, stage in compiled.uses.stages if owner == journey_id]
            whole = not named or "days_in_stage" in compiled.uses.features  # how long on whichever stage: all of them matter
            self.journey(journey_id, other, [s.id for s in other.stages] if other and whole else named)
        return compiled

    def journey(self, journey_id: str, journey: JourneyMap | None, stages: Iterable[str]) -> None:
        if journey is None:
            self.journeys[journey_id] = {}
            return
        part = self.journeys.setdefault(journey_id, {"audience": journey.audience, "stages": {}})
        self.condition(journey.audience, journey_id)
        by_id = {s.id: s for s in journey.stages}
        for stage_id in stages:
            if stage_id in part["stages"]:
                continue
            part["stages"][stage_id] = None  # a condition that refers to its own map must not go round for ever
            if stage_id in by_id:
                part["stages"][stage_id] = self._stage(by_id[stage_id], journey, by_id)

    def parts(self) -> Iterable[Any]:
        """Each journey as its audience and the stages that matter, None where it is gone."""
        for part in self.journeys.values():
            stages = part.get("stages", {}).values()
            yield [part["audience"], sorted(json.dumps(s, ensure_ascii=False) for s in stages)] if part else None

    def _stage(self, stage: Stage, journey: JourneyMap, by_id: Mapping[str, Stage]) -> list[Any]:
        own = self.condition(stage.condition, journey.id)
        before = journey.check_order[: journey.check_order.index(stage.id)]
        winners = set()
        for other in (by_id[i] for i in before):
            if not disjoint(self._compile(other.condition, journey.id), own):
                self.condition(other.condition, journey.id)
                winners.add(other.condition)
        return [stage.condition, sorted(winners)]


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
