"""A team at a Google Sheet: who edited what, the way back, and data typed into tabs, over the local Sheets server."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sheets_server import SheetsServer
from shop import Ran

from bot import cli


@dataclass
class Desk:
    """A Sheet that `init` filled, and the folder beside it. Every command is a process of its own: nothing is remembered."""

    server: SheetsServer
    book: Any
    folder: Path
    minute: int = 0

    def run(self, *words: str, code: int = 0) -> Ran:
        self.minute += 1
        now = f"2026-11-20T10:{self.minute:02}:00+09:00"
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            got = cli.run([*words, "--config", str(self.folder / "config.toml"), "--now", now], {"LANG": "ja_JP.UTF-8"})
        assert got == code, f"{words}: exit {got}\n{out.getvalue()}\n{err.getvalue()}"
        return Ran(got, out.getvalue(), err.getvalue())

    def json(self, *words: str, code: int = 0) -> Any:
        return self.run(*words, "--json", code=code).json

    def type(self, tab: str, row_id: str, header: str, value: str, person: str) -> None:
        """A person types into the row of an id, under a header."""
        grid = self.book.tab(tab).grid()
        row = next(n for n, cells in enumerate(grid, 1) if row_id in cells[:2])
        column = next(cells.index(header) for cells in grid if header in cells)
        self.book.person = person
        self.book.tab(tab).type(f"{chr(65 + column)}{row}", value)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with SheetsServer() as server:
        book = server.create()
        server.key_file(tmp_path / "service-account.json")
        config = f'language = "ja"\n[sheet]\napi_root = "{server.url}"\ntoken_uri = "{server.token_uri}"\n'
        (tmp_path / "config.toml").write_text(config, encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            assert cli.run(["init", str(tmp_path), "--sheet", book.url, "--lang", "ja"], {"LANG": "ja_JP.UTF-8"}) == 0
        yield Desk(server, book, tmp_path)


def test_a_team_edits_goes_back_and_edits_again(desk: Desk) -> None:
    assert desk.json("sync")["version"] == 1
    desk.type("施策", "C01", "名前", "新しい名前", "suzuki@example.com")
    edited = desk.json("sync")
    assert (edited["version"], edited["edited_by"]) == (2, "suzuki@example.com")
    assert [(c["id"], c["column"], c["after"]) for c in edited["changes"]] == [("C01", "名前", "新しい名前")]
    assert "suzuki@example.com" in desk.run("sync", "--versions").out

    assert desk.json("sync", "--to", "1")["version"] == 3
    desk.run("tick")  # writes the program's columns and the notice: none of it is an edit
    assert desk.json("sync")["version"] == 3
    assert "新しい名前" in str(desk.book.tab("施策").grid())
    assert "次に編集したとき" in str(desk.book.tab("状況").grid())

    desk.type("施策", "C02", "担当", "森", "mori@example.com")
    last = desk.json("sync")
    assert last["version"] == 4
    assert last["edited_by"].split(", ")[-1] == "mori@example.com" and "suzuki@example.com" in last["edited_by"]
    assert {(c["id"], c["column"]) for c in last["changes"]} == {("C01", "名前"), ("C02", "担当")}


def test_data_typed_into_a_tab(desk: Desk) -> None:
    desk.json("sync")
    desk.book.person = "suzuki@example.com"
    desk.book.add_tab("データ 顧客")
    tab = desk.book.tab("データ 顧客")
    tab.format("C1:C50", "@")
    rows = [
        ["顧客ID", "メールアドレス", "電話番号", "登録日", "ポイント"],
        ["7", "a@example.com", "0901234567", "2026/1/5", "1,200"],
        ["8", "だめ", "", "2026/1/6", "50"],
        ["9"],
    ]
    for row, cells in enumerate(rows, 1):
        for column, value in zip("ABCDE", cells, strict=False):
            if value:
                tab.type(f"{column}{row}", value)
    done = desk.json("tick", code=1)
    assert [(u["file"], u["accepted"], u["rejected"]) for u in done["uploads"]] == [("データ 顧客", 1, 1)]
    [known] = desk.json("customers", "7", "--unmask")
    assert {k: known["attributes"][k] for k in ("phone", "joined_at", "points")} == {
        "phone": "0901234567",
        "joined_at": "2026-01-05T00:00:00+09:00",
        "points": 1200.0,
    }
    assert "メールアドレス" in desk.book.tab("データ 顧客").note("B3")

    assert desk.json("sync")["version"] == 1
    tab.type("B3", "b@example.com")
    done = desk.json("tick")
    assert [(u["rows"], u["accepted"]) for u in done["uploads"]] == [(1, 1)]
    assert not desk.book.tab("データ 顧客").note("B3")
    assert desk.json("tick")["uploads"] == []
