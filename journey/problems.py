"""A problem is always named by its place, says what is wrong and what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from journey.texts import Text

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One problem of the workbook.

    `tab` is the tab's title as the person typed it, `cell` its address (`F7`), or both empty for the workbook as a whole.
    An `error` blocks the whole version; a `warning` does not.
    """

    tab: str
    cell: str
    severity: Severity
    said: Text

    @property
    def place(self) -> str:
        """`施策!F7`, or the tab alone, or nothing."""
        return f"{self.tab}!{self.cell}" if self.cell else self.tab


def blocking(problems: list[Problem]) -> list[Problem]:
    """Those that keep a version from being applied."""
    return [p for p in problems if p.severity == "error"]
