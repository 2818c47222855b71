"""The weekly digest and the alerts as messages. Pure: the documents of `bot.desk.digest` in.

An alert names who should act and what would mend it; it stays one message until it changes, and says so when it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.slack import blocks as b
from bot.slack.blocks import Block, Bold, Line, Message
from bot.slack.saying import channel, moment, said, short
from bot.views import problem_line
from journey.texts import Lang, text

Document = Mapping[str, Any]

STAGES, JOURNEYS, MOVES, CAMPAIGNS, ROWS = 20, 4, 8, 10, 8


def digest(document: Document, lang: Lang, command: str = "/journey") -> Message:
    """How the week was: stages and their change, who moved, what was sent, what waits."""
    title = said(lang, "digest_title", start=document["from"], end=document["to"])
    total = sum(one["sent"] for one in document["sent"])
    body: list[Block] = [b.header(title)]
    words = [title]
    for journey in document["journeys"][:JOURNEYS]:
        shown = journey["stages"][:STAGES]
        head = said(lang, "digest_stages", journey=short(journey["name"]))
        items: list[Line] = [_stage(one, lang) for one in shown]
        if len(journey["stages"]) > STAGES:
            items.append(said(lang, "more_changes", number=len(journey["stages"]) - STAGES))
        body.append(b.lines([[Bold(head)]]))
        body += [b.bullets(items)] if items else []
        words += [head, *(str(item) for item in items)]
    outside = said(lang, "digest_outside")
    moves: list[Line] = [
        said(lang, "digest_move", start=short(m["from"] or outside), end=short(m["to"] or outside), number=m["customers"])
        for m in document["moves"][:MOVES]
    ]
    if moves:
        body += [b.lines([[Bold(said(lang, "digest_moves"))]]), b.bullets(moves)]
    head = said(lang, "digest_sent" if total else "digest_nothing_sent", number=total)
    body.append(b.lines([[Bold(head)]]))
    words.append(head)
    sent: list[Line] = [
        said(lang, "digest_campaign", id=one["id"], name=short(one["name"], 80), number=one["sent"])
        for one in document["sent"][:CAMPAIGNS]
    ]
    if len(document["sent"]) > CAMPAIGNS:
        sent.append(said(lang, "more_changes", number=len(document["sent"]) - CAMPAIGNS))
    body += [b.bullets(sent)] if sent else []
    if document["waiting"]:
        body.append(b.section(said(lang, "digest_waiting", number=document["waiting"])))
    foot = b.context(said(lang, "digest_more", command=command))
    return b.message("\n".join(words), body, tail=[foot], more="…")


def alert(document: Document, lang: Lang) -> Message:
    """Something that somebody should see to."""
    code = document["code"]
    values = {
        "number": document["number"],
        "channel": channel(document.get("channel") or "–", lang),
        "since": moment(document.get("since"), lang),
    }
    title = said(lang, f"alert_{code}", **{**values, "channel": short(values["channel"], 40)})
    act = said(lang, f"alert_{code}_act", who=text(f"cli.role_{document['who']}").say(lang))
    rows: list[Line] = [
        short(problem_line(row, lang) if "severity" in row else row["text"], 280) for row in document["rows"][:ROWS]
    ]
    if len(document["rows"]) > ROWS:
        rows.append(said(lang, "more_changes", number=len(document["rows"]) - ROWS))
    body = [b.header(title), *([b.bullets(rows)] if rows else []), b.section(act)]
    return b.message(f"{title} {act}", body)


def alert_over(document: Document, lang: Lang) -> Message:
    """The same message once all is well again. Of `document` it needs `code` and `channel`."""
    title = said(lang, f"alert_{document['code']}_over", channel=short(channel(document.get("channel") or "–", lang), 40))
    return b.message(title, [b.section(title)])


def _stage(one: Document, lang: Lang) -> str:
    change = one["customers"] - one["before"]
    shown = f"({change:+,})" if change else "(±0)"
    return said(lang, "home_stage", name=short(one["name"], 80), number=one["customers"], change=shown)
