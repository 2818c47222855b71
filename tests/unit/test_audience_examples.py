"""Example customers of the Tests tab: what was typed, what follows from it, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from condition_worlds import NAMES

from journey import audience
from journey.conditions import compile_condition

AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")


def holds(condition: str, given: Mapping[str, str]) -> bool:
    compiled = compile_condition(condition, NAMES)
    found = audience.on_examples(None, {"x": compiled}, [given], NAMES, AT, TOKYO)
    assert not found.problems, [p.said.say("en") for p in found.problems]
    return found.met[0]["x"]


@pytest.mark.parametrize(
    ("given", "condition", "expected"),
    [
        ({"購入回数": "3"}, "購入回数 = 3", True),
        ({"購入回数": "１２"}, "購入回数 >= 12", True),
        ({"最終購入日": "30日前"}, "最終購入からの日数 = 30", True),
        ({"最終購入日": "2026-01-01"}, "最終購入日 = 2026-01-01", True),
        ({"最終購入日": "2026/1/1 12:30"}, "最終購入日 = 2026-01-01", True),
        ({"最終購入からの日数": "91"}, "最終購入日 < 今日 - 90日", True),
        ({"VIP 会員": "○"}, "VIP会員", True),
        ({"VIP 会員": "×"}, "VIP会員", False),
        ({"都道府県": "東京都"}, '都道府県 in ("東京都")', True),
        ({"購入金額": "10万円"}, "購入金額 >= 100000", True),
        ({"購入回数": "3", "最終購入からの日数": "5"}, "購入回数(30日) = 3", True),
        ({"購入回数": "3", "最終購入からの日数": "31"}, "購入回数(30日) = 0", True),
        ({"購入回数（30日）": "2", "購入回数": "9"}, "orders(30d) = 2", True),
        ({"最終購入からの日数": "31"}, "購入回数 = 1", True),
        ({"購入回数": "1", "最終購入日": "3日前"}, "初回購入日 = 今日 - 3日", True),
        ({"生年月日": "2000-11-21"}, "年齢 = 25 かつ 誕生月 = 11", True),
        ({}, "購入回数 = 0 かつ 購入金額 = 0 かつ 最終購入日 が 空", True),
        ({"購入回数": ""}, "購入回数 = 0", True),
        ({}, '都道府県 != "東京都"', False),
        ({"ステージ": "休眠"}, 'ステージ = "old"', True),
        ({'受信("M1", 7日)': "はい"}, '受信("M1", 7d)', True),
        ({"購入金額": "3000", "購入回数": "2"}, "平均購入金額 = 1500", True),
        ({"rfm": "543"}, "recency_score = 5 かつ monetary_score = 3", True),
        ({"ランク": "ゴールド"}, '会員ランク = "ゴールド"', True),
        ({"来店数": "-2"}, "来店数 < 0", True),
    ],
)
def test_examples_mean_what_was_typed(given: Mapping[str, str], condition: str, expected: bool) -> None:
    assert holds(condition, given) is expected


def test_what_cannot_be_read_is_named() -> None:
    given = [{"購入回数目標": "3", "購入回数": "たくさん"}, {"購入回数": "2"}]
    found = audience.on_examples(None, {"x": compile_condition("購入回数 >= 2", NAMES)}, given, NAMES, AT, TOKYO)
    assert found.met == [{"x": False}, {"x": True}]
    assert [(p.header, p.example) for p in found.problems] == [("購入回数目標", None), ("購入回数", 0)]
    assert "「購入回数」ですか" in found.problems[0].said.say("ja")
