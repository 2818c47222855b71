"""What makes a Google Sheet show what the program has to say: only what differs, and never over what a person typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from journey.texts import LANGS, text
from sheets_sync.google import edits
from sheets_sync.google.edits import Edit, Facet, Request, ValueRange, Writes
from sheets_sync.google.sheet import Colour, SheetCell, SheetState, SheetTab
from sheets_sync.marks import SHADES, Split, colour, is_mark, join, split
from sheets_sync.snapshot import Tab
from sheets_sync.tabs import NEVER_READ, TabSpec, is_map, spec_of
from sheets_sync.written import Mark, Place, Value, Written, WrittenTab, clean

_EMPTY = SheetCell()
_LISTS = ((NEVER_READ[1], (26, 26, 90), 0, 7_469_001), (NEVER_READ[2], (28, 18, 18, 28, 60), 1, 7_469_002))
"""Status and Log: the widths of their columns, frozen rows, and the id that a new one gets if it is free."""


def changes(state: SheetState, written: Written, truth: SheetState | None = None, *, mending: bool = False) -> Writes:
    """What makes the Sheet in `state` show what is `written`; nothing where only the moment of the counts is another.

    `truth` is the Sheet as people made it, where the program's own writes hit something in `state` (the same tabs and sizes): what
    it holds otherwise is put back. `mending` says everything in one call of requests.
    """
    truth = truth or state
    found = _Changes(state, truth, written, fresh=False).all()
    if any(found.values()):
        found = _Changes(state, truth, written, fresh=True).all()
    return _rendered(state, written, found, mending=mending)


@dataclass(frozen=True)
class _Changes:
    """Cell by cell, what is to change. `fresh`: the moment of the counts as well."""

    state: SheetState
    truth: SheetState
    written: Written
    fresh: bool

    def all(self) -> Mapping[int, Mapping[Place, Edit]]:
        """By tab id, only tabs where something is to change; a list that is not there yet has the id it will get."""
        wanted = {tab.title: tab for tab in self.written.tabs}
        found: dict[int, dict[Place, Edit]] = {}
        for tab, true, read in zip(self.state.tabs, self.truth.tabs, self.truth.snapshot.tabs, strict=True):
            if tab.title in wanted:
                found[tab.id] = _differing(tab, self._goals(tab, true, read, wanted[tab.title]))
        for _, sheet_id, there, rows, widths in _lists(self.state, self.written):
            have = there or SheetTab(sheet_id, "", 0, 0, {})
            found[sheet_id] = _differing(have, self._rows(have, rows, len(widths)))
        return {sheet_id: places for sheet_id, places in found.items() if places}

    def _goals(self, tab: SheetTab, true: SheetTab, read: Tab, wanted: WrittenTab) -> dict[Place, SheetCell]:
        """What cells are to be; all others are right as they are."""
        top_left = _anchors(true)
        marks = _anchored(wanted.marks, top_left, _size(tab, wanted))
        ours = spec_of(read) is not None or is_map(read)
        places = {p for p, cell in true.cells.items() if (ours and is_mark(cell.colour)) or split(cell.note).ours}
        places |= {*wanted.labels, *wanted.cells, *wanted.stale, *wanted.as_of, *marks}
        if true is not tab:
            places |= {p for p in {*tab.cells, *true.cells} if tab.cells.get(p) != true.cells.get(p)}
        found = {}
        for place in places:
            base = true.cells.get(place, _EMPTY)
            hidden = top_left.get(place, place) != place
            entered = base.entered if hidden else _entered_at(place, base, wanted)
            parts = split(base.note)
            under = _under(base, parts) if ours or parts.ours else base.colour
            mark = marks.get(place)
            if hidden:
                told = ""
            else:
                told = "\n".join([*self._moment(place, parts, wanted), *([clean(mark.said)] if mark else [])])
            note = join(parts.own, told, under if mark else None, self.written.lang)
            found[place] = SheetCell("", entered, note, colour(SHADES[mark.severity]) if mark else under)
        return found

    def _moment(self, place: Place, parts: Split, wanted: WrittenTab) -> list[str]:
        if place not in wanted.as_of:
            return []
        first = parts.ours.split("\n")[0]
        return [first if not self.fresh and _is_moment(first) else self.written.as_of]

    def _rows(self, tab: SheetTab, rows: Sequence[Sequence[Value]], columns: int) -> dict[Place, SheetCell]:
        """Status or Log: everything in the program's columns is the program's."""
        goals = {
            place: SheetCell("", None, cell.note, cell.colour)
            for place, cell in tab.cells.items()
            if cell.entered is not None and place[1] <= columns
        }
        hidden = _anchors(tab)
        for row, values in enumerate(rows, 1):
            for column, value in enumerate(values, 1):
                base = tab.cells.get((row, column), _EMPTY)
                entered = _entered(value)
                if (row, column) == (1, 1) and not self.fresh and _is_moment(base.text):
                    entered = base.entered
                if hidden.get((row, column), (row, column)) == (row, column):
                    goals[row, column] = SheetCell("", entered, base.note, base.colour)
        return goals


def _rendered(state: SheetState, written: Written, found: Mapping[int, Mapping[Place, Edit]], *, mending: bool) -> Writes:
    room: list[Request] = []
    looks: list[Request] = []
    values: list[ValueRange] = []
    new = {sheet_id: (spec, rows, widths) for spec, sheet_id, tab, rows, widths in _lists(state, written) if tab is None}
    titles = {tab.id: tab for tab in state.tabs}
    labels = {tab.title: tab.labels for tab in written.tabs}
    for sheet_id, places in found.items():
        filled = [place for place, edit in places.items() if "value" in edit.facets and edit.cell.entered is not None]
        need = max((row for row, _ in filled), default=1), max((column for _, column in filled), default=1)
        if sheet_id in new:
            spec, rows, widths = new[sheet_id]
            frozen = next(frozen for known, _, frozen, _ in _LISTS if known is spec)
            title = text(f"sync.{spec.key}").say(written.lang)
            room += edits.add_list(sheet_id, title, (max(len(rows), 100), len(widths)), widths, frozen)
        else:
            tab = titles[sheet_id]
            title = tab.title
            room += edits.make_room(sheet_id, (tab.rows, tab.columns), need)
        looks += [edits.bold(sheet_id, place) for place in filled if place in labels.get(title, ())]
        facets: tuple[Facet, ...] = ("value", "note", "colour") if mending else ("note", "colour")
        looks += edits.update_requests(sheet_id, places, facets)
        if not mending:
            values += edits.value_ranges(title, places)
    return Writes(tuple(values), (*room, *looks), found)


def _lists(
    state: SheetState, written: Written
) -> Iterator[tuple[TabSpec, int, SheetTab | None, Sequence[Sequence[Value]], Sequence[int]]]:
    """Status and Log: the kind, the tab's id, the tab (None: not there), its rows, the widths of its columns."""
    taken = {tab.id for tab in state.tabs}
    for (spec, widths, _, free), rows in zip(_LISTS, (written.status, written.log), strict=True):
        there = (tab for tab, read in zip(state.tabs, state.snapshot.tabs, strict=True) if spec_of(read) is spec)
        tab = next(there, None)
        while free in taken:
            free += len(_LISTS)
        yield spec, tab.id if tab else free, tab, rows, widths


def _differing(tab: SheetTab, goals: Mapping[Place, SheetCell]) -> dict[Place, Edit]:
    found = {}
    for place, goal in sorted(goals.items()):
        have = tab.cells.get(place, _EMPTY)
        facets: set[Facet] = set()
        if not _same(have.entered, goal.entered):
            facets.add("value")
        if have.note != goal.note:
            facets.add("note")
        if not _same_colour(have.colour, goal.colour):
            facets.add("colour")
        if facets:
            found[place] = Edit(goal, frozenset(facets))
    return found


def _entered_at(place: Place, base: SheetCell, wanted: WrittenTab) -> Mapping[str, object] | None:
    if place in wanted.labels:
        return _entered(wanted.labels[place])
    entered = _entered(wanted.cells[place]) if place in wanted.cells else None
    if place not in wanted.cells and place not in wanted.stale:
        return base.entered
    if entered is None and base.entered is not None and "formulaValue" in base.entered:
        return base.entered  # where the program has nothing to say, a formula there is a person's
    return entered


def _entered(value: Value) -> Mapping[str, object] | None:
    if isinstance(value, str):
        return {"stringValue": clean(value)} if clean(value) else None
    return None if value is None else {"numberValue": value}


def _same(have: Mapping[str, object] | None, wanted: Mapping[str, object] | None) -> bool:
    if have == wanted:
        return True
    if not have or not wanted or "numberValue" not in wanted:
        return False
    return have.get("stringValue") == str(wanted["numberValue"])  # a number in a cell that is formatted as text


def _same_colour(have: Colour | None, wanted: Colour | None) -> bool:
    if have is None or wanted is None:
        return have is wanted
    return all(abs(a - b) < 1 / 512 for a, b in zip(have, wanted, strict=True))


def _under(cell: SheetCell, parts: Split) -> Colour | None:
    """The colour of a cell without the program's mark."""
    return parts.former if is_mark(cell.colour) else cell.colour


def _anchors(tab: SheetTab) -> Mapping[Place, Place]:
    """Places inside merged ranges → the top left one, which alone is seen; as far as the grid is filled."""
    rows = max((row for row, _ in tab.cells), default=0)
    columns = max((column for _, column in tab.cells), default=0)
    return {
        (row, column): (area.top, area.left)
        for area in tab.merged
        for row in range(area.top, min(area.bottom, max(rows, area.top)) + 1)
        for column in range(area.left, min(area.right, max(columns, area.left)) + 1)
    }


def _size(tab: SheetTab, wanted: WrittenTab) -> Place:
    """The size of the grid once it has room for what is wanted."""
    return max([tab.rows, *(row for row, _ in wanted.labels)]), max([tab.columns, *(column for _, column in wanted.labels)])


def _anchored(marks: Mapping[Place, Mark], top_left: Mapping[Place, Place], size: Place) -> Mapping[Place, Mark]:
    """Marks where they can be seen: at the top left of merged ranges, and only inside the grid."""
    found: dict[Place, Mark] = {}
    for place, mark in marks.items():
        at = top_left.get(place, place)
        if at[0] > size[0] or at[1] > size[1]:
            continue
        known = found.get(at)
        if known is None:
            found[at] = mark
        else:
            lines = dict.fromkeys([*known.said.split("\n"), *mark.said.split("\n")])
            found[at] = replace(known if known.severity == "error" else mark, said="\n".join(lines))
    return found


def _is_moment(line: str) -> bool:
    return any(pattern.fullmatch(line) for pattern in _moments())


@cache
def _moments() -> tuple[re.Pattern[str], ...]:
    """What the moment of the counts looks like, in either language."""
    parts = [text("sync.as_of", at="\0").say(lang).split("\0") for lang in LANGS]
    return tuple(re.compile(r"\d{4}-\S{5,40}".join(map(re.escape, around))) for around in parts)
