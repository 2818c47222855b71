"""What people type in a condition cell, and what it means, by the letter of the design."""

from __future__ import annotations

import time
from datetime import date

import pytest
from condition_worlds import NAMES

from journey.conditions import Compiled, compile_condition
from journey.conditions.syntax import (
    Always,
    And,
    Compare,
    Day,
    Empty,
    Feature,
    Field,
    Not,
    Num,
    OneOf,
    Or,
    Str,
    Truth,
    Window,
)
from journey.fields import Names
from journey.model import JourneyMap, Stage
from journey.texts import catalogue

ORDERS = Feature("orders")
DAYS = Feature("days_since_last_order")
PREFECTURE = Field("prefecture", "text")
RANK = Field("member_rank", "text")
PLAIN = Names(
    segments={
        "首都圏": '都道府県 = "東京都"',
        "輪": "輪2",
        "輪2": "輪",
        "壊れ": "休民 = 3",
        "入れ子": "首都圏 かつ 購入回数 = 0",
    },
    messages=("M3",),
)


def orders(op: str, value: float, **more: object) -> Compare:
    return Compare(op, Feature("orders", **more), Num(value))  # type: ignore[arg-type]


def meaning(source: str, names: Names = PLAIN) -> object:
    compiled = compile_condition(source, names)
    assert compiled.ast is not None, [p.said.say("en") for p in compiled.problems]
    return compiled.ast


def errors(source: str, names: Names = PLAIN) -> list[tuple[str, str]]:
    """The text that each error points at, and its key."""
    found = compile_condition(source, names).problems
    return [(source[p.start : p.end], p.said.key.removeprefix("conditions.")) for p in found if p.severity == "error"]


def warnings(compiled: Compiled) -> list[str]:
    return [p.said.key.removeprefix("conditions.") for p in compiled.problems if p.severity == "warning"]


TWO_TO_FIVE = And((orders(">=", 2), orders("<", 5)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", Always()),
        ("  \n", Always()),
        ("購入回数 >= 2 かつ 最終購入からの日数 <= 90", And((orders(">=", 2), Compare("<=", DAYS, Num(90))))),
        ("購入回数が2回以上5回未満", TWO_TO_FIVE),
        ("購入回数 が 2 以上 5 未満 かつ 最終購入からの日数 <= 90", And((TWO_TO_FIVE, Compare("<=", DAYS, Num(90))))),
        ("購入金額(365日) が 10万円以上", Compare(">=", Feature("revenue", (), Window(365, "d")), Num(100_000))),
        (
            'orders(30d) = 0 and rank in ("ゴールド", "プラチナ")',
            And((orders("=", 0, window=Window(30, "d")), OneOf(RANK, (Str("ゴールド"), Str("プラチナ"))))),
        ),
        (
            'イベント("カート追加", 7日) >= 1 かつ 購入回数(7日) = 0',
            And(
                (
                    Compare(">=", Feature("events", ("カート追加",), Window(7, "d")), Num(1)),
                    orders("=", 0, window=Window(7, "d")),
                )
            ),
        ),
        (
            '購入あり("商品A", 30日) かつ 受信("M3", 7日) でない',
            And(
                (
                    Truth(Feature("bought", ("商品A",), Window(30, "d"))),
                    Not(Truth(Feature("received", ("M3",), Window(7, "d")))),
                )
            ),
        ),
        (
            'セグメント("首都圏") または 都道府県 in ("東京都", "神奈川県")',
            Or((Compare("=", PREFECTURE, Str("東京都")), OneOf(PREFECTURE, (Str("東京都"), Str("神奈川県"))))),
        ),
        (
            "登録日 >= 今日 - 30日 かつ 誕生月 = 12",
            And(
                (
                    Compare(">=", Field("joined_at", "date"), Day(None, ((-30, "d"),))),
                    Compare("=", Feature("birth_month"), Num(12)),
                )
            ),
        ),
        ("ＯＲＤＥＲＳ（３０ｄ） ≧ １，２００", orders(">=", 1200, window=Window(30, "d"))),
        ("購入回数が１〜３回", And((orders(">=", 1), orders("<=", 3)))),
        ("購入回数 = 1～3", And((orders(">=", 1), orders("<=", 3)))),
        ("購入回数 between 1 and 3 or 購入回数 = 9", Or((And((orders(">=", 1), orders("<=", 3))), orders("=", 9)))),
        ("購入回数が3超", orders(">", 3)),
        ("購入回数が3より大きい", orders(">", 3)),
        ("購入回数 は 3 より 小さい", orders("<", 3)),
        ("購入金額 >= 1億2千万円", Compare(">=", Feature("revenue"), Num(120_000_000))),
        ("購入金額 >= 1万5千", Compare(">=", Feature("revenue"), Num(15_000))),
        (
            "購入回数 = 0 または 購入回数 = 1 かつ 年齢が20歳以上でない",
            Or((orders("=", 0), And((orders("=", 1), Not(Compare(">=", Feature("age"), Num(20))))))),
        ),
        ("(購入回数 = 0 または 購入回数 = 1) でない", Not(Or((orders("=", 0), orders("=", 1))))),
        ("not 購入回数 = 0 and 購入回数 = 1", And((Not(orders("=", 0)), orders("=", 1)))),
        ("メール が 空", Empty(Field("email", "text"))),
        ("メールが空でない", Not(Empty(Field("email", "text")))),
        ("email is not empty", Not(Empty(Field("email", "text")))),
        ("LINE ID is empty", Empty(Field("line_id", "text"))),
        ("[都道府県] = 「かつ または 」", Compare("=", PREFECTURE, Str("かつ または "))),
        ('都道府県 = "ＡＢＣ　x"', Compare("=", PREFECTURE, Str("ＡＢＣ　x"))),
        ("都道府県 = “東京都”", Compare("=", PREFECTURE, Str("東京都"))),
        ("都道府県が東京都かつ購入回数=0", And((Compare("=", PREFECTURE, Str("東京都")), orders("=", 0)))),
        ("最終購入日 < 2026-12-01", Compare("<", Feature("last_order_at"), Day(date(2026, 12, 1)))),
        ('購入回数(3か月, "商品A") >= 1', orders(">=", 1, args=("商品A",), window=Window(3, "m"))),
        ('購入回数("商品A"、1年) >= 1', orders(">=", 1, args=("商品A",), window=Window(1, "y"))),
        ("1 <= 購入回数 < 5", And((orders(">=", 1), orders("<", 5)))),
        ("首都圏 かつ 購入回数 = 0", And((Compare("=", PREFECTURE, Str("東京都")), orders("=", 0)))),
        ("入れ子 でない", Not(And((Compare("=", PREFECTURE, Str("東京都")), orders("=", 0))))),
    ],
)
def test_what_is_typed_is_what_is_meant(source: str, expected: object) -> None:
    assert meaning(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("購買回数 >= 2", [("購買回数", "unknown_name_near")]),
        ('購入あり("商品A", 30日) かつ 開封("M3", 7日) でない', [('開封("M3", 7日)', "not_yet")]),
        ("次ランクまで <= 100", [("次ランクまで", "not_yet")]),
        (
            'clicked("M3") and survey_score > 3 and ltv > 1 and p_alive > 0.5 and next_order_at < today',
            [
                ('clicked("M3")', "not_yet"),
                ("survey_score", "not_yet"),
                ("ltv", "not_yet"),
                ("p_alive", "not_yet"),
                ("next_order_at", "not_yet"),
            ],
        ),
        ('購入回数 >= "3"', [('"3"', "number_wanted")]),
        ("登録日 > 30日", [("30日", "date_wanted")]),
        ("最終購入日(30日) < 今日", [("30日", "no_window")]),
        ('都道府県 > "東京都"', [('都道府県 > "東京都"', "no_order")]),
        ("最終購入日 < 2026-02-30", [("2026-02-30", "no_such_day")]),
        ("購入回数", [("購入回数", "no_comparison")]),
        ("購入回数 >=", [("=", "ends_early")]),
        ("(購入回数 >= 1", [("1", "no_close")]),
        ("購入回数 >= 1)", [(")", "unexpected")]),
        ("イベント(7日) >= 1", [("イベント(7日)", "argument_missing")]),
        ('受信("M33")', [('"M33"', "unknown_message_near")]),
        ("輪", [("輪", "segment_loop")]),
        ("壊れ", [("壊れ", "segment_broken")]),
        ('セグメント("首都県")', [('"首都県"', "unknown_segment_near")]),
        ("ステージ = 休眠", [("ステージ", "which_journey")]),
        ("購入回数 in (1,000, 2)", [("000", "comma_in_list")]),
        ('都道府県 = "東京', [('"東京', "unclosed")]),
        ("購入回数 = 1 \x00", [("\x00", "character")]),
    ],
)
def test_problems_point_at_what_is_wrong(source: str, expected: list[tuple[str, str]]) -> None:
    assert errors(source) == expected
    assert compile_condition(source, PLAIN).ast is None


def test_warnings_do_not_stop_a_condition() -> None:
    bare = compile_condition("都道府県 = 東京都", PLAIN)
    assert bare.ast is not None
    assert warnings(bare) == ["bare_text"]
    assert warnings(compile_condition('都道府県 != "東京都"', PLAIN)) == ["empty_drops_out"]
    assert warnings(compile_condition('都道府県 が "東京都" でない', PLAIN)) == ["empty_drops_out"]
    own = compile_condition("購入回数 >= 2 かつ 購入回数 < 9", NAMES)
    assert own.features == {ORDERS}
    assert warnings(own) == ["own_column"]
    brought = compile_condition("[購入回数（取込）] >= 2", NAMES)
    assert brought.fields == {Field("購入回数", "number")}
    assert warnings(brought) == []


def test_stages_mean_the_journey_of_the_cell() -> None:
    two = Names(journeys=tuple(JourneyMap(j, j.upper(), (Stage(f"{j}1", "休眠", ""),), (f"{j}1",)) for j in ("ec", "b2b")))
    compiled = compile_condition('ステージ = "休眠" かつ 経験あり("休眠", ec) かつ 滞在日数 >= 3', two, "b2b")
    assert compiled.uses.stages == {("b2b", "b2b1"), ("ec", "ec1")}
    assert compiled.uses.journeys == {"b2b"}
    assert compiled.features == {
        Feature("stage", ("b2b",)),
        Feature("was_in", ("ec1", "ec")),
        Feature("days_in_stage", ("b2b",)),
    }
    assert errors('ステージ(ec) = "休民"', two) == [('"休民"', "unknown_stage_near")]


def test_uses_reach_through_segments() -> None:
    uses = compile_condition('入れ子 または 受信("Ｍ3") または ランク = "S"', PLAIN).uses
    assert uses.segments == {"入れ子", "首都圏"}
    assert uses.fields == {"prefecture", "member_rank"}
    assert uses.features == {"orders", "received"}
    assert uses.messages == {"M3"}


@pytest.mark.parametrize(
    "bomb",
    [
        "(" * 10_000,
        "not " * 2_400,
        "a" * 100_000,
        "購入回数" * 2_400,
        "でない" * 3_000,
        "a(" * 4_000,
        "[" * 50,
        "「" * 5_000,
        "ﾞ" * 9_999,
        "1,000" * 2_000,
        "かつ" * 4_000,
        "\u202e\ud800😀",
        "()",
        "<script>",
        "=1+1",
        "' OR 1=1 --",
        "今日 - 9999999年",
        "購入回数(99999999日) > 1",
        "購入回数 in (" + "1," * 3_000 + "1)",
        "9" * 5_000 + " = 購入回数",
        "％＄＃",
        "が" * 9_000,
    ],
)
def test_hostile_cells_get_a_sentence_quickly(bomb: str) -> None:
    began = time.process_time()
    compiled = compile_condition(bomb, PLAIN)
    assert time.process_time() - began < 1
    assert [p.said.say("ja") for p in compiled.problems] and [p.said.say("en") for p in compiled.problems]


def test_segments_that_multiply_are_stopped() -> None:
    doubling = {f"s{i}": f"s{i + 1} and s{i + 1}" for i in range(18)} | {"s18": "orders = 1 and orders = 2"}
    assert errors("s0", Names(segments=doubling)) == [("s0", "segment_broken")]
    deep = {f"d{i}": "(" * 10 + f"not d{i + 1}" + ")" * 10 for i in range(19)} | {"d19": "orders = 1"}
    assert errors("d0", Names(segments=deep))
    wide = compile_condition(" or ".join(f"orders = {i}" for i in range(600)), PLAIN)
    assert wide.ast is not None


def test_every_text_of_the_area_exists_in_both_languages() -> None:
    for key, forms in catalogue().items():
        if key.startswith("conditions."):
            assert forms["ja"] and forms["en"], key
