"""Whole workbooks read and checked: both languages alike, every problem on its cell, nothing typed ever raises."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from workbooks import CONTEXT, Tabs, campaign_cell, good, put, snapshot

from journey.fields import Names
from journey.model import Cap, Goal, MessageVariant, OnEnter, Workbook
from journey.problems import Problem, Severity
from journey.texts import Text, text
from sheets_sync.check import ExampleResult, Reading, read_workbook
from sheets_sync.snapshot import Cell, Merged


def read(tabs: Tabs, **context: Any) -> Reading:
    return read_workbook(snapshot(tabs), replace(CONTEXT, **context))


def errors(reading: Reading) -> list[tuple[str, str]]:
    return [(p.place, p.said.key.removeprefix("workbook.")) for p in reading.problems if p.severity == "error"]


def said(reading: Reading, place: str) -> str:
    return " ".join(p.said.say("ja") for p in reading.problems if p.place == place)


def test_a_good_workbook_has_no_problem_and_means_what_it_says() -> None:
    reading = read(good())
    assert errors(reading) == []
    welcome = reading.workbook.campaign("C01")
    assert (welcome.stages, welcome.journey, welcome.channels) == (("first",), "ec", ("line", "email"))
    assert (welcome.reentry, welcome.goal, welcome.end) == (None, Goal("order"), date(2026, 12, 31))
    assert isinstance(welcome.trigger, OnEnter)
    dormant = reading.workbook.campaign("C02")
    assert (dormant.kind, dormant.channels, dormant.stages, dormant.reentry) == (
        "transactional",
        ("email",),
        ("dormant",),
        timedelta(days=365),
    )
    journey = reading.workbook.journey("ec")
    assert journey.check_order == ("dormant", "first", "interest")
    assert journey.stage("first").aspects == {"課題": "使い方が不安"}
    settings = reading.workbook.settings
    assert (settings.quiet_hours, settings.cap_promotional, settings.sender_name) == (
        (time(20), time(8)),
        Cap(1, 2),
        "たび商店",
    )
    assert reading.workbook.holidays == (date(2027, 1, 1),)
    assert (reading.workbook.examples[0].stage, reading.workbook.examples[0].campaigns) == ("ec/interest", ())


def test_both_languages_mean_the_same() -> None:
    ja, en = read(good("ja")), read(good("en"))
    assert (ja.lang, en.lang) == ("ja", "en")
    assert [replace(j, tab="") for j in ja.workbook.journeys] == [replace(j, tab="") for j in en.workbook.journeys]
    assert replace(ja.workbook, journeys=()) == replace(en.workbook, journeys=())


@given(st.randoms(use_true_random=False))
def test_column_order_width_and_stray_spaces_do_not_matter(chance: random.Random) -> None:
    tabs = good()
    wide = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(ord("A"), ord("z") + 1)})
    for title in ("メッセージ", "施策", "セグメント", "項目", "休日", "テスト"):
        rows = tabs[title]
        width = max(map(len, rows))
        order = chance.sample(range(width), width)
        full = [[*row, *[None] * (width - len(row))] for row in rows]
        shuffled = [[row[i] for i in order] for row in full]
        if title != "テスト":
            shuffled[0] = [f" {h[:1]} {h[1:]}".translate(wide) if h and chance.random() < 0.5 else h for h in shuffled[0]]
        tabs[title] = [[None, *row] for row in shuffled] if chance.random() < 0.3 else shuffled
    renamed = {f" {title}　" if chance.random() < 0.3 else title: rows for title, rows in tabs.items()}
    items = list(renamed.items())
    chance.shuffle(items)
    reading = read(dict(items))
    assert errors(reading) == []
    whole = read(good()).workbook
    assert replace(reading.workbook, journeys=(), examples=()) == replace(whole, journeys=(), examples=())


@pytest.mark.parametrize(
    ("header", "value", "key", "suggested"),
    [
        ("ステージ", "休民", "unknown_near", "休眠"),
        ("ジャーニー", "ecc", "unknown_near", "ec"),
        ("メッセージ", "M11", "unknown_near", "M1"),
        ("きっかけ", "まいにち", "bad_trigger", "毎日"),
        ("きっかけ", "誕生日の3日前", "not_yet_trigger_date", "まだ"),
        ("チャネル", "emial", "unknown_channel_near", "email"),
        ("種別", "広告", "bad_kind", "販促"),
        ("送信時間帯", "いつでも", "bad_window", "9:00-21:00"),
        ("送信時間帯", date(2026, 9, 21), "turned", "文字列"),
        ("優先度", "高", "bad_whole", "整数"),
        ("目標", "ステージ 休民", "unknown_near", "休眠"),
        ("目標期間", "7", "bad_duration", "7日"),
        ("対照群", "10%", "not_yet_holdout", "まだ"),
        ("再入", "たまに", "bad_reentry", "毎回"),
        ("既存も対象", "多分", "bad_yes_no", "○"),
        ("有効", "多分", "bad_yes_no", "○"),
        ("終了", "2025-12-31", "end_before_start", "2026-01-01"),
        ("開始", "一月", "bad_date", "2026-12-01"),
        ("ID", "C 01", "bad_id", "文字"),
        ("ID", "=C01", "bad_id", "文字"),
        ("対象", "都道府犬 = \"東京都\"", "in_condition", "1文字目"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_what_would_be_right(header: str, value: Any, key: str, suggested: str) -> None:
    tabs = good()
    cell = campaign_cell(tabs, "C01", header, value)
    reading = read(tabs)
    assert errors(reading) == [(f"施策!{cell}", key)]
    assert suggested in said(reading, f"施策!{cell}")
    assert all(p.said.say("en") for p in reading.problems)


def change(tab: str, place: str, value: Any) -> Callable[[Tabs], None]:
    return lambda tabs: put(tabs, tab, place, value)


@pytest.mark.parametrize(
    ("edit", "place", "key"),
    [
        (change("ジャーニー EC", "B2", None), "ジャーニー EC!B2", "journey_without_id"),
        (change("ジャーニー EC", "C7", None), "ジャーニー EC!C7", "stage_without_id"),
        (change("ジャーニー EC", "C7", "interest"), "ジャーニー EC!C7", "stage_twice"),
        (change("ジャーニー EC", "C8", None), "ジャーニー EC!C8", "stage_without_condition"),
        (change("ジャーニー EC", "C8", "購入回数 >"), "ジャーニー EC!C8", "in_condition"),
        (change("ジャーニー EC", "B4", "なぞ = 1"), "ジャーニー EC!B4", "in_condition"),
        (change("ジャーニー EC", "A13", "ID"), "ジャーニー EC!A13", "row_twice"),
        (change("メッセージ", "L1", "件名"), "メッセージ!L1", "column_twice"),
        (change("メッセージ", "D4", "A"), "メッセージ!A4", "message_twice"),
        (change("メッセージ", "A4", "m2"), "メッセージ!A4", "two_spellings"),
        (change("メッセージ", "A4", None), "メッセージ!A4", "id_missing"),
        (change("メッセージ", "E3", "半分"), "メッセージ!E3", "bad_weight"),
        (change("セグメント", "B2", None), "", ""),
        (change("項目", "C2", "文章"), "項目!C2", "bad_type"),
        (change("設定", "A2", "送信しない時"), "設定!A2", "setting_near"),
        (change("設定", "B2", "夜"), "設定!B2", "bad_window"),
        (change("設定", "A4", "販促の上限"), "設定!A4", "setting_twice"),
        (change("休日", "A2", "一月一日1"), "休日!A2", "bad_date"),
        (change("テスト", "C2", "休民"), "テスト!C2", "unknown_near"),
        (change("テスト", "D2", "Z99"), "テスト!D2", "unknown_listed"),
        (change("施策", "A3", "C01"), "施策!A3", "twice"),
        (
            change("施策", "E2", Cell("", None, problem=text("workbook.formula_without_result"))),
            "施策!E2",
            "formula_without_result",
        ),
    ],
)
def test_every_tab_names_its_cells(edit: Callable[[Tabs], None], place: str, key: str) -> None:
    tabs = good()
    edit(tabs)
    found = errors(read(tabs))
    assert ((place, key) in found) if place else ("施策!G3" in [p for p, _ in found])


def test_a_tab_that_is_not_built_yet_blocks_on_its_first_filled_cell() -> None:
    for title, lang in (("ステップ", "ja"), ("Steps", "en"), ("ランク", "ja"), ("Ranks", "en")):
        tabs = good(lang)
        tabs[title] = [["施策", "ステップ"], [], [None, "1"], ["C01"]]
        assert errors(read(tabs)) == [(f"{title}!B3", "not_yet_tab")]
        tabs[title] = [["施策", "ステップ"]]
        assert errors(read(tabs)) == []


def test_unknown_tabs_and_columns_are_left_alone() -> None:
    tabs = good()
    tabs["メモ"] = [["ID", "=1+"], ["x"]]
    tabs["ジャーニーのメモ"] = [["覚え書き"]]
    put(tabs, "施策", "W1", "社内メモ")
    put(tabs, "施策", "W2", Cell("#REF!", None, problem=text("workbook.formula_error", shown="#REF!")))
    put(tabs, "状況" if "状況" in tabs else "使い方", "A2", "何でも")
    reading = read(tabs)
    assert errors(reading) == []
    assert reading.workbook == read(good()).workbook


def test_a_misspelt_column_is_asked_about() -> None:
    tabs = good()
    tabs["施策"][0][5] = "きつかけ"
    reading = read(tabs)
    assert "きっかけ" in said(reading, "施策!F1")
    assert [d.id for d in reading.drafts] == ["C01", "C02"]


def test_dividers_drafts_and_merged_cells() -> None:
    tabs = good()
    tabs["施策"].insert(1, ["★ 新規向け"])
    tabs["施策"].append(["C03", "考え中", "○", None, None, None, None, "M1"])
    tabs["施策"].append(["C04", None, "○", "ec", "休眠", "毎日", None, None])
    tabs["メッセージ"].insert(1, ["ここから挨拶"])
    tabs["休日"].append(["年末年始"])
    tabs["休日"].append([date(2027, 1, 2)])
    reading = read(tabs)
    assert errors(reading) == []
    assert [(d.id, d.cell) for d in reading.drafts] == [("C03", "F5"), ("C04", "H6")]
    assert {p.said.key for p in reading.problems if p.place in {"施策!F5", "施策!H6"}} == {
        "workbook.draft_trigger",
        "workbook.draft_message",
    }
    assert reading.workbook.holidays == (date(2027, 1, 1), date(2027, 1, 2))
    wide = snapshot(tabs, {"施策": [Merged(2, 1, 2, 20)], "ジャーニー EC": [Merged(10, 2, 10, 4), Merged(1, 2, 1, 4)]})
    cells = dict(wide.tabs[1].cells)
    for place in ((10, 3), (10, 4)):
        del cells[place]
    merged = read_workbook(replace(wide, tabs=(wide.tabs[0], replace(wide.tabs[1], cells=cells), *wide.tabs[2:])), CONTEXT)
    assert errors(merged) == []
    assert [s.aspects for s in merged.workbook.journeys[0].stages] == [{"課題": "商品を知らない"}] * 3
    assert merged.workbook.journeys[0].name == "EC 通常"


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2", "1", "3"], ("first", "interest", "dormant")),
        (["dormant, interest, 初回購入"], ("dormant", "interest", "first")),
        (["休眠 > 初回購入 > 興味・学習"], ("dormant", "first", "interest")),
    ],
)
def test_check_order(cells: list[str], order: tuple[str, ...]) -> None:
    tabs = good()
    tabs["ジャーニー EC"].append(["判定順", *cells])
    reading = read(tabs)
    assert errors(reading) == []
    assert reading.workbook.journey("ec").check_order == order


@pytest.mark.parametrize("cells", [["1", "1", "2"], ["1", "2"], ["休民, 初回購入"], ["休眠, 初回購入"]])
def test_wrong_check_order(cells: list[str]) -> None:
    tabs = good()
    tabs["ジャーニー EC"].append(["Check order", *cells])
    assert [place for place, _ in errors(read(tabs))] == ["ジャーニー EC!B13"]


def test_a_stage_is_found_without_its_journey_where_only_one_can_be_meant() -> None:
    tabs = good()
    tabs["ジャーニー：B2B"] = [["ジャーニー", "法人"], ["ID", "b2b"], ["ステージ", "休眠", "商談"], ["ステージID", "dormant", "deal"],
                            ["条件", "購入回数 = 1", "購入回数 = 0"]]  # fmt: skip
    campaign_cell(tabs, "C01", "ジャーニー", None)
    tabs["テスト"][1][2] = "ec/interest"
    assert errors(read(tabs)) == []
    campaign_cell(tabs, "C02", "ジャーニー", None)
    assert errors(read(tabs)) == [("施策!D3", "which_journey")]
    campaign_cell(tabs, "C02", "ジャーニー", "法人")
    campaign_cell(tabs, "C02", "ステージ", "休眠、商談")
    assert read(tabs).workbook.campaign("C02").stages == ("dormant", "deal")


def test_one_mistake_is_said_once_and_not_at_all_that_refer_to_it() -> None:
    tabs = good()
    put(tabs, "ジャーニー EC", "C7", "first!")
    assert errors(read(tabs)) == [("ジャーニー EC!C7", "bad_id")]
    tabs = good()
    put(tabs, "メッセージ", "A2", "M 1")
    assert errors(read(tabs)) == [("メッセージ!A2", "bad_id")]


def test_an_x_is_seen_whatever_else_is_wrong() -> None:
    tabs = good()
    campaign_cell(tabs, "C01", "有効", "✕")
    campaign_cell(tabs, "C01", "きっかけ", "ほげ")
    assert read(tabs).stopped == {"C01"}
    tabs["施策"][1][2] = None
    reading = read(tabs)
    assert reading.stopped == frozenset()
    assert "○" in said(reading, "施策!C2")


def test_a_message_needs_a_row_for_a_channel_of_its_campaign() -> None:
    tabs = good()
    campaign_cell(tabs, "C01", "チャネル", "line")
    assert errors(read(tabs)) == [("施策!H2", "message_without_channel")]


def test_settings_take_both_languages_and_caps_of_channels() -> None:
    tabs = good()
    tabs["設定"] = [
        ["項目", "値"], ["タイムゾーン", "America/New_York"], ["default_send_time", "9:30"], ["cap_line", "2/週"],
        ["メールの上限", "1/日"], ["遅れの限度", "12時間"], ["entry_age", "5日"], ["一日の急増の限度", "2,000"],
        ["audience_drift", "30%"], ["差出人アドレス", "shop@example.com"], ["全体の上限", "なし"],
        ["送信しない時間", "なし"], ["rank_source", "uploaded"],
    ]  # fmt: skip
    reading = read(tabs)
    assert errors(reading) == []
    settings = reading.workbook.settings
    assert (settings.time_zone, settings.default_send_time, settings.quiet_hours) == ("America/New_York", time(9, 30), None)
    assert settings.cap_channel == {"line": Cap(None, 2), "email": Cap(1, None)}
    assert (settings.late_after, settings.entry_age) == (timedelta(hours=12), timedelta(days=5))
    assert (settings.bulk_limit, settings.audience_drift, settings.rank_source) == (2000, 0.3, "uploaded")
    for key, value in (("time_zone", "Tokyo"), ("late_after", "99日"), ("sender_address", "a@b@c"), ("rank_source", "computed"),
                       ("次ランクの基準", "points"), ("audience_drift", "0.2"), ("bulk_limit", "0")):  # fmt: skip
        tabs["設定"] = [["設定", "値"], [key, value]]
        assert errors(read(tabs)), key


def test_findings_about_templates_stand_on_their_cells() -> None:
    def check(message: MessageVariant, names: Names) -> Sequence[tuple[str, Severity, Text]]:
        assert names.field("好きな色") is not None
        return [("body", "error", text("workbook.too_long", most=1))] if message.variant == "B" else []

    assert errors(read(good(), check_message=check)) == [("メッセージ!H4", "too_long")]


def test_a_map_that_fails_its_own_tests_is_not_applied() -> None:
    def run(workbook: Workbook, names: Names) -> Sequence[ExampleResult]:
        return [ExampleResult(e.name, e.stage or "", "ec/dormant", e.stage == "ec/dormant") for e in workbook.examples]

    reading = read(good(), run_tests=run)
    assert errors(reading) == [("テスト!A2", "example_failed")]
    assert "ec/dormant" in said(reading, "テスト!A2")
    tabs = good()
    put(tabs, "テスト", "C2", "休眠")
    assert errors(read(tabs, run_tests=run)) == []


def test_an_empty_workbook_says_what_it_needs() -> None:
    assert errors(read({"Sheet1": []})) == [("", "nothing_in_it")]
    assert errors(read({"施策": [["なにか"], ["ほか"]]})) == [("施策!A1", "column_missing")]


NASTY = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["=cmd|' /C calc'!A0", "\0", "😀" * 50, "\u202eabc", "9" * 6000, "' OR 1=1 --", "{{ ''.__class__ }}", "(" * 500,
                     "-", "かつ" * 300, "1,2", "%", "/", ">", "😀 > 😀", "*", "journey:ec", "ec/", "[", "[]", "\n", "　"]),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.just(Cell("#REF!", None, problem=text("workbook.formula_error", shown="#REF!"))),
)  # fmt: skip


@given(st.data())
def test_hostile_cells_never_raise(data: st.DataObject) -> None:
    tabs = good(data.draw(st.sampled_from(["ja", "en"])))
    for _ in range(data.draw(st.integers(1, 6))):
        tab = data.draw(st.sampled_from(sorted(tabs)))
        place = f"{chr(65 + data.draw(st.integers(0, 23)))}{data.draw(st.integers(1, 14))}"
        put(tabs, tab, place, data.draw(NASTY))
    reading = read(tabs)
    for problem in reading.problems:
        assert isinstance(problem, Problem)
        assert problem.said.say("ja") and problem.said.say("en")
        assert not problem.tab or problem.tab in tabs
    if not reading.blocked:
        for campaign in reading.workbook.campaigns:
            assert campaign.message in {m.message for m in reading.workbook.messages}
