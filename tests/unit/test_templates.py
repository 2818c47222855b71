"""What the ready-made workbooks mean: clean when checked, the same in both languages, every message complete."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from journey.conditions import compile_condition
from journey.conditions.plain import Plain, World
from journey.errors import InputError, OutsideError
from journey.fields import Names
from journey.model import AfterInStage, OnEnter, Recurring, Settings, Workbook
from journey.texts import LANGS, Lang
from messaging.context import build as build_context
from messaging.templates import check_message, compile_variant
from sheets_sync.check import CheckContext, Reading, read_workbook
from sheets_sync.examples import run_examples
from sheets_sync.templates.build import build_workbook
from sheets_sync.templates.content import load_words, templates
from sheets_sync.xlsx import XlsxSource

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=TOKYO).astimezone(UTC)
CONTEXT = CheckContext(
    channels=("email", "line", "sms", "push"),
    check_message=check_message,
    run_tests=lambda book, names: run_examples(book, names, NOW),
)
SENDER = Settings(
    sender_name="旅路商店",
    sender_address="shop@tabiji.test",
    sender_company="株式会社旅路",
    sender_postal="東京都千代田区1-1",
    sender_contact="03-0000-0000",
)
TICK = time(10, 0)
"""One tick a day at this time must serve every campaign (product.md)."""

PLACEHOLDERS = re.compile(
    r"〇〇|○○|◯◯|△△|□□|XX+|xxx|\bTODO\b|\bTBD\b|lorem|example\.(com|org|net|jp)|your (shop|company|store|brand) name"
    r"|\[(name|shop|company|link|url)\]|<(name|shop|company)>|サンプル|ダミー|仮の|ここに",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def readings(ready_made: Mapping[Lang, Path]) -> dict[Lang, Reading]:
    return {lang: read_workbook(XlsxSource(path).snapshot(), CONTEXT) for lang, path in ready_made.items()}


@pytest.mark.parametrize("lang", LANGS)
def test_its_check_is_clean(readings: dict[Lang, Reading], lang: Lang) -> None:
    reading = readings[lang]
    assert [(p.place, p.said.say(lang)) for p in reading.problems] == []
    assert reading.lang == lang
    assert reading.drafts == ()
    assert len(reading.tests) == len(reading.workbook.examples)
    assert all(result.passed for result in reading.tests)


def test_both_languages_are_one_journey(readings: dict[Lang, Reading]) -> None:
    ja, en = (_bones(readings[lang].workbook) for lang in LANGS)
    assert ja == en


def _bones(book: Workbook) -> dict[str, object]:
    """A workbook without its words."""
    return {
        "journeys": [(j.id, j.priority, [(s.id, len(s.aspects)) for s in j.stages], j.check_order) for j in book.journeys],
        "campaigns": [replace(c, name="", audience=str(bool(c.audience))) for c in book.campaigns],
        "messages": [(m.message, m.channel, m.language, m.variant, m.weight, bool(m.subject)) for m in book.messages],
        "used": [_used(book, number) for number in range(len(book.messages))],
        "segments": len(book.segments),
        "fields": [(f.key, f.type, f.personal) for f in book.fields],
        "settings": book.settings,
        "examples": [(e.stage, e.campaigns, [v for v in e.given.values() if v.isdigit()]) for e in book.examples],
    }


def _used(book: Workbook, number: int) -> tuple[bool, bool]:
    needs = compile_variant(book.messages[number], Names.of(book)).needs
    return needs.order, "points" in needs.attributes


@pytest.mark.parametrize("lang", LANGS)
def test_the_map_is_the_one_of_the_design(readings: dict[Lang, Reading], lang: Lang) -> None:
    (journey,) = readings[lang].workbook.journeys
    assert [s.id for s in journey.stages] == ["interest", "first", "dormant", "repeat", "loyal"]
    for stage in journey.stages:
        assert stage.goal
        assert len(stage.aspects) >= 5
        assert all(words.strip() for words in stage.aspects.values())


@pytest.mark.parametrize("lang", LANGS)
def test_everyone_stands_on_exactly_one_stage(readings: dict[Lang, Reading], lang: Lang) -> None:
    book = readings[lang].workbook
    people = [(n, d) for n in (0, 1, 2, 3, 4, 5, 6, 40) for d in ((0, 1, 89, 90, 91, 92, 500) if n else (0,))]
    for orders, days in people:
        stages, _ = _met(book, orders, days)
        assert stages == [_stage(orders, days)], (orders, days)


@pytest.mark.parametrize("lang", LANGS)
def test_the_examples_are_right_and_stay_so_when_a_border_moves(readings: dict[Lang, Reading], lang: Lang) -> None:
    book = readings[lang].workbook
    assert len(book.examples) >= 10
    for example in book.examples:
        joined, orders, days = (*example.given.values(), "")[:3]
        stages, campaigns = _met(book, int(orders), int(days or 0))
        assert example.stage in (None, *(f"ec/{stage}" for stage in stages)), example.name
        assert set(example.campaigns or ()) <= set(campaigns), example.name
        assert joined
        if example.stage is not None:  # typical: neither 60 to 120 days nor 4 to 6 orders
            assert not 60 <= int(days or 0) <= 120, example.name
            assert not 4 <= int(orders) <= 6, example.name
    assert {e.stage for e in book.examples} - {None} == {f"ec/{s.id}" for s in book.journeys[0].stages}


def _stage(orders: int, days: int) -> str:
    if orders == 0:
        return "interest"
    if days > 90:
        return "dormant"
    return "first" if orders == 1 else "repeat" if orders < 5 else "loyal"


def _met(book: Workbook, orders: int, days: int) -> tuple[list[str], list[str]]:
    """The stages whose condition holds for a customer with so many orders, the last so many days ago, and the active campaigns
    whose stage and audience they fit."""
    lines = [
        {
            "customer_id": "c1",
            "order_id": f"o{number}",
            "ordered_at": NOW - timedelta(days=days + number),
            "amount": 3000.0,
            "quantity": 1.0,
            "product": "p1",
        }
        for number in range(orders)
    ]
    customer = {"customer_id": "c1"}
    plain = Plain(World(customers=[customer], purchases=lines), NOW, TOKYO)
    names = Names.of(book)
    (journey,) = book.journeys
    stages = [s.id for s in journey.stages if plain.holds(compile_condition(s.condition, names, journey.id).tree, customer)]
    campaigns = [
        c.id
        for c in book.campaigns
        if c.active
        and (not c.stages or set(c.stages) & set(stages))
        and plain.holds(compile_condition(c.audience, names, journey.id).tree, customer)
    ]
    return stages, campaigns


@pytest.mark.parametrize("lang", LANGS)
def test_every_stage_has_campaigns_and_one_tick_a_day_serves_them(readings: dict[Lang, Reading], lang: Lang) -> None:
    book = readings[lang].workbook
    active = [c for c in book.campaigns if c.active]
    assert len(active) >= 8
    assert {stage for c in active for stage in c.stages} == {s.id for s in book.journeys[0].stages}
    assert {type(c.trigger) for c in active} == {OnEnter, AfterInStage, Recurring}
    for campaign in book.campaigns:
        due = campaign.trigger.at if not isinstance(campaign.trigger, OnEnter) else None
        if isinstance(campaign.trigger, OnEnter) and campaign.trigger.delay:
            assert campaign.trigger.delay.unit != "h"
            due = campaign.trigger.delay.at
        assert (due or book.settings.default_send_time) <= TICK
        assert all(span.start <= TICK < span.end and not span.weekdays for span in campaign.window)
        assert campaign.goal is not None
        assert campaign.kind == "promotional"
        assert "email" in campaign.channels  # so that nobody is out of reach for want of another channel


@pytest.mark.parametrize("lang", LANGS)
def test_a_customer_who_stays_is_never_due_twice_in_three_days(readings: dict[Lang, Reading], lang: Lang) -> None:
    """The spacing on each stage leaves room under the cap of 1 a day and 3 a week, whatever else (monthly, weekly) falls in."""
    book = readings[lang].workbook
    for stage in book.journeys[0].stages:
        days = sorted(
            _day(c.trigger) for c in book.campaigns if c.stages == (stage.id,) and not isinstance(c.trigger, Recurring)
        )
        assert all(later - earlier >= 3 for earlier, later in pairwise(days)), (stage.id, days)


def _day(trigger: object) -> int:
    if isinstance(trigger, AfterInStage):
        return trigger.days
    assert isinstance(trigger, OnEnter)
    return trigger.delay.amount if trigger.delay else 0


@pytest.mark.parametrize("lang", LANGS)
def test_settings_are_the_defaults_and_name_no_sender(readings: dict[Lang, Reading], lang: Lang) -> None:
    assert replace(readings[lang].workbook.settings, cap_channel={}) == Settings()


@pytest.mark.parametrize("lang", LANGS)
def test_messages_are_complete(readings: dict[Lang, Reading], lang: Lang) -> None:
    book = readings[lang].workbook
    names = Names.of(book)
    known = {
        "customer_id": "c1",
        "last_name": "山田",
        "first_name": "Emma",
        "points": 1200.0,
    }
    order = {"date": date(2026, 11, 20), "amount": 12000.0, "product": "Linen apron", "products": ["Linen apron"], "count": 6}
    for variant in book.messages:
        message = compile_variant(variant, names, lang)
        for customer, settings in ((known, SENDER), ({"customer_id": "c2"}, SENDER), (known, Settings())):
            context = build_context(
                customer, settings=settings, now=NOW, unsubscribe_url="https://tabiji.test/u/x", order=order
            )
            made = message.render(context)
            whole = "\n".join((made.subject, made.preheader, made.text))
            assert not PLACEHOLDERS.search(whole), (variant.message, PLACEHOLDERS.search(whole))
            assert not re.search(r"[{}]|None|nan|様様|  |http", made.subject + made.text), (variant.message, made.text)
            assert "\n\n\n" not in made.text
            assert not re.search("休眠|離反|優良顧客|セグメント|dormant|segment", whole), (
                variant.message
            )  # the team's words, not theirs
            assert len(made.text.strip()) > 20
            assert not re.search(r"(^|[。、！])(です|より|の)|(at|from|with|by)$|^[:：,]", made.text, re.MULTILINE), made.text
            assert bool(made.subject) == (variant.channel in ("email", "push"))
            assert made.text.count("スタッフ一同") <= 1
        if variant.channel == "email":
            assert variant.preheader
            assert len(variant.subject) <= 50
            assert "unsubscribe" not in variant.body.lower() and "配信停止" not in variant.body  # the composer's footer has it
    assert len({c.message for c in book.campaigns}) == len(book.campaigns)


@pytest.mark.parametrize("lang", LANGS)
def test_names_only_greet_and_nothing_is_claimed_that_a_shop_may_not_keep(readings: dict[Lang, Reading], lang: Lang) -> None:
    """A name inside a sentence reads wrong for a company or without one; the sender may not be set yet."""
    for variant in readings[lang].workbook.messages:
        where = (variant.message, variant.channel, variant.variant)
        first, *others = variant.body.strip().split("\n")
        assert "顧客." not in "".join((variant.subject, variant.preheader, *others)), where
        assert "customer." not in "".join((variant.subject, variant.preheader, *others)), where
        assert re.fullmatch(r"\{\{ 顧客\.姓\|様 \}\}|Hi \{\{.*\}\},", first) or variant.channel in ("sms", "push"), where
        assert not re.search(r"(差出人\.名前|sender\.name)(?!\|default\()", variant.body), where
        said = " ".join((variant.subject, variant.preheader, variant.body))
        assert not re.search(r"か月|週間|ランキング|人気|レビュー|新着順|months|weeks|reviews|in person|this mail", said), where


@pytest.mark.parametrize("lang", LANGS)
def test_some_messages_are_compared_and_several_channels_are_used(readings: dict[Lang, Reading], lang: Lang) -> None:
    book = readings[lang].workbook
    compared = {m.message for m in book.messages if m.variant == "B" and m.weight > 0}
    assert compared
    assert {m.channel for m in book.messages} == {"email", "line", "sms", "push"}
    assert {("line", "email", "sms")} <= {c.channels for c in book.campaigns}


def test_japanese_holidays_are_those_of_the_law(readings: dict[Lang, Reading]) -> None:
    assert readings["ja"].workbook.holidays == tuple(sorted(day for year in (2026, 2027) for day in _law(year)))
    assert readings["en"].workbook.holidays


def _law(year: int) -> set[date]:
    """National holidays by 国民の祝日に関する法律, worked out apart from the template's list (equinoxes: 1980 to 2099)."""

    def monday(month: int, nth: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(-first.weekday()) % 7 + 7 * (nth - 1))

    def equinox(month: int, base: float) -> date:
        return date(year, month, int(base + 0.242194 * (year - 1980) - (year - 1980) // 4))

    fixed = [(1, 1), (2, 11), (2, 23), (4, 29), (5, 3), (5, 4), (5, 5), (8, 11), (11, 3), (11, 23)]
    days = {date(year, *day) for day in fixed} | {monday(1, 2), monday(7, 3), monday(9, 3), monday(10, 2)}
    days |= {equinox(3, 20.8431), equinox(9, 23.2488)}
    for day in sorted(days):
        if day.weekday() == 6:  # 振替休日: the next day that is none
            while day in days:
                day += timedelta(days=1)
            days.add(day)
    between = {d + timedelta(days=1) for d in days if d + timedelta(days=2) in days} - days  # 国民の休日
    return days | {d for d in between if d.weekday() != 6}


def test_a_template_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert templates() == ("ec",)
    for name, key in (("b2b", "template.not_yet"), ("loyalty", "template.not_yet"), ("../ec", "template.unknown")):
        with pytest.raises(InputError) as told:
            build_workbook(name, "ja", tmp_path / "x.xlsx")
        assert told.value.said.key == key
        assert name in told.value.said.say("ja") and "ec" in told.value.said.say("en")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "journey.xlsx"
    path.write_bytes(b"mine")
    with pytest.raises(InputError) as told:
        build_workbook("ec", "ja", path)
    assert told.value.said.key == "template.exists"
    assert path.read_bytes() == b"mine"


def test_a_folder_that_is_not_there_is_an_outside_error(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as told:
        build_workbook("ec", "en", tmp_path / "none" / "journey.xlsx")
    assert "journey.xlsx" in told.value.said.say("ja")


@pytest.mark.parametrize("lang", LANGS)
def test_no_placeholder_anywhere_in_the_words(lang: Lang) -> None:
    words = load_words("ec", lang)
    said = repr((words.messages, words.campaigns, words.journey, words.segments, words.tests))
    assert not PLACEHOLDERS.search(said), PLACEHOLDERS.search(said)
