"""Slack's rate limits: calls a minute for each method, and about one message a second in each channel."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable

BURST = 3
"""Messages that a channel takes at once before it is one a second."""


class Rates:
    """Counts calls; refuses them only where it was told to. Times are seconds of `monotonic`."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._tokens: dict[str, tuple[float, float]] = {}
        self.held = False

    def take(self, method: str, tier: int) -> int:
        """Counts a call of a method with so many a minute. 0 where it is within the limit, else whole seconds to wait."""
        if not self.held:
            return 0
        now, calls = self._monotonic(), self._calls[method]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= tier:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def post(self, channel: str) -> int:
        """Counts a message in a channel. 0 where it is within the limit, else whole seconds to wait."""
        if not self.held:
            return 0
        now = self._monotonic()
        left, at = self._tokens.get(channel, (float(BURST), now))
        left = min(float(BURST), left + now - at)
        self._tokens[channel] = (left - 1 if left >= 1 else left, now)
        return 0 if left >= 1 else max(1, math.ceil(1 - left))
