"""Collects the problems of one tab while it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from journey.problems import Problem, Severity
from journey.texts import Text
from sheets_sync.grammar.words import Wrong

T = TypeVar("T")


class Report:
    """The problems of a workbook so far; `on(tab)` gives the same collection for another tab."""

    def __init__(self, tab: str, found: list[Problem] | None = None) -> None:
        self.tab = tab
        self.found: list[Problem] = [] if found is None else found

    def on(self, tab: str) -> Report:
        """This collection, for problems of another tab."""
        return Report(tab, self.found)

    def add(self, cell: str, severity: Severity, said: Text) -> None:
        """One problem at a cell of this tab (empty: the tab as a whole)."""
        self.found.append(Problem(self.tab, cell, severity, said))

    def error(self, cell: str, said: Text) -> None:
        """A problem that blocks the version."""
        self.add(cell, "error", said)

    def warn(self, cell: str, said: Text) -> None:
        """A problem that does not."""
        self.add(cell, "warning", said)

    def reading(self, cell: str, read: Callable[[], T], otherwise: T) -> T:
        """What `read` makes of a cell, or `otherwise`, with its error on the cell."""
        try:
            return read()
        except Wrong as wrong:
            self.error(cell, wrong.said)
            return otherwise
