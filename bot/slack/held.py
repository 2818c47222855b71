"""Cards for what else waits for a person: deliveries that are held, in doubt or failed, and settings that protect customers.

Pure: the documents of `bot.desk.asked` in, messages out. Each says for each of its buttons what a press does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack import blocks as b
from bot.slack.blocks import Block, Bold, Line, Message, Struck
from bot.slack.cards import CELL, CHANGES, footer
from bot.slack.presses import Action, Presses
from bot.slack.saying import channel, differing, listed, moment, said, short
from bot.views import reason
from journey.texts import Lang, catalogue

Document = Mapping[str, Any]


def held_card(document: Document, presses: Presses, lang: Lang) -> Message:
    """Asks what becomes of a campaign's deliveries that wait for one reason."""
    kind = "held" if document["held"] else "in_doubt" if document["in_doubt"] else "failed"
    number = document["deliveries"]
    title = said(lang, f"held_title_{kind}", id=document["id"], name=document["name"], number=number)
    names = short(listed([short(channel(name, lang), 30) for name in document["channels"]], lang), 120) or "–"
    since = moment(document["since"], lang, document["at"])
    choices = _choices(document, kind)
    body: list[Block] = [
        b.header(title),
        b.lines(
            [[Bold(said(lang, "held_why")), ": ", _why(document, lang)], said(lang, "held_since", since=since, channels=names)]
        ),
        b.bullets(
            [
                [Bold(said(lang, "held_if", button=said(lang, label, number=number))), ": ", said(lang, does, number=number)]
                for _, label, does in choices
            ]
        ),
        b.context(said(lang, "held_ids", ids=" ".join(str(one) for one in document["ids"]) + (" …" if number > 5 else ""))),
    ]
    buttons = [_button(document, presses, lang, action, label, does) for action, label, does in choices]
    return b.message(title, body, tail=[b.actions(buttons), footer(document, presses, lang)])


def held_closed(
    document: Document, lang: Lang, *, by: str = "", at: str | None = None, what: str = "", changed: bool = False
) -> Message:
    """What is left of such a card: who decided what; or that nothing waits any more, or (`changed`) that there is a new card."""
    title = said(lang, "held_done_title", id=document["id"], name=document["name"])
    told = said(lang, "held_done", by=by, at=moment(at, lang), what=what) if by else said(lang, "held_settled")
    told = said(lang, "held_changed") if changed else told
    return b.message(title, [b.header(title), b.section(told)])


def settings_card(document: Document, presses: Presses, lang: Lang) -> Message:
    """Asks for a yes to settings that protect customers."""
    title = said(lang, "settings_title")
    items: list[Line] = []
    for change in document["changes"][:CHANGES]:
        old, new = differing(change["before"], change["after"], CELL)
        empty = said(lang, "empty")
        items.append([f"{short(change['id'])}: ", Struck(old) if old else empty, " → ", Bold(new or empty)])
    left = len(document["changes"]) - len(items)
    if left > 0:
        items.append(said(lang, "more_changes", number=left))
    edited = said(
        lang, "edited", by=short(document["edited_by"] or "–", 120), at=moment(document["edited_at"], lang, document["at"])
    )
    body = [
        b.header(title),
        b.context(edited),
        b.lines([[Bold(said(lang, "if_yes")), ": ", said(lang, "settings_does")], [Bold(said(lang, "settings_changed"))]]),
        b.bullets(items or [", ".join(document["keys"])]),
    ]
    asks = b.confirm(
        said(lang, "settings_ask"), said(lang, "settings_does"), said(lang, "yes_approve"), said(lang, "cancel"), danger=True
    )
    token = presses.token("approve", document["subject"], content=document["mark"])
    button = b.button(said(lang, "settings_approve"), "tabiji.approve", token, style="danger", asks=asks)
    return b.message(title, body, tail=[b.actions([button]), footer(document, presses, lang)])


def settings_closed(lang: Lang, *, by: str = "", at: str | None = None) -> Message:
    """What is left of it."""
    title = said(lang, "settings_done_title")
    told = (
        said(lang, "held_done", by=by, at=moment(at, lang), what=said(lang, "yes_approve"))
        if by
        else said(lang, "held_settled")
    )
    return b.message(title, [b.header(title), b.section(told)])


def _choices(document: Document, kind: str) -> list[tuple[Action, str, str]]:
    """What may be done: the action, its label and what it does."""
    if kind == "held":
        release: list[tuple[Action, str, str]] = [("release", "release", "held_release_does")]
        # what cannot be made, or has no channel, would only be held again
        return [*(release if document["reason"] in ("bulk", "late_start") else []), ("drop", "drop", "held_drop_does")]
    if kind == "in_doubt":
        return [("retry", "retry", "held_retry_does"), ("drop", "leave", "held_drop_doubt_does")]
    return [("retry", "retry", "held_retry_failed_does"), ("drop", "drop", "held_drop_does")]


def _why(document: Document, lang: Lang) -> str:
    code, detail = document["reason"], document["detail"] or {}
    key = f"held_{code}"
    values = {"reason": reason(lang, code), "why": short(detail.get("why") or "–", 300)}
    told = [said(lang, key if f"cards.{key}" in catalogue() else "held_other", **values)]
    if code == "bulk" and {"day", "planned", "limit"} <= set(detail):
        told.append(said(lang, "held_bulk_day", day=short(detail["day"], 20), planned=detail["planned"], limit=detail["limit"]))
    if code == "bulk" and {"audience", "approved"} <= set(detail):
        told.append(said(lang, "held_bulk_drift", audience=detail["audience"], approved=detail["approved"]))
    if code == "late_start" and "late_hours" in detail:
        told.append(said(lang, "held_late_hours", hours=detail["late_hours"]))
    return " ".join(told) if lang == "en" else "".join(told)


def _button(document: Document, presses: Presses, lang: Lang, action: Action, label: str, does: str) -> Block:
    number = document["deliveries"]
    name = said(lang, label, number=number)
    asks = b.confirm(
        said(lang, "ask_held", id=document["id"], name=document["name"], button=name),
        said(lang, does, number=number),
        said(lang, f"yes_{label}"),
        said(lang, "cancel"),
        danger=action != "release",
    )
    token = presses.token(action, document["subject"], content=document["mark"])
    return b.button(name, f"tabiji.{action}", token, style="primary" if action == "release" else None, asks=asks)
