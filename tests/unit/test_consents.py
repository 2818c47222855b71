"""Consent: the rules of a yes and a no, against a plain reading of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from journey.consents import Standing, Statement, after, granted, record, suppress, suppressed, unsubscribe
from journey.store.engine import open_store, writing
from journey.store.tables import consent_log

NOW = datetime(2026, 1, 10, tzinfo=UTC)
DAYS = [NOW - timedelta(days=n) for n in range(1, 6)]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with writing(open_store(tmp_path)) as connection:
        yield connection


STATEMENTS = st.lists(
    st.builds(
        Statement,
        customer_id=st.just("A"),
        channel=st.just("email"),
        granted=st.booleans(),
        at=st.sampled_from([None, *DAYS]),
        source=st.sampled_from(["", "shop"]),
        asked=st.booleans(),
    ),
    max_size=8,
)


@given(STATEMENTS)
def test_a_no_falls_only_to_a_later_proven_yes(said: list[Statement]) -> None:
    standing = Standing()
    for statement in said:
        standing = after(standing, statement, NOW)
    noes = [s.at or NOW for s in said if not s.granted]
    proven = [s.at for s in said if s.granted and s.asked and s.at is not None and s.source]
    if noes:
        assert standing.granted == any(at > max(noes) for at in proven)
    else:
        assert standing.granted == bool(said)


@given(STATEMENTS.filter(bool), st.randoms())
def test_the_order_of_hearing_does_not_matter(said: list[Statement], random: object) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    ends = []
    for order in (said, shuffled):
        standing = Standing()
        for statement in order:
            standing = after(standing, statement, NOW)
        ends.append((standing.granted, standing.no_at))
    assert ends[0] == ends[1]


@settings(max_examples=15)
@given(said=STATEMENTS)
def test_the_store_remembers_what_the_rule_says(said: list[Statement], tmp_path_factory: pytest.TempPathFactory) -> None:
    engine = open_store(tmp_path_factory.mktemp("store"))
    standing = Standing()
    for statement in said:
        standing = after(standing, statement, NOW)
    with writing(engine) as connection:
        for statement in said:
            list(record(connection, [statement], NOW))
        assert granted(connection, ["A", "B"]) == ({("A", "email"): standing.granted} if said else {})
        before = granted(connection, ["A"])
        assert not any(record(connection, said, NOW + timedelta(days=1), repeated=True))
        assert granted(connection, ["A"]) == before


def test_unsubscribing_is_news_once_and_logged(connection: Connection) -> None:
    list(record(connection, [Statement("A", "email", True, DAYS[3], "店頭", "はい", asked=True)], NOW))
    assert unsubscribe(connection, "A", "email", NOW, "link")
    assert not unsubscribe(connection, "A", "email", NOW, "link")
    assert granted(connection, ["A"]) == {("A", "email"): False}
    log = connection.execute(
        select(consent_log.c.status, consent_log.c.source, consent_log.c.text).order_by(consent_log.c.id)
    ).all()
    assert [tuple(r) for r in log] == [(True, "店頭", "はい"), (False, "link", None)]


def test_a_chunk_border_changes_nothing(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journey.consents.CHUNK", 3)
    said = [Statement(f"c{n % 5}", "sms", n % 2 == 0, NOW - timedelta(hours=n), "x", asked=True) for n in range(20)]
    assert all(record(connection, said, NOW))
    assert connection.scalar(select(func.count()).select_from(consent_log)) == 20
    assert set(granted(connection, [f"c{n}" for n in range(5)]).values()) <= {True, False}


def test_suppressed_addresses_stay_suppressed(connection: Connection) -> None:
    assert suppress(connection, "k1", "email", "bounce", NOW)
    assert not suppress(connection, "k1", "email", "complaint", NOW)
    suppress(connection, "k1", "sms", "erased", NOW)
    assert suppressed(connection, [("k1", "email"), ("k2", "email"), ("k1", "push")]) == {("k1", "email"): "bounce"}
