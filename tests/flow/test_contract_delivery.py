"""delivery.md told by the clock: when each trigger falls due, and what quiet hours, holidays, caps, dates and limits make of it."""

from pathlib import Path

import pytest
from contract_book import Book, member
from shop import CUSTOMERS, Shop, new_shop


def at(day: int, hour: str = "10:00") -> str:
    """Local time in Tokyo; 1 June 2026 is a Monday."""
    return f"2026-06-{day:02d}T{hour}:00+09:00"


PEOPLE = [*CUSTOMERS, "電話番号", "SMS配信同意", "time_zone"]
STAGE = "興味・学習"


def row(customer_id: str, joined: str = "2025-01-01", email: str = "○", sms: str = "", zone: str = "") -> list[str]:
    """A customer with both addresses, except X, who has no mail address."""
    typed = member(customer_id, joined, email)
    typed[3] = "" if customer_id == "X" else typed[3]
    phone = f"0901234{sum(map(ord, customer_id)):04d}"
    return [*typed, phone, sms, zone]


CAMPAIGNS = [
    {"ID": "IN", "ステージ": STAGE, "きっかけ": "ＯＮ ＥＮＴＥＲ", "対象": '顧客ID = "E"', "種別": "通知"},
    {"ID": "D3", "ステージ": STAGE, "きっかけ": "ステージに入って３日後　１０：００", "対象": '顧客ID = "E"', "種別": "通知"},
    {"ID": "NX", "ステージ": STAGE, "きっかけ": "ステージに入った翌日11時", "対象": '顧客ID = "E"', "種別": "通知"},
    {"ID": "N2", "ステージ": STAGE, "きっかけ": "after 4d in stage", "対象": '顧客ID = "E"', "種別": "transactional"},
    {"ID": "WK", "きっかけ": "毎週月・木 10時", "対象": '顧客ID = "W"', "終了": "2026-06-04"},
    {"ID": "QT", "きっかけ": "一度だけ 2026-06-01 22:00", "対象": '顧客ID = "Q"'},
    {"ID": "TR", "きっかけ": "once 2026-06-01 22:00", "対象": '顧客ID in ("Q", "N")', "種別": "通知"},
    {"ID": "NY", "きっかけ": "once 2026-06-01 10:00", "対象": '顧客ID = "Z"'},
    {"ID": "HO", "きっかけ": "once 2026-06-03 10:00", "対象": '顧客ID = "H"'},
    {"ID": "WI", "きっかけ": "once 2026-06-01 9:30", "対象": '顧客ID = "B"', "送信時間帯": "月-金 11:00-18:00"},
    {"ID": "CH", "きっかけ": "once 2026-06-01 10:00", "対象": '顧客ID in ("X", "S", "N")', "チャネル": "email > sms"},
    {"ID": "P1", "きっかけ": "毎日 10:00", "対象": '顧客ID = "P"', "優先度": "1", "終了": "2026-06-05"},
    {"ID": "P2", "きっかけ": "once 2026-06-01 10:00", "対象": '顧客ID = "P"', "優先度": "2"},
    {"ID": "GR", "きっかけ": "once 2026-06-02 10:00", "対象": '顧客ID 始まる "G"'},
    {"ID": "LA", "きっかけ": "once 2026-06-06 10:00", "対象": '顧客ID = "L"'},
    {"ID": "MI", "きっかけ": "毎日 11:00", "対象": '顧客ID = "M"', "開始": "2026-06-05"},
]


CHANNELS = (("email", "件名"), ("sms", None))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Eight days, with nobody there on the 6th and the 7th."""
    shop = new_shop(Path(tmp_path_factory.mktemp("delivery")) / "shop", at(1, "08:00"))
    settled = [row(i) for i in ("W", "Q", "H", "B", "P", "L", "M", "G1", "G2", "G3", "G4")]
    settled += [row("Z", zone="America/New_York"), row("N", email=""), row("X", sms="○"), row("S", email="×", sms="○")]
    shop.run("upload", shop.file("c.csv", PEOPLE, settled))
    book = Book(shop)
    book.campaigns(*CAMPAIGNS)
    book.rows("メッセージ", [["M01", channel, None, None, None, subject, None, "本文"] for channel, subject in CHANNELS])
    book.rows("休日", [["2026-06-03", "創立記念日"]])
    book.save()
    shop.run("sync")
    shop.run("assign")
    shop.run("approve", "--all")
    shop.run("upload", shop.file("e.csv", PEOPLE, [row("E", "2026-06-01 08:30")]), now=at(1, "09:00"))
    for moment in (at(1, "10:00"), at(1, "22:30"), at(2, "09:00")):
        if moment == at(2, "09:00"):
            shop.run("upload", shop.file("g.csv", PEOPLE, [row(f"G{n}") for n in range(5, 8)]), now=moment)
        shop.run("tick", now=moment)
    for day in (2, 3, 4, 5, 8):
        shop.run("tick", now=at(day, "11:00"))
    shop.now = at(8, "11:00")
    return shop


Told = dict[tuple[str, str], list[tuple[str, str | None, str, str | None]]]


@pytest.fixture(scope="module")
def told(shop: Shop) -> Told:
    """(campaign, customer) → (due, sent, state, reason) of each delivery, times as `DDTHH:MM` in Tokyo."""
    found: Told = {}
    for d in shop.deliveries():
        assert d["due_at"].endswith("+09:00")
        sent = d["sent_at"][8:16] if d["sent_at"] else None
        found.setdefault((d["campaign"], d["customer"]), []).append((d["due_at"][8:16], sent, d["state"], d["reason"]))
    return found


def test_entries_fall_due_when_their_trigger_says(told: Told) -> None:
    assert [told[c, "E"][0][0] for c in ("IN", "NX", "D3", "N2")] == ["01T10:00", "02T11:00", "04T10:00", "05T10:00"]
    assert {told[c, "E"][0][2] for c in ("IN", "NX", "D3", "N2")} == {"accepted"}


def test_a_calendar_ends_with_its_end_inclusive(told: Told) -> None:
    assert [due for due, _, state, _ in told["WK", "W"] if state == "accepted"] == ["01T10:00", "04T10:00"]


def test_quiet_hours_holidays_windows_and_the_customers_own_zone_defer(told: Told) -> None:
    assert told["QT", "Q"] == [("02T09:00", "02T09:00", "accepted", None)]
    assert told["NY", "Z"] == [("01T22:00", "01T22:30", "accepted", None)]  # 09:00 in New York
    assert told["HO", "H"] == [("04T09:00", "04T11:00", "accepted", None)]
    assert told["WI", "B"] == [("02T11:00", "02T11:00", "accepted", None)]  # Monday 9:30, for Monday to Friday from 11:00


def test_a_notice_passes_by_quiet_hours_and_consent(told: Told) -> None:
    assert [told["TR", who][0][1:3] for who in ("Q", "N")] == [("01T22:30", "accepted")] * 2


def test_the_first_channel_with_an_address_and_a_consent_is_used(shop: Shop, told: Told) -> None:
    assert {d["customer"]: d["channel"] for d in shop.deliveries(campaign="CH", state="accepted")} == {"X": "sms", "S": "sms"}
    assert told["CH", "N"][0][2:] == ("skipped", "no_consent")


def test_the_higher_priority_takes_the_room_and_three_deferrals_end_in_a_skip(shop: Shop, told: Told) -> None:
    assert [sent for _, sent, state, _ in told["P1", "P"] if state == "accepted"] == ["01T10:00", "02T11:00", "04T11:00"]
    assert told["P2", "P"][-1][2:] == ("skipped", "cap")
    why = shop.json("why", "P", "P2")
    assert [w["decision"] for w in why] == ["deferred"] * 3 + ["skipped"]
    assert why[0]["reason"] == "priority"
    assert [w["at"][8:10] for w in why] == ["01", "02", "04", "05"]  # a day, and over the holiday


def test_an_audience_that_grew_is_held_until_a_person_releases_it(shop: Shop) -> None:
    held = shop.deliveries(campaign="GR")
    assert {(d["state"], d["reason"]) for d in held} == {("planned", "bulk")}
    assert len(held) == 7
    shop.run("deliveries", "release", "--campaign", "GR", "--reason", "bulk")
    shop.run("tick")
    assert {d["state"] for d in shop.deliveries(campaign="GR")} == {"accepted"}


def test_what_is_days_late_is_asked_about_and_of_missed_recurrences_only_the_newest_counts(told: Told) -> None:
    assert told["LA", "L"] == [("06T10:00", None, "planned", "late_start")]
    assert [due for due, _, state, _ in told["MI", "M"] if state == "accepted"] == ["05T11:00", "08T11:00"]
    assert len(told["MI", "M"]) == 2


def test_the_clock_of_the_store_never_goes_back(shop: Shop) -> None:
    assert "2026-06" in shop.json("tick", code=1, now=at(3))["error"]
    assert shop.run("stages", now=at(3)).code == 0
