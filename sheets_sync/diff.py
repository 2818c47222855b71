"""What changed between two versions, cell by cell, and which ids only look as if they were new."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from journey.versions import Renames, Rows
from sheets_sync.read.maps import LABELS
from sheets_sync.tabs import TABLES

MAP = "journey:"
Cells = Mapping[str, str]
_TELLING: Mapping[str, tuple[str, ...]] = {
    "campaigns": ("name", "stage", "trigger", "audience", "message"),
    "messages": ("subject", "preheader", "body", "link", "image"),
}
"""The columns by which a campaign or a message is recognised under another id; the rest is much the same on many rows."""


@dataclass(frozen=True)
class Change:
    """One cell: `before` None where it is new, `after` None where it is gone. Named as the person sees it."""

    tab: str
    id: str
    column: str
    before: str | None
    after: str | None
    row: str = ""
    """What tells apart the rows of one message (`M1/email/ja/A`)."""

    def plain(self) -> dict[str, str | None]:
        """As programs read it (product.md)."""
        return {
            "tab": self.tab,
            "id": self.id,
            "column": self.column,
            "before": self.before,
            "after": self.after,
            "row": self.row,
        }


@dataclass(frozen=True)
class Suspicion:
    """An id that appeared while a very similar one went: is it the same thing?

    `place` is (tab key, row id) in the new version.
    """

    old: str
    new: str
    place: tuple[str, str]


@dataclass(frozen=True)
class Compared:
    """The outcome: ids settled as renamed, those that still are a question, and answers that fit nothing."""

    renamed: Renames = field(default_factory=Renames)
    asked: tuple[Suspicion, ...] = ()
    idle: tuple[str, ...] = ()
    """Ids that a person answered for though nothing of that name was renamed or is new."""


def changes(
    before: Rows, after: Rows, titles: Mapping[str, str], headers: Mapping[tuple[str, str], str], *, ja: bool
) -> tuple[Change, ...]:
    """Every cell that differs, tab by tab in the new workbook's order, then what is gone."""
    found: list[Change] = []
    for tab in dict.fromkeys((*after, *before)):
        old, new = before.get(tab, {}), after.get(tab, {})
        if old == new:
            continue
        title = titles.get(tab) or _title(tab, before, ja)
        for row in dict.fromkeys((*new, *old)):
            was, now = old.get(row, {}), new.get(row, {})
            shown = tab.removeprefix(MAP) if row == "*" else row.partition("/")[0] if tab == "messages" else row
            for column in dict.fromkeys((*now, *was)):
                if was.get(column) != now.get(column):
                    name = headers.get((tab, column)) or _column(tab, column, ja)
                    found.append(Change(title, shown, name, was.get(column), now.get(column), row))
    return tuple(found)


def compare_ids(before: Rows, after: Rows, renamed: Mapping[str, str], new: Collection[str]) -> Compared:
    """Finds ids that may be old things under new names, and settles those that a person answered for.

    `renamed` maps old ids to new ones, `new` holds ids that are new things; a stage may be given as `JOURNEY/STAGE`.
    """
    settled = _Settled(renamed, set(new))
    journeys = _journeys(before, after, settled)
    stages: dict[tuple[str, str], tuple[str, str]] = {}
    for tab in before:
        if not tab.startswith(MAP):
            continue
        old_id = tab.removeprefix(MAP)
        new_id = journeys.get(old_id, old_id)
        if MAP + new_id in after:
            pairs = settled.pairs(MAP + new_id, _stages(before[tab]), _stages(after[MAP + new_id]), prefix=new_id + "/")
            stages.update({(old_id, old): (new_id, now) for old, now in pairs.items()})
    old_campaigns, new_campaigns = (_telling(rows, "campaigns") for rows in (before, after))
    campaigns = settled.pairs("campaigns", old_campaigns, new_campaigns)
    messages = settled.pairs("messages", _messages(before), _messages(after))
    asked = tuple(settled.asked)
    idle = tuple(i for i in (*renamed, *new) if i not in settled.used)
    return Compared(Renames(journeys, stages, campaigns, messages), asked, idle)


@dataclass
class _Settled:
    """The answers a person gave, and what is left to ask."""

    renamed: Mapping[str, str]
    new: set[str]
    asked: list[Suspicion] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def pairs(self, tab: str, before: Mapping[str, Cells], after: Mapping[str, Cells], prefix: str = "") -> dict[str, str]:
        gone = [i for i in before if i not in after]
        came = [i for i in after if i not in before]
        found: dict[str, str] = {}
        by_cell: dict[tuple[str, str], list[str]] = {}
        for old in gone:
            for cell in before[old].items():
                by_cell.setdefault(cell, []).append(old)
        for old in gone:
            for name in (old, prefix + old):
                target = self.renamed.get(name, "").removeprefix(prefix)
                if target in came and target not in found.values():
                    found[old] = target
                    self.used.add(name)
        for now in came:
            names = {now, prefix + now} & self.new
            self.used |= names
            if names or now in found.values():
                continue
            near = sorted({old for cell in after[now].items() for old in by_cell.get(cell, ()) if old not in found})
            likest = max(((_similar(before[old], after[now]), old) for old in near), default=(0.0, ""))
            if likest[0] > 0.5:
                self.asked.append(Suspicion(likest[1], now, (tab, self.row_of(tab, now))))
        return found

    @staticmethod
    def row_of(tab: str, id_: str) -> str:
        """Journeys are rows `*` of their own tab; everything else is its own row."""
        return "*" if tab == MAP + id_ else id_


def _journeys(before: Rows, after: Rows, settled: _Settled) -> dict[str, str]:
    old = {tab.removeprefix(MAP): _whole_map(rows) for tab, rows in before.items() if tab.startswith(MAP)}
    new = {tab.removeprefix(MAP): _whole_map(rows) for tab, rows in after.items() if tab.startswith(MAP)}
    found = settled.pairs("", old, new)
    settled.asked = [Suspicion(s.old, s.new, (MAP + s.new, "*")) if not s.place[0] else s for s in settled.asked]
    return found


def _whole_map(rows: Mapping[str, Cells]) -> Cells:
    """A map's conditions by stage, and its name: what makes it this map."""
    found = {f"condition {stage}": cells.get("condition", "") for stage, cells in rows.items() if stage != "*"}
    return {**found, **{k: v for k, v in rows.get("*", {}).items() if k in {"journey", "persona", "audience", "tab"}}}


def _stages(rows: Mapping[str, Cells]) -> Mapping[str, Cells]:
    return {stage: cells for stage, cells in rows.items() if stage != "*"}


def _telling(rows: Rows, tab: str) -> dict[str, Cells]:
    return {id_: {c: cells[c] for c in _TELLING[tab] if c in cells} for id_, cells in rows.get(tab, {}).items()}


def _messages(rows: Rows) -> Mapping[str, Cells]:
    """Messages by id, the telling cells of all their rows together."""
    found: dict[str, dict[str, str]] = {}
    for cells in rows.get("messages", {}).values():
        row = found.setdefault(cells.get("id", ""), {})
        variant = "/".join(cells.get(key, "") for key in ("channel", "language", "variant"))
        row.update({f"{variant} {key}": cells[key] for key in _TELLING["messages"] if key in cells})
    return found


def _similar(a: Cells, b: Cells) -> float:
    """The share of filled cells that are the same."""
    wanted = {*a, *b}
    return sum(1 for c in wanted if a.get(c) == b.get(c)) / len(wanted) if wanted else 0.0


def _title(tab: str, before: Rows, ja: bool) -> str:
    if tab.startswith(MAP):
        return before.get(tab, {}).get("*", {}).get("tab", tab.removeprefix(MAP))
    return next((spec.ja if ja else spec.en for spec in TABLES if spec.key == tab), tab)


def _column(tab: str, column: str, ja: bool) -> str:
    known: Iterator[str] = (c.said(ja) for spec in TABLES if spec.key == tab for c in spec.columns if c.key == column)
    if tab.startswith(MAP):
        known = (c.said(ja) for c in LABELS if c.key == column)
    return next(known, column)
