"""Which row and which column of a tab became which, while people sorted, inserted, deleted and moved them. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass

from sheets_sync.google.sheet import SheetCell
from sheets_sync.written import Place

Cells = Mapping[Place, SheetCell]
Tokens = Mapping[int, Counter[Hashable]]
"""What tells a row or a column from others, by its number."""
_REFERENCE = re.compile(r"#REF!|\$?[A-Za-z]{1,3}\$?[0-9]{1,7}")
ENOUGH = 0.5
"""How much of what a line holds now it must have held before, to be taken for the same."""
FEW = 40
"""What more lines than these have says little of any of them, and is looked at only where a line has nothing else."""


@dataclass(frozen=True)
class Moved:
    """Where rows and columns went: number before → number now. What is missing was deleted."""

    rows: Mapping[int, int]
    columns: Mapping[int, int]
    lost: bool = False
    """Whether any is missing."""

    @property
    def nothing(self) -> bool:
        """Whether everything is where it was."""
        return not self.lost and all(now == then for lines in (self.rows, self.columns) for then, now in lines.items())

    def place(self, place: Place) -> Place | None:
        """Where a cell went."""
        row, column = self.rows.get(place[0]), self.columns.get(place[1])
        return (row, column) if row is not None and column is not None else None

    def back(self) -> Moved:
        """The other way round: number now → number before."""
        return Moved({now: then for then, now in self.rows.items()}, {now: then for then, now in self.columns.items()})


def key(cell: SheetCell | None) -> Hashable:
    """What a cell holds; None where that is nothing. A formula counts without its references, which move with their cells."""
    if cell is None or not cell.entered:
        return None
    kind, value = next(iter(cell.entered.items()))
    return (kind, _REFERENCE.sub("#", str(value))) if kind == "formulaValue" else (kind, value)


def align(before: Cells, after: Cells, size: Place, grown: Place, ignored: Collection[Hashable]) -> Moved:
    """How `before` became `after`, judged by all cells but those that hold `ignored` keys: columns first, whatever the order of
    their rows, then rows. `size` is the last row and column that matter; lines without anything go with their neighbours. `grown` is
    how many rows and columns people made more, less those that they deleted."""
    olds = {place: found for place, cell in before.items() if (found := key(cell)) is not None and found not in ignored}
    news = {place: found for place, cell in after.items() if (found := key(cell)) is not None and found not in ignored}
    touched = [place for place, cell in after.items() if key(cell) in ignored]

    def lines(axis: int, pairs: dict[int, int]) -> dict[int, int]:
        had, has, wrote = (Counter(place[axis] for place in places) for places in (olds, news, touched))
        return _written_over(_with_neighbours(pairs, had, has, wrote, size[axis]), had, has, wrote, grown[axis])

    columns = lines(1, _match(_tokens(1, olds), _tokens(1, news)))
    seen = {place: (columns.get(place[1], -place[1]), found) for place, found in olds.items()}
    rows = lines(0, _match(_tokens(0, seen), _tokens(0, {place: (place[1], found) for place, found in news.items()})))
    lost = any(row not in rows or column not in columns for row, column in olds)
    return Moved(rows, columns, lost)


def _tokens(axis: int, found: Mapping[Place, Hashable]) -> Tokens:
    tokens: dict[int, Counter[Hashable]] = {}
    for place, token in found.items():
        tokens.setdefault(place[axis], Counter())[token] += 1
    return tokens


def _match(before: Tokens, after: Tokens) -> dict[int, int]:
    """Lines that are the same, then those that are most alike; rare tokens say more than common ones."""
    pairs: dict[int, int] = {}
    alike: dict[Hashable, list[int]] = {}
    for line in sorted(after, reverse=True):
        alike.setdefault(frozenset(after[line].items()), []).append(line)
    for line in sorted(before):
        same = alike.get(frozenset(before[line].items()))
        if same:
            pairs[line] = same.pop()
    taken = set(pairs.values())
    left = {line: tokens for line, tokens in before.items() if line not in pairs}
    free = {line: tokens for line, tokens in after.items() if line not in taken}
    for _, _, then, now in sorted(_likeness(left, free, before)):
        if then not in pairs and now not in taken:
            pairs[then] = now
            taken.add(now)
    return pairs


def _likeness(left: Tokens, free: Tokens, before: Tokens) -> list[tuple[float, int, int, int]]:
    """(minus how much two lines share, how far apart they are, line before, line now), where it is enough."""
    common = Counter(token for tokens in before.values() for token in tokens)
    holders: dict[Hashable, list[int]] = {}
    for line, tokens in left.items():
        for token in tokens:
            holders.setdefault(token, []).append(line)
    found: list[tuple[float, int, int, int]] = []
    for now, held in free.items():
        telling = Counter({token: count for token, count in held.items() if len(holders.get(token, ())) <= FEW})
        tokens = telling if any(token in holders for token in telling) else held
        whole = sum(count / max(common[token], 1) for token, count in tokens.items())
        shared: dict[int, float] = {}
        for token, count in tokens.items():
            for then in holders.get(token, ()):
                shared[then] = shared.get(then, 0.0) + min(count, left[then][token]) / common[token]
        found += [(-much, abs(then - now), then, now) for then, much in shared.items() if much >= ENOUGH * whole]
    return found


def _with_neighbours(
    pairs: Mapping[int, int], olds: Counter[int], news: Counter[int], touched: Counter[int], last: int
) -> dict[int, int]:
    """Empty lines keep the place beside their neighbours; so do those that were written over wholly. `olds`, `news` and `touched` are
    how many cells a line had, has, and has of what was written."""
    found = {0: 0, **pairs}
    taken = set(found.values())
    for lines, step in ((range(1, last + 1), 1), (range(last, 0, -1), -1)):
        for line in lines:
            beside = found.get(line - step)
            if line in found or beside is None:
                continue
            now = beside + step
            if now > 0 and now not in taken and now not in news and olds[line] <= touched[now]:
                found[line] = now
                taken.add(now)
    del found[0]
    return found


def _written_over(
    pairs: dict[int, int], olds: Counter[int], news: Counter[int], touched: Counter[int], grown: int
) -> dict[int, int]:
    """Lines written over wholly that have new neighbours: looked for among those that hold nothing but what was written, as many as
    cannot have been deleted."""
    missing = [line for line in sorted(olds) if line not in pairs]
    free = {now for now in touched if now not in news} - set(pairs.values())
    found = dict(pairs)
    chances = sorted(
        (abs(line + _drift(pairs, line) - now), line, now)
        for line in missing
        for now in free
        if olds[line] * ENOUGH <= touched[now]
    )
    for _, line, now in chances:
        if len(found) - len(pairs) == len(missing) - max(0, -grown):
            break
        if line not in found and now in free:
            found[line] = now
            free.remove(now)
    return found


def _drift(pairs: Mapping[int, int], line: int) -> int:
    """How far the nearest known line before this one has moved."""
    before = max((known for known in pairs if known < line), default=0)
    return pairs.get(before, 0) - before
