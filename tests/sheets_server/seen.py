"""What the server saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["drive", "read", "write", "token"]
"""What a request counts as: Drive's, a read or a write of the Sheets service, or one for a token."""

Fault = Literal[
    "429", "429-retry-after", "500", "502", "503", "504", "slow", "slow-after", "cut", "cut-after", "half", "malformed", "html", "huge",
    "401", "403-share", "403-disabled", "404",
]  # fmt: skip
"""What `SheetsServer.fail` can do."""


@dataclass(frozen=True)
class Seen:
    """One request: its number from 1 on, kind, method, path (decoded), query, JSON body (None for none), and the status it was
    answered with (0 while it is under way, and for good where no answer was given)."""

    number: int
    kind: Kind
    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    body: Any = None
    status: int = 0
