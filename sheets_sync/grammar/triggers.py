"""The Trigger cell: what sets a campaign off, in every form of sheet.md, Japanese or English."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import time

from journey.model import AfterInStage, Once, OnEnter, Recurring, Trigger
from journey.names import fold
from journey.texts import text
from sheets_sync.grammar.durations import LONGEST_DAYS, UNITS, parse_delay
from sheets_sync.grammar.times import parse_time, split_date
from sheets_sync.grammar.weekdays import parse_weekdays
from sheets_sync.grammar.words import NotYet, Wrong, normal, shown

_ENTER = re.compile(
    r"(?:ステージ ?に? ?入(?:ったら|った(?:とき|時|日)?|って(?:から)?)|on enter(?:ing)?|on entry)"
    r"(?: ?すぐに?| immediately| at once)?(?P<rest>.*)"
)
_STAYED = re.compile(
    r"ステージに ?(?P<n>\d{1,4}) ?(?P<unit>[^\d\s]+?)(?:いたら|いるとき|滞在したら|とどまったら) ?(?P<at>.*)"
    r"|after (?P<en>\d{1,4}) ?(?P<eunit>[a-z]+) in (?:the )?stage ?(?P<eat>.*)"
)
_ONCE = re.compile(r"(?:一度だけ|1度だけ|一回だけ|1回だけ|一回限り|1回限り|一度|once)(?: on)? ?:? ?(?P<rest>.*)")
_DAILY = re.compile(r"(?:毎日|daily|every ?day) ?(?P<at>.*)")
_WEEKLY = re.compile(r"(?:毎週|weekly|every|(?=平日)|毎(?=平日)) ?(?:on )?:? ?(?P<rest>.+)")
_MONTHLY = re.compile(
    r"(?:毎月|monthly|every month)(?: on)?(?: the)? ?"
    r"(?:(?P<last>月?末日?|最終日|last(?: day)?)|(?P<day>\d{1,3}) ?(?:日|st|nd|rd|th)?)(?P<at>.*)"
)
_TIME_AT_END = re.compile(r"(?P<days>.+?)(?: ?の ?| at | ?@ ?| )?(?P<at>(?:午前|午後)? ?\d{1,2} ?(?::|時|am|pm).*)")
_DATE_FIELD = re.compile(r"(?P<name>.+?)(?:の(?:当日|\d{1,4} ?[^\d\s]+?[前後]|\d{1,2}日)| ?[-+] ?\d{1,4} ?[a-z]+|の?当日).*")
_BIRTH = ("誕生日", "誕生月", "birthday", "birth month", "birth_month")


def parse_trigger(typed: str, date_fields: Collection[str] = ()) -> Trigger:
    """What a Trigger cell means.

    `date_fields` are the keys, labels and aliases of date attributes: a trigger by them is right, but not available yet
    (NotYet), as are events and ranks. Raises Wrong for anything else that is not in the grammar.
    """
    said = normal(typed).removesuffix("。")
    if found := _ENTER.fullmatch(said):
        rest = found["rest"].strip()
        rest = re.sub(r"^(?:の|から|、|,) ?", "", rest)
        return OnEnter(parse_delay(rest, typed) if rest else None)
    if found := _STAYED.fullmatch(said):
        return _stayed(found, typed)
    if re.match(r"イベント|on event|event ", said):
        raise NotYet(text("workbook.not_yet_trigger_event"))
    if re.match(r"ランク(が|の|アップ)|on rank", said):
        raise NotYet(text("workbook.not_yet_trigger_rank"))
    if found := _ONCE.fullmatch(said):
        day, rest = split_date(found["rest"])
        return Once(day, _at(rest, typed))
    for read in (_daily, _monthly, _weekly):
        trigger = read(said, typed)
        if trigger is not None:
            return trigger
    if _is_date_trigger(said, date_fields):
        raise NotYet(text("workbook.not_yet_trigger_date"))
    raise Wrong(text("workbook.bad_trigger", typed=shown(typed)))


def _stayed(found: re.Match[str], typed: str) -> AfterInStage:
    amount = int(found["n"] or found["en"])
    unit = UNITS.get(found["unit"] or found["eunit"])
    if unit not in {"d", "w"}:
        raise Wrong(text("workbook.stay_unit", typed=shown(typed)))
    days = amount * (7 if unit == "w" else 1)
    if not 1 <= days <= LONGEST_DAYS:
        raise Wrong(text("workbook.delay_range", typed=shown(typed), days=LONGEST_DAYS))
    return AfterInStage(days, _at(found["at"] or found["eat"] or "", typed))


def _daily(said: str, typed: str) -> Recurring | None:
    found = _DAILY.fullmatch(said)
    return Recurring("day", at=_at(found["at"], typed)) if found else None


def _weekly(said: str, typed: str) -> Recurring | None:
    found = _WEEKLY.fullmatch(said)
    if found is None:
        return None
    timed = _TIME_AT_END.fullmatch(found["rest"])
    named, at = (timed["days"], timed["at"]) if timed else (found["rest"], "")
    days = parse_weekdays(re.sub(r" ?(?:に|の)$", "", named))
    if days is None:
        raise Wrong(text("workbook.bad_weekdays", typed=shown(typed)))
    return Recurring("week", weekdays=days, at=_at(at, typed))


def _monthly(said: str, typed: str) -> Recurring | None:
    found = _MONTHLY.fullmatch(said)
    if found is None:
        if re.match(r"毎月|monthly|every month", said):
            raise Wrong(text("workbook.bad_month_day", typed=shown(typed)))
        return None
    day = 31 if found["last"] else int(found["day"])
    if not 1 <= day <= 31 or found["at"][:1] in {":", "時"}:  # "monthly 10:00" has no day
        raise Wrong(text("workbook.bad_month_day", typed=shown(typed)))
    return Recurring("month", month_day=day, at=_at(found["at"], typed))


def _at(rest: str, typed: str) -> time | None:
    rest = re.sub(r"^ ?(?:の|に|at |@)? ?|に$", "", rest).strip()
    if not rest:
        return None
    try:
        return parse_time(rest)
    except Wrong:
        raise Wrong(text("workbook.trigger_time", typed=shown(typed), rest=shown(rest))) from None


def _is_date_trigger(said: str, date_fields: Collection[str]) -> bool:
    if said.startswith(_BIRTH):
        return True
    found = _DATE_FIELD.fullmatch(said)
    known = {fold(name) for name in date_fields}
    return found is not None and fold(found["name"]) in known
