"""Rows in bulk end up as if SQLAlchemy had written each of them, on every database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.dialects import postgresql

from journey.ledger import PlannedRow, freeze
from journey.model import Campaign, Once
from journey.store.bulk import insert_into, insert_rows
from journey.store.engine import open_store, writing
from journey.store.tables import consent_log, deliveries, delivery_log

NOW = datetime(2026, 1, 10, 12, 30, 15, 123456, tzinfo=UTC)
TOKYO = timezone(timedelta(hours=9))
NAMES = ("customer_id", "channel", "status", "at", "timed", "source", "text", "recorded_at")
MOMENTS = st.sampled_from([NOW, NOW.astimezone(TOKYO), NOW - timedelta(days=400)])
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
ROWS = st.lists(
    st.tuples(st.text("ab山'%:?", min_size=1), st.just("email"), st.booleans(), MOMENTS, st.booleans(), TEXTS, TEXTS, MOMENTS),
    max_size=6,
)


@settings(max_examples=30)
@given(rows=ROWS)
def test_the_same_rows_in_the_same_order(rows: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory) -> None:
    with writing(open_store(tmp_path_factory.mktemp("store"))) as connection:
        insert_rows(connection, insert(consent_log), NAMES, rows)
        bulk = connection.execute(select(consent_log).order_by(consent_log.c.id)).all()
        raw = connection.execute(text("SELECT * FROM consent_log ORDER BY id")).all()
        connection.execute(consent_log.delete())
        for row in rows:
            connection.execute(insert(consent_log).values(dict(zip(NAMES, row, strict=True))))
        assert connection.execute(select(consent_log).order_by(consent_log.c.id)).all() == bulk
        assert connection.execute(text("SELECT * FROM consent_log ORDER BY id")).all() == raw


def test_a_naive_moment_is_refused(tmp_path: Path) -> None:
    with writing(open_store(tmp_path)) as connection, pytest.raises(ValueError, match="naive"):
        insert_rows(connection, insert(delivery_log), ("delivery_id", "at", "state"), [(1, NOW.replace(tzinfo=None), "x")])


def test_none_is_null_also_among_values(tmp_path: Path) -> None:
    rows = [(1, NOW, "a", None), (2, NOW, "b", {"数": 1}), (3, NOW, "c", None)]
    with writing(open_store(tmp_path)) as connection:
        insert_rows(connection, insert(delivery_log), ("delivery_id", "at", "state", "detail"), rows)
        assert connection.scalars(text("SELECT detail IS NULL FROM delivery_log ORDER BY id")).all() == [1, 0, 1]
        assert connection.scalars(select(delivery_log.c.detail).order_by(delivery_log.c.id)).all() == [None, {"数": 1}, None]


def test_a_database_with_named_parameters_gets_rows_by_name() -> None:
    ran: list[tuple[str, Sequence[dict[str, Any]]]] = []
    dialect: Any = postgresql.dialect
    fake = SimpleNamespace(dialect=dialect(), exec_driver_sql=lambda sql, rows: ran.append((sql, rows)))
    connection = cast(Connection, fake)
    statement = insert_into(connection, delivery_log).on_conflict_do_nothing()
    insert_rows(connection, statement, ("delivery_id", "at", "state", "reason"), [(1, NOW.astimezone(TOKYO), "a", None)])
    [(sql, rows)] = ran
    assert "%(delivery_id)s" in sql and "ON CONFLICT DO NOTHING" in sql and "reason" not in sql
    assert rows == [{"delivery_id": 1, "at": NOW, "state": "a"}]


def test_freezing_again_adds_only_what_is_new_and_its_trail(tmp_path: Path) -> None:
    campaign = Campaign("C1", "C1", True, Once(NOW.date()), "M1")
    first = [PlannedRow(f"c{n}", "1", "once", NOW, "planned", None) for n in range(25_000)]
    more = [
        PlannedRow("c0", "1", "once", NOW, "skipped", "condition", {"audience": "x"}),  # there already, as planned
        PlannedRow("new", "1", "once", NOW),
        PlannedRow("held", "1", "once", NOW, "planned", "bulk", {"limit": 3}),
        PlannedRow("no", "1", "once", NOW, "skipped", "condition", {"audience": "x"}),
    ]
    with writing(open_store(tmp_path)) as connection:
        assert freeze(connection, campaign, first, NOW) == 25_000
        assert freeze(connection, campaign, [*first, *more], NOW) == 3
        d = deliveries.c
        [kept] = connection.execute(select(d.state, d.reason, d.detail, d.due_at).where(d.customer_id == "c0"))
        assert tuple(kept) == ("planned", None, None, NOW)
        log = select(d.customer_id, delivery_log.c.state, delivery_log.c.reason, delivery_log.c.detail, delivery_log.c.at)
        trail = connection.execute(log.join(deliveries, d.id == delivery_log.c.delivery_id).order_by(delivery_log.c.id)).all()
    assert [tuple(row) for row in trail] == [
        ("held", "planned", "bulk", {"limit": 3}, NOW),
        ("no", "skipped", "condition", {"audience": "x"}, NOW),
    ]
