"""Writes into a Google Sheet, and looks afterwards whether it met what it was meant for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from journey.errors import TabijiError
from sheets_sync.google.changing import changes
from sheets_sync.google.edits import Writes
from sheets_sync.google.mending import mended
from sheets_sync.google.sheet import SheetState
from sheets_sync.program_view import ProgramView
from sheets_sync.written import written

ROUNDS = 4
"""How often is written, at most: once with two calls, and then, where a person moved what was written at that very moment, with one
call each. So no write-back costs more than five."""
MORE = 8
"""Rounds beyond those, only as long as something of a person's that was hit is not back in its place."""
FAILURES = 3
"""How often a write may be refused before it is given up."""


class Writing(Protocol):
    """The two calls of a client that write."""

    def put_values(self, spreadsheet_id: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Values as they are, all or nothing."""
        ...

    def change(self, spreadsheet_id: str, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Requests of `spreadsheets.batchUpdate`, all or nothing."""
        ...


def write_back(
    client: Writing, spreadsheet_id: str, state: SheetState, view: ProgramView, read: Callable[[], SheetState]
) -> SheetState:
    """Writes `view` into the Sheet whose state was just read, and looks afterwards whether it met what it was meant for.

    People sort, insert and delete meanwhile: then what was hit is put back, and the rest written anew. Returns the Sheet as it was
    last read. Raises as the client does, where nothing can be written; what was hit until then is put back all the same.
    """
    truth, failed, failures = state, None, 0
    rounds: list[Writes] = []
    for number in range(ROUNDS + MORE):
        if number >= ROUNDS and truth is state:
            break
        writes = changes(state, written(truth.snapshot, view), truth, mending=number > 0)
        if not writes:
            return state
        failed = None
        rounds.append(writes)
        try:
            if writes.requests:
                client.change(spreadsheet_id, writes.requests)
            if writes.values:
                client.put_values(spreadsheet_id, writes.values)
        except TabijiError as error:
            failed = error
        before, state = state, read()
        truth = mended(truth, state, rounds)
        failures += failed is not None
        if failures and (failures == FAILURES or (truth is state and state.tabs == before.tabs)):
            break  # it was not for a change in the Sheet that the write was refused
    if failed is not None:
        raise failed
    return state
