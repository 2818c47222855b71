"""What people see: the documents of `bot.desk` as text for a terminal or a chat. Data in, text out; nothing is asked."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from journey.texts import Lang, catalogue, text

Row = Sequence[object]
_ASPECTS = ("課題", "Challenge", "思考", "Thinking", "行動", "Actions", "情報", "Information", "キーファクター", "Key factor")
"""The order in which a stage's notes are drawn on the map; a team's own come after."""


def table(lang: Lang, headers: Sequence[str], rows: Iterable[Row], *, title: str | None = None) -> str:
    """A plain table; `headers` are names in the catalogue's `views` area, numbers are set to the right."""
    return _grid([said(lang, name) for name in headers], rows, title)


def said(lang: Lang, name: str, /, **values: object) -> str:
    """A text of the `views` area."""
    return text(f"views.{name}", **values).say(lang)


def reason(lang: Lang, code: str | None) -> str:
    """A reason code as a person reads it; an unknown one as it is."""
    if not code:
        return ""
    key = f"views.reason_{code}"
    return text(key).say(lang) if key in catalogue() else code


def state(lang: Lang, code: str | None) -> str:
    """A state of a campaign, approval or delivery as a person reads it."""
    if not code:
        return ""
    key = f"views.state_{code}"
    return text(key).say(lang) if key in catalogue() else code


def bar(share: float, width: int = 24) -> str:
    """A bar of `share` (0 to 1) of the width, at least a sliver where there is anything."""
    full = round(share * width)
    return "█" * full if full else ("▏" if share > 0 else "")


def stages_view(document: Mapping[str, Any], lang: Lang) -> str:
    """How many customers stand on each stage."""
    parts = []
    for journey in document["journeys"]:
        rows = [(s["name"], s["id"], s["customers"]) for s in journey["stages"]]
        rows.append((said(lang, "unassigned"), "", journey["unassigned"]))
        most = max([r[2] or 0 for r in rows] + [1])
        lines = [(name, identity, number, bar((number or 0) / most)) for name, identity, number in rows]
        title = f"{journey['name']} ({journey['id']})"
        parts.append(table(lang, ("stage", "id", "customers", "bar"), lines, title=title))
    if not parts:
        return said(lang, "no_journeys")
    return "\n\n".join([*parts, said(lang, "as_of", at=document["at"])])


def campaigns_view(rows: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Every campaign with its state and numbers."""
    if not rows:
        return said(lang, "no_campaigns")
    return table(
        lang,
        ("id", "name", "state", "approval", "audience", "sent", "converted"),
        [
            (r["id"], r["name"], state(lang, r["state"]), state(lang, r["approval"]), r["audience"], r["sent"], r["converted"])
            for r in rows
        ],
    )


def deliveries_view(rows: Sequence[Mapping[str, Any]], lang: Lang, most: int = 200) -> str:
    """Deliveries, the newest last; a long list is cut with a word on how to see the rest."""
    if not rows:
        return said(lang, "no_deliveries")
    shown = rows[-most:]
    body = table(
        lang,
        ("id", "campaign", "customer", "message", "channel", "state", "reason", "due", "sent_at"),
        [
            (
                str(r["id"]), r["campaign"], r["customer"], r["message"], r["channel"], state(lang, r["state"]),
                reason(lang, r["reason"]), short(r["due_at"]), short(r["sent_at"]),
            )
            for r in shown
        ],
    )  # fmt: skip
    return body if len(shown) == len(rows) else body + "\n" + said(lang, "cut", shown=len(shown), all=len(rows))


def why_view(rows: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Every decision about one customer, in order."""
    if not rows:
        return said(lang, "no_decisions")
    return table(
        lang,
        ("at", "campaign", "decision", "reason", "detail"),
        [
            (short(r["at"]), r["campaign"], state(lang, r["decision"]), reason(lang, r["reason"]), _plain(r["detail"]))
            for r in rows
        ],
    )


def problems_view(rows: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """A line a problem, its cell first."""
    return "\n".join(problem_line(r, lang) for r in rows) if rows else said(lang, "no_problems")


def problem_line(row: Mapping[str, Any], lang: Lang) -> str:
    """`施策!F7  エラー  …`."""
    place = f"{row['tab']}!{row['cell']}" if row["cell"] else row["tab"]
    mark = said(lang, "severity_" + row["severity"])
    return "  ".join(part for part in (place, mark, row["text"]) if part)


def check_view(document: Mapping[str, Any], lang: Lang) -> str:
    """Problems, overlaps, gaps and the Tests tab."""
    lines = [problems_view(document["problems"], lang)]
    for o in document["overlaps"]:
        lines.append(o.get("text") or said(lang, "overlap", journey=o["journey"], stages=o["stages"], customers=o["customers"]))
    for gap in document["gaps"]:
        lines.append(gap.get("text") or said(lang, "gap", journey=gap["journey"], customers=gap["customers"]))
    tests = document["tests"]
    if tests:
        passed = sum(bool(t["passed"]) for t in tests)
        lines.append(said(lang, "tests", passed=passed, all=len(tests)))
        lines += [
            said(lang, "test_failed", example=t["example"], expected=_plain(t["expected"]), got=_plain(t["got"]))
            for t in tests
            if not t["passed"]
        ]
    return "\n".join(lines)


def sync_view(document: Mapping[str, Any], lang: Lang, most: int = 60) -> str:
    """What changed, and what kept it from changing."""
    lines = [problem_line(p, lang) for p in document["problems"]]
    if document["changed"]:
        lines.append(said(lang, "version", version=document["version"], changes=len(document["changes"])))
        lines += _edited(document, lang)
        for change in document["changes"][:most]:
            place = " ".join(part for part in (change["tab"], change.get("row") or change["id"], change["column"]) if part)
            lines.append(f"  {place}: {_cut(change['before'])} → {_cut(change['after'])}")
        if len(document["changes"]) > most:
            lines.append(said(lang, "more", number=len(document["changes"]) - most))
    elif any(p["severity"] == "error" for p in document["problems"]):
        lines.append(said(lang, "kept", version=document["version"]))
        lines += _edited(document, lang)
    else:
        lines.append(said(lang, "unchanged", version=document["version"]))
    if document.get("uploads"):
        lines.append(upload_view([{**one, "problems": []} for one in document["uploads"]], lang))  # they stand on their cells
    if document.get("not_shown"):
        lines.append(document["not_shown"])
    return "\n".join(lines)


def _edited(document: Mapping[str, Any], lang: Lang) -> list[str]:
    who, at = document["edited_by"], short(document["edited_at"])
    if not who:
        return []
    return [said(lang, "edited_at", who=who, at=at) if at else said(lang, "edited", who=who)]


def versions_view(document: Mapping[str, Any], lang: Lang, most: int = 50) -> str:
    """The versions of the workbook, the newest first."""
    rows = document["versions"]
    if not rows:
        return said(lang, "no_versions")
    body = table(
        lang,
        ("version_number", "at", "who", "changed_cells", "note"),
        [(str(r["version"]), short(r["at"]), _who(r), r["changes"], _about(r, lang)) for r in rows[:most]],
    )
    return body if len(rows) <= most else body + "\n" + said(lang, "more", number=len(rows) - most)


def _who(row: Mapping[str, Any]) -> str:
    return ", ".join(dict.fromkeys(name for name in (row["edited_by"], row["by"]) if name))


def _about(row: Mapping[str, Any], lang: Lang) -> str:
    parts = [said(lang, "restored", version=row["restored"])] if row["restored"] is not None else []
    return " ".join([*parts, said(lang, "in_force")] if row["in_force"] else parts)


def upload_view(rows: Sequence[Mapping[str, Any]], lang: Lang, most: int = 20) -> str:
    """What became of each file."""
    lines = []
    for r in rows:
        lines.append(
            said(
                lang, "uploaded", file=r["file"], kind=r["kind"], rows=r["rows"], accepted=r["accepted"],
                unchanged=r["unchanged"], rejected=r["rejected"], guests=r["guests"],
            )
        )  # fmt: skip
        for p in r["problems"][:most]:
            place = said(lang, "row", row=p["row"]) if p["row"] else ""
            lines.append("  " + " ".join(part for part in (place, p["column"] or "", p["text"]) if part))
        if len(r["problems"]) > most:
            lines.append("  " + said(lang, "more", number=len(r["problems"]) - most))
        if r["rejected_file"]:
            lines.append("  " + said(lang, "rejected_file", file=r["rejected_file"]))
    return "\n".join(lines)


def doctor_view(found: Sequence[Any], lang: Lang) -> str:
    """One line a check: a mark, what was looked at, what was seen and what to do."""
    marks = {"good": "✓", "note": "・", "bad": "✗"}
    return "\n".join(f"{marks[f.state]} {f.said.say(lang)}" for f in found)


def report_view(document: Mapping[str, Any], lang: Lang) -> str:
    """The structure of the customer base by month, and who moved where."""
    parts = []
    months = sorted({r["month"] for r in document["structure"]})
    names = list(dict.fromkeys(r["stage"] for r in document["structure"]))
    if months:
        counts = {(r["month"], r["stage"]): r["customers"] for r in document["structure"]}
        out = [(month, *(counts.get((month, name), 0) for name in names)) for month in months]
        heads = [document["names"].get(n, n) or said(lang, "unassigned") for n in names]
        parts.append(_grid([said(lang, "month"), *heads], out))
    if document["flows"]:
        called = {None: "—", **document["names"]}
        rows = [(called.get(f["from"], f["from"]), called.get(f["to"], f["to"]), f["customers"]) for f in document["flows"]]
        parts.append(table(lang, ("from", "to", "customers"), rows, title=said(lang, "flows")))
    if document["campaigns"]:
        sent = [(c["id"], c["variant"] or "", c["sent"], c["converted"]) for c in document["campaigns"]]
        parts.append(table(lang, ("campaign", "variant", "sent", "converted"), sent))
    return "\n\n".join(parts) or said(lang, "nothing_yet")


def short(moment: object) -> str:
    """An ISO time as people read it: to the minute, without the offset."""
    return str(moment)[:16].replace("T", " ") if moment else ""


def _grid(headers: Sequence[str], rows: Iterable[Row], title: str | None = None) -> str:
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", show_edge=False)
    rows = [tuple(row) for row in rows]
    for n, name in enumerate(headers):
        numeric = any(isinstance(row[n], (int, float)) for row in rows)
        made.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_cell(value) for value in row))
    out = io.StringIO()
    width = max(80, shutil.get_terminal_size((110, 40)).columns)
    Console(file=out, width=width, no_color=True, highlight=False, markup=False, emoji=False).print(made)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").splitlines())


def _cell(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "○" if value else "×"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return " ".join(f"{k}={_plain(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(v) for v in value)
    return str(value)


def _cut(value: object, most: int = 60) -> str:
    shown = " ".join(str(value or "").split())
    return "∅" if not shown else shown if len(shown) <= most else shown[: most - 1] + "…"


def stage_view(document: Mapping[str, Any], lang: Lang) -> str:
    """One stage with what the map notes about it and its campaigns."""
    lines = [
        f"{document['name']} ({document['journey']}/{document['id']})  {said(lang, 'people', number=document['customers'])}",
        f"{said(lang, 'condition')}: {document['condition']}",
    ]
    if document["goal"]:
        lines.append(f"{said(lang, 'goal')}: {document['goal']}")
    lines += [f"{label}: {' '.join(value.split())}" for label, value in noted(document)]
    return "\n".join([*lines, "", campaigns_view(document["campaigns"], lang)])


def noted(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the map notes about a stage: label and text, in the order in which it is drawn."""
    found = sorted(document["aspects"].items(), key=lambda item: next((n for n, a in enumerate(_ASPECTS) if a in item[0]), 99))
    return [(label, value) for label, value in found if value]


def customers_view(rows: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Customers and where they stand; the attributes of a single one."""
    if not rows:
        return said(lang, "nothing_yet")
    shown = [(r["id"], ", ".join(f"{s['journey']}/{s['stage'] or '—'}" for s in r["stages"])) for r in rows]
    parts = [table(lang, ("customer", "stage"), shown)]
    for r in rows:
        parts += [f"  {key}: {value}" for key, value in r.get("attributes", {}).items()]
    return "\n".join(parts)


def preview_view(document: Mapping[str, Any], lang: Lang) -> str:
    """Who would get a campaign today, who not and why, and how it looks."""
    lines = [f"{document['id']} {document['name']}", said(lang, "would_get", number=document["total"])]
    lines += [
        f"  {s['name'] or s['stage'] or said(lang, 'everyone')} · {s['channel']}: {said(lang, 'people', number=s['customers'])}"
        for s in document["sends"]
    ]
    if document["entries_only"]:
        lines.append("  " + said(lang, "entries_only"))
    if document["skips"]:
        lines.append(said(lang, "would_not"))
        lines += [f"  {reason(lang, s['reason'])}: {said(lang, 'people', number=s['customers'])}" for s in document["skips"]]
    sample = document["sample"]
    if sample is not None:
        lines += ["", said(lang, "sample", customer=sample["customer"], channel=sample["channel"])]
        if sample["refused"]:
            lines.append(said(lang, "sample_refused", why=reason(lang, sample["refused"])))
        if sample["subject"]:
            lines.append(f"{said(lang, 'subject')}: {sample['subject']}")
        lines += ["─" * 40, sample["text"].strip(), "─" * 40]
    return "\n".join(lines)


def decisions_view(done: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """What became of each campaign that a person decided about."""
    return "\n".join(str(d["text"]) for d in done) if done else said(lang, "nothing_to_decide")


def placed_view(document: Mapping[str, Any], lang: Lang) -> str:
    """What a placing of all customers did."""
    causes = ", ".join(f"{said(lang, 'cause_' + cause)} {number:,}" for cause, number in document["causes"].items())
    head = said(lang, "placed", customers=f"{document['customers']:,}", moved=f"{document['moved']:,}")
    return f"{head} ({causes})" if causes else head


def tick_view(document: Mapping[str, Any], lang: Lang) -> str:
    """What one whole pass did, in a line or two a part; quiet about what had nothing to do."""
    lines = []
    synced = document["sync"]
    if synced is not None and (synced["changed"] or synced["problems"]):
        lines.append(sync_view(synced, lang))
    if document["uploads"]:
        lines.append(upload_view(document["uploads"], lang))
    lines += [f"{u['file']}: {u['text']}" for u in document["unreadable"]]
    if document["assign"] is not None:
        lines.append(placed_view(document["assign"], lang))
    sent = document["sent"]
    lines.append(said(lang, "tick", planned=document["planned"], accepted=sent["accepted"]))
    for name, key in (("skipped", "tick_skipped"), ("deferred", "tick_deferred"), ("held", "tick_held")):
        if sent[name]:
            why = ", ".join(f"{reason(lang, code)} {number:,}" for code, number in sent[name].items())
            lines.append("  " + said(lang, key, number=sum(sent[name].values()), why=why))
    for name in ("in_doubt", "failed"):
        if sent[name]:
            lines.append("  " + said(lang, f"tick_{name}", number=sent[name]))
    return "\n".join([*lines, *document["problems"]])
