"""Documents of the desk as hostile as data can be, for whatever draws them."""

from typing import Any

from hypothesis import strategies as st
from slack_limits import HOSTILE

ZONE = "Asia/Tokyo"
NUMBERS = st.integers(0, 10**9)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True)
MOMENTS = st.sampled_from(["2026-11-22T19:29:52+09:00", "2027-01-01T00:00:00+09:00", "2026-02-28T23:59:59+09:00"])
MAYBE = st.one_of(st.none(), HOSTILE)
REASONS = st.sampled_from(["quiet", "cap", "no_consent", "no_address", "channel_off", "nobody_knows"])
COUNTED = st.lists(st.fixed_dictionaries({"reason": REASONS, "customers": NUMBERS}), max_size=30)
CHANGE = st.fixed_dictionaries(
    {"tab": HOSTILE, "id": HOSTILE, "row": HOSTILE, "column": HOSTILE, "before": MAYBE, "after": MAYBE}
)  # fmt: skip
HASH = st.text("0123456789abcdef", min_size=64, max_size=64)
RISKS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"code": st.sampled_from(["transactional", "late", "never_due", "no_end", "nobody", "outbox"])}),
        st.fixed_dictionaries({"code": st.just("existing"), "customers": NUMBERS}),
        st.fixed_dictionaries({"code": st.just("large"), "customers": NUMBERS, "percent": NUMBERS}),
        st.fixed_dictionaries({"code": st.just("grown"), "before": NUMBERS, "customers": NUMBERS}),
        st.fixed_dictionaries({"code": st.just("soon"), "at": MOMENTS}),
    ),
    max_size=9,
)  # fmt: skip


def when() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "type": st.sampled_from(["on_enter", "after_in_stage", "recurring", "once"]),
            "typed": HOSTILE,
            "amount": st.integers(0, 999),
            "unit": st.sampled_from(["h", "d", "w"]),
            "time": st.sampled_from([None, "10:00"]),
            "next": st.lists(MOMENTS, max_size=3),
            "late": st.booleans(),
            "window": MAYBE,
            "quiet": st.sampled_from([None, ["21:00", "09:00"]]),
            "start": st.sampled_from([None, "2026-12-01"]),
            "end": st.sampled_from([None, "2026-12-31"]),
        }
    )


def campaign_documents() -> st.SearchStrategy[dict[str, Any]]:
    """Documents of `bot.desk.card`."""
    return st.fixed_dictionaries(
        {
            "kind": st.just("campaign"),
            "id": IDS,
            "name": HOSTILE,
            "at": MOMENTS,
            "zone": st.just(ZONE),
            "version": NUMBERS,
            "offer": st.text("0123456789abcdef", min_size=16, max_size=16),
            "content": HASH,
            "audience": HASH,
            "state": st.sampled_from(["pending", "running", "held", "paused"]),
            "approval": st.sampled_from(["pending", "void"]),
            "runs": st.booleans(),
            "paused": st.booleans(),
            "approved_by": MAYBE,
            "approved_at": MOMENTS,
            "rejected_reason": MAYBE,
            "transactional": st.booleans(),
            "journey": MAYBE,
            "stages": st.lists(HOSTILE, max_size=30),
            "condition": HOSTILE,
            "message": HOSTILE,
            "owner": HOSTILE,
            "reentry_days": st.one_of(st.none(), NUMBERS),
            "channels": st.lists(
                st.fixed_dictionaries({"name": st.one_of(st.just("email"), HOSTILE), "kind": st.just("smtp"), "leaves": st.booleans()}),
                max_size=9,
            ),
            "when": when(),
            "count": st.fixed_dictionaries(
                {
                    "size": NUMBERS,
                    "a_day": st.one_of(st.none(), NUMBERS),
                    "existing": st.one_of(st.none(), NUMBERS),
                    "foreseen": NUMBERS,
                    "before": st.one_of(st.none(), NUMBERS),
                    "limit": NUMBERS,
                    "customers": NUMBERS,
                }
            ),
            "asked_at": MOMENTS,
            "asked_all": st.booleans(),
            "sends": st.lists(st.fixed_dictionaries({"stage": MAYBE, "channel": HOSTILE, "customers": NUMBERS}), max_size=60),
            "reached": NUMBERS,
            "later": COUNTED,
            "never": COUNTED,
            "outside": NUMBERS,
            "samples": st.lists(
                st.fixed_dictionaries(
                    {"customer": HOSTILE, "channel": HOSTILE, "variant": MAYBE, "language": MAYBE, "subject": HOSTILE, "text": HOSTILE}
                ),
                max_size=3,
            ),
            "new": st.booleans(),
            "changes": st.lists(CHANGE, max_size=60),
            "edited_by": MAYBE,
            "edited_at": MOMENTS,
            "risks": RISKS,
        }
    )  # fmt: skip


def held_documents() -> st.SearchStrategy[dict[str, Any]]:
    """Groups of `bot.desk.asked`."""
    return st.fixed_dictionaries(
        {
            "kind": st.just("held"),
            "subject": st.just("held:C01:bulk"),
            "id": IDS,
            "name": HOSTILE,
            "reason": st.sampled_from(["bulk", "late_start", "render", "channel_off", "interrupted", "gave_up", "odd"]),
            "held": NUMBERS,
            "in_doubt": NUMBERS,
            "failed": NUMBERS,
            "deliveries": NUMBERS,
            "channels": st.lists(HOSTILE, max_size=9),
            "since": MOMENTS,
            "detail": st.one_of(
                st.just({}),
                st.fixed_dictionaries({"day": HOSTILE, "planned": NUMBERS, "limit": NUMBERS}),
                st.fixed_dictionaries({"audience": NUMBERS, "approved": NUMBERS, "late_hours": NUMBERS, "why": HOSTILE}),
            ),
            "ids": st.lists(NUMBERS, max_size=5),
            "mark": st.text("0123456789abcdef", min_size=16, max_size=16),
            "at": MOMENTS,
            "zone": st.just(ZONE),
        }
    )
