"""The documents that programs read (`--json`, product.md), from what the use cases give back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from journey.clock import iso
from journey.problems import Problem
from journey.texts import Lang, Text

if TYPE_CHECKING:
    from journey.stages import StageRun
    from journey.versions import Listed
    from messaging.sender import SendReport
    from sheets_sync.check import ExampleResult
    from sheets_sync.sync import SyncResult

Document = dict[str, Any]


def problem(found: Problem, lang: Lang) -> Document:
    """A problem as programs read it."""
    return {"tab": found.tab, "cell": found.cell, "severity": found.severity, "text": found.said.say(lang)}


def sync_document(result: SyncResult, lang: Lang, zone: ZoneInfo) -> Document:
    """A sync as programs read it."""
    return {
        "version": result.version,
        "changed": result.changed,
        "changes": [c.plain() for c in result.changes] if result.changed else [],
        "problems": [problem(p, lang) for p in result.problems],
        "edited_by": people(result.edited_by),
        "edited_at": iso(result.edited_at, zone) if result.edited_at is not None else None,
    }


def version_document(version: Listed, in_force: bool, zone: ZoneInfo) -> Document:
    """A version in the list of all, as programs read it."""
    return {
        "version": version.id,
        "at": iso(version.applied_at, zone),
        "by": version.by or None,
        "edited_by": people(version.edited_by),
        "edited_at": iso(version.edited_at, zone) if version.edited_at is not None else None,
        "changes": version.changes,
        "restored": version.restored,
        "in_force": in_force,
    }


def people(names: Sequence[str]) -> str | None:
    """Several names as one text; None for nobody."""
    return ", ".join(names) or None


def placed_document(run: StageRun) -> Document:
    """A placing as programs read it."""
    return {
        "customers": run.customers,
        "moved": run.moved,
        "causes": dict(run.causes),
        "counts": {k: dict(v) for k, v in run.counts.items()},
    }


def sent_document(report: SendReport) -> Document:
    """What a sending did, as programs read it."""
    return {
        "accepted": report.accepted,
        "in_doubt": report.in_doubt,
        "failed": report.failed,
        "not_accepted": report.not_accepted,
        "skipped": dict(report.skipped),
        "deferred": dict(report.deferred),
        "held": dict(report.held),
    }


def example_document(result: ExampleResult, lang: Lang) -> Document:
    """What became of an example of the Tests tab, as programs read it."""
    return {
        "example": result.example,
        "expected": _said(result.expected, lang),
        "got": _said(result.got, lang),
        "passed": result.passed,
    }


def _said(value: Text | str, lang: Lang) -> str:
    return value if isinstance(value, str) else value.say(lang)
