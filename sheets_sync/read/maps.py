"""A journey map, read as it is drawn: labels in column A, stages across, aspects down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from journey.model import JourneyMap, Stage
from journey.names import fold, tidy
from journey.texts import Text, text
from sheets_sync.grammar.choices import parse_whole
from sheets_sync.grammar.words import Wrong, shown
from sheets_sync.read.cells import Record, match, parse_id, unknown
from sheets_sync.report import Report
from sheets_sync.snapshot import Cell, Tab, address
from sheets_sync.tabs import Column

LABELS = (
    Column("journey", "ジャーニー", "Journey", ("ジャーニー名", "journey name", "名前", "name")),
    Column("id", "ID", "ID", ("ジャーニーID", "journey id")),
    Column("persona", "ペルソナ", "Persona"),
    Column("audience", "対象", "Audience"),
    Column("priority", "優先度", "Priority"),
    Column("check_order", "判定順", "Check order"),
    Column("stage", "ステージ", "Stage", ("ステージ名", "stage name", "stages")),
    Column("stage_id", "ステージID", "Stage ID"),
    Column("condition", "条件", "Condition", ("conditions",)),
    Column("goal", "目標", "Goal", ("goals",)),
    Column("customers", "人数", "Customers", program=True),
    Column("campaigns", "施策", "Campaigns", program=True),
)
"""The rows of a map that mean something to the program. Any other label is an aspect."""

MOST_STAGES = 200
_BY_NAME = {name: column.key for column in LABELS for name in column.names()}
_ONCE = {"journey", "id", "persona", "audience", "priority", "stage", "stage_id", "condition", "check_order"}


@dataclass
class _Drawing:
    """A map's rows by what they mean: key → row number, and the rows of each aspect by its label."""

    rows: dict[str, int] = field(default_factory=dict)
    aspects: dict[str, list[int]] = field(default_factory=dict)


def map_rows(tab: Tab) -> Mapping[str, int]:
    """Key of `LABELS` → row number, the first of each."""
    return _drawn(tab, None).rows


def stage_columns(tab: Tab) -> Mapping[int, str]:
    """Column → stage id as typed, for the columns that have one."""
    row = map_rows(tab).get("stage_id", 0)
    return {c: tidy(cell.text) for c, cell in tab.by_row.get(row, {}).items() if c > 1}


def read_map(tab: Tab, report: Report, record: Record, others: Mapping[str, JourneyMap]) -> JourneyMap | None:
    """One journey; None for an empty tab and for a map without a usable id of its own. `others`: those read before, by folded id."""
    if not tab.cells:
        return None
    drawn = _drawn(tab, report)
    reader = _Map(tab, drawn, report)
    id_cell = address(drawn.rows.get("id", 1), 2 if "id" in drawn.rows else 1)
    typed_id = reader.first("id")
    if not typed_id:
        report.error(id_cell, text("workbook.journey_without_id"))
        return None
    journey_id = report.reading(id_cell, lambda: parse_id(typed_id), None)
    if journey_id is None:
        return None
    first = others.get(fold(journey_id))
    if first is not None:
        cell = address(drawn.rows["id"], reader.first_column("id"))
        report.error(cell, text("workbook.journey_twice", id=journey_id, tab=first.tab))
        return None
    stages = reader.stages()
    if not stages:
        row = drawn.rows.get("stage_id") or drawn.rows.get("stage")
        report.error(address(row or 1, 2 if row else 1), text("workbook.map_without_stages"))
    made = JourneyMap(
        id=journey_id,
        name=tidy(reader.first("journey")) or tab.title,
        stages=stages,
        check_order=reader.check_order(stages),
        tab=tab.title,
        persona=reader.first("persona"),
        audience=reader.first("audience"),
        priority=reader.priority(),
    )
    _keep(made, tab, reader, record)
    return made


class _Map:
    """The parts of one map."""

    def __init__(self, tab: Tab, drawn: _Drawing, report: Report) -> None:
        self.tab, self.drawn, self.report = tab, drawn, report
        self.columns: dict[str, int] = {}

    def cell(self, key: str, column: int) -> Cell | None:
        """The cell of a labelled row in a column."""
        return self.tab.spread.get((self.drawn.rows.get(key, 0), column))

    def text(self, key: str, column: int) -> str:
        """Its text, trimmed."""
        cell = self.cell(key, column)
        return cell.text.strip() if cell else ""

    def first_column(self, key: str) -> int:
        """The first filled column right of a label (2 where none is)."""
        cells = self.tab.by_row.get(self.drawn.rows.get(key, 0), {})
        return next((c for c, cell in cells.items() if c > 1 and (cell.text.strip() or cell.problem)), 2)

    def first(self, key: str) -> str:
        """The text of the first filled cell right of a label."""
        return self.text(key, self.first_column(key)) if key in self.drawn.rows else ""

    def priority(self) -> int:
        typed = self.first("priority")
        if not typed:
            return 100
        cell = address(self.drawn.rows["priority"], self.first_column("priority"))
        return self.report.reading(cell, lambda: parse_whole(typed, 0, 1_000_000), 100)

    def stages(self) -> tuple[Stage, ...]:
        """The stages from left to right: every column with a name, an id or a condition."""
        found: list[Stage] = []
        ids: dict[str, int] = {}
        for column in range(2, min(self.tab.columns, MOST_STAGES + 1) + 1):
            if not any(self.text(key, column) for key in ("stage", "stage_id", "condition")):
                continue
            stage_id = self._stage_id(column)
            if stage_id is None:
                continue
            if fold(stage_id) in ids:
                first = address(self.drawn.rows["stage_id"], ids[fold(stage_id)])
                self._error("stage_id", column, text("workbook.stage_twice", id=stage_id, first=first))
                continue
            ids[fold(stage_id)] = column
            self.columns[stage_id] = column
            condition = self.text("condition", column)
            name = tidy(self.text("stage", column)) or stage_id
            if not condition and not self._unreadable("condition", column):
                self._error("condition", column, text("workbook.stage_without_condition", name=name))
            found.append(Stage(stage_id, name, condition, self.text("goal", column), self._aspects(column)))
        return tuple(found)

    def check_order(self, stages: tuple[Stage, ...]) -> tuple[str, ...]:
        """Numbers under the stages, or a list of stages in one cell; right to left without a row for it."""
        by_default = tuple(stage.id for stage in reversed(stages))
        row = self.drawn.rows.get("check_order", 0)
        cells = {c: cell.text.strip() for c, cell in self.tab.by_row.get(row, {}).items() if c > 1 and cell.text.strip()}
        if not cells or not stages:
            return by_default
        try:
            if all(re.fullmatch(r"\d{1,4}", tidy(typed)) for typed in cells.values()):
                return self._numbered(cells, stages)
            return _listed("、".join(cells.values()), stages)
        except Wrong as wrong:
            self.report.error(address(row, min(cells)), wrong.said)
            return by_default

    def _numbered(self, cells: Mapping[int, str], stages: tuple[Stage, ...]) -> tuple[str, ...]:
        numbers = {stage.id: int(tidy(cells[self.columns[stage.id]])) for stage in stages if self.columns[stage.id] in cells}
        missing = [stage.name for stage in stages if stage.id not in numbers]
        if missing or len(set(numbers.values())) < len(numbers):
            raise Wrong(text("workbook.check_order_numbers", stages=missing or [s.name for s in stages]))
        return tuple(sorted(numbers, key=lambda stage_id: numbers[stage_id]))

    def _stage_id(self, column: int) -> str | None:
        typed = self.text("stage_id", column)
        if not typed:
            if not self._unreadable("stage_id", column):
                self._error("stage_id", column, text("workbook.stage_without_id", name=shown(self.text("stage", column))))
            return None
        cell = self.cell("stage_id", column)
        if cell is not None and cell.turned:
            self._error("stage_id", column, text("workbook.turned", shown=shown(cell.text)))
            return None
        return self.report.reading(address(self.drawn.rows["stage_id"], column), lambda: parse_id(typed), None)

    def _aspects(self, column: int) -> dict[str, str]:
        found: dict[str, str] = {}
        for label, rows in self.drawn.aspects.items():
            said = [cell.text.strip() for row in rows if (cell := self.tab.spread.get((row, column)))]
            if any(said):
                found[label] = "\n".join(dict.fromkeys(s for s in said if s))
        return found

    def _unreadable(self, key: str, column: int) -> bool:
        cell = self.cell(key, column)
        return cell is not None and cell.problem is not None

    def _error(self, key: str, column: int, said: Text) -> None:
        row = self.drawn.rows.get(key) or self.drawn.rows.get("stage") or 1
        self.report.error(address(row, column), said)


def _drawn(tab: Tab, report: Report | None) -> _Drawing:
    drawn = _Drawing()
    for number, cells in tab.by_row.items():
        if 1 not in cells or not cells[1].text.strip():
            continue
        key = _BY_NAME.get(fold(cells[1].text))
        if key is None:
            drawn.aspects.setdefault(tidy(cells[1].text), []).append(number)
        elif key not in drawn.rows:
            drawn.rows[key] = number
        elif report is not None and key in _ONCE and (number, 1) in tab.cells:
            said = text("workbook.row_twice", name=shown(cells[1].text), first=address(drawn.rows[key], 1))
            report.error(address(number, 1), said)
        if report is None or key in {"customers", "campaigns"}:
            continue
        for column in cells:
            problem = cells[column].problem
            if problem is not None and (number, column) in tab.cells:
                report.error(address(number, column), problem)
    return drawn


def _listed(typed: str, stages: tuple[Stage, ...]) -> tuple[str, ...]:
    known = {name: stage.id for stage in stages for name in (stage.id, stage.name)}
    found: list[str] = []
    for part in (p for p in re.split(r"[,、>＞→\n]", typed) if p.strip()):
        stage_id = match(part, known)
        if stage_id is None:
            raise Wrong(unknown("what_stage", part, known))
        found.append(stage_id)
    missing = [stage.name for stage in stages if stage.id not in found]
    if missing or len(set(found)) < len(found):
        raise Wrong(text("workbook.check_order_list", stages=missing or [s.name for s in stages]))
    return tuple(found)


def _keep(made: JourneyMap, tab: Tab, reader: _Map, record: Record) -> None:
    key = f"journey:{made.id}"
    record.titles[key] = tab.title
    whole = {"tab": tab.title, **{k: reader.first(k) for k in ("journey", "persona", "audience", "priority")}}
    whole["stage"] = ", ".join(stage.id for stage in made.stages)
    if made.check_order != tuple(stage.id for stage in reversed(made.stages)):
        whole["check_order"] = ", ".join(made.check_order)
    rows = record.rows.setdefault(key, {})
    rows["*"] = {column: typed for column, typed in whole.items() if typed}
    record.headers.update(
        {(key, k): tidy(tab.cells[row, 1].text) for k, row in reader.drawn.rows.items() if (row, 1) in tab.cells}
    )
    for name in ("id", *whole):
        if name in reader.drawn.rows:
            record.cells[key, "*", name] = (tab.title, address(reader.drawn.rows[name], reader.first_column(name)))
    for stage in made.stages:
        column = reader.columns[stage.id]
        typed = {"stage": stage.name, "condition": stage.condition, "goal": stage.goal, **stage.aspects}
        rows[stage.id] = {name: said for name, said in typed.items() if said}
        for name in ("stage", "stage_id", "condition", "goal"):
            row = reader.drawn.rows.get(name)
            if row:
                record.cells[key, stage.id, name] = (tab.title, address(row, column))
