"""What a run of the sender says of itself: while it goes on, and when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from journey.model import ChannelName


@dataclass(frozen=True)
class Progress:
    """Where a run stands: rows decided about so far, and how many were due when it began."""

    done: int
    due: int


@dataclass(frozen=True)
class SendReport:
    """What one run did: counts of deliveries, refusals by reason code, and channels that it left alone."""

    accepted: int = 0
    in_doubt: int = 0
    not_accepted: int = 0
    failed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    deferred: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    stalled: tuple[ChannelName, ...] = ()
    stopped: bool = False
    """It was told to stop; the rest is planned as before."""
