"""The workbook's contract: what an edit does to a campaign's approval, what blocks and what never does, and whose name a cell bears."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from contract_book import MAP, Book, member
from shop import CUSTOMERS, PURCHASES, Shop, new_shop

NOW = "2026-06-01T10:00:00+09:00"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The ready-made workbook in force and approved, over three customers."""
    shop = new_shop(Path(tmp_path_factory.mktemp("sheet")) / "shop", NOW)
    orders = [
        ["1", "K1", "2026-05-01", "T1", "100"],
        ["2", "K2", "2026-05-01", "T1", "100"],
        ["3", "K2", "2026-05-11", "T1", "9"],
    ]
    people = [member(f"K{number}") for number in range(3)]
    shop.run("upload", shop.file("c.csv", CUSTOMERS, people), shop.file("p.csv", PURCHASES, orders))
    shop.run("sync")
    shop.run("assign")
    shop.run("approve", "--all")
    return shop


@pytest.fixture
def shop(live: Shop, tmp_path: Path) -> Shop:
    shutil.copytree(live.folder, tmp_path / "shop")
    return replace(live, folder=tmp_path / "shop")


def typed(shop: Shop, tab: str, cell: str, value: str | None) -> None:
    book = Book(shop)
    book.type(tab, cell, value)
    book.save()


def approvals(shop: Shop) -> dict[str, tuple[str, str]]:
    return {c["id"]: (c["state"], c["approval"]) for c in shop.json("campaigns")}


def moved(shop: Shop, before: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {key: value for key, value in approvals(shop).items() if before.get(key) != value}


MISTAKES = {
    "E2": ("興味・学集", "興味・学習"),
    "D3": ("EC 通状", "EC 通常"),
    "I4": ("lime > email", "line"),
    "H5": ("M99", "メッセージ"),
    "J6": ("販売", "通知"),
    "G7": ('都道府件 = "東京都"', "都道府県"),
    "O8": ("10%", "まだ使えません"),
    "F9": ("誕生日の3日前 10:00", "まだ使えません"),
    "S10": ("2026-02-30", "2026"),
}


def test_a_mistake_is_named_by_its_cell_and_told_what_is_right(shop: Shop) -> None:
    book = Book(shop)
    for cell, (value, _) in MISTAKES.items():
        book.type("施策", cell, value)
    book.save()
    found = {p["cell"]: p for p in shop.json("check", code=1)["problems"] if p["severity"] == "error"}
    assert {cell: p["tab"] for cell, p in found.items()} == dict.fromkeys(MISTAKES, "施策")
    assert [cell for cell, (_, right) in MISTAKES.items() if right not in found[cell]["text"]] == []


def test_a_half_written_row_warns_and_keeps_nothing_from_being_applied(shop: Shop) -> None:
    """Also where examples of the Tests tab expect the campaign."""
    typed(shop, "施策", "F2", None)
    synced = shop.json("sync")
    assert synced["changed"] is True
    assert [(p["severity"], p["tab"], p["cell"]) for p in synced["problems"]] == [("warning", "施策", "F2")]
    assert approvals(shop)["C01"][0] == "draft"


def test_overlaps_and_gaps_are_counted_although_an_example_fails(shop: Shop) -> None:
    typed(shop, MAP, "D8", "購入回数 >= 1")
    found = shop.json("check", code=1)
    assert [t["passed"] for t in found["tests"]].count(False) == 2
    pairs = {tuple(o["stages"]): o["customers"] for o in found["overlaps"]}
    assert pairs == {("first", "dormant"): 1, ("dormant", "repeat"): 1}
    assert found["gaps"] == []
    typed(shop, MAP, "B8", "購入回数 = 0 かつ 登録日 > 2026-01-01")
    assert [(g["journey"], g["customers"]) for g in shop.json("check", code=1)["gaps"]] == [("ec", 1)]


def test_a_second_map_with_the_same_id_is_named_on_its_id(shop: Shop) -> None:
    book = openpyxl.load_workbook(shop.folder / "journey.xlsx")
    book.copy_worksheet(book[MAP]).title = "ジャーニー 2"
    book.save(shop.folder / "journey.xlsx")
    (problem,) = shop.json("sync", code=1)["problems"]
    assert (problem["tab"], problem["cell"]) == ("ジャーニー 2", "B2")


def test_what_an_edit_does_to_approvals(shop: Shop) -> None:
    before = approvals(shop)
    book = Book(shop)
    book.type("施策", "M2", "ステージ repeat")
    book.type("施策", "T2", "佐藤")
    book.type(MAP, "C9", "別の目標")
    book.rows("セグメント", [*segments(book), ["大口", "購入金額 >= 5万円"]])
    book.save()
    assert len(shop.json("sync")["changes"]) >= 4
    assert moved(shop, before) == {}

    book.type("メッセージ", "F2", "新しい件名")
    book.type("施策", "F3", "ステージに入って4日後 10:00")
    book.type("施策", "C4", "×")
    book.save()
    shop.run("sync")
    edited = {"C01": ("running", "pending"), "C02": ("running", "pending"), "C03": ("inactive", "approved")}
    assert moved(shop, before) == edited

    book.type("施策", "C4", "○")
    book.save()
    shop.run("sync")
    assert approvals(shop)["C03"] == before["C03"]


def segments(book: Book) -> list[list[str | None]]:
    """The segments as typed: name and condition."""
    rows: list[list[Any]] = [[cell.value for cell in row[:2]] for row in book.sheets["セグメント"].iter_rows(min_row=2)]
    return [row for row in rows if row[0]]


def test_renames_are_asked_about_and_keep_the_approval(shop: Shop) -> None:
    book = Book(shop)
    for tab in ("施策", "テスト"):
        for row in book.sheets[tab].iter_rows(max_col=6):
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value = cell.value.replace("C01", "W01")
    book.save()
    asked = shop.json("sync", code=1)
    assert asked["changed"] is False
    assert [(p["tab"], p["cell"]) for p in asked["problems"] if "--renamed C01=W01" in p["text"]] == [("施策", "A2")]
    shop.run("sync", "--renamed", "C01=W01")
    assert approvals(shop)["W01"] == ("running", "approved")


def test_looser_settings_wait_for_a_yes_and_stricter_ones_do_not(shop: Shop) -> None:
    book = Book(shop)
    book.setting("販促の上限", "2/日, 9/週")
    book.save()
    shop.run("sync")
    (said,) = shop.json("approve", "settings")
    assert (said["id"], said["changed"]) == ("settings", True)
    book = Book(shop)
    book.setting("販促の上限", "1/日, 2/週")
    book.save()
    shop.run("sync")
    assert [d["changed"] for d in shop.json("approve", "settings")] == [False]


def test_deliveries_that_do_not_exist_or_do_not_wait_are_said(shop: Shop) -> None:
    assert "99999" in json.loads(shop.run("deliveries", "drop", "99999", "--json", code=1).out)["error"]
    assert "accepted" in shop.run("deliveries", "--state", "acepted", code=2).err
