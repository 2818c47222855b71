"""What a cell means, fast way and slow way alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.clock import at_local
from journey.customers import mask
from sheets_sync.uploads import values

TOKYO = ZoneInfo("Asia/Tokyo")


def column(*cells: str) -> pa.StringArray:
    return values.tidied(pa.array(cells, pa.string()))


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1,200", 1200),
        ("¥1,200", 1200),
        ("￥１，２００", 1200),
        ("1200円", 1200),
        ("(500)", -500),
        ("▲500", -500),
        ("1.2e3", 1200),
        ("-¥300", -300),
        ("−5", -5),
        ("-0.5", -0.5),
        ("10ポイント", 10),
        ("1,20", None),
        ("NaN", None),
        ("inf", None),
        ("1e99", None),
        ("--5", None),
        ("5-", None),
        ("1.2.3", None),
        ("=1+1", None),
        ("e5", None),
        ("9999999999999999", None),
        ("", None),
    ],
)
def test_numbers(cell: str, meant: float | None) -> None:
    assert values.numbers(column(cell)).to_pylist() == [meant]


@pytest.mark.parametrize(
    ("cell", "local"),
    [
        ("2026-01-05", "2026-01-05 00:00"),
        ("2026/1/5 9:30", "2026-01-05 09:30"),
        ("2026年1月5日", "2026-01-05 00:00"),
        ("2026年1月5日(月) 9時30分", "2026-01-05 09:30"),
        ("20260105", "2026-01-05 00:00"),
        ("令和8年1月5日", "2026-01-05 00:00"),
        ("S64.1.7", "1989-01-07 00:00"),
        ("平成元年1月8日", "1989-01-08 00:00"),
        ("2026-01-05T00:30:00Z", "2026-01-05 09:30"),
        ("2026-01-04 19:30:00 -0500", "2026-01-05 09:30"),
        ("20260105093000", "2026-01-05 09:30"),
        ("２０２６／１／５", "2026-01-05 00:00"),
        ("2026-02-30", None),
        ("0026-01-05", None),
        ("9999-12-31", None),
        ("0000-00-00", None),
        ("1/5/2026", None),
        ("2026-13-01", None),
        ("2026-01-05 25:00", None),
        ("45292", None),
        ("tomorrow", None),
    ],
)
def test_moments(cell: str, local: str | None) -> None:
    [found] = values.moments(column(cell), TOKYO, excel=False).to_pylist()
    assert (found.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M") if found else None) == local
    [day] = values.days(column(cell), excel=False).to_pylist()
    assert (day is None) == (local is None)


def test_serial_numbers_are_days_in_workbooks_only() -> None:
    assert values.days(column("45292"), excel=True).to_pylist() == [date(2024, 1, 1)]
    assert values.moments(column("45292.5"), TOKYO, excel=True).to_pylist() == [datetime(2024, 1, 1, 3, tzinfo=UTC)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "Europe/London"])
@given(minutes=st.lists(st.integers(0, 366 * 24 * 60), min_size=1, max_size=20))
def test_whole_columns_and_single_values_mean_the_same_moment(zone: str, minutes: list[int]) -> None:
    where = ZoneInfo(zone)
    locals_ = [datetime(2026, 1, 1) + timedelta(minutes=m) for m in minutes]  # noqa: DTZ001  # wall clocks
    iso = values.moments(column(*(f"{x:%Y-%m-%d %H:%M}" for x in locals_)), where, excel=False).to_pylist()
    assert iso == [at_local(x.date(), x.time(), where) for x in locals_]
    assert iso == [values.moment(f"{x:%Y/%m/%d %H:%M}", where) for x in locals_]


@given(st.text(max_size=30))
def test_nothing_is_too_strange(cell: str) -> None:
    cells = column(cell)
    for found in (
        values.numbers(cells), values.days(cells, True), values.moments(cells, TOKYO, True), values.ids(cells),
        values.each(cells, values.email, pa.string()), values.each(cells, values.yes_no, pa.bool_()),
        values.each(cells, lambda v: values.phone(v, TOKYO), pa.string()), values.each(cells, values.channel, pa.string()),
    ):  # fmt: skip
        assert len(found) == 1


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("17850.0", "17850"),
        ("007", "007"),
        ("　C536365 ", "C536365"),
        ("ＡＢ１", "AB1"),
        ("1.23E+11", None),
        ("a\nb", None),
        ("x" * 256, None),
    ],
)
def test_ids(cell: str, meant: str | None) -> None:
    assert values.ids(column(cell)).to_pylist() == [meant]


@pytest.mark.parametrize("address", ["a..b@docomo.ne.jp", "a.@ezweb.ne.jp", "a+b@x.co", "a@例え.jp"])
def test_real_addresses(address: str) -> None:
    assert values.email(address) == address


@pytest.mark.parametrize(
    "address",
    ["a@b.co, c@d.co", "a@b.co\nBcc: x@y.z", "a b@c.co", "a@b", "@b.co", "a@@b.co", "<a@b.co>", "a@b.co;c", "a\x00@b.co"],
)
def test_no_addresses(address: str) -> None:
    assert values.email(address) is None


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("090-1234-5678", "090-1234-5678"),
        ("09012345678", "09012345678"),
        ("9012345678.0", "09012345678"),
        ("312345678.0", "0312345678"),
        ("2125551234.0", "2125551234"),
        ("+81 90 1234 5678", "+81 90 1234 5678"),
        ("なし", None),
        ("a@b.co 12345", None),
    ],
)
def test_phones(cell: str, meant: str | None) -> None:
    assert values.phone(cell, TOKYO) == meant


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("taro@example.com", "t***@example.com"),
        ("090-1234-5678", "090****5678"),
        ("09012345678", "090****5678"),
        ("+819012345678", "819****5678"),
        ("C001", "C001"),
        ("17850", "17850"),
        ("", ""),
    ],
)
def test_masking_goes_by_shape(value: str, masked: str) -> None:
    assert mask(value) == masked
