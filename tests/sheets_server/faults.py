"""What goes wrong on purpose: which request, how, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from sheets_server.errors import ApiError, broken, disabled, exhausted, missing, not_shared, unauthenticated
from sheets_server.seen import Fault, Kind

CUT = ("slow", "slow-after", "cut", "cut-after", "half", "malformed", "html", "huge")
"""Faults of the way, not of the service. `slow` and `cut` come before the request is carried out, `slow-after` and `cut-after` after;
`half` and `malformed` spoil the answer to a request that was carried out; `html` is a page that something in between answered, and
`huge` an answer without end (the request was not carried out)."""

RETRY_AFTER = 2
"""Seconds that `429-retry-after` asks to wait."""


@dataclass
class Plan:
    """One fault ordered: for requests of `kind` (None: any), from the `nth` on (1 is the next), `times` times (None: for good)."""

    fault: Fault
    kind: Kind | None
    nth: int
    times: int | None
    met: int = field(default=0)

    def meets(self, kind: Kind) -> bool:
        """Counts a request, and says whether this fault is for it."""
        if self.kind not in (None, kind):
            return False
        self.met += 1
        return self.met >= self.nth and (self.times is None or self.met < self.nth + self.times)

    @property
    def spent(self) -> bool:
        """Whether it will never strike again."""
        return self.times is not None and self.met >= self.nth + self.times - 1


class Faults:
    """The faults ordered, first come first served."""

    def __init__(self) -> None:
        self._plans: list[Plan] = []

    def order(self, fault: Fault, kind: Kind | None, nth: int | None, times: int | None) -> None:
        """Another fault. Raises ValueError for a name that is none."""
        if fault not in get_args(Fault):
            raise ValueError(f"no such fault: {fault}; there are {', '.join(get_args(Fault))}")
        self._plans.append(Plan(fault, kind, nth or 1, times))

    def mend(self) -> None:
        """No more faults."""
        self._plans.clear()

    def next(self, kind: Kind) -> Fault | None:
        """The fault for a request of that kind that comes in now."""
        struck = [plan for plan in self._plans if plan.meets(kind)]
        self._plans = [plan for plan in self._plans if not plan.spent]
        return struck[0].fault if struck else None


def refusal(fault: Fault, kind: Kind, file_id: str) -> ApiError:
    """The error of a fault that the service itself answers."""
    service = "drive" if kind == "drive" else "sheets"
    match fault:
        case "429":
            return exhausted(service, kind)
        case "429-retry-after":
            return exhausted(service, kind, RETRY_AFTER)
        case "401":
            return unauthenticated()
        case "403-share":
            return not_shared(service, file_id)
        case "403-disabled":
            return disabled(service)
        case "404":
            return missing(service, file_id)
        case _:
            return broken(int(fault))
