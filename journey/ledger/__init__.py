"""The delivery ledger: one row a planned delivery, its states, and the few changes that are allowed between them.

`planned → leased → handed_over → accepted | in_doubt | planned (certainly not accepted) | failed`; `skipped` and `cancelled`
end a row that was never handed over. A held or deferred row stays `planned` with its reason. Every change is a function here
that takes the caller's transaction; nothing else writes `deliveries` and `delivery_log`.
"""

from journey.ledger.change import (
    Defer,
    Evidence,
    HandOver,
    Hold,
    Refusal,
    Skip,
    cancel,
    hand_over,
    record,
    repeat_doubtful,
    settle,
)
from journey.ledger.claim import claim, hold_campaign, let_go, put_back, recover, reopen_channels, reopen_render
from journey.ledger.freeze import PlannedRow, freeze
from journey.ledger.people import Chosen, drop, release, retry
from journey.ledger.read import Listed, Sent, counts, last_sent, listed, received, sent_since
from journey.ledger.rows import Delivery

__all__ = [
    "Chosen", "Defer", "Delivery", "Evidence", "HandOver", "Hold", "Listed", "PlannedRow", "Refusal", "Sent", "Skip",
    "cancel", "claim", "counts", "drop", "freeze", "hand_over", "hold_campaign", "last_sent", "let_go", "listed", "put_back",
    "received", "record", "recover", "release", "reopen_channels", "reopen_render", "repeat_doubtful", "retry",
    "sent_since", "settle",
]  # fmt: skip
