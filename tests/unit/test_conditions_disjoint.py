"""`disjoint` is true for stage maps drawn to exclude each other, and never true where some customer meets both."""

from __future__ import annotations

from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from condition_worlds import NAMES, NOW, conditions, worlds
from hypothesis import given, settings

from journey.conditions import compile_condition
from journey.conditions.disjoint import disjoint
from journey.conditions.plain import Plain, World

EC = (
    "購入回数 = 0",
    "購入回数 = 1 かつ 最終購入からの日数 <= 90",
    "購入回数 >= 1 かつ 最終購入からの日数 > 90",
    "購入回数 が 2 以上 5 未満 かつ 最終購入からの日数 <= 90",
    "購入回数 >= 5 かつ 最終購入からの日数 <= 90",
)


def apart(a: str, b: str) -> bool:
    found = disjoint(compile_condition(a, NAMES), compile_condition(b, NAMES))
    assert found == disjoint(compile_condition(b, NAMES), compile_condition(a, NAMES))
    return found


def test_the_ec_stages_exclude_each_other() -> None:
    assert all(apart(a, b) for a, b in combinations(EC, 2))
    assert not any(apart(a, a) for a in EC)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ('都道府県 in ("東京都", "千葉県")', '都道府県 = "大阪府"', True),
        ('都道府県 in ("東京都", "千葉県")', '都道府県 = "千葉県"', False),
        ('都道府県 = "A"', '都道府県 = "Ａ"', False),
        ('都道府県 = "東京都"', '都道府県 != "東京都"', True),
        ('都道府県 = "東京都"', "都道府県 が 空", True),
        ("VIP会員", "VIP会員 でない", True),
        ("VIP会員", "VIP会員 が 空", True),
        ("登録日 >= 今日 - 30日", "登録日 < 今日 - 30日", True),
        ("登録日 >= 今日 - 30日", "登録日 < 今日 - 1か月", False),
        ("登録日 = 今日 - 1か月 - 1日", "登録日 = 今日 - 1日 - 1か月", False),
        ("登録日 >= 2026-01-01", "登録日 < 2026/1/1", True),
        ("購入回数(30日) = 0", "購入回数(30日) >= 1", True),
        ("購入回数(30日) = 0", "購入回数(60日) >= 1", False),
        ("購入回数 = 0 または 購入回数 = 9", "購入回数 が 1 以上 5 以下", True),
        ("not (購入回数 < 3)", "購入回数 < 3", True),
        ("", "購入回数 < 3", False),
        ("休眠中", "購入回数 < 3", False),
    ],
)
def test_what_can_be_told_apart(a: str, b: str, expected: bool) -> None:
    assert apart(a, b) is expected


@settings(max_examples=120)
@given(world=worlds(), a=conditions, b=conditions)
def test_never_true_where_a_customer_meets_both(world: World, a: str, b: str) -> None:
    one, other = compile_condition(a, NAMES), compile_condition(b, NAMES)
    if disjoint(one, other):
        plain = Plain(world, NOW, ZoneInfo("Asia/Tokyo"))
        assert not any(plain.holds(one.tree, row) and plain.holds(other.tree, row) for row in world.customers)
