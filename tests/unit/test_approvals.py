"""What a person's yes covers: which edit makes a campaign wait, stops it, or changes nothing."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from journey.approvals import Audiences, Ground, Standing, approve, pause, reject, resume
from journey.errors import InputError
from journey.fields import Names
from journey.model import (
    Campaign,
    FieldDef,
    Goal,
    JourneyMap,
    MessageVariant,
    Once,
    OnEnter,
    Recurring,
    Segment,
    Settings,
    Stage,
    WindowSpan,
    Workbook,
)
from journey.store.engine import open_store, reading, writing
from journey.store.tables import approvals, audit, campaign_state
from journey.texts import text

T0 = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)

STAGES = (
    Stage("interest", "興味・学習", "購入回数 = 0"),
    Stage("first", "初回購入", "購入回数 = 1 かつ 最終購入からの日数 <= 90"),
    Stage("dormant", "休眠", "購入回数 >= 1 かつ 最終購入からの日数 > 90"),
    Stage("repeat", "再購入", "購入回数 >= 2 かつ 最終購入からの日数 <= 90"),
)
EC = JourneyMap("ec", "EC 通常", STAGES, ("repeat", "dormant", "first", "interest"))
WELCOME = Campaign(
    "C01",
    "はじめまして",
    True,
    OnEnter(),
    "M1",
    journey="ec",
    stages=("interest",),
    audience='セグメント("首都圏") かつ [好きな色] = "青"',
)
THANKS = Campaign("C02", "お礼", True, OnEnter(), "M2", journey="ec", stages=("first",), channels=("line", "email"))
NEWS = Campaign("C03", "お知らせ", True, Recurring("week", (0,), at=time(10)), "M2", audience="ポイント > 10")
BOOK = Workbook(
    journeys=(EC,),
    messages=(
        MessageVariant("M1", "email", subject="ようこそ", body="こんにちは"),
        MessageVariant("M1", "line", body="ようこそ"),
        MessageVariant("M2", body="ありがとうございます"),
    ),
    campaigns=(WELCOME, THANKS, NEWS),
    segments=(Segment("首都圏", 'セグメント("関東") または 都道府県 = "山梨県"'), Segment("関東", '都道府県 = "東京都"')),
    fields=(FieldDef("color", "好きな色", "text"), FieldDef("shop", "担当店", "text")),
)
KINDS = {"email": "outbox", "line": "outbox"}


def ground(book: Workbook = BOOK, kinds: dict[str, str] = KINDS, drafts: dict[str, str] | None = None) -> Ground:
    return Ground(book, drafts or {}, kinds)


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


def look(engine: Engine, on: Ground, now: datetime = T0 + DAY) -> dict[str, Standing]:
    with reading(engine) as connection:
        return on.standings(connection, now)


def say_yes(engine: Engine, on: Ground, campaign: str | None = None, now: datetime = T0, **more: object) -> object:
    options: dict[str, object] = {"estimate": lambda c: (5, None), "admin": True, **more}
    return approve(engine, on, campaign, who="hanako", now=now, **options)  # type: ignore[arg-type]


def approvals_of(engine: Engine, on: Ground) -> dict[str, str]:
    return {key: s.approval for key, s in look(engine, on).items()}


def campaign(campaign_id: str, **change: object) -> Callable[[Workbook], Workbook]:
    return lambda b: replace(
        b,
        campaigns=tuple(replace(c, **change) if c.id == campaign_id else c for c in b.campaigns),  # type: ignore[arg-type]
    )


def message(index: int, **change: object) -> Callable[[Workbook], Workbook]:
    return lambda b: replace(
        b,
        messages=tuple(replace(m, **change) if n == index else m for n, m in enumerate(b.messages)),  # type: ignore[arg-type]
    )


def stage(stage_id: str, **change: object) -> Callable[[Workbook], Workbook]:
    def edit(b: Workbook) -> Workbook:
        [j] = b.journeys
        return replace(
            b, journeys=(replace(j, stages=tuple(replace(s, **change) if s.id == stage_id else s for s in j.stages)),)
        )  # type: ignore[arg-type]

    return edit


def journey(**change: object) -> Callable[[Workbook], Workbook]:
    return lambda b: replace(b, journeys=(replace(b.journeys[0], **change),))  # type: ignore[arg-type]


def segment(name: str, condition: str) -> Callable[[Workbook], Workbook]:
    return lambda b: replace(b, segments=tuple(Segment(s.name, condition) if s.name == name else s for s in b.segments))


SAME = {"C01": "approved", "C02": "approved", "C03": "approved"}


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        # nothing that a customer gets
        (campaign("C01", goal=Goal("order")), {}),
        (campaign("C01", goal_window=timedelta(days=30)), {}),
        (campaign("C01", owner="次郎"), {}),
        (stage("interest", name="興味", goal="初回購入", aspects={"課題": "知らない"}), {}),
        (journey(name="EC", persona="誰か", priority=1), {}),
        (lambda b: replace(b, messages=b.messages[::-1], campaigns=b.campaigns[::-1]), {}),
        (lambda b: replace(b, holidays=(date(2026, 12, 31),), settings=Settings(default_send_time=time(11))), {}),
        (lambda b: replace(b, fields=(*b.fields[:1], FieldDef("shop", "担当店", "number"))), {}),
        # content
        (campaign("C01", name="ようこそ"), {"C01": "pending"}),
        (campaign("C01", trigger=OnEnter(delay=None), reentry=None), {"C01": "pending"}),
        (campaign("C01", include_existing=True), {"C01": "pending"}),
        (campaign("C01", window=(WindowSpan(time(9), time(12)),)), {"C01": "pending"}),
        (campaign("C01", kind="transactional"), {"C01": "pending"}),
        (campaign("C01", stages=("dormant",)), {"C01": "pending"}),
        (campaign("C01", audience="ポイント > 3"), {"C01": "pending"}),
        (campaign("C02", channels=("email", "line")), {"C02": "pending"}),
        (message(0, subject="ようこそ!"), {"C01": "pending"}),
        (message(1, body="やあ"), {"C01": "pending"}),
        (message(2, weight=2.0), {"C02": "pending", "C03": "pending"}),
        (lambda b: replace(b, messages=(*b.messages, MessageVariant("M1", "sms", body="x"))), {"C01": "pending"}),
        # audience
        (stage("interest", condition="購入回数 = 0 かつ ポイント > 1"), {"C01": "void"}),
        (stage("first", condition="購入回数 = 1 かつ 最終購入からの日数 <= 60"), {"C02": "void"}),
        (
            stage("repeat", condition="購入回数 >= 2 かつ 最終購入からの日数 <= 60"),
            {},
        ),  # excludes the other stages before and after
        (journey(audience="ポイント > 0"), {"C01": "void", "C02": "void"}),
        (journey(check_order=("interest", "first", "dormant", "repeat")), {}),  # the stages exclude each other
        (segment("関東", '都道府県 = "千葉県"'), {"C01": "void"}),  # used by a segment that it uses
        (lambda b: replace(b, fields=(FieldDef("color", "好きな色", "yes_no"), *b.fields[1:])), {"C01": "void"}),
        (lambda b: replace(b, journeys=()), {"C01": "void", "C02": "void"}),
        # both at once
        (lambda b: message(0, body="!")(stage("interest", condition="購入回数 < 1")(b)), {"C01": "void"}),
    ],
)
def test_which_edit_touches_which_approval(
    engine: Engine, edit: Callable[[Workbook], Workbook], changed: dict[str, str]
) -> None:
    say_yes(engine, ground())
    assert approvals_of(engine, ground()) == SAME
    edited = ground(edit(BOOK))
    standing = look(engine, edited)
    assert {key: s.approval for key, s in standing.items()} == {**SAME, **changed}
    for key, s in standing.items():
        expected = {"void": "held"}.get(s.approval, "running")
        assert s.state == expected
        assert s.runs == (expected == "running")
        assert s.hold == ("approval_void" if s.approval == "void" else None)
        # what may run is what was approved, whatever the workbook holds now
        assert s.live == (BOOK.campaign(key), BOOK.variants(BOOK.campaign(key).message))
    assert approvals_of(engine, ground()) == SAME  # taking the edit back needs nobody
    say_yes(engine, edited)
    assert approvals_of(engine, edited) == SAME


def test_a_stage_that_wins_and_may_overlap_is_covered(engine: Engine) -> None:
    overlapping = stage("repeat", condition="購入回数 >= 1")(BOOK)
    say_yes(engine, ground(overlapping))
    edited = stage("repeat", condition="購入回数 >= 1 かつ ポイント > 5")(overlapping)
    assert approvals_of(engine, ground(edited)) == {**SAME, "C02": "void"}


def test_another_kind_of_channel_is_another_audience(engine: Engine) -> None:
    say_yes(engine, ground())
    real = ground(kinds={"email": "outbox", "line": "apprise"})
    assert approvals_of(engine, real) == {**SAME, "C02": "void"}


def test_a_new_campaign_waits_and_a_draft_is_none(engine: Engine) -> None:
    standing = look(engine, ground(drafts={"C09": "途中"}))
    assert [(s.approval, s.state, s.live, s.hold) for s in standing.values()] == [
        ("pending", "pending", None, "not_approved"),
        ("pending", "pending", None, "not_approved"),
        ("pending", "pending", None, "not_approved"),
        ("none", "draft", None, "not_approved"),
    ]


def test_switching_off_and_on_needs_no_approval(engine: Engine) -> None:
    off = ground(campaign("C01", active=False)(BOOK))
    assert (look(engine, off)["C01"].approval, look(engine, off)["C01"].state) == ("none", "inactive")
    say_yes(engine, ground())
    switched_off = look(engine, off)["C01"]
    assert (switched_off.approval, switched_off.state, switched_off.hold) == ("approved", "inactive", "inactive")
    assert look(engine, ground())["C01"].state == "running"


def test_a_cross_in_a_refused_workbook_stops_too(engine: Engine) -> None:
    say_yes(engine, ground())
    with writing(engine) as connection:
        connection.execute(update(campaign_state).where(campaign_state.c.campaign_id == "C01").values(stopped=True))
    assert [(s.state, s.hold) for s in look(engine, ground()).values()] == [
        ("inactive", "inactive"),
        ("running", None),
        ("running", None),
    ]


def test_renamed_stages_and_journeys_are_the_same_audience() -> None:
    before = Audiences(BOOK, Names.of(BOOK), KINDS).hash(WELCOME)
    renamed = replace(
        EC,
        id="shop",
        stages=(replace(STAGES[0], id="curious"), *STAGES[1:]),
        check_order=("repeat", "dormant", "first", "curious"),
    )
    book = replace(BOOK, journeys=(renamed,))
    after = Audiences(book, Names.of(book), KINDS).hash(replace(WELCOME, journey="shop", stages=("curious",)))
    assert after == before


def test_a_campaign_that_left_the_workbook_stops(engine: Engine) -> None:
    say_yes(engine, ground())
    gone = look(engine, ground(replace(BOOK, campaigns=(THANKS, NEWS))))["C01"]
    assert (gone.state, gone.live, gone.hold, gone.name) == ("inactive", None, "inactive", "はじめまして")
    half = look(engine, ground(replace(BOOK, campaigns=(THANKS, NEWS)), drafts={"C01": "はじめまして"}))["C01"]
    assert (half.state, half.live, half.hold) == ("draft", None, "not_approved")


def test_after_its_end_it_is_over(engine: Engine) -> None:
    ends = ground(campaign("C01", end=date(2026, 11, 3))(BOOK))
    say_yes(engine, ends)
    last_evening = datetime(2026, 11, 3, 14, 59, tzinfo=UTC)  # 23:59 in Tokyo
    assert look(engine, ends, last_evening)["C01"].state == "running"
    assert look(engine, ends, last_evening + timedelta(minutes=1))["C01"].state == "ended"


def test_a_no_leaves_what_was_approved(engine: Engine) -> None:
    on = ground()
    assert reject(engine, on, "C01", who="taro", now=T0, reason="早すぎる").said.key == "approvals.rejected"
    first = look(engine, on)["C01"]
    assert (first.approval, first.state, first.rejected_reason, first.live) == ("rejected", "pending", "早すぎる", None)
    say_yes(engine, on, "C01")
    edited = ground(message(0, body="別の文面")(BOOK))
    assert reject(engine, edited, "C01", who="taro", now=T0 + DAY).said.key == "approvals.rejected_runs_on"
    standing = look(engine, edited)["C01"]
    assert (standing.approval, standing.state, standing.live_hash) == (
        "rejected",
        "running",
        look(engine, on)["C01"].content_hash,
    )
    assert not reject(engine, edited, "C01", who="taro", now=T0 + DAY).changed
    again = ground(message(0, body="さらに別の文面")(BOOK))
    assert look(engine, again)["C01"].approval == "pending"
    with pytest.raises(InputError, match="nothing to reject"):
        reject(engine, on, "C01", who="taro", now=T0 + DAY)


def test_pause_and_resume_one_and_all(engine: Engine) -> None:
    on = ground()
    say_yes(engine, on)
    pause(engine, on, "C02", who="taro", now=T0)
    paused = look(engine, on)["C02"]
    assert (paused.state, paused.hold, paused.paused_by, paused.paused_at) == ("paused", "paused", "taro", T0)
    assert [d.campaign_id for d in pause(engine, on, None, who="taro", now=T0)] == ["C01", "C03"]
    assert {s.state for s in look(engine, on).values()} == {"paused"}
    assert not pause(engine, on, "C02", who="taro", now=T0)[0].changed
    assert len(resume(engine, on, None, who="hanako", now=T0 + DAY)) == 3
    assert {(s.state, s.idle_at) for s in look(engine, on).values()} == {("running", T0 + DAY)}
    with reading(engine) as connection:
        actions = connection.execute(select(audit.c.who, audit.c.action, audit.c.subject).order_by(audit.c.id)).fetchall()
    assert actions[3:7] == [
        ("taro", "pause", "campaign:C02"),
        ("taro", "pause", "campaign:C01"),
        ("taro", "pause", "campaign:C03"),
        ("hanako", "resume", "campaign:C01"),
    ]


def test_an_approval_is_kept_whole(engine: Engine) -> None:
    on = ground()
    say_yes(engine, on, "C01", estimate=lambda c: (12, 7))
    say_yes(engine, ground(message(0, body="直した")(BOOK)), "C01", now=T0 + DAY, estimate=lambda c: (13, None))
    with reading(engine) as connection:
        rows = connection.execute(select(approvals)).fetchall()
        [state] = connection.execute(select(campaign_state)).fetchall()
    assert [(r.subject, r.decision, r.by, r.estimate, r.at) for r in rows] == [
        ("campaign:C01", "approved", "hanako", 12, T0),
        ("campaign:C01", "approved", "hanako", 13, T0 + DAY),
    ]
    assert state.in_force_at == T0  # entries count from the first yes on
    standing = look(engine, ground(message(0, body="直した")(BOOK)))["C01"]
    assert (standing.estimate, standing.existing, standing.approved_by, standing.approved_at) == (13, None, "hanako", T0 + DAY)


def test_approving_twice_changes_nothing_and_says_so(engine: Engine) -> None:
    say_yes(engine, ground(), "C01")
    [again] = say_yes(engine, ground(), "C01", now=T0 + DAY, estimate=None)  # type: ignore[misc]
    assert (again.changed, again.refused, again.said.key) == (False, False, "approvals.already_approved")
    with reading(engine) as connection:
        assert len(connection.execute(select(approvals)).fetchall()) == 1


def refused(engine: Engine, on: Ground, campaign_id: str, **more: object) -> str:
    with pytest.raises(InputError) as info:
        say_yes(engine, on, campaign_id, **more)
    with reading(engine) as connection:
        assert connection.execute(select(approvals)).fetchall() == []
    assert info.value.said.say("ja") != info.value.said.say("en")
    return info.value.said.key


def test_what_cannot_be_approved(engine: Engine) -> None:
    on = ground(drafts={"C09": "途中"})
    assert refused(engine, on, "C1") == "approvals.unknown_near"
    assert refused(engine, ground(Workbook()), "C01") == "approvals.unknown"
    assert refused(engine, on, "\0" * 9) == "approvals.unknown"
    assert refused(engine, on, "あ" * 1_000_000) == "approvals.unknown"
    assert refused(engine, on, "C09") == "approvals.draft"
    assert refused(engine, on, "C01", expect="0" * 16) == "approvals.edited_meanwhile"
    urgent = ground(campaign("C01", kind="transactional")(BOOK))
    assert refused(engine, urgent, "C01", admin=False) == "approvals.needs_admin"
    sender = text("approvals.draft", campaign="C01")
    assert refused(engine, on, "C01", refusal=lambda c: sender) == "approvals.draft"
    past = ground(campaign("C01", trigger=Once(date(2026, 10, 2), time(9)))(BOOK))
    assert refused(engine, past, "C01") == "approvals.once_passed"


def test_of_all_the_possible_ones_are_approved(engine: Engine) -> None:
    on = ground(campaign("C02", kind="transactional")(BOOK))
    decided = say_yes(engine, on, admin=False)
    assert [(d.campaign_id, d.changed, d.refused) for d in decided] == [  # type: ignore[attr-defined]
        ("C01", True, False),
        ("C02", False, True),
        ("C03", True, False),
    ]
    assert approvals_of(engine, on) == {**SAME, "C02": "pending"}


def test_the_offer_names_exactly_what_is_seen(engine: Engine) -> None:
    seen = look(engine, ground())["C01"].offer
    elsewhere = stage("first", condition="購入回数 = 1")(BOOK)
    assert look(engine, ground(elsewhere))["C01"].offer == seen
    other_audience = stage("interest", condition="購入回数 < 1")(BOOK)
    assert look(engine, ground(other_audience))["C01"].offer != seen
    say_yes(engine, ground(), "C01", expect=seen)
    assert look(engine, ground())["C01"].approval == "approved"


def test_existing_customers_count_from_the_approval_that_included_them(engine: Engine) -> None:
    def on(included: bool, body: str) -> Ground:
        return ground(message(0, body=body)(campaign("C01", include_existing=included)(BOOK)))

    for day, (included, body) in enumerate([(False, "a"), (True, "b"), (True, "c"), (False, "d"), (True, "e")]):
        say_yes(engine, on(included, body), "C01", now=T0 + day * DAY)
        since = look(engine, on(included, body))["C01"].existing_at
        assert since == [None, T0 + DAY, T0 + DAY, None, T0 + 4 * DAY][day]
