"""Random facts and random conditions for the property test, and conditions printed as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
from hypothesis import strategies as st

from journey.conditions.features import KINDS
from journey.conditions.plain import World
from journey.facts.schema import COLUMNS
from journey.facts.views import quoted
from journey.fields import Names, merged_fields
from journey.model import FieldDef, JourneyMap, Stage

NOW = datetime(2026, 3, 29, 12, 34, 56, tzinfo=UTC)
IDS = ("c1", "c2", "c3", "c4", "c5", "c6", "c7")
TEXTS = ("A", "a", "Ｂ", "商品A", "か つ", 'x"y', "%_", "100")
FIELDS = (
    FieldDef("vip", "VIP 会員", "yes_no"),
    FieldDef("visits", "来店数", "number"),
    FieldDef("購入回数", "購入回数（取込）", "number"),
)
NAMES = Names(
    fields=merged_fields(FIELDS),
    journeys=(JourneyMap("ec", "EC 通常", (Stage("new", "新規", ""), Stage("old", "休眠", "")), ("old", "new")),),
    messages=("M1", "M2"),
)
EXTRA = {"vip": "BOOLEAN", "visits": "DOUBLE", "購入回数": "DOUBLE"}
RECEIVED = {"customer_id": "VARCHAR", "message": "VARCHAR", "at": "TIMESTAMPTZ"}

near = st.integers(-60, 60 * 24 * 40).map(lambda m: NOW - timedelta(minutes=m))
edges = st.sampled_from([NOW - timedelta(days=7), NOW - timedelta(days=30), NOW, NOW - timedelta(days=365, seconds=1)])
moments = near | edges
who = st.sampled_from((*IDS[:5], None))
texts = st.sampled_from(TEXTS)
maybe_text = st.none() | texts | st.just("")
amounts = st.sampled_from([-1000.0, -500.0, 0.0, 500.0, 1000.0, 2500.0])
quantities = st.sampled_from([-1.0, 0.0, 1.0, 2.0, None])
days = st.dates(date(1950, 1, 1), date(2026, 12, 31)) | st.sampled_from(
    [date(2000, 2, 29), date(1990, 3, 29), date(1990, 3, 30)]
)

customers = st.fixed_dictionaries(
    {
        "prefecture": maybe_text,
        "member_rank": maybe_text,
        "birthday": st.none() | days,
        "joined_at": st.none() | moments,
        "points": st.none() | st.integers(0, 300).map(float),
        "points_at": st.none() | moments,
        "vip": st.none() | st.booleans(),
        "visits": st.none() | st.integers(0, 5).map(float),
        "購入回数": st.none() | st.integers(0, 5).map(float),
    }
)
purchases = st.fixed_dictionaries(
    {
        "customer_id": who,
        "order_id": st.sampled_from(("o1", "o2", "o3", "o4", "o5", "o6", None)),
        "ordered_at": moments,
        "amount": amounts,
        "quantity": quantities,
        "product": maybe_text,
        "category": maybe_text,
        "points_used": st.sampled_from([None, 0.0, 10.0]),
        "points_earned": st.sampled_from([None, 5.0, 20.0]),
    }
)
events = st.fixed_dictionaries({"customer_id": who, "event": texts, "at": moments})
products = st.fixed_dictionaries({"product": texts, "name": maybe_text, "category": maybe_text})
received = st.fixed_dictionaries({"customer_id": who, "message": st.sampled_from(("M1", "M2")), "at": moments})
stages = st.sampled_from(("new", "old", None))
placements = st.lists(st.tuples(st.sampled_from(IDS), stages, moments), max_size=4, unique_by=lambda p: p[0]).map(
    lambda rows: [{"journey_id": "ec", "customer_id": c, "stage_id": s, "since": at} for c, s, at in rows]
)
transitions = st.fixed_dictionaries(
    {"journey_id": st.sampled_from(("ec", "b2b")), "customer_id": who, "to_stage": stages, "at": moments}
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few customers with a few facts of every kind, clustered at the edges of windows."""
    return World(
        customers=[{"customer_id": c, **draw(customers)} for c in IDS],
        purchases=numbered(draw(st.lists(purchases, max_size=14)), draw(st.booleans())),
        events=draw(st.lists(events, max_size=6)),
        products=draw(st.lists(products, max_size=3)),
        placements=draw(placements),
        transitions=draw(st.lists(transitions, max_size=4)),
        received=draw(st.lists(received, max_size=4)),
    )


def numbered(lines: list[dict[str, Any]], known: bool) -> list[dict[str, Any]]:
    """The lines with their number inside their order (the one of an upload), or without any."""
    count: dict[object, int] = {}
    found = []
    for line in lines:
        count[line["order_id"]] = count.get(line["order_id"], 0) + 1
        found.append({**line, "line": count[line["order_id"]] if known and line["order_id"] else None})
    return found


def database(world: World) -> duckdb.DuckDBPyConnection:
    """The same world as tables of a DuckDB, with the columns of the facts."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("SET TimeZone = 'UTC'")
    shapes = {**COLUMNS, "received": RECEIVED}
    shapes["customers"] = {**COLUMNS["customers"], **EXTRA}
    for view, columns in shapes.items():
        con.execute(f"CREATE TABLE {view} ({', '.join(f'{quoted(c)} {t}' for c, t in columns.items())})")
        rows: list[dict[str, Any]] = list(getattr(world, view))
        if rows:
            names = list(rows[0])
            con.executemany(
                f"INSERT INTO {view} ({', '.join(map(quoted, names))}) VALUES ({', '.join('?' * len(names))})",
                [[row[n] for n in names] for row in rows],
            )
    return con


def said(text: str) -> str:
    """Text in quotes that it does not hold itself."""
    return f"「{text}」" if '"' in text else f'"{text}"'


windows = st.sampled_from(["30日", "7d", "2週", "12h", "1か月", "1y", "３０日", "12時間"])
numbers = st.sampled_from(["0", "1", "2", "3回", "５", "1,000円", "1千", "90日", "0.5"])
dates = st.sampled_from(
    ["2026-03-29", "2026/3/1", "今日", "今日 - 30日", "today+1w", "7日前", "2026年2月1日", "今日−1か月", "1990-03-29", "30日後"]
)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "≧", "≦", "≠", "＝"])
suffixes = st.sampled_from(["以上", "以下", "未満", "超", "より大きい", "より小さい"])


@st.composite
def columns(draw: st.DrawFn, kind: str) -> str:
    """An attribute or feature of that type, as typed."""
    fields = {
        "number": ["来店数", "[購入回数（取込）]", "visits"],
        "text": ["都道府県", "prefecture", "会員ランク", "ランク"],
        "date": ["登録日", "[生年月日]", "BIRTHDAY"],
        "yes_no": ["VIP会員", "[VIP 会員]"],
    }
    made = [k for k in KINDS.values() if k.type == kind and k.available and not k.field]
    choice = draw(st.sampled_from([*fields[kind], *made]))
    if isinstance(choice, str):
        return choice
    args: list[str] = []
    if choice.takes and (choice.needs or draw(st.booleans())):
        options = {"message": ["M1", "M2"], "stage": ["new", "休眠"], "journey": ["ec"]}
        args.append(said(draw(st.sampled_from(options.get(choice.takes[0], list(TEXTS))))))
    if choice.window and draw(st.booleans()):
        args.insert(draw(st.integers(0, len(args))), draw(windows))
    name = draw(st.sampled_from((choice.name, choice.name.upper(), *choice.labels)))
    return f"{name}({draw(st.sampled_from([', ', ',', '、']))}".rstrip("、, ") + ", ".join(args) + ")" if args else name


@st.composite
def tests(draw: st.DrawFn) -> str:
    """One comparison, in one of the ways in which people write it."""
    kind = draw(st.sampled_from(["number", "number", "text", "date", "yes_no"]))
    column = draw(columns(kind))
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.sampled_from([f"{column} が 空", f"{column} is empty", f"{column} is not empty", f"{column} が空でない"])
        )
    if kind == "yes_no":
        return draw(st.sampled_from([column, f"{column} でない", f"not {column}", f"{column} = ○", f"{column} != true"]))
    if kind == "text":
        values = draw(st.lists(st.sampled_from(["new", "old"]) if _staged(column) else texts, min_size=1, max_size=3))
        quotes = [said(v) for v in values]
        forms = [
            f"{column} = {quotes[0]}",
            f"{column} != {quotes[0]}",
            f"{column}が{quotes[0]}でない",
            f"{column} in ({','.join(quotes)})",
        ]
        if not _staged(column):
            forms += [f"{column} contains {quotes[0]}", f"{column} が {quotes[0]} で始まる", f"{column}が{quotes[0]}を含む"]
        return draw(st.sampled_from(forms))
    value = draw(numbers if kind == "number" else dates)
    other = draw(numbers if kind == "number" else dates)
    forms = [
        f"{column} {draw(signs)} {value}",
        f"{column} が {value} {draw(suffixes)}",
        f"{column} in ({_single(value)}, {_single(other)})",
    ]
    forms += [
        f"{column}が{value}以上{other}未満",
        f"{column} between {value} and {other}" if kind == "date" else f"{column} = 1〜3",
    ]
    return draw(st.sampled_from(forms))


def _staged(column: str) -> bool:
    return column.casefold().startswith(("stage", "ステージ"))


def _single(value: str) -> str:
    return value.replace(",", "")


def _joined(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    words = st.sampled_from([" and ", " かつ ", "かつ", " または ", " OR ", " && "])
    both = st.tuples(inside, words, inside).map(lambda t: f"({t[0]}){t[1]}({t[2]})")
    turned = inside.map(lambda i: f"not ({i})") | inside.map(lambda i: f"({i}) でない")
    return both | turned | st.tuples(inside, words, inside).map(lambda t: f"{t[0]} {t[1].strip()} {t[2]}")


conditions = st.recursive(tests(), _joined, max_leaves=5)
