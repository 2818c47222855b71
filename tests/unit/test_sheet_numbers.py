"""A number in a Sheet is a number, a date or a time, by how it is shown, in any locale; it reads as it would in a local file."""

from __future__ import annotations

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_sync.google.numbers import number_shown

DAY = 46357  # 2026-12-01


def moment(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type,misc]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("number", "seen", "value", "text"),
    [
        (1204, "1,204", 1204, "1204"),
        (1204.5, "1.204,50 €", 1204.5, "1204.5"),
        (-1000, "-¥1,000", -1000, "-1000"),
        (-1000, "(1,000)", -1000, "-1000"),
        (901234567, "0901234567", 901234567, "0901234567"),
        (0.1, "10%", 0.1, "10%"),
        (0.125, "13%", 0.125, "12.5%"),
        (100000, "1.00E+05", 100000, "100000"),
        (3, "3円", 3, "3"),
        (1.5, "1.5", 1.5, "1.5"),
        (12, "12", 12, "12"),
        (0, "0", 0, "0"),
        (5, "", 5, "5"),
        (1234567, "1.2", 1234567, "1234567"),
        (DAY, "2026/12/01", moment(2026, 12, 1), "2026-12-01"),
        (DAY, "12/1/2026", moment(2026, 12, 1), "2026-12-01"),
        (DAY, "01.12.2026", moment(2026, 12, 1), "2026-12-01"),
        (DAY, "2026年12月1日", moment(2026, 12, 1), "2026-12-01"),
        (DAY, "Dec 1", moment(2026, 12, 1), "2026-12-01"),
        (DAY, "12-1", moment(2026, 12, 1), "2026-12-01"),
        (DAY + 9.5 / 24, "2026/12/01 9:30:00", moment(2026, 12, 1, 9, 30), "2026-12-01 09:30"),
        (DAY, "2026/12/01 0:00", moment(2026, 12, 1), "2026-12-01 00:00"),
        (9.5 / 24, "9:30", time(9, 30), "09:30"),
        (21.5 / 24, "9:30 PM", time(21, 30), "21:30"),
        (9.5 / 24, "午前 9:30:00", time(9, 30), "09:30"),
        (1 / 24 + 1 / 1440, "1:01", time(1, 1), "01:01"),
    ],
)
def test_what_is_shown_tells_what_it_is(number: float, seen: str, value: object, text: str) -> None:
    assert number_shown(number, seen) == (value, text)


@given(st.integers(-(10**12), 10**12) | st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 6))
def test_a_number_shown_as_a_number_is_never_a_date(number: float, decimals: int) -> None:
    for seen in (f"{number:.{decimals}f}", f"{number:,.{decimals}f}", f"¥{number:,.0f}", f"{number:.{decimals}e}"):
        value, _ = number_shown(number, seen)
        assert value == number


@given(st.floats(allow_nan=False) | st.integers(), st.text(max_size=30))
def test_nothing_that_is_shown_is_too_strange(number: float, seen: str) -> None:
    value, text = number_shown(number, seen)
    assert isinstance(text, str) and value is not None
