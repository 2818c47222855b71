"""The delivery ledger: one row a planned delivery, its states, and the few changes that are allowed between them.

`planned → leased → handed_over → accepted | in_doubt | planned (certainly not accepted) | failed`; `skipped` and `cancelled`
end a row that was never handed over. A held or deferred row stays `planned` with its reason. Every change is a function here
that takes the caller's transaction; nothing else writes `deliveries` and `delivery_log`.
"""

from journey.ledger.freeze import PlannedRow, freeze

__all__ = ["PlannedRow", "freeze"]
