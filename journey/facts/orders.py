"""What an order is and which orders count (docs/architecture.md, "An order"): the one place that says it in SQL.

Everything here is SQL text over a relation of purchase lines as `LINE` selects them, without values to bind.
"""

from __future__ import annotations

_BACK = "coalesce(amount, 0) < 0 OR coalesce(quantity, 0) < 0"

LINE = f"customer_id, order_id, ordered_at, coalesce(amount, 0) AS amount, coalesce(quantity, 0) AS quantity, {_BACK} AS back"
"""What to select from `purchases`; `back` is a line that was given back. Which lines exist (until when, whose) is the asker's."""

ALONE = f"NOT ({_BACK}) AND (order_id IS NULL OR coalesce(line = 1, false))"
"""Over `purchases`: the line is an order that counts by itself, if all lines of its customer are alone."""

MOSTLY_ALONE = f"SELECT coalesce(avg(CAST({ALONE} AS INTEGER)), 1) > 0.95 FROM (SELECT * FROM purchases LIMIT 20000)"
"""Whether nearly all lines are alone, by the look of some: tells which of two ways to the same orders is the quicker one."""

_COUNTS = "bool_or(NOT back) AND NOT (bool_or(back) AND sum(amount) <= 0 AND sum(quantity) <= 0)"


def orders_that_count(lines: str) -> str:
    """A SELECT of `customer_id` and `ordered_at` (its earliest line's), one row an order that counts, from the relation `lines`.

    Lines that were given back are few: their orders are looked at apart, so that the grouping of all has little to carry.
    """
    touched = f"SELECT customer_id, order_id FROM {lines} WHERE back"
    returned = (
        f"SELECT customer_id, order_id FROM {lines} SEMI JOIN ({touched}) USING (customer_id, order_id)"
        f" GROUP BY customer_id, order_id HAVING NOT ({_COUNTS})"
    )
    dated = (
        f"SELECT customer_id, order_id, min(ordered_at) AS ordered_at FROM {lines} WHERE order_id IS NOT NULL"
        " GROUP BY customer_id, order_id"
    )
    return (
        f"SELECT customer_id, ordered_at FROM ({dated}) ANTI JOIN ({returned}) USING (customer_id, order_id)"
        f" UNION ALL SELECT customer_id, ordered_at FROM {lines} WHERE order_id IS NULL AND NOT back"
    )


def orders_with_contents(lines: str) -> str:
    """The same orders with their `order_id`, their `amount` and their `products`: the codes of what was not given back, in the
    order of the lines. `lines` also has `line` and `product`. Slower: rows without an order id are told apart by a number."""
    told_apart = (
        f"SELECT *, CASE WHEN order_id IS NULL THEN row_number() OVER (ORDER BY ordered_at, line) END AS own FROM {lines}"
    )
    return (
        "SELECT customer_id, order_id, min(ordered_at) AS ordered_at, sum(amount) AS amount,"
        " list(product ORDER BY line) FILTER (product IS NOT NULL AND NOT back) AS products"
        f" FROM ({told_apart}) GROUP BY customer_id, order_id, own HAVING {_COUNTS}"
    )
