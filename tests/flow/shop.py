"""A small shop that is run through the command line, in this process: what the flow tests tell their stories with."""

from __future__ import annotations

import atexit
import contextlib
import csv
import io
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from bot import cli

CUSTOMERS = ["顧客ID", "姓", "名", "メールアドレス", "登録日", "メール配信同意"]
PURCHASES = ["注文番号", "顧客ID", "注文日時", "商品", "金額"]


@dataclass
class Ran:
    """What one call of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shop:
    """A folder made by `init`. `now` is given to every command."""

    folder: Path
    now: str
    lang: str = "ja"
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, code: int | None = 0, now: str | None = None) -> Ran:
        """One command; fails the test where the exit code is not `code` (None: any)."""
        out, err = io.StringIO(), io.StringIO()
        words = [*arguments, "--config", str(self.folder / "config.toml"), "--now", now or self.now]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            got = cli.run(words, {"LANG": f"{self.lang}_JP.UTF-8", "USER": "tester", **self.environment})
        ran = Ran(got, out.getvalue(), err.getvalue())
        assert code is None or got == code, f"{arguments}: exit {got}\n{ran.out}\n{ran.err}"
        return ran

    def json(self, *arguments: str, code: int | None = 0, now: str | None = None) -> Any:
        """One command with --json: its document."""
        return self.run(*arguments, "--json", code=code, now=now).json

    def file(self, name: str, header: list[str], rows: list[list[str]]) -> str:
        """A CSV file beside the workbook; its path."""
        path = self.folder / name
        with path.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(header)
            writer.writerows(rows)
        return str(path)

    def edit(self, tab: str, row_id: str, column: str, value: str) -> None:
        """Types a value into the workbook: the row whose ID cell is `row_id`, the column whose header is `column`."""
        path = self.folder / "journey.xlsx"
        book = openpyxl.load_workbook(path)
        sheet = book[tab]
        header = next(n for n in range(1, 12) if any(c.value == column for c in sheet[n]))
        at = next(c.column for c in sheet[header] if c.value == column)
        row = next(n for n in range(header + 1, sheet.max_row + 1) if any(c.value == row_id for c in sheet[n][:2]))
        sheet.cell(row, at).value = value
        book.save(path)

    def edit_map(self, tab: str, label: str, stage: str, value: str) -> None:
        """Types a value into a journey map: the row `label`, the column of the stage named `stage`."""
        path = self.folder / "journey.xlsx"
        book = openpyxl.load_workbook(path)
        sheet = book[tab]
        rows = {str(sheet.cell(n, 1).value): n for n in range(1, sheet.max_row + 1)}
        at = next(c.column for c in sheet[rows["ステージ"]] if c.value == stage)
        sheet.cell(rows[label], at).value = value
        book.save(path)

    def deliveries(self, **wanted: str) -> list[dict[str, Any]]:
        """The ledger as programs read it, narrowed."""
        narrowed = [word for key, value in wanted.items() for word in (f"--{key}", value)]
        return list(self.json("deliveries", *narrowed))

    def mails(self) -> list[Path]:
        """Everything that lies in the outbox."""
        return sorted(p for p in (self.folder / "outbox").rglob("*") if p.is_file())


@cache
def _ready_made(lang: str) -> Path:
    """What `tabiji init --template ec` makes, once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(prefix="tabiji-shop-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.run(["init", str(folder / "shop"), "--template", "ec", "--lang", lang], {"LANG": "ja_JP.UTF-8"})
    assert code == 0, out.getvalue()
    return folder / "shop"


def new_shop(folder: Path, now: str, lang: str = "ja") -> Shop:
    """`tabiji init --template ec` in a fresh folder."""
    shutil.copytree(_ready_made(lang), folder, dirs_exist_ok=True)
    return Shop(folder, now, lang)
