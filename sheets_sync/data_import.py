"""The use case: what people type into the Data tabs of the workbook becomes facts, as if they had handed in a file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from journey.errors import InputError
from journey.facts import FactStore
from journey.fields import merged_fields
from journey.model import FieldDef, Workbook
from journey.problems import Problem
from journey.store.engine import reading, writing
from journey.store.tables import meta
from journey.texts import Lang, Text
from sheets_sync.attempts import plain_problem, read_problem
from sheets_sync.data_tabs import DataRow, DataTab, read_data
from sheets_sync.snapshot import Snapshot
from sheets_sync.source import WorkbookSource
from sheets_sync.tabs import data_kind
from sheets_sync.uploads.result import RowProblem, UploadResult

_KEY = "data_tabs"
_LONGEST_NAME = 60


@dataclass(frozen=True)
class TakenIn:
    """A tab as it was taken in: `typed` and the tokens of its rows (`DataTab`), and its problems; `refused` as a whole, or not."""

    typed: str = ""
    rows: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: bool = False


@dataclass(frozen=True)
class Refused:
    """A tab of which nothing could be taken in, and why."""

    title: str
    said: Text


@dataclass(frozen=True)
class Known:
    """The Data tabs by title as they were taken in, at which revision of the workbook, and how columns were named and times read."""

    revision: str = ""
    context: str = ""
    tabs: Mapping[str, TakenIn] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong in the Data tabs, until it is mended."""
        return tuple(problem for tab in self.tabs.values() for problem in tab.problems)


@dataclass(frozen=True)
class Importer:
    """Takes Data tabs in. `workbook` is the version in force (its Fields and time zone serve), `lang` the language of reasons."""

    facts: FactStore
    workbook: Workbook
    now: datetime
    lang: Lang

    def take_in(self, source: WorkbookSource) -> tuple[UploadResult | Refused, ...]:
        """What changed in the Data tabs since they were taken in, tab by tab, each in a transaction of its own; nothing is read while
        the workbook is the same. A crash in between only means that a tab is taken in again, which changes nothing.

        What is wrong is kept as problems on the cells. Raises InputError where the workbook cannot be opened or `now` lies before the
        store's time, OutsideError where the workbook cannot be reached.
        """
        revision, context = source.revision(), self._context()
        known = self.known()
        if (known.revision, known.context) == (revision, context):
            return ()
        snapshot = source.snapshot()
        results: list[UploadResult | Refused] = []
        tabs = dict(known.tabs)
        there = self._read(snapshot)
        for title in [title for title in tabs if title not in there]:
            del tabs[title]
        for title, tab in there.items():
            before = tabs.get(title, TakenIn())
            if self._same(tab, before, known.context == context):
                continue
            result, tabs[title] = self._tab(tab, before, dry_run=False)
            results += [result] if result is not None else []
            self._keep(replace(known, tabs=tabs))
        self._keep(Known(snapshot.revision, context, tabs))
        return tuple(results)

    def try_out(self, snapshot: Snapshot) -> tuple[Problem, ...]:
        """The problems that taking the Data tabs in would find. Changes nothing."""
        known = self.known()
        found: list[Problem] = []
        for title, tab in self._read(snapshot).items():
            before = known.tabs.get(title, TakenIn())
            same = self._same(tab, before, known.context == self._context())
            found += before.problems if same else self._tab(tab, before, dry_run=True)[1].problems
        return tuple(found)

    def known(self) -> Known:
        """What was taken in so far."""
        with reading(self.facts.engine) as connection:
            return last(connection)

    def _read(self, snapshot: Snapshot) -> dict[str, DataTab]:
        fields = self._fields()
        found = ((tab, data_kind(tab)) for tab in snapshot.tabs)
        tabs = (read_data(tab, kind, fields) for tab, kind in found if kind is not None)
        return {tab.title: tab for tab in tabs if tab is not None}

    @staticmethod
    def _same(tab: DataTab, before: TakenIn, same_context: bool) -> bool:
        return tab.typed == before.typed and (same_context or not before.refused)

    def _tab(self, tab: DataTab, before: TakenIn, *, dry_run: bool) -> tuple[UploadResult | Refused | None, TakenIn]:
        if tab.refused is not None:
            return Refused(tab.title, tab.refused), TakenIn(tab.typed, before.rows, tab.header_problems, refused=True)
        fresh = tab.fresh(before.rows)
        here = {tab.token(row): row for row in tab.rows}
        kept = [token for token in before.rows if token in here]
        if not fresh:
            return None, TakenIn(tab.typed, tuple(kept), (*tab.header_problems, *tab.problems))
        try:
            result = self._upload(tab, fresh, dry_run)
        except InputError as error:
            return self._tab(replace(tab, refused=error.said), before, dry_run=dry_run)
        rejected = {p.row for p in result.problems if p.row > 1}
        told = len(rejected) == result.rejected  # of very many not each is: then all are taken in again with the next edit
        taken = [tab.token(row) for n, row in enumerate(fresh, 2) if told and n not in rejected]
        others = {tab.token(row) for row in tab.rows} - {tab.token(row) for row in fresh}
        rows = (*(token for token in kept if token in others), *taken)
        problems = (*tab.problems, *tab.on_cells(result.problems, fresh))
        return _in_tab(result, tab, fresh), TakenIn(tab.typed, rows, problems)

    def _upload(self, tab: DataTab, rows: Sequence[DataRow], dry_run: bool) -> UploadResult:
        from sheets_sync.uploads.upload import upload  # pandas: only where there is something to take in

        folder = self.facts.scratch()
        folder.mkdir(parents=True)
        try:
            path = folder / _name(tab)
            path.write_bytes(tab.csv(rows))
            zone = ZoneInfo(self.workbook.settings.time_zone)
            [result] = upload(
                self.facts.engine,
                self.facts,
                [path],
                now=self.now,
                zone=zone,
                fields=self._fields(),
                kind=tab.kind,
                dry_run=dry_run,
                rejected_folder=folder,
                lang=self.lang,
            )
            return replace(result, rejected_file=None)  # what is to be mended is in the tab
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _fields(self) -> tuple[FieldDef, ...]:
        return merged_fields(self.workbook.fields, self.facts.attributes())

    def _context(self) -> str:
        return json.dumps([self.workbook.settings.time_zone, [asdict(f) for f in self.workbook.fields]], ensure_ascii=False)

    def _keep(self, known: Known) -> None:
        value = {
            "revision": known.revision,
            "context": known.context,
            "tabs": {
                title: {
                    "typed": tab.typed,
                    "rows": list(tab.rows),
                    "problems": [plain_problem(p) for p in tab.problems],
                    "refused": tab.refused,
                }
                for title, tab in known.tabs.items()
            },
        }
        with writing(self.facts.engine) as connection:
            connection.execute(delete(meta).where(meta.c.key == _KEY))
            connection.execute(insert(meta).values(key=_KEY, value=value))


def last(connection: Connection) -> Known:
    """The Data tabs as they were taken in last."""
    raw: Any = connection.scalar(select(meta.c.value).where(meta.c.key == _KEY))
    if raw is None:
        return Known()
    tabs = {
        title: TakenIn(tab["typed"], tuple(tab["rows"]), tuple(map(read_problem, tab["problems"])), tab["refused"])
        for title, tab in raw["tabs"].items()
    }
    return Known(raw["revision"], raw["context"], tabs)


def _in_tab(result: UploadResult, tab: DataTab, rows: Sequence[DataRow]) -> UploadResult:
    """The result with the tab's own row numbers; rows that cannot be read are rejected ones."""
    said = [RowProblem(tab.header if p.row < 2 else rows[p.row - 2].number, p.column, p.said) for p in result.problems]
    spoilt = len(tab.spoilt)
    return replace(
        result,
        file=Path(_name(tab)),
        rows=result.rows + spoilt,
        rejected=result.rejected + spoilt,
        problems=(*tab.unreadable, *said),
    )


def _name(tab: DataTab) -> str:
    """The tab's title as a file may be called."""
    return tab.title.replace("/", "／").replace("\x00", "")[:_LONGEST_NAME]
