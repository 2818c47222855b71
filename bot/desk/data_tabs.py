"""Data that teams type into tabs of the workbook: taken in, tried out, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from bot.inbox import Unreadable
from bot.wiring import Installation
from journey.problems import Problem
from journey.store.engine import reading
from sheets_sync import data_import
from sheets_sync.data_import import Importer, Refused
from sheets_sync.snapshot import Snapshot
from sheets_sync.uploads.result import UploadResult


def import_data(installation: Installation) -> list[UploadResult | Unreadable]:
    """Takes in what changed in the Data tabs since the last time. Raises InputError where the workbook cannot be opened, OutsideError
    where it cannot be reached."""
    found = _importer(installation).take_in(installation.source)
    return [Unreadable(Path(one.title), one.said) if isinstance(one, Refused) else one for one in found]


def try_data(installation: Installation, snapshot: Snapshot) -> tuple[Problem, ...]:
    """What taking in the Data tabs would find wrong. Changes nothing."""
    return _importer(installation).try_out(snapshot)


def data_problems(installation: Installation) -> tuple[Problem, ...]:
    """What is wrong in the Data tabs as they were taken in last."""
    with reading(installation.engine) as connection:
        return data_import.last(connection).problems


def _importer(installation: Installation) -> Importer:
    return Importer(installation.facts, installation.own_workbook(), installation.now, installation.lang)
