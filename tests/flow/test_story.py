"""One shop's story through the command line: from an empty folder to campaigns that run, change, stop and explain themselves."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from shop import CUSTOMERS, PURCHASES, Shop, new_shop

DAY1 = "2026-06-01T10:00:00+09:00"


def day(n: int) -> str:
    """10:00 in Tokyo on the n-th day of the story."""
    return f"2026-06-{n:02d}T10:00:00+09:00"


def customer(number: int, joined: str, consent: str = "○", email: str | None = None) -> list[str]:
    return [f"K{number:03d}", "山田", "花子", email if email is not None else f"k{number:03d}@example.jp", joined, consent]


def live_shop(tmp_path: Path) -> Shop:
    """A shop on its first day: 5 interested, 5 first buyers, 5 dormant, 5 who came back, 5 loyal; all approved."""
    shop = new_shop(tmp_path / "shop", DAY1)
    people, orders = [], []
    for n in range(25):
        people.append(customer(n, "2025-06-01 09:00"))
        count, last = ((0, ""), (1, "2026-05-01"), (2, "2026-01-10"), (3, "2026-05-10"), (6, "2026-05-20"))[n // 5]
        orders += [[f"O{n}-{k}", f"K{n:03d}", f"{last} 12:{k:02d}", "T01", "3000"] for k in range(count)]
    shop.run("upload", shop.file("顧客.csv", CUSTOMERS, people), shop.file("購買.csv", PURCHASES, orders))
    shop.run("check")
    shop.run("sync")
    shop.run("assign")
    shop.run("approve", "--all", "--as", "佐藤")
    return shop


@pytest.fixture
def mine(started: Shop, tmp_path: Path) -> Shop:
    """The same shop in a folder of the test's own."""
    shutil.copytree(started.folder, tmp_path / "shop")
    return replace(started, folder=tmp_path / "shop")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return live_shop(tmp_path_factory.mktemp("story"))


def stage_counts(shop: Shop) -> dict[str, int]:
    (journey,) = shop.json("stages")["journeys"]
    return {s["id"]: s["customers"] for s in journey["stages"]}


def test_everyone_stands_where_the_data_put_them(started: Shop) -> None:
    assert stage_counts(started) == {"interest": 5, "first": 5, "dormant": 5, "repeat": 5, "loyal": 5}


def test_all_is_approved_by_the_name_given(started: Shop) -> None:
    states = {c["id"]: (c["state"], c["approval"]) for c in started.json("campaigns")}
    assert ("running", "approved") in states.values()
    assert set(states.values()) <= {
        ("running", "approved"),
        ("inactive", "none"),
        ("inactive", "pending"),
        ("inactive", "approved"),
    }


def test_the_whole_story(mine: Shop) -> None:
    shop = mine
    # Going live mails nobody: all of them stood there before.
    shop.run("tick")
    assert [d for d in shop.deliveries() if d["state"] == "accepted"] == []
    assert shop.mails() == []

    # A newcomer registers and is welcomed; someone buys for the first time and is thanked the day after.
    shop.now = day(2)
    shop.run(
        "upload", shop.file("c2.csv", CUSTOMERS, [customer(100, "2026-06-01 20:00"), customer(101, "2026-06-01 21:00", "")])
    )
    shop.run("upload", shop.file("p2.csv", PURCHASES, [["N1", "K000", "2026-06-01 18:00", "T01", "1200"]]))
    shop.run("tick")
    welcome = shop.deliveries(campaign="C01", state="accepted")
    assert [d["customer"] for d in welcome] == ["K100"]
    (refused,) = shop.deliveries(campaign="C01", customer="K101")
    assert (refused["state"], refused["reason"]) == ("skipped", "no_consent")
    shop.now = day(3)
    shop.run("tick")
    assert [d["customer"] for d in shop.deliveries(campaign="C04", state="accepted")] == ["K000"]
    assert len(shop.mails()) == 2

    # Again at the same moment: nothing.
    before = shop.deliveries()
    shop.run("tick")
    assert shop.deliveries() == before
    assert len(shop.mails()) == 2

    # Why, for both.
    assert any(w["campaign"] == "C01" and w["decision"] == "sent" for w in shop.json("why", "K100"))
    why = shop.json("why", "K101", "C01")
    assert next((w["decision"], w["reason"]) for w in why if w["campaign"] == "C01") == ("skipped", "no_consent")

    # An edit of a message: its campaign waits for a yes, and only it; the approved version runs on.
    shop.edit("メッセージ", "M01", "件名", "ようこそ、新しい件名です")
    synced = shop.json("sync")
    assert synced["changed"] is True
    assert [(c["id"], c["after"]) for c in synced["changes"]] == [("M01", "ようこそ、新しい件名です")]
    states = {c["id"]: (c["state"], c["approval"]) for c in shop.json("campaigns")}
    assert states.pop("C01") == ("running", "pending")
    assert "pending" not in {approval for state, approval in states.values() if state == "running"}
    shop.now = day(4)
    shop.run("upload", shop.file("c4.csv", CUSTOMERS, [customer(102, "2026-06-03 20:00")]))
    shop.run("tick")
    (sent,) = shop.deliveries(campaign="C01", customer="K102")
    assert sent["state"] == "accepted"
    assert not any("新しい件名" in _subject(path) for path in shop.mails())
    shop.run("approve", "C01")
    shop.now = day(5)
    shop.run("upload", shop.file("c5.csv", CUSTOMERS, [customer(103, "2026-06-04 20:00")]))
    shop.run("tick")
    assert any("新しい件名" in _subject(path) for path in shop.mails())

    # An edit of a stage's condition voids the campaigns that use it; the others run on.
    shop.edit_map("ジャーニー EC 通常", "条件", "休眠", "購入回数 >= 1 かつ 最終購入からの日数 > 100")
    shop.run("sync")
    by_id = {c["id"]: (c["state"], c["approval"]) for c in shop.json("campaigns")}
    assert by_id["C09"] == ("held", "void")
    assert by_id["C01"] == ("running", "approved")

    # A typing error is named by its cell and changes nothing, but × stops at once all the same.
    shop.edit("施策", "C04", "きっかけ", "ステージにはいったらすぐ")
    shop.edit("施策", "C01", "有効", "×")
    refused_sync = shop.json("sync", code=1)
    assert refused_sync["changed"] is False
    (problem,) = [p for p in refused_sync["problems"] if p["severity"] == "error"]
    assert problem["tab"] == "施策"
    assert problem["cell"][0].isalpha() and problem["cell"][1:].isdigit()
    assert {c["id"]: c["state"] for c in shop.json("campaigns")}["C01"] == "inactive"
    shop.edit("施策", "C04", "きっかけ", "ステージに入って1日後 10:00")
    shop.edit("施策", "C01", "有効", "○")
    shop.run("sync")
    assert {c["id"]: (c["state"], c["approval"]) for c in shop.json("campaigns")}["C01"] == ("running", "approved")

    # Who unsubscribed stays so, whatever next month's customer file says.
    shop.run(
        "upload",
        shop.file("no.csv", ["顧客ID", "チャネル", "状態", "日時", "取得元"], [["K103", "email", "no", "2026-06-05 12:00", "mypage"]]),
        "--as", "consents",
        now="2026-06-05T13:00:00+09:00",
    )  # fmt: skip
    shop.now = day(8)
    shop.run("upload", shop.file("again.csv", CUSTOMERS, [customer(103, "2026-06-04 20:00", "○")]))
    shop.run("tick")
    shop.now = day(9)
    shop.run("tick")
    later = [d for d in shop.deliveries(customer="K103") if d["campaign"] != "C01"]
    assert later, "C02 comes three days after K103 registered"
    assert {(d["state"], d["reason"]) for d in later} == {("skipped", "no_consent")}

    # Pause stops, resume goes on; both are decisions of a person.
    shop.run("pause", "--all")
    assert {c["state"] for c in shop.json("campaigns")} <= {"paused", "inactive", "draft"}
    shop.run("resume", "--all")
    assert "running" in {c["state"] for c in shop.json("campaigns")}


def _subject(path: Path) -> str:
    from email import message_from_bytes, policy

    if path.suffix != ".eml":
        return path.read_text("utf-8")
    return str(message_from_bytes(path.read_bytes(), policy=policy.default)["Subject"])


def test_an_earlier_now_is_refused_and_reads_are_not(mine: Shop) -> None:
    shop = mine
    shop.run("tick", now=day(3))
    ran = shop.run("tick", now=day(2), code=1)
    assert "2026-06" in ran.err
    shop.run("tick", now=day(3))
    shop.run("stages", now=day(2))
