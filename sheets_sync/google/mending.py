"""What the program's writes hit when people moved rows and columns at that very moment, and what stood there before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sheets_sync.google.aligning import Moved, align, key
from sheets_sync.google.edits import Edit, Writes
from sheets_sync.google.formulas import relocated
from sheets_sync.google.sheet import Colour, SheetCell, SheetState, SheetTab
from sheets_sync.marks import is_mark, shade, split
from sheets_sync.snapshot import Tab
from sheets_sync.written import Place, for_the_program

_EMPTY = SheetCell()


def mended(before: SheetState, after: SheetState, rounds: Sequence[Writes]) -> SheetState:
    """`after` as it would be had the program met nothing but what it wrote for: `after` itself where that is so. `rounds` is all
    that was written so far, the last of it between `before`, which is known to be right, and `after`.

    A row is found again by what it holds, its ID above all, a column by its header and what stands under it. What a person changed
    meanwhile stays changed; only a cell that holds what the program wrote, and is not the one it was written for, gets back what it
    held. A cell that nobody had read yet, and that was hit in the same moment, cannot be known.
    """
    known = {tab.id: (tab, read) for tab, read in zip(before.tabs, before.snapshot.tabs, strict=True)}
    tabs, reads = list(after.tabs), list(after.snapshot.tabs)
    for at, (tab, read) in enumerate(zip(after.tabs, after.snapshot.tabs, strict=True)):
        edits = [found for wrote in rounds if (found := wrote.edits.get(tab.id))]
        if edits and tab.id in known and not for_the_program(read):
            then, read_then = known[tab.id]
            room = rounds[-1].room(tab.id)
            grown = tab.rows - then.rows - room[0], tab.columns - then.columns - room[1]
            tabs[at], reads[at] = _Mending(then, read_then, tab, read, edits, grown).tabs()
    if all(new is old for new, old in zip(tabs, after.tabs, strict=True)):
        return after
    return SheetState(after.title, tuple(tabs), replace(after.snapshot, tabs=tuple(reads)))


@dataclass(frozen=True)
class _Mending:
    then: SheetTab
    read_then: Tab
    now: SheetTab
    read_now: Tab
    rounds: Sequence[Mapping[Place, Edit]]
    grown: Place
    """How many rows and columns people made more, less those that they deleted."""

    def tabs(self) -> tuple[SheetTab, Tab]:
        """The tab as it should be, and as it is read."""
        if self._nothing_moved():
            return self.now, self.read_now
        cells, read = dict(self.now.cells), dict(self.read_now.cells)
        for place in {*cells, *(at for at in map(self.moved.place, self.then.cells) if at)}:
            have = cells.get(place, _EMPTY)
            origin = self.back.place(place)
            right = self._returned(have, origin) if origin else self._freed(have, place)
            if right == have:
                continue
            cells[place] = right
            if right.entered != have.entered:
                there = self.read_then.cells.get(origin) if origin else None
                if there is not None:
                    read[place] = there
                else:
                    read.pop(place, None)
        if cells == self.now.cells:
            return self.now, self.read_now
        return replace(self.now, cells=cells), replace(self.read_now, cells=read)

    def _nothing_moved(self) -> bool:
        """Whether all that was written stands where it was meant to, and nothing else went anywhere."""
        if len(self.rounds) > 1:
            return False  # what was hit before may be so still
        if not all(_met(self.now.cells.get(place, _EMPTY), edit) for place, edit in self.rounds[0].items()):
            return False
        places = {*self.then.cells, *self.now.cells}.difference(*self.rounds)
        return all(key(self.then.cells.get(p)) == key(self.now.cells.get(p)) for p in places) or self.moved.nothing

    @cached_property
    def moved(self) -> Moved:
        """Where rows and columns went. What was written says nothing about that: it is not known yet where it came to stand."""
        places = {*self.then.cells}.union(*self.rounds)
        size = max(row for row, _ in places), max(column for _, column in places)
        return align(self.then.cells, self.now.cells, size, self.grown, self.values - {None})

    @cached_property
    def back(self) -> Moved:
        """Where they came from."""
        return self.moved.back()

    @property
    def _edits(self) -> list[Edit]:
        return [edit for edits in self.rounds for edit in edits.values()]

    @cached_property
    def values(self) -> frozenset[object]:
        """What was written as a value anywhere on the tab; None where a cell was emptied."""
        return frozenset(key(edit.cell) for edit in self._edits if "value" in edit.facets)

    @cached_property
    def notes(self) -> frozenset[str]:
        """What was written as a note."""
        return frozenset(edit.cell.note for edit in self._edits if "note" in edit.facets)

    @cached_property
    def colours(self) -> frozenset[str | None]:
        """What was set as a colour."""
        return frozenset(_shade(edit.cell.colour) for edit in self._edits if "colour" in edit.facets)

    def _returned(self, have: SheetCell, origin: Place) -> SheetCell:
        """A cell that was there before: what was written into it by mistake is what it was."""
        had = self.then.cells.get(origin, _EMPTY)
        parts, held = split(have.note), split(had.note)
        entered, shown = have.entered, have.text
        if key(have) != key(had) and key(have) in self.values:
            entered, shown = had.entered, had.text
            if entered and "formulaValue" in entered:
                entered = {"formulaValue": relocated(str(entered["formulaValue"]), self.moved)}
        note, colour = have.note, have.colour
        under = held.former if is_mark(had.colour) else had.colour
        hit = have.note in self.notes and have.note != had.note
        if hit:
            note = held.own
        if (_shade(colour) != _shade(had.colour) and _shade(colour) in self.colours) or (hit and is_mark(colour)):
            note, colour = (note if hit else parts.own), under
        return SheetCell(shown, entered, note, colour)

    def _freed(self, have: SheetCell, place: Place) -> SheetCell:
        """A cell of a row or column that is new: what the program wrote there by mistake goes, what a person typed stays."""
        entered, note, colour = have.entered, have.note, have.colour
        if key(have) is not None and key(have) in self.values and (self._written_at(place, have) or self._only_written(place)):
            entered = None
        if note and note in self.notes:
            own = split(note).own
            note = "" if own in self._kept_elsewhere else own
            colour = None if is_mark(colour) else colour
        return SheetCell(have.text if entered else "", entered, note, colour)

    def _written_at(self, place: Place, have: SheetCell) -> bool:
        written = [edits[place] for edits in self.rounds if place in edits]
        return any("value" in edit.facets and key(edit.cell) == key(have) for edit in written)

    def _only_written(self, place: Place) -> bool:
        """Whether nothing stands in a new row, or in a new column, but what the program writes."""
        row = [key(cell) for at, cell in self.now.cells.items() if at[0] == place[0]]
        column = [key(cell) for at, cell in self.now.cells.items() if at[1] == place[1]]
        new_row, new_column = place[0] not in self.back.rows, place[1] not in self.back.columns
        return (new_row and set(row) <= {*self.values, None}) or (new_column and set(column) <= {*self.values, None})

    @cached_property
    def _kept_elsewhere(self) -> frozenset[str]:
        """Notes of people that came with the program's part to a cell that is not theirs, and will be put back on the one that is."""
        held = ((self.moved.place(place), split(cell.note).own) for place, cell in self.then.cells.items() if cell.note)
        return frozenset(own for place, own in held if own and place)


def _met(have: SheetCell, edit: Edit) -> bool:
    """Whether a cell holds what was written into it."""
    wanted = edit.cell
    return (
        ("value" not in edit.facets or key(have) == key(wanted))
        and ("note" not in edit.facets or have.note == wanted.note)
        and ("colour" not in edit.facets or _shade(have.colour) == _shade(wanted.colour))
    )


def _shade(colour: Colour | None) -> str | None:
    return shade(colour) if colour else None
