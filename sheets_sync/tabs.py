"""What tabs and columns are called, in both languages, and which tab is which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from journey.names import fold, tidy
from journey.texts import Lang
from sheets_sync.snapshot import Snapshot, Tab
from sheets_sync.uploads.catalogue import UploadKind


@dataclass(frozen=True)
class Column:
    """A column of a tab: its key inside, its two names, and further ones that are understood."""

    key: str
    ja: str
    en: str
    more: tuple[str, ...] = ()
    program: bool = False
    """Written by the program; never read."""
    prose: bool = False
    """Free text: a date that stands here is text like any other."""

    def names(self) -> frozenset[str]:
        """All folded forms: either language, or both side by side as the documentation writes them."""
        ja, en = fold(self.ja), fold(self.en)
        both = {ja + en, en + ja, f"{ja}/{en}", f"{en}/{ja}", f"{ja}({en})", f"{en}({ja})"}
        alone = {ja, en, *(fold(m) for m in self.more), fold(self.key)} | both
        return frozenset(alone | {f"{name}(program)" for name in alone}) if self.program else frozenset(alone)

    def said(self, ja: bool) -> str:
        """The name in Japanese or English."""
        return self.ja if ja else self.en


@dataclass(frozen=True)
class TabSpec:
    """A kind of tab."""

    key: str
    ja: str
    en: str
    columns: tuple[Column, ...] = ()
    needs: tuple[str, ...] = ()
    """Columns without which the tab cannot be read."""
    more: tuple[str, ...] = ()
    """Further titles that are understood."""

    def column(self, key: str) -> Column:
        """The column of that key."""
        return next(c for c in self.columns if c.key == key)


def _program(key: str, ja: str, en: str) -> Column:
    return Column(key, ja, en, program=True)


MESSAGES = TabSpec(
    "messages",
    "メッセージ",
    "Messages",
    (
        Column("id", "ID", "ID", ("メッセージID", "message id")),
        Column("channel", "チャネル", "Channel", ("チャンネル",)),
        Column("language", "言語", "Language"),
        Column("variant", "バリアント", "Variant"),
        Column("weight", "比率", "Weight"),
        Column("subject", "件名", "Subject", prose=True),
        Column("preheader", "プレヘッダー", "Preheader", ("プリヘッダー",), prose=True),
        Column("body", "本文", "Body", prose=True),
        Column("link", "リンク", "Link"),
        Column("image", "画像", "Image"),
        Column("notes", "備考", "Notes", prose=True),
    ),
    ("id",),
)
CAMPAIGNS = TabSpec(
    "campaigns",
    "施策",
    "Campaigns",
    (
        Column("id", "ID", "ID", ("施策ID", "campaign id")),
        Column("name", "名前", "Name", ("施策名",), prose=True),
        Column("active", "有効", "Active"),
        Column("journey", "ジャーニー", "Journey", prose=True),
        Column("stage", "ステージ", "Stage", prose=True),
        Column("trigger", "きっかけ", "Trigger"),
        Column("audience", "対象", "Audience"),
        Column("message", "メッセージ", "Message"),
        Column("channels", "チャネル", "Channels", ("チャンネル", "channel")),
        Column("kind", "種別", "Kind"),
        Column("window", "送信時間帯", "Window"),
        Column("priority", "優先度", "Priority"),
        Column("goal", "目標", "Goal"),
        Column("goal_window", "目標期間", "Goal window"),
        Column("holdout", "対照群", "Holdout", ("hold-out",)),
        Column("include_existing", "既存も対象", "Include existing"),
        Column("reentry", "再入", "Re-entry", ("reentry",)),
        Column("start", "開始", "Start", ("開始日",)),
        Column("end", "終了", "End", ("終了日",)),
        Column("owner", "担当", "Owner", ("担当者",), prose=True),
        _program("state", "状態", "State"),
        _program("approval", "承認", "Approval"),
        _program("audience_size", "対象数", "Audience size"),
        _program("sent", "送信", "Sent"),
        _program("opened", "開封", "Opened"),
        _program("clicked", "クリック", "Clicked"),
        _program("converted", "成果", "Converted"),
        _program("lift", "リフト", "Lift"),
    ),
    ("id",),
)
SEGMENTS = TabSpec(
    "segments",
    "セグメント",
    "Segments",
    (
        Column("name", "名前", "Name", ("セグメント", "segment", "セグメント名"), prose=True),
        Column("condition", "条件", "Condition"),
        Column("notes", "備考", "Notes", prose=True),
    ),
    ("name", "condition"),
)
FIELDS = TabSpec(
    "fields",
    "項目",
    "Fields",
    (
        Column("field", "項目", "Field"),
        Column("label", "名前", "Label", ("表示名", "name", "ラベル"), prose=True),
        Column("type", "型", "Type"),
        Column("aliases", "別名", "Aliases", ("alias",), prose=True),
        Column("personal", "個人情報", "Personal"),
    ),
    ("field",),
)
SETTINGS = TabSpec(
    "settings",
    "設定",
    "Settings",
    (
        Column("key", "設定", "Setting", ("キー", "項目", "名前", "name", "設定項目")),
        Column("value", "値", "Value"),
    ),
)
HOLIDAYS = TabSpec(
    "holidays",
    "休日",
    "Holidays",
    (
        Column("date", "日付", "Date", ("休日", "holiday", "日")),
        Column("name", "名前", "Name", ("名称", "備考", "notes"), prose=True),
    ),
)
TESTS = TabSpec(
    "tests",
    "テスト",
    "Tests",
    (
        Column("example", "例", "Example", prose=True),
        Column("stage", "期待ステージ", "Expected stage", prose=True),
        Column("campaigns", "期待施策", "Expected campaigns", ("expected campaign",)),
    ),
    ("example",),
)
STEPS = TabSpec("steps", "ステップ", "Steps")
RANKS = TabSpec("ranks", "ランク", "Ranks")
NEVER_READ = (
    TabSpec("guide", "使い方", "Guide"),
    TabSpec("status", "状況", "Status"),
    TabSpec("log", "履歴", "Log"),
)


def _data(kind: str, ja: tuple[str, ...], en: tuple[str, ...]) -> TabSpec:
    titles = [(f"データ {name}", f"データ:{name}") for name in ja] + [(f"Data {name}", f"Data:{name}") for name in en]
    return TabSpec(f"data_{kind}", f"データ {ja[0]}", f"Data {en[0]}", more=tuple(title for pair in titles for title in pair))


DATA: Mapping[UploadKind, TabSpec] = {
    "customers": _data("customers", ("顧客",), ("customers", "customer")),
    "purchases": _data("purchases", ("購入", "購買", "購入・購買"), ("purchases", "purchase")),
    "products": _data("products", ("商品",), ("products", "product")),
    "events": _data("events", ("イベント",), ("events", "event")),
    "consents": _data("consents", ("同意",), ("consents", "consent")),
    "results": _data("results", ("結果",), ("results", "result")),
}
"""Tabs whose rows are uploads of a kind."""
TABLES = (MESSAGES, CAMPAIGNS, SEGMENTS, FIELDS, SETTINGS, HOLIDAYS, TESTS)
NOT_YET = (STEPS, RANKS, DATA["results"])
_JOURNEY = re.compile(r"(?:journey|ジャーニー)(?P<apart>[ ::]*)(?P<name>.*)", re.IGNORECASE)
_MAP_LABELS = frozenset(fold(word) for word in ("ステージ", "Stage", "ステージID", "Stage ID", "ステージ / Stage"))


@cache
def tab_names() -> Mapping[str, TabSpec]:
    """Folded tab titles, in both languages and both at once."""
    found: dict[str, TabSpec] = {}
    for spec in (*TABLES, *DATA.values(), *NOT_YET, *NEVER_READ):
        for name in Column(spec.key, spec.ja, spec.en, spec.more).names():
            found[name] = spec
    return found


def spec_of(tab: Tab) -> TabSpec | None:
    """What kind of table a tab is by its title; None for maps and for tabs that are none of ours."""
    return tab_names().get(fold(tab.title))


def data_kind(tab: Tab) -> UploadKind | None:
    """What a tab's rows are an upload of; None for tabs of the workbook itself, and for what cannot be uploaded yet."""
    spec = spec_of(tab)
    return next((kind for kind, known in DATA.items() if known is spec and spec not in NOT_YET), None)


def is_map(tab: Tab) -> bool:
    """Whether a tab is a journey map: `Journey NAME`, or, glued (`ジャーニーEC`), when a map is drawn on it."""
    found = _JOURNEY.fullmatch(tidy(tab.title))
    if found is None:
        return False
    if found["apart"] or not found["name"]:
        return True
    return any(column == 1 and fold(cell.text) in _MAP_LABELS for (_, column), cell in tab.cells.items())


def workbook_language(snapshot: Snapshot) -> Lang:
    """The language that a workbook is written in: Japanese where any tab of ours has its Japanese name."""
    for tab in snapshot.tabs:
        spec = spec_of(tab)
        if spec is not None and fold(tab.title) == fold(spec.ja):
            return "ja"
        if is_map(tab) and fold(tab.title).startswith("ジャーニー"):
            return "ja"
    return "en"
