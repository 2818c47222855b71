"""Who a row is about: the customer of its id, or else of its e-mail address or phone number."""

from __future__ import annotations

from collections.abc import Collection

from journey.facts import Change
from journey.facts.views import literal
from sheets_sync.uploads.stage import ROW

_PHONE_KEY = r"regexp_replace(regexp_replace({0}, '[^0-9+]', '', 'g'), '^\+81', '0')"

OWN_KEYS = (("email", "lower({0})"), ("phone", _PHONE_KEY))
"""How an address is compared, and what the id of a customer is of whom only the address is known."""


def who(change: Change, staged: str, columns: Collection[str]) -> str:
    """A SELECT of the staged rows with `customer_id` filled in. `staged` is the name of a view; `columns` are those it has.

    An address that no customer has becomes the id of a customer of its own. Where two customers have one address, it means the one
    whose id comes first.
    """
    ids = ["s.customer_id"] if "customer_id" in columns else []
    joins, own = "", []
    for name, key in OWN_KEYS:
        if name not in columns:
            continue
        mine = key.format(f"s.{name}")
        joins += (
            f" LEFT JOIN (SELECT {key.format(name)} AS key, min(customer_id) AS id FROM ({change.source('customers')})"
            f" WHERE {name} IS NOT NULL GROUP BY 1) AS by_{name} ON by_{name}.key = {mine}"
        )
        ids.append(f"by_{name}.id")
        own.append(mine)
    everyone = f"coalesce({', '.join([*ids, *own])})" if len(ids) + len(own) > 1 else (ids + own or ["NULL::VARCHAR"])[0]
    rest = "* EXCLUDE (customer_id)" if "customer_id" in columns else "*"
    return f"SELECT s.{rest}, {everyone} AS customer_id FROM {staged} AS s{joins}"


def make_unknown(change: Change, ids: str) -> int:
    """Makes a customer (id only) for each id that a SELECT of `customer_id` names and no one has yet. Returns how many."""
    unknown = change.duck.sql(
        f"SELECT DISTINCT n.customer_id, ?::TIMESTAMPTZ AS first_seen_at, ?::TIMESTAMPTZ AS changed_at FROM ({ids}) AS n"
        f" ANTI JOIN (SELECT customer_id FROM ({change.source('customers')})) AS c USING (customer_id)"
        " WHERE n.customer_id IS NOT NULL",
        params=[change.now, change.now],
    )
    return change.add("customers", unknown)


def parquet(path: object) -> str:
    """The table function that reads a staged file."""
    return f"read_parquet({literal(str(path))})"


__all__ = ["OWN_KEYS", "ROW", "make_unknown", "parquet", "who"]
