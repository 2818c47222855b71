"""The card that asks for a yes to a campaign, and what becomes of it. Pure: the document of `bot.desk.card` in, a message out.

It says in words what a yes does, to how many, when, by which channel; then what changed, who gets it and who does not, what is risky,
and samples. The buttons stay whatever else has to be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.slack import blocks as b
from bot.slack.blocks import Block, Bold, Line, Message, Struck
from bot.slack.presses import Action, Press, Presses, read
from bot.slack.saying import channel, differing, listed, moment, said, short
from bot.views import reason
from journey.texts import Lang

__all__ = ["Outcome", "Press", "Presses", "card", "closed", "read", "topic"]

Document = Mapping[str, Any]
Outcome = Literal["approved", "rejected", "edited", "expired", "inactive", "gone"]

CHANGES, PLACES, CELL, PLACE = 10, 12, 80, 60
"""How many changes and places are named, and how much of a cell is shown: together they stay within one block."""
SAMPLE_TEXT = 700


def topic(campaign_id: str) -> str:
    """What a campaign's card is kept under, and what its buttons are about."""
    return f"campaign:{campaign_id}"


def card(document: Document, presses: Presses, lang: Lang, command: str = "/journey") -> Message:
    """The card of a campaign that waits for a yes or no."""
    title = said(lang, _title(document), id=document["id"], name=document["name"])
    about = said(lang, "version", version=str(document["version"]), at=moment(document["at"], lang))
    by, at = document["edited_by"], moment(document["edited_at"], lang, document["at"])
    edited = said(lang, "edited" if by else "edited_somebody", by=short(by or "", 120), at=at)
    body = [
        b.header(title),
        b.context(f"{about} · {edited}"),
        b.lines(_does(document, lang)),
        *_risks(document, lang),
        *_changes(document, lang),
        *_who(document, lang),
        *_samples(document, lang),
    ]
    tail = [b.actions(_buttons(document, presses, lang)), footer(document, presses, lang)]
    return b.message(title, body, tail=tail, more=said(lang, "cut", command=command, id=document["id"]))


def closed(
    document: Document,
    outcome: Outcome,
    lang: Lang,
    *,
    by: str = "",
    at: str | None = None,
    why: str = "",
    command: str = "/journey",
) -> Message:
    """What is left of a card once nothing can be pressed on it any more. Of `document` it needs `id` and `name`; `at` is ISO 8601."""
    title = said(lang, f"title_{outcome}", id=document["id"], name=document["name"])
    values = {"by": by or "–", "at": moment(at, lang), "id": document["id"], "command": command, "days": 7}
    told = [said(lang, f"closed_{outcome}", **values)]
    if why:
        told.append(said(lang, "closed_reason", reason=why))
    return b.message(title, [b.header(title), b.section("\n".join(told))])


def footer(document: Document, presses: Presses, lang: Lang) -> Block:
    """Who will know of a press, and until when there can be one."""
    until = moment(presses.expires.astimezone(ZoneInfo(document["zone"])).isoformat(), lang, document["at"])
    return b.context(said(lang, "footer", until=until, zone=said(lang, "when_zone", zone=document["zone"])))


def _title(document: Document) -> str:
    if document["transactional"]:
        return "title_transactional"
    return "title_void" if document["approval"] == "void" else "title_pending"


def _does(document: Document, lang: Lang) -> list[Line]:
    """In sentences, what a yes does."""
    return [
        [Bold(said(lang, "if_yes")), ": ", _sentence(document, lang)],
        [Bold(said(lang, "how_many")), ": ", _joined([how_many(document, lang), _again(document, lang)], lang)],
        [Bold(said(lang, "first_time")), ": ", _joined([when(document, lang), _hours(document, lang)], lang)],
        [Bold(said(lang, "by_what")), ": ", by_what(document, lang)],
        [Bold(said(lang, "until_then")), ": ", _until(document, lang)],
    ]


def _sentence(document: Document, lang: Lang) -> str:
    at, names = document["when"], [said(lang, "stage_named", name=short(name)) for name in document["stages"]]
    stages = short(listed(names, lang), 200) or said(lang, "any_stage")
    message = said(lang, "message", id=short(document["message"]))
    if at["type"] == "on_enter":
        delay = f"delay_{at['unit']}" + ("_at" if at["time"] and at["unit"] != "h" else "") if at["amount"] else "delay_now"
        return said(
            lang, "does_on_enter", stages=stages, message=message, delay=said(lang, delay, n=at["amount"], time=at["time"])
        )
    if at["type"] == "after_in_stage":
        time = said(lang, "time_at", time=at["time"]) if at["time"] else ""
        return said(lang, "does_after_in_stage", stages=stages, days=at["amount"], message=message, time=time)
    return said(lang, f"does_{at['type']}", message=message, typed=short(at["typed"], 120))


def how_many(document: Document, lang: Lang) -> str:
    """How many get it, in a sentence or two."""
    count = document["count"]
    if count["a_day"] is None:
        return said(lang, "count_size", number=count["size"])
    parts = [said(lang, "count_a_day" if count["a_day"] else "count_a_day_none", number=count["a_day"])]
    if count["existing"] is not None:
        first = moment((document["when"]["next"] or [None])[0], lang, document["at"])
        parts.append(said(lang, "count_existing", number=count["existing"], first=first))
    else:
        parts.append(said(lang, "count_not_existing", number=count["size"]))
    return _joined(parts, lang)


def _again(document: Document, lang: Lang) -> str:
    entries = document["count"]["a_day"] is not None and document["reentry_days"] is not None
    return said(lang, "again_days", days=document["reentry_days"]) if entries else ""


def when(document: Document, lang: Lang) -> str:
    """When it goes out next, in a sentence."""
    at = document["when"]
    if not at["next"]:
        return said(lang, "when_never")
    coming = listed([moment(one, lang, document["at"]) for one in at["next"]], lang)
    return said(lang, "when_next" if document["count"]["a_day"] is None else "when_first", next=coming)


def _hours(document: Document, lang: Lang) -> str:
    at = document["when"]
    parts = []
    if at["window"]:
        parts.append(said(lang, "when_hours", window=short(at["window"], 120)))
    if at["quiet"]:
        parts.append(said(lang, "when_quiet", start=at["quiet"][0], end=at["quiet"][1]))
    if not parts:
        parts.append(said(lang, "when_any_hour"))
    if at["start"] or at["end"]:
        parts.append(said(lang, "when_dates", start=at["start"] or "–", end=at["end"] or "–"))
    return _joined(parts, lang)


def by_what(document: Document, lang: Lang) -> str:
    """By which channels, in which order."""
    names = [short(channel(one["name"], lang), 30) for one in document["channels"]]
    if len(names) < 2:
        return said(lang, "by_one", channel=(names or ["–"])[0])
    key = "by_second" if len(names) == 2 else "by_first"
    return said(lang, key, first=names[0], others=short(listed(names[1:], lang), 120))


def _until(document: Document, lang: Lang) -> str:
    if document["paused"]:
        return said(lang, "until_paused")
    if document["runs"]:
        at = moment(document["approved_at"], lang, document["at"])
        return said(lang, "until_runs", by=short(document["approved_by"] or "–"), at=at)
    return said(lang, "until_held")


def _risks(document: Document, lang: Lang) -> list[Block]:
    found: list[Line] = []
    for risk in document["risks"]:
        values = {key: value for key, value in risk.items() if key != "code"}
        if "at" in values:
            values["at"] = moment(values["at"], lang, document["at"])
        found.append(said(lang, f"risk_{risk['code']}", **values))
    return [b.lines([[Bold(said(lang, "risks"))], *found])] if found else []


def _changes(document: Document, lang: Lang) -> list[Block]:
    if document["new"]:
        return [b.lines([[Bold(said(lang, "changed_new"))]])]
    at = moment(document["approved_at"], lang, document["at"])
    head: Line = [Bold(said(lang, "changed", by=short(document["approved_by"] or "–"), at=at))]
    if not document["changes"]:
        return [b.lines([head, said(lang, "changed_nowhere")])]
    items: list[Line] = []
    for change in document["changes"][:CHANGES]:
        old, new = differing(change["before"], change["after"], CELL)
        where = " ".join(str(part) for part in (change["tab"], change["row"] or change["id"], change["column"]) if part)
        place = short(where, PLACE)
        empty = said(lang, "empty")
        items.append([f"{place}: ", Struck(old) if old else empty, " → ", Bold(new or empty)])
    left = len(document["changes"]) - len(items)
    more: list[Line] = [said(lang, "more_changes", number=left)] if left else []
    return [b.lines([head]), b.bullets([*items, *more])]


def _who(document: Document, lang: Lang) -> list[Block]:
    entries = document["count"]["a_day"] is not None and document["count"]["existing"] is None
    at = moment(document["asked_at"], lang, document["at"])
    head = said(lang, "who_would" if entries else "who_gets", reached=document["reached"], at=at)
    places = sorted(document["sends"], key=lambda s: -s["customers"])
    rows = [(_place(one, lang), one["customers"]) for one in places[:PLACES]]
    if rest := sum(one["customers"] for one in places[PLACES:]):
        rows.append((said(lang, "who_others"), rest))
    made = [b.lines([[Bold(head)]])]
    if rows:
        made.append(b.bullets([f"{place}: {said(lang, 'people', number=number)}" for place, number in rows]))
    told: list[Line] = []
    for name in ("later", "never"):
        if document[name]:
            told.append([Bold(said(lang, f"who_{name}")), ": ", _reasons(document[name], lang)])
    if document["outside"]:
        told.append(said(lang, "who_outside", number=document["outside"]))
    if not document["asked_all"]:
        told.append(said(lang, "who_estimated"))
    return [*made, b.lines(told)] if told else made


def _place(one: Document, lang: Lang) -> str:
    shown = said(lang, "who_line", stage=one["stage"] or said(lang, "who_all"), channel=channel(one["channel"], lang))
    return short(shown, 2 * PLACE)


def _reasons(rows: list[Document], lang: Lang) -> str:
    return listed([f"{reason(lang, row['reason'])} {said(lang, 'people', number=row['customers'])}" for row in rows], lang)


def _samples(document: Document, lang: Lang) -> list[Block]:
    if not document["samples"]:
        return [b.context(said(lang, "no_sample"))]
    made: list[Block] = []
    for number, sample in enumerate(document["samples"], 1):
        variant = said(lang, "sample_variant", variant=short(sample["variant"])) if sample["variant"] else ""
        shown = {"n": number, "all": len(document["samples"]), "channel": short(channel(sample["channel"], lang), 30)}
        head: list[Line] = [[Bold(said(lang, "sample", **shown, variant=variant, customer=short(sample["customer"])))]]
        if sample["subject"]:
            head.append(said(lang, "sample_subject", subject=short(sample["subject"], 200)))
        made += [b.lines(head, most=400), b.quoted(sample["text"].strip(), most=SAMPLE_TEXT)]
    return made


def _buttons(document: Document, presses: Presses, lang: Lang) -> list[Block]:
    """Approve, reject, test, details; and stop or resume where an approved version runs or is paused."""
    approve = b.confirm(
        said(lang, "ask_approve", id=document["id"], name=document["name"]),
        said(
            lang, "ask_approve_text", count=how_many(document, lang), when=when(document, lang), channel=by_what(document, lang)
        ),
        said(lang, "yes_approve"),
        said(lang, "cancel"),
        danger=document["transactional"],
    )
    made = [
        press(document, presses, lang, "approve", style="danger" if document["transactional"] else "primary", asks=approve),
        press(document, presses, lang, "reject"),
        press(document, presses, lang, "test"),
        press(document, presses, lang, "preview"),
    ]
    if document["paused"]:
        made.append(stop_or_go(document, presses, lang, "resume"))
    elif document["runs"]:
        made.append(stop_or_go(document, presses, lang, "pause"))
    return made


def stop_or_go(document: Document, presses: Presses, lang: Lang, action: Literal["pause", "resume"], mark: str = "") -> Block:
    """The button that stops a campaign, or lets it go on; it asks first. Red is only what stops everything, and what asks. `mark`
    tells it from the others of a page."""
    asks = b.confirm(
        said(lang, f"ask_{action}", id=document["id"], name=document["name"]),
        said(lang, f"ask_{action}_text"),
        said(lang, f"yes_{action}"),
        said(lang, "cancel"),
        danger=action == "pause",
    )
    return press(document, presses, lang, action, asks=asks, mark=mark)


def press(
    document: Document,
    presses: Presses,
    lang: Lang,
    action: Action,
    *,
    style: str | None = None,
    asks: Block | None = None,
    mark: str = "",
) -> Block:
    """A button about a campaign, bound to what is shown of it."""
    token = presses.token(
        action,
        topic(document["id"]),
        content=document.get("content", ""),
        audience=document.get("audience", ""),
        offer=document.get("offer", ""),
    )
    return b.button(said(lang, action, id=document["id"]), f"tabiji.{action}{mark}", token, style=style, asks=asks)


def _joined(parts: list[str], lang: Lang) -> str:
    return ("" if lang == "ja" else " ").join(part for part in parts if part)
