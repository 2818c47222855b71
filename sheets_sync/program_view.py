"""What the program shows in the workbook: plain values of one moment, filled by who knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from journey.problems import Problem


@dataclass(frozen=True)
class CampaignView:
    """A campaign's own columns. `state` and `approval` are the words of sheet.md; a count that is not known is None."""

    state: str
    approval: str
    audience: int | None = None
    sent: int | None = None
    opened: int | None = None
    clicked: int | None = None
    converted: int | None = None
    lift: str = ""


@dataclass(frozen=True)
class StageView:
    """How many customers stand on a stage, and its campaigns (id, state)."""

    customers: int | None = None
    campaigns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class LogRow:
    """Who did what, when."""

    at: datetime
    who: str
    action: str
    subject: str
    detail: str = ""


@dataclass(frozen=True)
class ProgramView:
    """Everything that is written back, as of `at` (shown in `zone`)."""

    at: datetime
    zone: ZoneInfo
    version: int | None = None
    campaigns: Mapping[str, CampaignView] = field(default_factory=dict)
    stages: Mapping[tuple[str, str], StageView] = field(default_factory=dict)
    """By (journey id, stage id)."""
    unassigned: Mapping[str, int] = field(default_factory=dict)
    """By journey id: customers of the journey who stand on no stage."""
    problems: tuple[Problem, ...] = ()
    log: tuple[LogRow, ...] = ()
