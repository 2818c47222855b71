"""The Tests tab tried out: where each example customer would stand and which campaigns it would get."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from journey.audience import ExampleProblem, on_examples
from journey.conditions import Compiled, compile_condition
from journey.fields import Names
from journey.model import Campaign, Example, JourneyMap, Workbook
from journey.texts import Text, text


@dataclass(frozen=True)
class ExampleResult:
    """What an example of the Tests tab was to get and what it got, each as it is shown (`ec/first; C01, C02`).

    `column` is the key, or the typed header, of the column that a failure belongs to; `problem` says why the example could not
    be tried at all.
    """

    example: str
    expected: str
    got: str
    passed: bool
    column: str = "example"
    problem: Text | None = None

    def plain(self) -> dict[str, object]:
        """As programs read it (product.md)."""
        return {"example": self.example, "expected": self.expected, "got": self.got, "passed": self.passed}


def tests_at(now: datetime) -> Callable[[Workbook, Names], tuple[ExampleResult, ...]]:
    """`run_examples` at a moment, as `CheckContext.run_tests` wants it."""
    return lambda workbook, names: run_examples(workbook, names, now)


def run_examples(workbook: Workbook, names: Names, now: datetime) -> tuple[ExampleResult, ...]:
    """Every example against the maps and campaigns, in the tab's order. The workbook's conditions must be free of errors.

    A campaign is one that the example gets when the example stands on its stage (belongs to its journey, where it names no
    stage) and its audience holds, whether it is switched on or not: an × must never keep a workbook from being applied. More
    campaigns than expected are fine (a new campaign breaks no example), except where none at all is expected.
    """
    zone = ZoneInfo(workbook.settings.time_zone)
    asked = on_examples(None, _wanted(workbook, names), [e.given for e in workbook.examples], names, now, zone)
    results = []
    for number, (example, met) in enumerate(zip(workbook.examples, asked.met, strict=True)):
        unreadable = next((p for p in asked.problems if _about(p, number, example)), None)
        results.append(_result(workbook, example, met, unreadable))
    return tuple(results)


def _wanted(workbook: Workbook, names: Names) -> dict[str, Compiled]:
    wanted = {}
    for journey in workbook.journeys:
        wanted[f"journey {journey.id}"] = compile_condition(journey.audience, names, journey.id)
        for stage in journey.stages:
            wanted[f"stage {journey.id}/{stage.id}"] = compile_condition(stage.condition, names, journey.id)
    for campaign in workbook.campaigns:
        wanted[f"campaign {campaign.id}"] = compile_condition(campaign.audience, names, campaign.journey)
    return wanted


def _about(problem: ExampleProblem, number: int, example: Example) -> bool:
    return problem.example == number or (problem.example is None and problem.header in example.given)


def _result(workbook: Workbook, example: Example, met: Mapping[str, bool], unreadable: ExampleProblem | None) -> ExampleResult:
    standing = {journey.id: _stage(journey, met) for journey in workbook.journeys}
    placed = [f"{journey}/{stage}" for journey, stage in standing.items() if stage]
    gets = [c.id for c in workbook.campaigns if met[f"campaign {c.id}"] and _stands(c, standing, met)]
    stage_fits = example.stage is None or (example.stage in placed if example.stage else not placed)
    campaigns_fit = _campaigns_fit(example.campaigns, gets)
    shown_stages = placed if example.stage is not None else None
    expected_stage = None if example.stage is None else [example.stage] if example.stage else []
    return ExampleResult(
        example.name,
        _shown(expected_stage, example.campaigns),
        _shown(shown_stages, gets if example.campaigns is not None else None),
        stage_fits and campaigns_fit and unreadable is None,
        unreadable.header
        if unreadable
        else "example"
        if stage_fits and campaigns_fit
        else "stage"
        if not stage_fits
        else "campaigns",
        text("workbook.example_unreadable", header=unreadable.header, said=unreadable.said) if unreadable else None,
    )


def _campaigns_fit(expected: Sequence[str] | None, gets: Sequence[str]) -> bool:
    if not expected:
        return expected is None or not gets
    return set(expected) <= set(gets)


def _stage(journey: JourneyMap, met: Mapping[str, bool]) -> str | None:
    if not met[f"journey {journey.id}"]:
        return None
    return next((stage for stage in journey.check_order if met[f"stage {journey.id}/{stage}"]), None)


def _stands(campaign: Campaign, standing: Mapping[str, str | None], met: Mapping[str, bool]) -> bool:
    if campaign.journey is None:
        return True
    if not met[f"journey {campaign.journey}"]:
        return False
    return not campaign.stages or standing[campaign.journey] in campaign.stages


def _shown(stages: Sequence[str] | None, campaigns: Sequence[str] | None) -> str:
    """`ec/first; C01, C02`: what was looked at, `-` where that is nothing."""
    return "; ".join(", ".join(part) or "-" for part in (stages, campaigns) if part is not None)
