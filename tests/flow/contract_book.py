"""The workbook of a contract story: the ready-made one, with campaigns, messages and settings of the test's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import openpyxl
from shop import CUSTOMERS, Shop

MAP = "ジャーニー EC 通常"


class Book:
    """journey.xlsx open for typing; `save` writes it back."""

    def __init__(self, shop: Shop) -> None:
        self.path = shop.folder / "journey.xlsx"
        self.sheets = openpyxl.load_workbook(self.path)

    def rows(self, tab: str, rows: Iterable[Sequence[str | None]]) -> None:
        """Everything below the header becomes these rows."""
        sheet = self.sheets[tab]
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                cell.value = None
        for number, typed in enumerate(rows, 2):
            for column, value in enumerate(typed, 1):
                sheet.cell(number, column).value = value

    def campaigns(self, *campaigns: dict[str, str]) -> None:
        """Only these campaigns, one message and no examples; what a campaign does not say is a promotional mail for everyone."""
        header = [cell.value for cell in self.sheets["施策"][1]]
        plain = {"名前": "施策", "有効": "○", "ジャーニー": "EC 通常", "メッセージ": "M01", "チャネル": "email", "種別": "販促"}
        self.rows("施策", [[(plain | campaign).get(str(h)) for h in header] for campaign in campaigns])
        self.rows("メッセージ", [["M01", "email", None, None, None, "件名", None, "{{ 顧客.姓|様 }}"]])
        self.rows("セグメント", [["首都圏", '都道府県 in ("東京都", "神奈川県")']])
        self.rows("テスト", [])

    def setting(self, key: str, value: str) -> None:
        """The value of a setting that the tab names."""
        for row in self.sheets["設定"].iter_rows(min_row=2):
            if row[0].value == key:
                row[1].value = value
                return
        raise KeyError(key)

    def type(self, tab: str, cell: str, value: str | None) -> None:
        self.sheets[tab][cell].value = value

    def save(self) -> None:
        self.sheets.save(self.path)


def member(customer_id: str, joined: str = "2025-01-01", consent: str = "○") -> list[str]:
    """A row for `shop.CUSTOMERS`."""
    assert len(CUSTOMERS) == 6
    return [customer_id, "山田", "花子", f"{customer_id.lower()}@example.jp", joined, consent]
