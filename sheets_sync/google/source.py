"""A Google Sheet as the team's workbook."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from journey.errors import TabijiError
from journey.texts import Text
from sheets_sync.google.client import FileState, SheetsClient
from sheets_sync.google.reading import FIELDS, state
from sheets_sync.google.sheet import SheetState
from sheets_sync.google.writing import write_back
from sheets_sync.program_view import ProgramView
from sheets_sync.snapshot import Snapshot


class GoogleSource:
    """`WorkbookSource` over a Google Sheet.

    Drive's version is asked first: while it is the same nothing is read. It grows with the program's own writes too; then the Sheet
    is read once more, and what people typed is found to be the same. Any thread may use it: one asks at a time.
    """

    def __init__(self, connect: Callable[[], SheetsClient], spreadsheet_id: str, name: str) -> None:
        """`connect` is called at the first need: making a client reads the key file. `name` is what people know the Sheet by."""
        self.name = name
        self.id = spreadsheet_id
        self._connect = connect
        self._client: SheetsClient | None = None
        self._lock = threading.RLock()
        self._version = ""
        self._state: SheetState | None = None

    def revision(self) -> str:
        """A token of what people typed. Costs a question to Drive, and one read where the Sheet was touched since. Raises InputError
        where somebody has to put something right, OutsideError where Google cannot be reached."""
        with self._lock:
            return self._look().snapshot.revision

    def snapshot(self) -> Snapshot:
        """The Sheet's cells as of the last `revision`, or as of now where there was none. Raises as `revision`."""
        return self.state().snapshot

    def state(self) -> SheetState:
        """The same with all that only a Sheet has."""
        with self._lock:
            return self._state or self._look()

    def write_back(self, snapshot: Snapshot, view: ProgramView) -> Text | None:
        """Writes the program's columns, rows, tabs, notes and colours where they differ. None when done, else why it could not be."""
        with self._lock:
            try:
                before = self._look()  # the pass between may have taken long: what is written must fit the Sheet as it is now
                write_back(self.client, self.id, before, view, self._read)
            except TabijiError as error:
                return error.said
            return None

    @property
    def client(self) -> SheetsClient:
        """The connection. Raises InputError where the key file cannot be used."""
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _look(self) -> SheetState:
        file = self.client.file(self.id)
        return self._state if self._state is not None and file.version == self._version else self._read(file)

    def _read(self, file: FileState | None = None) -> SheetState:
        """Reads the Sheet whatever its version says: Drive may hear of a change, also of our own, later than it happened."""
        # The version first: an edit between the two is then read again at the next look, and never missed.
        file = file or self.client.file(self.id)
        read, known = state(self.client.spreadsheet(self.id, FIELDS)), self._state
        by, at = file.editor, file.modified_at
        if known is not None and known.snapshot.revision == read.snapshot.revision:
            by, at = known.snapshot.edited_by, known.snapshot.edited_at  # only the program's own part is another
        self._version = file.version
        self._state = replace(read, snapshot=replace(read.snapshot, edited_by=by, edited_at=at))
        return self._state
