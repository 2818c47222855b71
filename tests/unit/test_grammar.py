"""The small languages of single cells: tables of what people type, round trips, and hostile text."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.model import AfterInStage, Cap, Delay, Goal, Once, OnEnter, Recurring, Trigger, WindowSpan
from sheets_sync.grammar.choices import (
    parse_cap,
    parse_channels,
    parse_goal,
    parse_kind,
    parse_language,
    parse_percent,
    parse_type,
    parse_weight,
    parse_whole,
)
from sheets_sync.grammar.durations import parse_duration, parse_reentry
from sheets_sync.grammar.times import parse_date, parse_time
from sheets_sync.grammar.triggers import parse_trigger
from sheets_sync.grammar.weekdays import parse_weekdays
from sheets_sync.grammar.windows import parse_quiet_hours, parse_windows
from sheets_sync.grammar.words import NotYet, Wrong, yes_no

TEN = time(10, 0)
DATE_FIELDS = ("ポイント有効期限", "登録日", "joined_at")
CHANNELS = ("email", "sms", "line", "my-hook")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ステージに入ったら", OnEnter()),
        ("ステージに 入ったら", OnEnter()),
        ("every monday 9am", Recurring("week", (0,), at=time(9, 0))),
        ("every sat 0:00", Recurring("week", (5,), at=time(0, 0))),
        ("on enter", OnEnter()),
        (" ON  ENTER ", OnEnter()),
        ("ステージに入って3日後 10:00", OnEnter(Delay(3, "d", TEN))),
        ("ステージに入って３日後　１０：００", OnEnter(Delay(3, "d", TEN))),
        ("ステージに入って3日後の10時", OnEnter(Delay(3, "d", TEN))),
        ("ステージに入ってから 3 日後 10:00", OnEnter(Delay(3, "d", TEN))),
        ("ステージに入って3日後", OnEnter(Delay(3, "d"))),
        ("ステージに入って2週間後 10:00", OnEnter(Delay(2, "w", TEN))),
        ("ステージに入って1時間後", OnEnter(Delay(1, "h"))),
        ("ステージに入ったらの翌日10時", OnEnter(Delay(1, "d", TEN))),
        ("ステージに入った翌日10時", OnEnter(Delay(1, "d", TEN))),
        ("ステージに入っての翌日10時", OnEnter(Delay(1, "d", TEN))),
        ("ステージに入った日の翌日 午後3時", OnEnter(Delay(1, "d", time(15, 0)))),
        ("ステージに入って翌々日10時半", OnEnter(Delay(2, "d", time(10, 30)))),
        ("on enter +3d 10:00", OnEnter(Delay(3, "d", TEN))),
        ("on enter + 3 days at 10:00", OnEnter(Delay(3, "d", TEN))),
        ("on enter +2h", OnEnter(Delay(2, "h"))),
        ("on enter +1w", OnEnter(Delay(1, "w"))),
        ("ステージに30日いたら", AfterInStage(30)),
        ("ステージに30日いたら 9:00", AfterInStage(30, time(9, 0))),
        ("ステージに2週間いたら", AfterInStage(14)),
        ("after 30d in stage", AfterInStage(30)),
        ("after 30 days in stage at 9:00", AfterInStage(30, time(9, 0))),
        ("毎日 9:00", Recurring("day", at=time(9, 0))),
        ("毎日", Recurring("day")),
        ("daily 9:00", Recurring("day", at=time(9, 0))),
        ("毎週月曜 10:00", Recurring("week", (0,), at=TEN)),
        ("毎週月曜日 10:00", Recurring("week", (0,), at=TEN)),
        ("毎週月曜(日) 10:00", Recurring("week", (0,), at=TEN)),
        ("毎週月・木 10時", Recurring("week", (0, 3), at=TEN)),
        ("毎週 木、月 10時", Recurring("week", (0, 3), at=TEN)),
        ("毎週月木 10時", Recurring("week", (0, 3), at=TEN)),
        ("毎週日曜", Recurring("week", (6,))),
        ("毎週土日 10:00", Recurring("week", (5, 6), at=TEN)),
        ("毎週月～金 10:00", Recurring("week", (0, 1, 2, 3, 4), at=TEN)),
        ("every mon,thu 10:00", Recurring("week", (0, 3), at=TEN)),
        ("every Monday and Thursday 10:00", Recurring("week", (0, 3), at=TEN)),
        ("every mon-fri 10:00", Recurring("week", (0, 1, 2, 3, 4), at=TEN)),
        ("毎月1日 10:00", Recurring("month", month_day=1, at=TEN)),
        ("毎月末日 10:00", Recurring("month", month_day=31, at=TEN)),
        ("毎月31日", Recurring("month", month_day=31)),
        ("monthly 1 10:00", Recurring("month", month_day=1, at=TEN)),
        ("monthly last 10:00", Recurring("month", month_day=31, at=TEN)),
        ("一度だけ 2026-12-01 10:00", Once(date(2026, 12, 1), TEN)),
        ("一度だけ 2026年12月1日(火) 10時", Once(date(2026, 12, 1), TEN)),
        ("once 2026-12-01 10:00", Once(date(2026, 12, 1), TEN)),
        ("once 2026/12/1", Once(date(2026, 12, 1))),
    ],
)
def test_triggers(typed: str, meant: Trigger) -> None:
    assert parse_trigger(typed, DATE_FIELDS) == meant


@pytest.mark.parametrize(
    ("typed", "which"),
    [
        ("イベント カート追加 の1時間後", "event"),
        ("on event cart_added +1h unless purchase", "event"),
        ("誕生日の3日前 10:00", "date"),
        ("誕生月の1日", "date"),
        ("birthday -3d 10:00", "date"),
        ("ポイント有効期限の14日前", "date"),
        ("joined_at +7d 10:00", "date"),
        ("ランクが上がったら", "rank"),
        ("on rank up", "rank"),
    ],
)
def test_triggers_of_later_features_say_that_they_are_not_there_yet(typed: str, which: str) -> None:
    with pytest.raises(NotYet) as found:
        parse_trigger(typed, DATE_FIELDS)
    assert found.value.said.key == f"workbook.not_yet_trigger_{which}"
    assert "まだ使えません" in found.value.said.say("ja")


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "bad_trigger"),
        ("まいにち", "bad_trigger"),
        ("on enterr +3d", "bad_delay"),
        ("on enter +3", "bad_delay"),
        ("on enter +0d", "delay_range"),
        ("ステージに入って9999日後", "delay_range"),
        ("ステージに入って1か月後", "delay_unit"),
        ("ステージに入って3時間後 10:00", "delay_hours_with_time"),
        ("ステージに入って3日後 25:00", "bad_time"),
        ("ステージに入ったら 10:00", "bad_delay"),
        ("ステージに3時間いたら", "stay_unit"),
        ("毎日 9", "trigger_time"),
        ("毎週 10:00", "bad_weekdays"),
        ("毎週某日 10:00", "bad_weekdays"),
        ("毎月32日 10:00", "bad_month_day"),
        ("毎月0日", "bad_month_day"),
        ("monthly 10:00", "bad_month_day"),
        ("一度だけ 2026-02-30", "no_such_day"),
        ("once 12/1/2026", "bad_date"),
        ("知らない項目の3日前", "bad_trigger"),
    ],
)
def test_wrong_triggers_say_what_would_be_right(typed: str, key: str) -> None:
    with pytest.raises(Wrong) as found:
        parse_trigger(typed, DATE_FIELDS)
    assert (found.value.said.key, type(found.value)) == (f"workbook.{key}", Wrong)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9:00-21:00", [WindowSpan(time(9), time(21))]),
        ("9-21", [WindowSpan(time(9), time(21))]),
        ("９：００～２１：００", [WindowSpan(time(9), time(21))]),
        ("9時から21時まで", [WindowSpan(time(9), time(21))]),
        ("22:00-6:00", [WindowSpan(time(22), time(6))]),
        ("18:00-24:00", [WindowSpan(time(18), time(0))]),
        ("0:00-24:00", [WindowSpan(time(0), time(0))]),
        ("月-金 10:00-18:00", [WindowSpan(time(10), time(18), (0, 1, 2, 3, 4))]),
        ("mon-fri 10:00-18:00", [WindowSpan(time(10), time(18), (0, 1, 2, 3, 4))]),
        ("金-月 10:00-18:00", [WindowSpan(time(10), time(18), (0, 4, 5, 6))]),
        ("月,水 10:00-12:00", [WindowSpan(time(10), time(12), (0, 2))]),
        ("平日 10:00-18:00, 土 9-12", [WindowSpan(time(10), time(18), (0, 1, 2, 3, 4)), WindowSpan(time(9), time(12), (5,))]),
        ("9:00-12:00、13:00-18:00", [WindowSpan(time(9), time(12)), WindowSpan(time(13), time(18))]),
    ],
)
def test_windows(typed: str, meant: list[WindowSpan]) -> None:
    assert list(parse_windows(typed)) == meant


@pytest.mark.parametrize(
    "typed", ["", "いつでも", "9:00", "9:00-9:00", "25-26", "月", "9:61-10:00", "9:00-21:00-22:00", "1:1-2"]
)
def test_wrong_windows(typed: str) -> None:
    with pytest.raises(Wrong):
        parse_windows(typed)


def test_quiet_hours() -> None:
    assert parse_quiet_hours("21:00-9:00") == (time(21), time(9))
    assert parse_quiet_hours("なし") is None
    with pytest.raises(Wrong):
        parse_quiet_hours("月 21:00-9:00")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1/日, 3/週", Cap(1, 3)),
        ("１／日、３／週", Cap(1, 3)),
        ("1/day", Cap(1, None)),
        ("3 / week", Cap(None, 3)),
        ("1日1回、週3回", Cap(1, 3)),
        ("2 per day", Cap(2, None)),
        ("0/日", Cap(0, None)),
        ("なし", Cap()),
        ("none", Cap()),
    ],
)
def test_caps(typed: str, meant: Cap) -> None:
    assert parse_cap(typed) == meant


@pytest.mark.parametrize("typed", ["3", "1/月", "1/日, 2/日", "日", "1//日", "-1/日"])
def test_wrong_caps(typed: str) -> None:
    with pytest.raises(Wrong):
        parse_cap(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("line > email > sms", ("line", "email", "sms")),
        ("ＬＩＮＥ＞メール", ("line", "email")),
        ("email", ("email",)),
        ("my-hook>email", ("my-hook", "email")),
        ("email > メール", ("email",)),
    ],
)
def test_channels(typed: str, meant: tuple[str, ...]) -> None:
    assert parse_channels(typed, CHANNELS) == meant


def test_wrong_channels_suggest() -> None:
    with pytest.raises(Wrong) as near:
        parse_channels("emial", CHANNELS)
    assert "email" in near.value.said.say("ja")
    with pytest.raises(Wrong) as comma:
        parse_channels("line, email", CHANNELS)
    assert comma.value.said.key == "workbook.channels_comma"
    with pytest.raises(Wrong) as off:
        parse_channels("push", CHANNELS)
    assert "config.toml" in off.value.said.say("en")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("購入", Goal("order")),
        ("Order", Goal("order")),
        ("イベント カート追加", Goal("event", "カート追加")),
        ("event cart_added", Goal("event", "cart_added")),
        ("ステージ 優良顧客", Goal("stage", "優良顧客")),
        ("stage loyal", Goal("stage", "loyal")),
        ('イベント("カート追加", 7日) >= 1', Goal("condition", 'イベント("カート追加", 7日) >= 1')),
        ("購入回数 >= 2", Goal("condition", "購入回数 >= 2")),
        ('ステージ = "loyal"', Goal("condition", 'ステージ = "loyal"')),
    ],
)
def test_goals(typed: str, meant: Goal) -> None:
    assert parse_goal(typed) == meant


@pytest.mark.parametrize("typed", ["○", "◯", "〇", "Yes", "ｙｅｓ", "はい", "TRUE", "1", " ○ "])
def test_yes(typed: str) -> None:
    assert yes_no(typed) is True


@pytest.mark.parametrize("typed", ["×", "✕", "x", "Ｘ", "no", "いいえ", "FALSE", "0"])
def test_no(typed: str) -> None:
    assert yes_no(typed) is False


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("10:00", time(10)), ("１０：００", time(10)), ("9:05", time(9, 5)), ("10時", time(10)), ("10時半", time(10, 30)),
        ("10時5分", time(10, 5)), ("午後3時", time(15)), ("3pm", time(15)),
        ("12am", time(0)), ("正午", time(12)), ("10:00:00", time(10)),
    ],
)  # fmt: skip
def test_times(typed: str, meant: time) -> None:
    assert parse_time(typed) == meant


@pytest.mark.parametrize("typed", ["", "10", "24:00", "10:60", "10:5", "午後13時", "10:00:30", "-1:00", "1" * 5000])
def test_wrong_times(typed: str) -> None:
    with pytest.raises(Wrong):
        parse_time(typed)


def test_days_lengths_and_numbers() -> None:
    assert parse_date("2026年12月1日") == parse_date("2026/12/1") == parse_date("2026-12-01 00:00") == date(2026, 12, 1)
    assert parse_duration("7日") == parse_duration("1 week") == parse_duration("１６８ｈ") == timedelta(days=7)
    assert parse_duration("1か月") == timedelta(days=30)
    assert parse_reentry("毎回") is parse_reentry("Always") is None
    assert parse_reentry("90日") == timedelta(days=90)
    assert parse_percent("２０％") == 0.2
    assert parse_whole("１，２００", 0, 5000) == 1200
    assert parse_weight("50%") == 50.0
    assert (parse_kind("通知"), parse_kind("Promotional")) == ("transactional", "promotional")
    assert (parse_type("はい・いいえ"), parse_type("数値"), parse_type("DATE")) == ("yes_no", "number", "date")
    assert (parse_language("日本語"), parse_language("EN"), parse_language("zh-TW")) == ("ja", "en", "zh-tw")
    for wrong in (
        lambda: parse_duration("7"), lambda: parse_percent("20"), lambda: parse_percent("120%"), lambda: parse_whole("1.5", 0, 9),
        lambda: parse_whole("9" * 50, 0, 9), lambda: parse_reentry("ときどき"), lambda: parse_language("にほんご?"),
        lambda: parse_date("12/1/2026"),
        lambda: parse_duration("0日"), lambda: yes_no("たぶん"), lambda: parse_weight("-1"), lambda: parse_kind("広告"),
    ):  # fmt: skip
        with pytest.raises(Wrong):
            wrong()


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
maybe_times = st.none() | times
WEEK_JA, WEEK_EN = "月火水木金土日", ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
triggers = st.one_of(
    st.builds(OnEnter),
    st.builds(OnEnter, st.builds(Delay, st.integers(1, 99), st.sampled_from(["d", "w"]), maybe_times)),
    st.builds(OnEnter, st.builds(Delay, st.integers(1, 99), st.just("h"))),
    st.builds(AfterInStage, st.integers(1, 400), maybe_times),
    st.builds(Recurring, st.just("day"), at=maybe_times),
    st.builds(Recurring, st.just("week"), weekdays, at=maybe_times),
    st.builds(Recurring, st.just("month"), month_day=st.integers(1, 31), at=maybe_times),
    st.builds(Once, st.dates(date(2000, 1, 1), date(2100, 1, 1)), maybe_times),
)


def clock(at: time | None, ja: bool) -> str:
    if at is None:
        return ""
    return f" {at.hour}時{at.minute}分" if ja and at.minute else f" {at.hour}:{at.minute:02}"


def printed(trigger: Trigger, ja: bool) -> str:
    if isinstance(trigger, OnEnter):
        start = ("ステージに入って" if trigger.delay else "ステージに入ったら") if ja else "on enter"
        if trigger.delay is None:
            return start
        unit = {"h": "時間", "d": "日", "w": "週間"}[trigger.delay.unit]
        how = f"{trigger.delay.amount}{unit}後" if ja else f" +{trigger.delay.amount}{trigger.delay.unit}"
        return start + how + clock(trigger.delay.at, ja)
    if isinstance(trigger, AfterInStage):
        return (f"ステージに{trigger.days}日いたら" if ja else f"after {trigger.days}d in stage") + clock(trigger.at, ja)
    if isinstance(trigger, Once):
        return ("一度だけ " if ja else "once ") + trigger.on.isoformat() + clock(trigger.at, ja)
    if trigger.every == "day":
        return ("毎日" if ja else "daily") + clock(trigger.at, ja)
    if trigger.every == "week":
        days = "・".join(WEEK_JA[d] for d in trigger.weekdays) if ja else ",".join(WEEK_EN[d] for d in trigger.weekdays)
        return (f"毎週{days}" if ja else f"every {days}") + clock(trigger.at, ja)
    day = trigger.month_day
    if ja:
        return ("毎月末日" if day == 31 else f"毎月{day}日") + clock(trigger.at, ja)
    return f"monthly {'last' if day == 31 else day}" + clock(trigger.at, ja)


def widened(said: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "　" if c == " " else c for c in said)


@given(triggers, st.booleans(), st.booleans())
def test_what_is_printed_is_read_back(trigger: Trigger, ja: bool, wide: bool) -> None:
    said = printed(trigger, ja)
    assert parse_trigger(widened(said) if wide else said) == trigger


@given(
    st.lists(st.tuples(times, times, st.just(()) | weekdays).filter(lambda s: s[0] != s[1]), min_size=1, max_size=4),
    st.booleans(),
)
def test_windows_are_read_back(spans: list[tuple[time, time, tuple[int, ...]]], ja: bool) -> None:
    parts = []
    for start, end, days in spans:
        named = "・".join(WEEK_JA[d] for d in days) if ja else " ".join(WEEK_EN[d] for d in days)
        parts.append(f"{named} {start:%H:%M}-{end:%H:%M}")
    meant = tuple(WindowSpan(start, end, () if len(days) == 7 else days) for start, end, days in spans)
    assert parse_windows((", " if not ja else "、").join(parts)) == meant


@given(weekdays)
def test_weekdays_are_read_back(days: tuple[int, ...]) -> None:
    assert parse_weekdays(", ".join(WEEK_EN[d] for d in days)) == days


PIECES = st.sampled_from(
    [*"0123456789:-+~>/,、・％%。 　\n\0月火日時分半後前", "ステージに入って", "on enter", "毎週", "once "]
)
hostile = st.text(max_size=80) | st.lists(PIECES, max_size=30).map("".join)


@given(hostile)
def test_hostile_text_is_read_or_refused_in_a_sentence(typed: str) -> None:
    for parse in (
        parse_trigger, parse_windows, parse_quiet_hours, parse_cap, parse_goal, parse_kind, parse_language, parse_percent, parse_type,
        parse_weight, parse_duration, parse_reentry, parse_date, parse_time, yes_no,
        lambda t: parse_channels(t, CHANNELS), lambda t: parse_whole(t, 0, 10),
    ):  # fmt: skip
        try:
            parse(typed)
        except Wrong as wrong:
            assert wrong.said.say("ja")
            assert wrong.said.say("en")
