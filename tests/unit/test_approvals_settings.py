"""Settings that protect customers: the first at once, stricter ones at once, looser ones when a person says so."""

import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from journey.model import Cap, Settings
from journey.settings import (
    PROTECTING,
    adopt_settings,
    approve_settings,
    merged,
    settings_in_force,
    settings_pending,
)
from journey.store.engine import open_store, reading, writing
from journey.store.tables import approvals, audit

T0 = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
FIRST = Settings(sender_name="たびじ", sender_address="shop@example.com", cap_channel={"sms": Cap(1, 2)}, bulk_limit=500)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    open_store(folder).dispose()
    return folder


@pytest.fixture
def engine(empty_store: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copytree(empty_store, tmp_path, dirs_exist_ok=True)
    opened = open_store(tmp_path)
    yield opened
    opened.dispose()


def sync(engine: Engine, wanted: Settings) -> Settings:
    with writing(engine) as connection:
        return adopt_settings(connection, wanted, T0)


def look(engine: Engine, wanted: Settings) -> tuple[Settings, tuple[str, ...]]:
    with reading(engine) as connection:
        return settings_in_force(connection, wanted), settings_pending(connection, wanted)


def test_the_first_version_is_in_force_at_once(engine: Engine) -> None:
    assert look(engine, FIRST) == (FIRST, ())
    assert sync(engine, FIRST) == FIRST
    assert look(engine, FIRST) == (FIRST, ())


@pytest.mark.parametrize(
    ("change", "in_force"),
    [
        ({"default_send_time": time(8)}, None),
        ({"time_zone": "Asia/Seoul"}, None),
        ({"rank_source": "uploaded"}, None),
        # stricter
        ({"cap_promotional": Cap(1, 2)}, None),
        ({"cap_total": Cap(5, None)}, None),
        ({"cap_channel": {"sms": Cap(1, 1), "line": Cap(1, None)}}, None),
        ({"quiet_hours": (time(20), time(10))}, None),
        ({"late_after": timedelta(hours=6)}, None),
        ({"entry_age": timedelta(days=1)}, None),
        ({"audience_drift": 0.1}, None),
        ({"bulk_limit": 100}, None),
        # looser, or neither
        ({"sender_name": "べつの店"}, {}),
        ({"sender_address": ""}, {}),
        ({"reply_to": "x@example.com"}, {}),
        ({"cap_promotional": Cap()}, {}),
        ({"cap_channel": {}}, {}),
        ({"quiet_hours": None}, {}),
        ({"quiet_hours": (time(22), time(10))}, {}),
        ({"quiet_hours": (time(9), time(21))}, {}),
        ({"late_after": timedelta(days=9)}, {}),
        ({"entry_age": timedelta(days=9)}, {}),
        ({"audience_drift": 0.9}, {}),
        ({"bulk_limit": None}, {}),
        # some of each: what is stricter counts, the rest waits
        ({"cap_promotional": Cap(3, 2)}, {"cap_promotional": Cap(1, 2)}),
        ({"cap_channel": {"line": Cap(2, 2)}}, {"cap_channel": {"sms": Cap(1, 2), "line": Cap(2, 2)}}),
        ({"bulk_limit": 9, "late_after": timedelta(days=9)}, {"bulk_limit": 9}),
    ],
)
def test_which_edit_waits(engine: Engine, change: dict[str, Any], in_force: dict[str, Any] | None) -> None:
    sync(engine, FIRST)
    wanted = replace(FIRST, **change)
    expected = wanted if in_force is None else replace(FIRST, **in_force)
    sync(engine, wanted)
    counts, waits = look(engine, wanted)
    assert counts == expected
    assert set(waits) == {k for k in change if getattr(expected, k) != getattr(wanted, k)}
    decided = approve_settings(engine, wanted, who="hanako", now=T0)
    assert decided.fields == waits
    assert look(engine, wanted) == (wanted, ())
    assert approve_settings(engine, wanted, who="hanako", now=T0).fields == ()


def test_taking_back_something_stricter_is_a_loosening(engine: Engine) -> None:
    sync(engine, FIRST)
    sync(engine, replace(FIRST, bulk_limit=10))
    sync(engine, FIRST)
    assert look(engine, FIRST) == (replace(FIRST, bulk_limit=10), ("bulk_limit",))


def test_an_empty_bulk_limit_is_never_below_a_thousand(engine: Engine) -> None:
    sync(engine, Settings())
    assert look(engine, Settings(bulk_limit=1000)) == (Settings(bulk_limit=1000), ())
    assert look(engine, Settings(bulk_limit=1001)) == (Settings(), ("bulk_limit",))


def test_who_decided_is_kept(engine: Engine) -> None:
    sync(engine, FIRST)
    sync(engine, FIRST)
    wanted = replace(FIRST, late_after=timedelta(days=2))
    sync(engine, wanted)
    approve_settings(engine, wanted, who="hanako", now=T0)
    with reading(engine) as connection:
        kept = connection.execute(select(approvals.c.subject, approvals.c.by, approvals.c.reason)).fetchall()
        noted = connection.execute(select(audit.c.who, audit.c.action, audit.c.subject, audit.c.detail)).fetchall()
    assert kept == [("settings", "tabiji", "first version"), ("settings", "hanako", None)]
    assert noted == [("hanako", "approve", "settings", {"fields": ["late_after"]})]


few_numbers = st.none() | st.integers(0, 5)
caps = st.builds(Cap, per_day=few_numbers, per_week=few_numbers)
hours = st.times().map(lambda t: t.replace(minute=0, second=0, microsecond=0))
any_settings = st.builds(
    Settings,
    sender_name=st.sampled_from(["", "a", "b"]),
    cap_promotional=caps,
    cap_total=caps,
    cap_channel=st.dictionaries(st.sampled_from(["sms", "line"]), caps.filter(lambda c: c != Cap()), max_size=2),
    quiet_hours=st.none() | st.tuples(hours, hours),
    late_after=st.integers(1, 5).map(lambda n: timedelta(hours=n)),
    audience_drift=st.sampled_from([0.0, 0.2, 0.5]),
    bulk_limit=st.none() | st.sampled_from([1, 1000, 5000]),
)


def quiet_minutes(value: tuple[time, time] | None) -> set[int]:
    if value is None:
        return set()
    start, end = (t.hour for t in value)
    return {h % 24 for h in range(start, end + (24 if end < start else 0))}


@settings(max_examples=100)
@given(any_settings, any_settings)
def test_an_edit_never_loosens_anything_by_itself(old: Settings, wanted: Settings) -> None:
    now = merged(old, wanted)
    assert merged(old, old) == old
    assert merged(now, wanted) == now  # looking again changes nothing
    assert quiet_minutes(old.quiet_hours) <= quiet_minutes(now.quiet_hours)
    for cap, before in [(now.cap_promotional, old.cap_promotional), (now.cap_total, old.cap_total)] + [
        (now.cap_channel.get(c, Cap()), old.cap_channel.get(c, Cap())) for c in ("sms", "line")
    ]:
        for limit, was in [(cap.per_day, before.per_day), (cap.per_week, before.per_week)]:
            assert was is None or (limit is not None and limit <= was)
    assert now.late_after <= old.late_after
    assert now.audience_drift <= old.audience_drift
    assert (now.bulk_limit or 1000) <= (old.bulk_limit or 10**9)
    assert now.sender_name == old.sender_name


def test_every_setting_is_sorted_into_protecting_or_not() -> None:
    free = {"time_zone", "default_send_time", "rank_source"}
    assert {f.name for f in fields(Settings)} == free | set(PROTECTING)
