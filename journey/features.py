"""The one pass over the facts: a SELECT of one row a customer, with the attributes and features that were asked for and nothing else.

It reads the views of an open `FactStore` (docs/architecture.md) and, for `received`, a further view `received(customer_id VARCHAR,
message VARCHAR, at TIMESTAMPTZ)`: what was delivered. Whoever asks for that feature registers the view on the connection, empty
where nothing has been sent yet. A view that no column needs is not read at all.

Facts dated after `at` do not exist yet. What a customer has none of is 0 for counts and sums, false for yes and no, else NULL.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from journey.conditions.sql import Sql, joined, one_of
from journey.conditions.syntax import Column, Feature, Field, Window, text_forms, today
from journey.facts.orders import ALONE, LINE, orders_that_count
from journey.facts.views import quoted

_SQL_TYPES = {"text": "VARCHAR", "number": "DOUBLE", "date": "DATE", "yes_no": "BOOLEAN"}


def select(
    columns: Collection[Column],
    at: datetime,
    zone: ZoneInfo,
    *,
    only: Sequence[str] | None = None,
    present: Collection[str] | None = None,
    alone: bool = True,
) -> Sql:
    """A SELECT of `customer_id` and each column under its `column` name, one row a customer, as of the moment `at`.

    `only` restricts it to those customers, in every scan (the scores alone always look at all). `present` are the columns that the
    view `customers` has: an attribute that it lacks is NULL. `joined_at` and the dates of orders come out as moments. `alone` changes
    no answer, only the way to it: whether most lines are an order each (journey.facts.orders.MOSTLY_ALONE).
    """
    made = _Pass(at, zone, only, present, alone)
    selected = [made.output(column) + f" AS {quoted(column.column)}" for column in sorted(columns, key=lambda c: c.column)]
    head = joined([Sql("SELECT c.customer_id"), *selected], ",\n  ")
    kept = made.kept("c.customer_id")
    return head + "\nFROM customers c" + made.joins() + (" WHERE " + kept if kept else "")


class _Pass:
    """Collects which aggregates of which view the columns need, so that each view is scanned once for all of them."""

    def __init__(
        self, at: datetime, zone: ZoneInfo, only: Sequence[str] | None, present: Collection[str] | None, alone: bool
    ) -> None:
        self._at, self._zone = at, zone
        self._alone = alone
        self._today = today(at, zone)
        self._only = None if only is None else list(only)
        self._present = present
        self._orders: dict[str | None, dict[str, Sql]] = {}
        self._lines: dict[str | None, dict[str, Sql]] = {}
        self._events: dict[str, Sql] = {}
        self._event_names: dict[str, None] = {}
        self._received: dict[str, Sql] = {}
        self._scores = False
        self._points = False
        self._placed: dict[str, None] = {}
        self._been: dict[tuple[str, str], None] = {}

    def kept(self, column: str) -> Sql | None:
        """The restriction to the given customers, if there is one."""
        return None if self._only is None else Sql(f"{column} IN (SELECT unnest(CAST(? AS VARCHAR[])))", (self._only,))

    def output(self, column: Column) -> Sql:
        """The expression of one column, over the relations that `joins` brings in."""
        if isinstance(column, Field):
            return self._attribute(column)
        of = {
            "bought": self._bought,
            "average_order": self._average_order,
            "average_interval": self._average_interval,
            "days_since_last_order": lambda f: self._days(self._order(f, "last")),
            "first_order_at": lambda f: Sql(self._order(f, "first")),
            "last_order_at": lambda f: Sql(self._order(f, "last")),
            "orders": lambda f: Sql(f"coalesce({self._order(f, 'n')}, 0)"),
            "revenue": lambda f: Sql(f"coalesce({self._revenue(f)}, 0)"),
            "events": lambda f: Sql(f"coalesce({self._event(f, 'n')}, 0)"),
            "days_since": lambda f: self._days(self._event(f, "last")),
            "received": self._was_received,
            "points": self._current_points,
            "age": self._age,
            "birth_month": lambda f: Sql("month(c.birthday)"),
            "stage": lambda f: Sql(f"{self._placement(f)}.stage_id"),
            "days_in_stage": self._days_in_stage,
            "was_in": self._was_in,
        }.get(column.name, self._score)
        return of(column)

    def _attribute(self, field: Field) -> Sql:
        if self._present is not None and field.key not in self._present:
            return Sql(f"CAST(NULL AS {_SQL_TYPES[field.type]})")
        name = f"c.{quoted(field.key)}"
        return Sql(f"nullif({name}, '')" if field.type == "text" else name)

    def _days(self, moment: str) -> Sql:
        """Local days from a moment to today."""
        return Sql(f"date_diff('day', CAST(timezone(?, {moment}) AS DATE), CAST(? AS DATE))", (self._zone.key, self._today))

    def _inside(self, window: Window | None, column: str) -> tuple[str, Sql]:
        """A suffix for the alias, and the FILTER clause of a window."""
        if window is None:
            return "", Sql("")
        return f"_{window}", Sql(f" FILTER (WHERE {column} > ?)", (window.begin(self._at, self._zone),))

    def _order(self, feature: Feature, what: str) -> str:
        suffix, inside = self._inside(feature.window, "ordered_at")
        product = feature.args[0] if feature.args else None
        aggregate = {"n": "count(*)", "first": "min(ordered_at)", "last": "max(ordered_at)"}[what]
        found = self._orders.setdefault(product, {})
        found[what + suffix] = aggregate + inside
        return f"o{list(self._orders).index(product)}.{what}{suffix}"

    def _revenue(self, feature: Feature) -> str:
        suffix, inside = self._inside(feature.window, "ordered_at")
        product = feature.args[0] if feature.args else None
        self._lines.setdefault(product, {})["s" + suffix] = "sum(amount)" + inside
        return f"l{list(self._lines).index(product)}.s{suffix}"

    def _average_order(self, feature: Feature) -> Sql:
        return Sql(f"coalesce({self._revenue(feature)}, 0) / nullif({self._order(feature, 'n')}, 0)")

    def _average_interval(self, feature: Feature) -> Sql:
        first, last, count = (self._order(feature, what) for what in ("first", "last", "n"))
        return Sql(f"(epoch_us({last}) - epoch_us({first})) / 86400000000.0 / nullif({count} - 1, 0)")

    def _bought(self, feature: Feature) -> Sql:
        return Sql(f"coalesce({self._order(feature, 'n')}, 0) > 0")

    def _event(self, feature: Feature, what: str) -> str:
        forms = text_forms(feature.args[0])
        self._event_names.update(dict.fromkeys(forms))
        alias = f"{what}{list(self._event_names).index(forms[0])}" + (f"_{feature.window}" if feature.window else "")
        when = one_of("event", forms)
        if feature.window:
            when = when + Sql(' AND "at" > ?', (feature.window.begin(self._at, self._zone),))
        aggregate = "count(*) FILTER (WHERE " if what == "n" else 'max("at") FILTER (WHERE '
        self._events[alias] = aggregate + when + ")"
        return f"e.{alias}"

    def _was_received(self, feature: Feature) -> Sql:
        when = one_of("message", feature.args)
        if feature.window:
            when = when + Sql(' AND "at" > ?', (feature.window.begin(self._at, self._zone),))
        alias = f"r{len(self._received)}"
        self._received[alias] = "bool_or(" + when + ")"
        return Sql(f"coalesce(r.{alias}, false)")

    def _current_points(self, feature: Feature) -> Sql:
        self._points = True
        return Sql("c.points + coalesce(p.since, 0)")

    def _age(self, feature: Feature) -> Sql:
        passed = "CAST(month(c.birthday) * 100 + day(c.birthday) > ? AS INTEGER)"
        return Sql(f"? - year(c.birthday) - {passed}", (self._today.year, self._today.month * 100 + self._today.day))

    def _score(self, feature: Feature) -> Sql:
        self._scores = True
        if feature.name == "rfm":
            return Sql("CAST(s.recency_score * 100 + s.frequency_score * 10 + s.monetary_score AS VARCHAR)")
        return Sql(f"s.{feature.name}")

    def _placement(self, feature: Feature) -> str:
        journey = feature.args[0]
        self._placed[journey] = None
        return f"p{list(self._placed).index(journey)}"

    def _days_in_stage(self, feature: Feature) -> Sql:
        placed = self._placement(feature)
        return f"CASE WHEN {placed}.stage_id IS NOT NULL THEN " + self._days(f"{placed}.since") + " END"

    def _was_in(self, feature: Feature) -> Sql:
        stage, journey = feature.args
        self._been[stage, journey] = None
        return Sql(f"b{list(self._been).index((stage, journey))}.customer_id IS NOT NULL")

    def joins(self) -> Sql:
        """A LEFT JOIN for each relation that a column needs."""
        found: list[tuple[str, Sql]] = []
        for i, (product, aggregates) in enumerate(self._orders.items()):
            found.append((f"o{i}", self._counted(aggregates, self._purchases(product))))
        for i, (product, aggregates) in enumerate(self._lines.items()):
            found.append((f"l{i}", self._grouped(aggregates, self._purchases(product))))
        if self._events:
            named = one_of("event", self._event_names)
            found.append(("e", self._grouped(self._events, self._scan("events", "*", '"at"', named))))
        if self._received:
            found.append(("r", self._grouped(self._received, self._scan("received", "*", '"at"', None))))
        if self._points:
            found.append(("p", self._points_since()))
        if self._scores:
            found.append(("s", self._quintiles()))
        found += [(f"p{i}", self._placements(journey)) for i, journey in enumerate(self._placed)]
        found += [(f"b{i}", self._stays(stage, journey)) for i, (stage, journey) in enumerate(self._been)]
        return joined(["\nLEFT JOIN (" + sql + f") {n} ON {n}.customer_id = c.customer_id" for n, sql in found], "")

    @staticmethod
    def _grouped(aggregates: dict[str, Sql], rows: Sql) -> Sql:
        selected = joined([sql + f" AS {alias}" for alias, sql in aggregates.items()], ", ")
        return "SELECT customer_id, " + selected + " FROM (" + rows + ") GROUP BY customer_id"

    def _counted(self, aggregates: dict[str, Sql], lines: Sql) -> Sql:
        """Aggregates over the orders that count (docs/architecture.md), by customer, out of lines.

        Where files give an order a line, most customers have only such orders and no return: their lines are their orders, and the
        large grouping by order is left to the others. `line` numbers the lines of an order; without it a line is not taken to be
        alone.
        """
        if not self._alone:
            return self._grouped(aggregates, "WITH lines AS NOT MATERIALIZED (" + lines + ") " + orders_that_count("lines"))
        mixed = "SELECT * FROM (" + lines + ") WHERE customer_id IN (SELECT customer_id FROM (" + lines + ") WHERE NOT alone)"
        orders = "WITH mixed AS MATERIALIZED (" + mixed + ") " + orders_that_count("mixed")
        return self._grouped(aggregates, lines) + " HAVING bool_and(alone) UNION ALL " + self._grouped(aggregates, orders)

    def _scan(self, view: str, columns: str, moment: str, more: Sql | None, *, everyone: bool = False) -> Sql:
        conditions = [Sql(f"customer_id IS NOT NULL AND {moment} <= ?", (self._at,))]
        kept = None if everyone else self.kept("customer_id")
        conditions += [c for c in (more, kept) if c is not None]
        return f"SELECT {columns} FROM {view} WHERE " + joined(conditions, " AND ")

    def _purchases(self, product: str | None, *, everyone: bool = False) -> Sql:
        """The lines until now, of one product, name or category where one is given."""
        more = None
        if product is not None:
            forms = text_forms(product)
            named = joined([one_of("product", forms), one_of("name", forms), one_of("category", forms)], " OR ")
            listed = "coalesce(product IN (SELECT product FROM products WHERE " + named + "), false)"
            own = joined([one_of("product", forms), one_of("category", forms)], " OR ")
            more = "(coalesce(" + own + ", false) OR " + listed + ")"
        return self._scan("purchases", f"{LINE}, {ALONE} AS alone", "ordered_at", more, everyone=everyone)

    def _points_since(self) -> Sql:
        rows = self._scan("purchases", "customer_id, ordered_at, points_earned, points_used", "ordered_at", None)
        return (
            "SELECT customer_id, sum(coalesce(points_earned, 0) - coalesce(points_used, 0)) AS since FROM ("
            + rows
            + ") JOIN (SELECT customer_id, points_at FROM customers) USING (customer_id)"
            " WHERE ordered_at > points_at GROUP BY customer_id"
        )

    def _quintiles(self) -> Sql:
        """Fifths of everyone who has an order that counts, 5 best; equal ones by customer id."""
        lines = self._purchases(None, everyone=True)
        scores = ", ".join(
            f"ntile(5) OVER (ORDER BY {value}, customer_id) AS {name}_score"
            for name, value in (("recency", "last"), ("frequency", "n"), ("monetary", "revenue"))
        )
        counted = self._counted({"n": Sql("count(*)"), "last": Sql("max(ordered_at)")}, lines)
        spent = "SELECT customer_id, sum(amount) AS revenue FROM (" + lines + ") GROUP BY customer_id"
        known = " WHERE customer_id IN (SELECT customer_id FROM customers)"
        return f"SELECT customer_id, {scores} FROM (" + counted + ") JOIN (" + spent + f") USING (customer_id){known}"

    def _placements(self, journey: str) -> Sql:
        kept = self.kept("customer_id")
        rows = Sql("SELECT customer_id, stage_id, since FROM placements WHERE journey_id = ?", (journey,))
        return rows + " AND " + kept if kept else rows

    def _stays(self, stage: str, journey: str) -> Sql:
        """Whoever stands on the stage or once moved to it."""
        kept = self.kept("customer_id")
        more = " AND " + kept if kept else Sql("")
        now = Sql("SELECT customer_id FROM placements WHERE journey_id = ? AND stage_id = ?", (journey, stage)) + more
        once = Sql(
            'SELECT customer_id FROM transitions WHERE journey_id = ? AND to_stage = ? AND "at" <= ?',
            (journey, stage, self._at),
        )
        return now + " UNION " + once + more
