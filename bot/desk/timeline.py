"""One customer as a line of time: where they stand, what they did, which stages they came to, what they were sent."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any

from bot.desk import look
from bot.wiring import Installation
from journey.clock import iso
from journey.customers import mask

Document = dict[str, Any]

SHOWN = 30
"""How many of the newest happenings are shown."""

# Everything dated after now has not happened yet. Orders, not their lines; a row without an order id is an order of its own.
_HAPPENED = """
SELECT "at", 'stage' AS what, journey_id AS a, from_stage AS b, to_stage AS c, NULL AS amount
FROM transitions WHERE customer_id = $customer AND "at" <= $now
UNION ALL
SELECT min(ordered_at), 'purchase', order_id, string_agg(DISTINCT product, ', '), NULL, sum(amount)
FROM purchases WHERE customer_id = $customer AND ordered_at <= $now
GROUP BY order_id, CASE WHEN order_id IS NULL THEN line END, CASE WHEN order_id IS NULL THEN ordered_at END
UNION ALL
SELECT "at", 'event', event, NULL, NULL, NULL FROM events WHERE customer_id = $customer AND "at" <= $now
ORDER BY 1 DESC LIMIT $most
"""


def timeline(installation: Installation, customer: str) -> Document:
    """`{"id", "stages", "attributes", "happened": [{"at", "what", …}]}`, the newest first. Addresses are masked.

    `what` is `stage` (`journey`, `from`, `to`), `purchase` (`order`, `products`, `amount`), `event` (`event`) or `message` (`campaign`,
    `decision`, `reason`, `detail`). Raises InputError for a customer nobody knows.
    """
    (known,) = look.customers(installation, customer)
    workbook, zone = installation.own_workbook(), installation.zone
    names = {(j.id, s.id): s.name for j in workbook.journeys for s in j.stages}
    with closing(installation.facts.open(fields=workbook.fields)) as con:
        asked = {"customer": customer, "now": installation.now, "most": SHOWN}
        found: Any = con.sql(_HAPPENED, params=asked).to_arrow_table()  # by Arrow: times need no other library then
    happened = [_happening(row, names) for row in found.to_pylist()]
    if installation.version() is not None:
        happened += [
            {"when": datetime.fromisoformat(line["at"]), "what": "message", **_only(line)}
            for line in look.why(installation, customer)
            if line["decision"] == "sent"
        ]
    happened.sort(key=lambda one: one["when"], reverse=True)
    return {
        "id": mask(known["id"]),
        "stages": [{**s, "name": names.get((s["journey"], s["stage"]))} for s in known["stages"]],
        "attributes": known.get("attributes", {}),
        "happened": [{"at": iso(one.pop("when"), zone), **one} for one in happened[:SHOWN]],
    }


def _only(line: Document) -> Document:
    return {key: line[key] for key in ("campaign", "decision", "reason", "detail")}


def _happening(row: dict[str, Any], names: dict[tuple[str, str], str]) -> Document:
    at, what, a, b, c, amount = (row[key] for key in ("at", "what", "a", "b", "c", "amount"))
    if what == "stage":
        return {"when": at, "what": what, "journey": a, "from": names.get((a, b), b), "to": names.get((a, c), c)}
    if what == "purchase":
        return {"when": at, "what": what, "order": a, "products": b, "amount": amount}
    return {"when": at, "what": what, "event": a}
