"""The use case: files that a team hands in become facts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert

from journey.facts import Change, FactStore
from journey.model import FieldDef
from journey.store.engine import reading
from journey.store.tables import uploads
from journey.store.time import advance, refuse_earlier
from journey.texts import Lang, Text, text
from sheets_sync.uploads.apply import apply
from sheets_sync.uploads.catalogue import UploadKind
from sheets_sync.uploads.columns import Layout, recognise
from sheets_sync.uploads.files import Source, open_source
from sheets_sync.uploads.lines import Merged
from sheets_sync.uploads.rejected import write_rejected
from sheets_sync.uploads.result import RowProblem, UploadResult
from sheets_sync.uploads.stage import Staged, stage

MOST_PROBLEMS = 1_000


class _Undo(Exception):
    """Ends a dry run: everything was worked out, nothing shall stay."""


def upload(
    engine: Engine,
    facts: FactStore,
    paths: Sequence[Path],
    *,
    now: datetime,
    zone: ZoneInfo,
    fields: Sequence[FieldDef] = (),
    kind: UploadKind | None = None,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    rejected_folder: Path | None = None,
    lang: Lang = "ja",
    progress: Callable[[Path, int], None] | None = None,
) -> list[UploadResult]:
    """Reads files and merges each into the facts, in one transaction a file, in their order.

    All files are read first: where one cannot be, nothing is changed. `zone` is the workbook's, for times without one; `fields`
    its Fields tab; `mapping` column of the kind → header. A `dry_run` works out the same and changes nothing. Rejected rows go to a
    file beside their source, or in `rejected_folder`, with reasons in `lang`. `progress` hears (file, rows read so far).
    Raises InputError for a file that is no table, whose kind is unclear, or for a `now` before the store's time.
    """
    assert engine is facts.engine
    if not dry_run:
        with reading(engine) as connection:
            refuse_earlier(connection, now)
    scratch = facts.scratch()
    scratch.mkdir(parents=True)
    try:
        staged = []
        for n, path in enumerate(paths):
            source = open_source(path, scratch / str(n))
            layout = recognise(source.headers, kind=kind, mapping=mapping, fields=fields)
            tell = (lambda rows, path=path: progress(path, rows)) if progress else None
            staged.append(stage(source, layout, scratch / f"{n}.parquet", zone=zone, now=now, progress=tell))
        if dry_run:
            return _try(facts, staged, tuple(fields), kind, now)
        results = []
        for one in staged:
            with facts.change(now) as change:
                result = _apply(change, one, tuple(fields), kind)
            results.append(_with_rejected(result, one, rejected_folder, lang))
        return results
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _try(
    facts: FactStore, staged: Sequence[Staged], fields: tuple[FieldDef, ...], kind: UploadKind | None, now: datetime
) -> list[UploadResult]:
    results: list[UploadResult] = []
    try:
        with facts.change(now) as change:
            results.extend(_apply(change, one, fields, kind) for one in staged)
            raise _Undo
    except _Undo:
        return results


def _apply(change: Change, staged: Staged, fields: tuple[FieldDef, ...], given: UploadKind | None) -> UploadResult:
    advance(change.connection, change.now)
    merged = apply(change, staged, fields)
    result = _result(staged, merged, given)
    change.connection.execute(
        insert(uploads).values(
            at=change.now,
            file=staged.source.path.name,
            sha256=staged.source.sha256,
            kind=staged.layout.kind,
            generation=change.generation + 1 if change.changed else None,
            result={k: v for k, v in result.as_json("ja").items() if isinstance(v, int)},
        )
    )
    return result


def _result(staged: Staged, merged: Merged, given: UploadKind | None) -> UploadResult:
    layout = staged.layout
    warnings = [RowProblem(1, header, said) for header, said in layout.warnings]
    rows = [RowProblem(row, header, said) for row in sorted(staged.rejected) for header, said in staged.rejected[row]]
    problems = (warnings + rows)[:MOST_PROBLEMS]
    if len(warnings) + len(rows) > MOST_PROBLEMS:
        problems.append(RowProblem(1, "", text("uploads.more_problems", count=len(warnings) + len(rows) - MOST_PROBLEMS)))
    return UploadResult(
        file=staged.source.path,
        kind=layout.kind,
        rows=staged.rows,
        accepted=merged.accepted,
        guests=merged.guests,
        unchanged=merged.unchanged,
        rejected=len(staged.rejected),
        problems=tuple(problems),
        notes=(*_notes(staged.source, layout, given), *merged.said),
    )


def _notes(source: Source, layout: Layout, given: UploadKind | None) -> list[Text]:
    notes = list(source.notes)
    if given is None:
        notes.append(text("uploads.guessed", kind=text(f"uploads.kind_{layout.kind}")))
    if layout.ignored:
        notes.append(text("uploads.ignored", columns=[h[:40] for h in layout.ignored[:20]]))
    return notes


def _with_rejected(result: UploadResult, staged: Staged, folder: Path | None, lang: Lang) -> UploadResult:
    if not staged.rejected:
        return result
    try:
        path = write_rejected(staged, folder or staged.source.path.parent, lang)
    except OSError as error:
        said = text("uploads.rejected_not_written", why=error.strerror or error)
        return replace(result, problems=(*result.problems, RowProblem(1, "", said)))
    return replace(result, rejected_file=path)
