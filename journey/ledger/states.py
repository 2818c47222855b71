"""The words of the ledger: states, and the reason codes that go with them (delivery.md)."""

from __future__ import annotations

from typing import Literal

State = Literal[
    "planned", "leased", "handed_over", "accepted", "in_doubt", "skipped", "cancelled", "failed", "delivered", "bounced"
]

Reason = Literal[
    "paused", "inactive", "breaker", "channel_off", "not_approved", "approval_void", "bulk", "late_start", "outside_dates",
    "too_late", "holdout", "already", "left_stage", "condition", "no_address", "suppressed", "no_consent", "cap", "quiet",
    "priority", "render",
]  # fmt: skip
"""The gate's reasons, in the order in which it asks."""

CAMPAIGN_HOLDS: frozenset[str] = frozenset({"paused", "inactive", "breaker", "not_approved", "approval_void"})
"""Holds of a whole campaign: they end by themselves when the campaign may run again."""

STICKY_HOLDS: frozenset[str] = frozenset({"bulk", "late_start", "render", "channel_off"})
"""Holds of single deliveries: never claimed until a person decides, or what they wait for has changed."""

HOLDS = CAMPAIGN_HOLDS | STICKY_HOLDS

SENT: tuple[str, ...] = ("handed_over", "accepted", "in_doubt", "delivered")
"""States of a delivery that did or may reach its customer: these count against caps and re-entry."""

FINAL: frozenset[str] = frozenset({"accepted", "skipped", "cancelled", "failed", "delivered", "bounced"})
