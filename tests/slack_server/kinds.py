"""What every part of the server speaks of: JSON objects, and errors as the Web API answers them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """An answer `{"ok": false, "error": …}`: Slack's code of the error, and what else it says."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.more = more

    def body(self) -> Json:
        """The answer's JSON."""
        return {"ok": False, "error": self.error, **self.more}


def refused(error: str, *messages: str) -> ApiError:
    """An error that explains itself under `response_metadata.messages`, as `invalid_blocks` and `invalid_arguments` do."""
    return ApiError(error, response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})
