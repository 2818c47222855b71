"""The Tests tab: what an example stands on and gets, and that a map which fails its own tests is refused on the right cell."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from workbooks import CONTEXT, Tabs, good, snapshot

from sheets_sync import examples as trials
from sheets_sync.check import Reading, read_workbook

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
HEADER = ["例", "購入回数", "最終購入日", "都道府県", "期待ステージ", "期待施策"]


def read(*rows: list[str | None]) -> Reading:
    tabs: Tabs = good()
    tabs["テスト"] = [HEADER, *(list(example) for example in rows)]
    return read_workbook(snapshot(tabs), replace(CONTEXT, run_tests=trials.tests_at(NOW)))


def errors(reading: Reading) -> list[tuple[str, str]]:
    return [(p.place, p.said.say("ja")) for p in reading.problems if p.severity == "error"]


def test_examples_that_come_out_as_expected() -> None:
    reading = read(
        ["新規", "0", None, None, "興味・学習", "なし"],
        ["買ったばかり", "1", "30日前", "東京都", "first", "C01"],
        ["久しぶり", "2", "200日前", "東京都", "休眠", "C02"],
        ["久しぶり、地方", "2", "200日前", "北海道", "休眠", "なし"],
        ["ステージだけ", "2", "200日前", None, "休眠", None],
        ["施策だけ", "1", "2026-11-20", None, None, "C01"],
    )
    assert errors(reading) == []
    assert [t.passed for t in reading.tests] == [True] * 6
    assert reading.tests[1].plain() == {
        "example": "買ったばかり",
        "expected": "ec/first; C01",
        "got": "ec/first; C01",
        "passed": True,
    }


@pytest.mark.parametrize(
    ("example", "cell", "parts"),
    [
        (["新規", "0", None, None, "休眠", None], "E2", ("ec/dormant", "ec/interest")),
        (["新規", "0", None, None, "なし", None], "E2", ("ec/interest",)),
        (["久しぶり", "2", "200日前", "北海道", "休眠", "C02"], "F2", ("C02", "ec/dormant; -")),
        (["変な値", "たくさん", None, None, "休眠", None], "B2", ("購入回数",)),
    ],
)
def test_a_failed_example_says_what_came_out_on_its_cell(example: list[str | None], cell: str, parts: tuple[str, ...]) -> None:
    reading = read(example)
    [(place, said)] = errors(reading)
    assert place == f"テスト!{cell}"
    assert all(part in said for part in parts)
    assert [t.passed for t in reading.tests] == [False]


def test_a_header_that_is_nothing_is_named() -> None:
    tabs = good()
    tabs["テスト"][0][1] = "購入階数"
    reading = read_workbook(snapshot(tabs), replace(CONTEXT, run_tests=trials.tests_at(NOW)))
    [(place, said)] = errors(reading)
    assert place == "テスト!B2"
    assert "購入回数" in said
