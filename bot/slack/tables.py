"""Documents of the desk as Slack's tables and charts. Pure; what is drawn is also said in words by whoever sends it.

A chart takes six series of twenty points, a message one table: what does not fit is counted, and the rest is in the table or the words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.slack import blocks as b
from bot.slack import limits
from bot.slack.blocks import Block, Bold, Line
from bot.slack.saying import moment, said, short
from bot.views import noted, problem_line, reason, state
from bot.views import said as word
from journey.texts import Lang

Document = Any

ROWS = 60
"""Of a table: more is not read."""
MONTHS = 12
"""Of the chart; the table has more."""
_LINES = 30


def drawn(shows: str, document: Document, lang: Lang) -> list[Block]:
    """The blocks for a reply's document (`Reply.shows`); none where its words are all there is."""
    draw = _DRAWN.get(shows)
    return draw(document, lang) if draw is not None and document else []


def stages(document: Document, lang: Lang) -> list[Block]:
    """How many stand where: a chart of the first journey, a table of all."""
    several = len(document["journeys"]) > 1
    heads = [
        *([said(lang, "table_journey")] if several else []),
        *(word(lang, h) for h in ("stage", "id", "customers")),
        said(lang, "table_share"),
    ]
    rows: list[list[object]] = []
    for journey in document["journeys"]:
        found = [(s["name"], s["id"], s["customers"]) for s in journey["stages"]]
        found.append((word(lang, "unassigned"), "", journey["unassigned"]))
        whole = sum(number or 0 for *_, number in found)
        for name, identity, number in found:
            share = f"{(number or 0) / whole:.0%}" if whole else None
            rows.append([*([journey["name"]] if several else []), name, identity, number, share])
    if not rows:
        return []
    first = document["journeys"][0]
    counts = [float(s["customers"] or 0) for s in first["stages"]]
    chart = b.chart(
        "bar", said(lang, "chart_stages"), [s["name"] for s in first["stages"]][-limits.CHART_POINTS :], {first["name"]: counts}
    )
    at = b.context(word(lang, "as_of", at=moment(document["at"], lang)))
    return [*([chart] if chart else []), *_table(heads, rows, lang, "stages", numbers=range(len(heads) - 2, len(heads))), at]


def campaigns(rows: Sequence[Mapping[str, Any]], lang: Lang) -> list[Block]:
    """Every campaign with its state and numbers."""
    heads = [word(lang, h) for h in ("id", "name", "state", "approval", "audience", "sent", "converted")]
    cells = [
        [r["id"], r["name"], state(lang, r["state"]), state(lang, r["approval"]), r["audience"], r["sent"], r["converted"]]
        for r in rows
    ]
    return _table(heads, cells, lang, "campaigns", numbers=range(4, 7))


def stage(document: Mapping[str, Any], lang: Lang) -> list[Block]:
    """One stage: how many, its condition and goal, what the map notes about it, its campaigns."""
    title = f"{short(document['name'], 80)} ({document['journey']}/{document['id']})"
    notes: list[Line] = [[Bold(f"{word(lang, 'customers')}: "), f"{document['customers'] or 0:,}"]]
    told = [
        (word(lang, "condition"), document["condition"]),
        (word(lang, "goal"), document["goal"]),
        *noted(document),
    ]
    notes += [[Bold(f"{short(label, 40)}: "), short(value, 300)] for label, value in told if value]
    return [b.header(title), *_paragraphs(notes), *campaigns(document["campaigns"], lang)]


def report(document: Mapping[str, Any], lang: Lang) -> list[Block]:
    """How the customer base changes by month, who moves where, and what campaigns sent."""
    return [*_structure(document, lang), *_moves(document, lang), *_results(document, lang)]


def _structure(document: Mapping[str, Any], lang: Lang) -> list[Block]:
    rows = [((r.get("journey"), r["stage"]), r["month"], r["customers"]) for r in document["structure"]]
    months, order = sorted({month for _, month, _ in rows}), list(dict.fromkeys(stage for stage, _, _ in rows))
    if not months:
        return []
    counts = {(month, stage): number for stage, month, number in rows}
    called = _apart([document["names"].get(stage) or word(lang, "unassigned") for _, stage in order])
    recent = months[-MONTHS:]
    series = {name: [float(counts.get((m, one), 0)) for m in recent] for name, one in zip(called, order, strict=True)}
    chart = b.chart("line", said(lang, "chart_structure"), recent, series)
    note = [b.context(said(lang, "chart_note", series=limits.CHART_SERIES))] if len(order) > limits.CHART_SERIES else []
    cells = [[month, *(counts.get((month, one), 0) for one in order)] for month in months[-ROWS:]]
    table = _table([word(lang, "month"), *called], cells, lang, "report", numbers=range(1, limits.TABLE_COLUMNS))
    return [*([chart] if chart else []), *note, *table]


def _moves(document: Mapping[str, Any], lang: Lang) -> list[Block]:
    if not document["flows"]:
        return []
    names = {**document["names"], None: "–"}
    biggest = sorted(document["flows"], key=lambda f: -f["customers"])[:_LINES]
    moves = [
        f"{short(names.get(f['from'], f['from']))} → {short(names.get(f['to'], f['to']))}: {f['customers']:,}" for f in biggest
    ]
    return _paragraphs([[Bold(word(lang, "flows"))], *moves])


def _results(document: Mapping[str, Any], lang: Lang) -> list[Block]:
    sent = [c for c in document["campaigns"] if c["sent"]][: limits.CHART_POINTS]
    numbers = {
        word(lang, "sent"): [float(c["sent"]) for c in sent],
        word(lang, "converted"): [float(c["converted"] or 0) for c in sent],
    }
    chart = b.chart("bar", said(lang, "chart_sent"), [c["id"] for c in sent], numbers)
    return [chart] if chart else []


def problems(rows: Sequence[Mapping[str, Any]], lang: Lang) -> list[Block]:
    """A line a problem, its cell first; errors before warnings."""
    ordered = sorted(rows, key=lambda row: row["severity"] != "error")
    told = [short(problem_line(row, lang), 300) for row in ordered[:_LINES]]
    if len(rows) > _LINES:
        told.append(said(lang, "more_changes", number=len(rows) - _LINES))
    return _paragraphs(told)


def waiting(rows: Sequence[Mapping[str, Any]], lang: Lang) -> list[Block]:
    """Groups of deliveries that wait for a decision."""
    heads = [word(lang, h) for h in ("campaign", "state", "reason", "customers", "due", "id")]
    cells = [
        [
            r["campaign"],
            state(lang, r["state"]),
            reason(lang, r["reason"]),
            r["deliveries"],
            moment(r["since"], lang),
            " ".join(map(str, r["ids"][:5])),
        ]
        for r in rows
    ]
    return _table(heads, cells, lang, "deliveries", numbers=[3])


def _apart(names: Sequence[str]) -> list[str]:
    """Names of which none is another's, so that no series takes another's place."""
    found: list[str] = []
    for name in names:
        number, one = 1, name
        while one in found:
            number += 1
            one = f"{name} {number}"
        found.append(one)
    return found


def _table(
    heads: Sequence[object], rows: Sequence[Sequence[object]], lang: Lang, command: str, *, numbers: Any = ()
) -> list[Block]:
    """The table, and how many rows did not fit."""
    if not rows:
        return []
    made = b.table(heads, rows[:ROWS], numbers=numbers)
    left = len(rows) - (len(made["rows"]) - 1)
    return [made, b.context(said(lang, "table_left", number=left, word=command))] if left else [made]


def _paragraphs(told: Sequence[Line]) -> list[Block]:
    """Lines in as many blocks as they need, so that none is left out."""
    return [b.lines(told[n : n + 6]) for n in range(0, len(told), 6)]


_DRAWN: Mapping[str, Callable[[Any, Lang], list[Block]]] = {
    "stages": stages,
    "stage": stage,
    "campaigns": campaigns,
    "report": report,
    "problems": problems,
    "waiting": waiting,
}
