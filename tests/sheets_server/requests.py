"""`spreadsheets.batchUpdate`: a list of requests on a copy of the state, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sheets_server import request_cells, request_dimensions, request_shape, request_upon
from sheets_server.edit import Edit, Handler
from sheets_server.errors import Json, bad
from sheets_server.state import State

HANDLERS: Mapping[str, Handler] = {
    **request_cells.HANDLERS,
    **request_dimensions.HANDLERS,
    **request_shape.HANDLERS,
    **request_upon.HANDLERS,
}
"""Each kind of request that the server carries out."""


@dataclass(frozen=True)
class Outcome:
    """The state after all requests, and a reply for each."""

    state: State
    replies: list[Json]


def carry_out(state: State, requests: list[Json], editor: str, today: date, draw: Callable[[], int]) -> Outcome:
    """All requests, one after the other, on a copy. Raises ApiError (400) for the first that is no good; then nothing was done."""
    if not requests:
        raise bad("Must specify at least one request.")
    work = state.copy()
    replies: list[Json] = []
    for number, request in enumerate(requests):
        kinds = [name for name, body in request.items() if body is not None]
        if not kinds:
            raise bad(f"Invalid requests[{number}]: No request set.")
        if len(kinds) > 1:
            raise bad(
                f"Invalid value at 'requests[{number}]' (oneof), oneof field 'kind' is already set. Cannot set '{kinds[1]}'"
            )
        handler = HANDLERS.get(kinds[0])
        where = f"requests[{number}].{kinds[0]}"
        if handler is None:
            raise bad(f"Invalid {where}: this server does not carry out {kinds[0]}.")
        reply = handler(Edit(work, where, editor, today, draw), request[kinds[0]])
        replies.append({kinds[0]: reply} if reply else {})
    return Outcome(work, replies)
