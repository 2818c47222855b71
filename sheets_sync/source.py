"""Where a workbook comes from: the protocol that the local file and, later, the Google Sheet implement."""

from __future__ import annotations

from typing import Protocol

from journey.texts import Text
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Snapshot


class WorkbookSource(Protocol):
    """A workbook that can be read whole and written back to. One contract suite: tests/contract/test_workbook_source.py."""

    name: str
    """What people know it by: a file name or an address."""

    def revision(self) -> str:
        """A token that is another whenever what a person typed is another; cheap. Raises as `snapshot`."""
        ...

    def snapshot(self) -> Snapshot:
        """All of it, as of one moment that is not before the last `revision`. Raises InputError, one sentence, for a missing, locked
        or broken workbook, and OutsideError where it cannot be reached."""
        ...

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        """Writes what belongs to the program, never what a person typed. None when done, else why it could not be: that
        never stops anything else."""
        ...
