"""What people see of one customer, and of deliveries that wait for a person, as text for a terminal or a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.views import reason, short, state, table
from journey.texts import Lang, text


def timeline_view(document: Mapping[str, Any], lang: Lang) -> str:
    """Where one customer stands, what is known of them, and what happened, the newest first."""
    stands = [f"{s['journey']}: {s['name'] or s['stage'] or '—'}" for s in document["stages"]]
    lines = [f"{document['id']}  {' / '.join(stands) or '—'}"]
    lines += [f"  {key}: {value}" for key, value in document["attributes"].items() if key != "customer_id"]
    lines += ["", *(f"{short(one['at'])}  {happening(one, lang)}" for one in document["happened"])]
    return "\n".join(lines).rstrip()


def happening(one: Mapping[str, Any], lang: Lang) -> str:
    """One happening of a timeline, in a sentence."""
    if one["what"] == "stage":
        known = "entered" if one["from"] is None else "moved"
        key = f"chat.{known if one['to'] is not None else 'left'}"
        return text(key, journey=one["journey"], before=one["from"] or "—", after=one["to"] or "—").say(lang)
    if one["what"] == "purchase":
        amount = f"{one['amount']:,.0f}" if one["amount"] is not None else "—"
        return text("chat.bought", products=one["products"] or "—", amount=amount).say(lang)
    if one["what"] == "event":
        return text("chat.did", event=one["event"]).say(lang)
    return text("chat.sent", campaign=one["campaign"], detail=one["detail"]).say(lang)


def waiting_view(rows: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Groups of deliveries that wait for a decision, and how to decide."""
    if not rows:
        return text("chat.nothing_waits").say(lang)
    lines = [
        (r["campaign"], state(lang, r["state"]), reason(lang, r["reason"]), r["deliveries"], short(r["since"]), _ids(r))
        for r in rows
    ]
    shown = table(lang, ("campaign", "state", "reason", "customers", "due", "id"), lines)
    return shown + "\n" + text("chat.how_to_settle").say(lang)


def _ids(row: Mapping[str, Any]) -> str:
    ids = [str(number) for number in row["ids"][:5]]
    return " ".join(ids) + (" …" if row["deliveries"] > len(ids) else "")
