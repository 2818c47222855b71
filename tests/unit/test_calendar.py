"""Due times, occurrences and sending hours: held as properties over zones with all kinds of clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.calendar import (
    HORIZON_DAYS,
    delayed,
    entry_due,
    falls_on,
    newest_occurrence,
    next_moment,
    occurrences,
    within_dates,
)
from journey.model import AfterInStage, Delay, Once, OnEnter, Recurring, Settings, WindowSpan

TOKYO = ZoneInfo("Asia/Tokyo")
ZONES = [
    ZoneInfo(z)
    for z in ("Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo")
]
SETTINGS = Settings()
few = settings(max_examples=50)

zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)).map(lambda d: d.replace(tzinfo=UTC, microsecond=0))  # noqa: DTZ001
times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
recurring = st.one_of(
    st.builds(Recurring, every=st.just("day"), at=times),
    st.builds(
        Recurring,
        every=st.just("week"),
        weekdays=st.sets(st.integers(0, 6), min_size=1).map(lambda s: tuple(sorted(s))),
        at=times,
    ),
    st.builds(Recurring, every=st.just("month"), month_day=st.integers(1, 31), at=times),
)


def tokyo(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=TOKYO).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("trigger", "due"),
    [
        (OnEnter(), tokyo(2026, 3, 10, 15, 20)),
        (OnEnter(Delay(2, "h")), tokyo(2026, 3, 10, 17, 20)),
        (OnEnter(Delay(1, "d", time(10))), tokyo(2026, 3, 11, 10)),
        (OnEnter(Delay(3, "d")), tokyo(2026, 3, 13, 10)),
        (OnEnter(Delay(2, "w", time(18, 30))), tokyo(2026, 3, 24, 18, 30)),
        (OnEnter(Delay(0, "d", time(9))), tokyo(2026, 3, 10, 15, 20)),  # never before the entry itself
        (AfterInStage(30), tokyo(2026, 4, 9, 10)),
        (AfterInStage(30, time(8)), tokyo(2026, 4, 9, 8)),
    ],
)
def test_when_an_entry_falls_due(trigger: OnEnter | AfterInStage, due: datetime) -> None:
    assert entry_due(trigger, tokyo(2026, 3, 10, 15, 20), SETTINGS, TOKYO) == due


@few
@given(moments, st.integers(1, 400), st.sampled_from(["d", "w"]), times, zones)
def test_a_delay_in_days_lands_on_that_local_day(at: datetime, amount: int, unit: str, wall: time, zone: ZoneInfo) -> None:
    due = delayed(at, Delay(amount, unit, wall), SETTINGS, zone)  # type: ignore[arg-type]
    days = amount * (7 if unit == "w" else 1)
    shown = due.astimezone(zone)
    assert shown.date() == at.astimezone(zone).date() + timedelta(days=days)
    gap = abs(datetime.combine(shown.date(), shown.time()) - datetime.combine(shown.date(), wall))
    assert gap <= timedelta(hours=1)  # only a wall-clock time that never was moves, by the width of the gap


@few
@given(recurring, moments, st.integers(0, 90), zones)
def test_each_matching_day_has_exactly_one_occurrence(trigger: Recurring, after: datetime, days: int, zone: ZoneInfo) -> None:
    upto = after + timedelta(days=days)
    found = list(occurrences(trigger, after, upto, SETTINGS, zone))
    assert [o.due_at for o in found] == sorted({o.due_at for o in found})
    assert len({o.name for o in found}) == len(found)
    assert all(after < o.due_at <= upto and falls_on(trigger, o.day) for o in found)
    inner = (after.astimezone(zone).date() + timedelta(days=n) for n in range(2, days - 1))
    assert {d for d in inner if falls_on(trigger, d)} <= {o.day for o in found}


@few
@given(recurring, moments, st.integers(0, 200), zones)
def test_the_newest_occurrence_is_the_last_of_all(trigger: Recurring, after: datetime, days: int, zone: ZoneInfo) -> None:
    upto = after + timedelta(days=days)
    found = list(occurrences(trigger, after, upto, SETTINGS, zone))
    assert newest_occurrence(trigger, after, upto, SETTINGS, zone) == (found[-1] if found else None)


@few
@given(recurring, moments, st.integers(0, 40), st.integers(0, 40), zones)
def test_spans_that_meet_share_no_occurrence_and_lose_none(
    trigger: Recurring, after: datetime, one: int, two: int, zone: ZoneInfo
) -> None:
    middle, upto = after + timedelta(days=one), after + timedelta(days=one + two)
    parts = [*occurrences(trigger, after, middle, SETTINGS, zone), *occurrences(trigger, middle, upto, SETTINGS, zone)]
    assert parts == list(occurrences(trigger, after, upto, SETTINGS, zone))


@pytest.mark.parametrize("month_day", [29, 30, 31])
def test_a_short_month_has_it_on_its_last_day(month_day: int) -> None:
    monthly = Recurring("month", month_day=month_day)
    days = [d for n in range(365) if falls_on(monthly, d := date(2026, 1, 1) + timedelta(days=n))]
    assert [d.month for d in days] == list(range(1, 13))
    assert days[1] == date(2026, 2, 28)
    assert days[3] == date(2026, 4, min(month_day, 30))


def test_a_daily_campaign_on_the_days_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    half_past_two = Recurring("day", at=time(2, 30))
    spring = list(
        occurrences(
            half_past_two, datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 30, 12, tzinfo=UTC), SETTINGS, berlin
        )
    )
    assert [o.due_at.astimezone(berlin).strftime("%d %H:%M") for o in spring] == ["29 03:30", "30 02:30"]
    autumn = list(
        occurrences(
            half_past_two, datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC), SETTINGS, berlin
        )
    )
    assert [o.due_at for o in autumn] == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]


def test_once_is_one_moment() -> None:
    once = Once(date(2026, 12, 1))
    due = tokyo(2026, 12, 1, 10)
    assert newest_occurrence(once, due - timedelta(days=90), due, SETTINGS, TOKYO).due_at == due  # type: ignore[union-attr]
    assert newest_occurrence(once, due, due + timedelta(days=90), SETTINGS, TOKYO) is None
    assert newest_occurrence(once, due - timedelta(days=90), due - timedelta(seconds=1), SETTINGS, TOKYO) is None


windows = st.lists(
    st.builds(WindowSpan, start=times, end=times, weekdays=st.sets(st.integers(0, 6)).map(lambda s: tuple(sorted(s)))),
    max_size=3,
)
quiets = st.none() | st.tuples(times, times)


def open_at(
    moment: datetime, spans: list[WindowSpan], quiet: tuple[time, time] | None, holidays: set[date], zone: ZoneInfo
) -> bool:
    """The rule, minute by minute and without clock changes: written apart from the code, to hold against it."""
    shown = moment.astimezone(zone)

    def inside(start: time, end: time, weekdays: tuple[int, ...]) -> bool:
        def begins(day: date) -> bool:
            return not weekdays or day.weekday() in weekdays

        wall, day = shown.time(), shown.date()
        if end > start:
            return begins(day) and start <= wall < end
        return (begins(day) and wall >= start) or (begins(day - timedelta(days=1)) and wall < end)

    if shown.date() in holidays:
        return False
    if quiet is not None and quiet[0] != quiet[1] and inside(*quiet, ()):
        return False
    return not spans or any(inside(w.start, w.end, w.weekdays) for w in spans)


@few
@given(windows, quiets, st.sets(st.dates(date(2026, 1, 1), date(2026, 1, 20)), max_size=5), st.integers(0, 14 * 1440))
def test_the_next_moment_is_the_first_that_is_open(
    spans: list[WindowSpan], quiet: tuple[time, time] | None, holidays: set[date], minute: int
) -> None:
    at = tokyo(2026, 1, 1) + timedelta(minutes=minute)
    found = next_moment(spans, quiet, holidays, TOKYO, at, promotional=True)
    assert found >= at
    if found < at + timedelta(days=HORIZON_DAYS - 2):
        assert open_at(found, spans, quiet, holidays, TOKYO)
    looked = min(found, at + timedelta(days=3))
    between = (at + timedelta(minutes=n) for n in range(0, int((looked - at) / timedelta(minutes=1)), 7))
    assert not any(open_at(m, spans, quiet, holidays, TOKYO) for m in between)


@few
@given(moments, zones, quiets, windows)
def test_in_any_zone_it_is_never_in_quiet_hours_and_stays_where_it_is(
    at: datetime, zone: ZoneInfo, quiet: tuple[time, time] | None, spans: list[WindowSpan]
) -> None:
    found = next_moment(spans, quiet, (), zone, at, promotional=True)
    assert at <= found
    if found < at + timedelta(days=HORIZON_DAYS - 2):
        assert next_moment(spans, quiet, (), zone, found, promotional=True) == found


def test_quiet_hours_of_the_customer() -> None:
    new_york = ZoneInfo("America/New_York")
    evening = datetime(2026, 3, 7, 22, tzinfo=new_york).astimezone(UTC)
    # the clocks go forward that night
    assert next_moment((), (time(21), time(9)), (), new_york, evening, promotional=True) == datetime(2026, 3, 8, 13, tzinfo=UTC)


def test_transactional_keeps_only_its_own_window() -> None:
    night = tokyo(2026, 1, 1, 23)
    quiet = (time(21), time(9))
    assert next_moment((), quiet, [date(2026, 1, 1)], TOKYO, night, promotional=False) == night
    window = [WindowSpan(time(10), time(18))]
    assert next_moment(window, quiet, [date(2026, 1, 2)], TOKYO, night, promotional=False) == tokyo(2026, 1, 2, 10)
    assert next_moment(window, quiet, [date(2026, 1, 2)], TOKYO, night, promotional=True) == tokyo(2026, 1, 3, 10)


def test_what_is_never_allowed_ends_somewhere() -> None:
    at = tokyo(2026, 1, 1)
    shut = next_moment([WindowSpan(time(22), time(23))], (time(21), time(9)), (), TOKYO, at, promotional=True)
    assert shut == tokyo(2026, 3, 2)


def test_start_and_end_are_days_inclusive() -> None:
    start, end = date(2026, 5, 1), date(2026, 5, 31)
    assert not within_dates(start, end, tokyo(2026, 4, 30, 23, 59), TOKYO)
    assert within_dates(start, end, tokyo(2026, 5, 1), TOKYO)
    assert within_dates(start, end, tokyo(2026, 5, 31, 23, 59), TOKYO)
    assert not within_dates(start, end, tokyo(2026, 6, 1), TOKYO)
    assert within_dates(None, None, tokyo(2026, 6, 1), TOKYO)
