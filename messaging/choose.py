"""Which row of the message catalogue a customer gets: their language, then the channel, then a weighted variant."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from journey.model import ChannelName, MessageVariant
from journey.names import fold

_SPACE = float(1 << 64)


def choose(
    variants: Sequence[MessageVariant], customer_id: str, channel: ChannelName, languages: Sequence[str]
) -> MessageVariant | None:
    """The row for this customer, or None where none fits the channel.

    `languages` in order of preference (the customer's, then the team's); a row without a language fits any, and comes after one
    in a preferred language. A row for this channel comes before one for any. Among equals the weights decide, by a hash of
    message and customer, so that one customer always gets the same variant.
    """
    fitting = [v for v in variants if v.channel in ("", channel)]
    for language in (*languages, ""):
        rows = [v for v in fitting if _same(v.language, language)]
        own = [v for v in rows if v.channel == channel] or rows
        if own:
            return _weighted(own, customer_id)
    return _weighted([v for v in fitting if _same(v.language, fitting[0].language)], customer_id) if fitting else None


def _same(written: str, wanted: str) -> bool:
    # `ja-JP` asks for `ja`.
    return fold(written) == fold(wanted) or (wanted != "" and fold(written) == fold(wanted.replace("_", "-")).split("-")[0])


def _weighted(rows: Sequence[MessageVariant], customer_id: str) -> MessageVariant:
    total = sum(max(v.weight, 0.0) for v in rows)
    if len(rows) == 1 or total <= 0:
        return rows[0]
    digest = hashlib.sha256(f"{rows[0].message}\x1f{customer_id}".encode("utf-8", "surrogatepass")).digest()
    place = int.from_bytes(digest[:8]) / _SPACE * total
    for row in rows:
        place -= max(row.weight, 0.0)
        if place < 0:
            return row
    return rows[-1]
