"""What goes wrong on purpose: which call, how, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field

WAYS = ("slow", "slow-after", "cut", "cut-after", "half", "malformed", "html")
"""Faults of the way. `slow` and `cut` come before the call is carried out, `slow-after` and `cut-after` after; `half` and `malformed`
spoil the answer to a call that was carried out; `html` is a page that something in between answered."""

STATUSES = ("429", "500", "502", "503", "504")
"""Faults of the service that are answered with a status; nothing is carried out."""


@dataclass
class Plan:
    """One fault ordered: for calls of `method` ("": any), from the `nth` on (1 is the next), `times` times (None: for good)."""

    fault: str
    method: str
    nth: int
    times: int | None
    met: int = field(default=0)

    def meets(self, method: str) -> bool:
        """Counts a call, and says whether this fault is for it."""
        if self.method not in ("", method):
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

    def order(self, fault: str, method: str, nth: int, times: int | None) -> None:
        """Another fault: one of WAYS or STATUSES, or the code of an error that the API answers (`internal_error`)."""
        if not fault or nth < 1:
            raise ValueError("a fault has a name, and nth counts from 1")
        self._plans.append(Plan(fault, method, nth, times))

    def mend(self) -> None:
        """No more faults."""
        self._plans.clear()

    def next(self, method: str) -> str:
        """The fault for a call of that method that comes in now ("": none)."""
        struck = [plan for plan in self._plans if plan.meets(method)]
        self._plans = [plan for plan in self._plans if not plan.spent]
        return struck[0].fault if struck else ""
