"""Workbooks for tests: a minimal good one in Japanese and in English, as plain cells that a test may change before they are saved."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook as Book

from sheets_sync.check import CheckContext
from sheets_sync.snapshot import Cell, Merged, Snapshot, Tab

Tabs = dict[str, list[list[Any]]]
"""Tab title → rows of cells; None is an empty cell."""

CHANNELS = ("email", "sms", "line")
CONTEXT = CheckContext(channels=CHANNELS)

JA: Tabs = {
    "使い方": [["このワークブックの使い方"]],
    "ジャーニー EC": [
        ["ジャーニー", "EC 通常"],
        ["ID", "ec"],
        ["ペルソナ", "20–40代 EC 会員"],
        ["対象", None],
        ["優先度", "10"],
        ["ステージ", "興味・学習", "初回購入", "休眠"],
        ["ステージID", "interest", "first", "dormant"],
        ["条件", "購入回数 = 0", "購入回数 >= 1 かつ 最終購入からの日数 <= 90", "購入回数 >= 1 かつ 最終購入からの日数 > 90"],
        ["目標", "初回購入", "2回目購入", "再購入"],
        ["課題", "商品を知らない", "使い方が不安", "忘れている"],
        ["人数"],
        ["施策"],
    ],
    "メッセージ": [
        ["ID", "チャネル", "言語", "バリアント", "比率", "件名", "プレヘッダー", "本文", "リンク", "画像", "備考"],
        ["M1", "email", "ja", None, None, "ようこそ", None, "はじめまして。", "https://example.com/", None, None],
        ["M2", None, None, "A", "50", "お久しぶりです", None, "お元気ですか。", None, None, "試験"],
        ["M2", None, None, "B", "50", "お待ちしています", None, "クーポンをどうぞ。", None, None, None],
    ],
    "施策": [
        [
            "ID", "名前", "有効", "ジャーニー", "ステージ", "きっかけ", "対象", "メッセージ", "チャネル", "種別", "送信時間帯",
            "優先度", "目標", "目標期間", "対照群", "既存も対象", "再入", "開始", "終了", "担当", "状態", "承認",
        ],
        [
            "C01", "ようこそ", "○", "ec", "初回購入", "ステージに入って3日後 10:00", None, "M1", "line > email", "販促",
            "月-金 10:00-18:00", "10", "購入", "7日", None, "×", "毎回", "2026-01-01", "2026-12-31", "佐藤", None, None,
        ],
        ["C02", "休眠", "○", "EC 通常", "dormant", "毎月末日 10:00", "セグメント(\"首都圏\")", "M2", "メール", "通知"],
    ],
    "セグメント": [["名前", "条件", "備考"], ["首都圏", "都道府県 in (\"東京都\", \"神奈川県\")", None]],
    "項目": [["項目", "名前", "型", "別名", "個人情報"], ["fav", "好きな色", "文字", "色、カラー", "×"]],
    "設定": [["設定", "値"], ["送信しない時間", "20:00-8:00"], ["販促の上限", "1/日, 2/週"], ["差出人名", "たび商店"]],
    "休日": [["日付", "名前"], ["2027-01-01", "元日"]],
    "テスト": [["例", "購入回数", "期待ステージ", "期待施策"], ["新規", "0", "興味・学習", "なし"]],
}  # fmt: skip

EN: Tabs = {
    "Guide": [["How to use this workbook"]],
    "Journey EC": [
        ["Journey", "EC 通常"],
        ["ID", "ec"],
        ["Persona", "20–40代 EC 会員"],
        ["Audience", None],
        ["Priority", "10"],
        ["Stage", "興味・学習", "初回購入", "休眠"],
        ["Stage ID", "interest", "first", "dormant"],
        ["Condition", *JA["ジャーニー EC"][7][1:]],
        ["Goal", "初回購入", "2回目購入", "再購入"],
        ["課題", "商品を知らない", "使い方が不安", "忘れている"],
        ["Customers"],
        ["Campaigns"],
    ],
    "Messages": [
        ["ID", "Channel", "Language", "Variant", "Weight", "Subject", "Preheader", "Body", "Link", "Image", "Notes"],
        *JA["メッセージ"][1:],
    ],
    "Campaigns": [
        [
            "ID", "Name", "Active", "Journey", "Stage", "Trigger", "Audience", "Message", "Channels", "Kind", "Window",
            "Priority", "Goal", "Goal window", "Holdout", "Include existing", "Re-entry", "Start", "End", "Owner", "State", "Approval",
        ],
        [
            "C01", "ようこそ", "yes", "ec", "first", "on enter +3d 10:00", None, "M1", "line > email", "promotional",
            "mon-fri 10:00-18:00", "10", "order", "7d", None, "no", "always", "2026-01-01", "2026-12-31", "佐藤", None, None,
        ],
        ["C02", "休眠", "○", "EC 通常", "dormant", "monthly last 10:00", "セグメント(\"首都圏\")", "M2", "email", "transactional"],
    ],
    "Segments": [["Name", "Condition", "Notes"], *JA["セグメント"][1:]],
    "Fields": [["Field", "Label", "Type", "Aliases", "Personal"], ["fav", "好きな色", "text", "色, カラー", "no"]],
    "Settings": [["Setting", "Value"], ["quiet_hours", "20:00-8:00"], ["cap_promotional", "1/day, 2/week"],
                 ["sender_name", "たび商店"]],
    "Holidays": [["Date", "Name"], ["2027-01-01", "元日"]],
    "Tests": [["Example", "購入回数", "Expected stage", "Expected campaigns"], ["新規", "0", "interest", "none"]],
}  # fmt: skip


def good(lang: str = "ja") -> Tabs:
    """A minimal good workbook, to be changed freely."""
    return copy.deepcopy(JA if lang == "ja" else EN)


def put(tabs: Tabs, tab: str, place: str, value: Any) -> None:
    """Types a value into a cell such as `F7`."""
    letters = place.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    row = int(place[len(letters) :])
    rows = tabs[tab]
    rows.extend([] for _ in range(row - len(rows)))
    rows[row - 1].extend(None for _ in range(column - len(rows[row - 1])))
    rows[row - 1][column - 1] = value


def campaign_cell(tabs: Tabs, campaign: str, header: str, value: Any) -> str:
    """Types a value into a campaign's column (by header, in either language); returns the cell's address."""
    tab = "施策" if "施策" in tabs else "Campaigns"
    row = next(i for i, cells in enumerate(tabs[tab], 1) if cells and cells[0] == campaign)
    column = tabs[tab][0].index(header)
    letters = chr(65 + column)
    put(tabs, tab, f"{letters}{row}", value)
    return f"{letters}{row}"


def save(tabs: Tabs, path: Path, merged: Mapping[str, Sequence[str]] | None = None) -> Path:
    """Writes the cells as an `.xlsx`, text-formatted; `merged` holds ranges such as `B1:F1` by tab."""
    book = Book()
    book.remove(book.active)
    for title, rows in tabs.items():
        sheet = book.create_sheet(title)
        for r, cells in enumerate(rows, 1):
            for c, value in enumerate(cells, 1):
                if value is None:
                    continue
                cell = sheet.cell(row=r, column=c, value=value)
                if isinstance(value, str) and not value.startswith("="):
                    cell.number_format = "@"
        for area in (merged or {}).get(title, ()):
            sheet.merge_cells(area)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def snapshot(tabs: Tabs, merged: Mapping[str, Sequence[Merged]] | None = None, revision: str = "r1") -> Snapshot:
    """The cells as a source would hand them over, without a file."""
    made = []
    for title, rows in tabs.items():
        cells = {
            (r, c): value if isinstance(value, Cell) else _cell(value)
            for r, row in enumerate(rows, 1)
            for c, value in enumerate(row, 1)
            if value not in (None, "")
        }
        made.append(Tab(title, cells, tuple((merged or {}).get(title, ()))))
    return Snapshot(tuple(made), revision)


def _cell(value: Any) -> Cell:
    if isinstance(value, datetime):
        return Cell(value.strftime("%Y-%m-%d %H:%M"), value)
    if isinstance(value, date):
        return Cell(value.isoformat(), value)
    return Cell(str(value), value)
