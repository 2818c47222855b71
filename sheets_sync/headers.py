"""What tabs and columns are called, in both languages, and how a tab becomes a table of rows by column key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache

from journey.names import fold, tidy
from journey.texts import Lang, text
from sheets_sync.report import Report
from sheets_sync.snapshot import Cell, Snapshot, Tab, address


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
TABLES = (MESSAGES, CAMPAIGNS, SEGMENTS, FIELDS, SETTINGS, HOLIDAYS, TESTS)
NOT_YET = (STEPS, RANKS)
_JOURNEY = re.compile(r"(?:journey|ジャーニー)(?P<apart>[ ::]*)(?P<name>.*)", re.IGNORECASE)
_MAP_LABELS = frozenset(fold(word) for word in ("ステージ", "Stage", "ステージID", "Stage ID", "ステージ / Stage"))


@cache
def tab_names() -> Mapping[str, TabSpec]:
    """Folded tab titles, in both languages and both at once."""
    found: dict[str, TabSpec] = {}
    for spec in (*TABLES, *NOT_YET, *NEVER_READ):
        for name in Column(spec.key, spec.ja, spec.en).names():
            found[name] = spec
    return found


def spec_of(tab: Tab) -> TabSpec | None:
    """What kind of table a tab is by its title; None for maps and for tabs that are none of ours."""
    return tab_names().get(fold(tab.title))


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


@dataclass(frozen=True)
class Row:
    """A filled row: its number and its cells by column key (only those with something in them)."""

    number: int
    cells: Mapping[str, Cell]
    extra: Mapping[int, Cell] = field(default_factory=dict)
    """Cells of columns that are not known, by column number."""

    def text(self, key: str) -> str:
        """The cell's text, trimmed; empty where nothing stands."""
        cell = self.cells.get(key)
        return cell.text.strip() if cell else ""


@dataclass(frozen=True)
class Table:
    """A tab read as a table. `columns` and `headers` hold, by key, where a column is and how its header is typed."""

    spec: TabSpec
    title: str
    header_row: int
    columns: Mapping[str, int]
    headers: Mapping[str, str]
    extra: Mapping[int, str]
    """Typed headers of unknown columns, by column number."""
    rows: tuple[Row, ...]

    def cell(self, row: Row, key: str) -> str:
        """The address of a row's cell in a column; of its first cell where the column is not there."""
        return address(row.number, self.columns.get(key) or min(self.columns.values(), default=1))


def read_table(tab: Tab, spec: TabSpec, report: Report) -> Table | None:
    """The rows of a tab, dividers left out; None, with a problem on the tab, where its header cannot be found.

    A divider is a row with only its first cell filled. Holidays keep theirs: a day needs no name.
    """
    if not tab.cells:
        return Table(spec, tab.title, 1, {}, {}, {}, ())
    known = {name: c for c in spec.columns for name in c.names()}
    header = _header_row(tab, known)
    if header is None and spec in (SETTINGS, HOLIDAYS):
        columns = {c.key: i + 1 for i, c in enumerate(spec.columns)}
        return Table(spec, tab.title, 0, columns, {}, {}, _rows(tab, spec, 0, columns, {}, report))
    header = header or min(row for row, _ in tab.cells)
    columns, headers, extra = _columns(tab, header, known, report)
    missing = [key for key in spec.needs if key not in columns]
    for key in missing:
        report.error(address(header, 1), text("workbook.column_missing", ja=spec.column(key).ja, en=spec.column(key).en))
    if missing:
        return None
    if spec is not TESTS:
        _warn_near(header, columns, extra, spec, report)
    rows = _rows(tab, spec, header, columns, extra, report)
    return Table(spec, tab.title, header, columns, headers, extra, rows)


def _header_row(tab: Tab, known: Mapping[str, Column]) -> int | None:
    best, most = None, 0
    for number in sorted(tab.by_row)[:10]:
        hits = len({known[name].key for c in tab.by_row[number].values() if (name := fold(c.text)) in known})
        if hits > most:
            best, most = number, hits
    return best


def _columns(
    tab: Tab, header: int, known: Mapping[str, Column], report: Report
) -> tuple[dict[str, int], dict[str, str], dict[int, str]]:
    columns: dict[str, int] = {}
    headers: dict[str, str] = {}
    extra: dict[int, str] = {}
    for number, cell in tab.by_row.get(header, {}).items():
        typed = tidy(cell.text)
        column = known.get(fold(typed))
        if column is None:
            extra[number] = typed
        elif column.key in columns:
            if not column.program:
                said = text("workbook.column_twice", name=typed, first=address(header, columns[column.key]))
                report.error(address(header, number), said)
        else:
            columns[column.key] = number
            headers[column.key] = typed
    return columns, headers, extra


def _warn_near(header: int, columns: Mapping[str, int], extra: Mapping[int, str], spec: TabSpec, report: Report) -> None:
    absent = [c for c in spec.columns if c.key not in columns]
    for number, typed in extra.items():
        for column in absent:
            if any(
                len(typed) > 1 and SequenceMatcher(None, fold(typed), fold(n)).ratio() >= 0.75 for n in (column.ja, column.en)
            ):
                near = column.ja if not typed.isascii() else column.en
                report.warn(address(header, number), text("workbook.column_near", typed=typed, near=near))
                break


def _rows(
    tab: Tab, spec: TabSpec, header: int, columns: Mapping[str, int], extra: Mapping[int, str], report: Report
) -> tuple[Row, ...]:
    keys = {number: key for key, number in columns.items()}
    program = {c.key for c in spec.columns if c.program}
    first = min((*columns.values(), *extra), default=1)
    found: list[Row] = []
    for number, cells in tab.by_row.items():
        if number <= header:
            continue
        filled = {c for c, cell in cells.items() if keys.get(c) not in program and (cell.text.strip() or cell.problem)}
        own = {c for c in tab.own(number) if c in filled}
        if not own & set(keys) and not (spec is TESTS and own):
            continue
        if spec is not HOLIDAYS and own <= {first} and filled <= _same(cells, first):
            continue
        row = Row(
            number,
            {keys[c]: cells[c] for c in filled if c in keys},
            {c: cells[c] for c in filled if c in extra},
        )
        found.append(row)
        for key, cell in row.cells.items():
            if cell.problem:
                report.error(address(number, columns[key]), cell.problem)
    return tuple(found)


def _same(cells: Mapping[int, Cell], first: int) -> set[int]:
    """The columns over which the first cell is merged."""
    return {c for c, cell in cells.items() if cell is cells.get(first)}


def typed_text(row: Row, keys: Iterable[str]) -> dict[str, str]:
    """What was typed in the given columns, for the difference between two versions."""
    return {key: typed for key in keys if (typed := row.text(key))}
