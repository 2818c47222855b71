"""A Google Sheet as it was at one moment: the source-neutral snapshot, and beside it what only a Sheet has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sheets_sync.snapshot import Merged, Snapshot

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1."""


@dataclass(frozen=True)
class SheetCell:
    """One cell that holds anything. `text` is what a person sees; `entered` Google's `userEnteredValue` (None: empty), as it came;
    `note` the whole note, with the program's part; `colour` the background that was set, None for none."""

    text: str = ""
    entered: Mapping[str, object] | None = None
    note: str = ""
    colour: Colour | None = None


@dataclass(frozen=True)
class SheetTab:
    """A tab. `id` is Google's; `rows` and `columns` are the size of its grid; `cells` by (row, column), 1-based."""

    id: int
    title: str
    rows: int
    columns: int
    cells: Mapping[tuple[int, int], SheetCell]
    merged: tuple[Merged, ...] = ()


@dataclass(frozen=True)
class SheetState:
    """A whole spreadsheet. `snapshot` holds what people typed and see (the program's part of notes taken away); the same tabs,
    in the same order."""

    title: str
    tabs: tuple[SheetTab, ...]
    snapshot: Snapshot

    def tab(self, title: str) -> SheetTab:
        """The tab of exactly that title. Raises KeyError."""
        for tab in self.tabs:
            if tab.title == title:
                return tab
        raise KeyError(title)
