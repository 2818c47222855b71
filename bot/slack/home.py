"""The Home tab: what waits for who looks, what runs, today's numbers, stages, problems. Pure: the document of `bot.desk.home` in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.desk.speaker import ROLES, Role
from bot.slack import blocks as b
from bot.slack.blocks import Block, Bold, Line, View
from bot.slack.cards import stop_or_go
from bot.slack.presses import Presses
from bot.slack.saying import moment, said, short
from bot.views import problem_line, reason
from journey.texts import Lang

Document = Mapping[str, Any]
WAITING, CAMPAIGNS, STAGES, JOURNEYS, PROBLEMS = 20, 20, 20, 4, 10
"""How many of each are shown; the rest is counted."""


def home(
    document: Document,
    presses: Presses,
    lang: Lang,
    role: Role,
    *,
    links: Mapping[str, str] | None = None,
    command: str = "/journey",
) -> View:
    """The tab as somebody with `role` sees it. `links`: where the card of a subject is, as far as there is one."""
    if document["version"] is None:
        return b.home([b.header(said(lang, "home_title")), b.section(said(lang, "home_no_version", command=command))])
    may_stop, may_decide = (ROLES.index(role) >= ROLES.index(least) for least in ("editor", "approver"))
    return b.home(
        [
            *_top(document, presses, lang, may_stop),
            b.divider(),
            *_waiting(document, presses, lang, may_decide, links or {}),
            b.divider(),
            *_campaigns(document, presses, lang, may_stop, may_decide, command),
            b.divider(),
            *_stages(document, lang, command),
            b.divider(),
            *_problems(document, lang, command),
        ]
    )


def _top(document: Document, presses: Presses, lang: Lang, may_stop: bool) -> list[Block]:
    today, at = document["today"], moment(document["at"], lang)
    told: list[Line] = [[Bold(said(lang, "home_today", sent=today["sent"], planned=today["planned"]))]]
    if today["in_doubt"] or today["failed"]:
        told.append(said(lang, "home_doubt", in_doubt=today["in_doubt"], failed=today["failed"]))
    buttons = []
    if document["sheet"]:
        buttons.append(b.button(said(lang, "home_sheet"), "tabiji.sheet", url=document["sheet"]))
    if may_stop and document["campaigns"]:
        asks = b.confirm(
            said(lang, "ask_pause_all"),
            said(lang, "ask_pause_all_text"),
            said(lang, "yes_pause"),
            said(lang, "cancel"),
            danger=True,
        )
        token = presses.token("pause_all", "all")
        buttons.append(b.button(said(lang, "pause_all"), "tabiji.pause_all", token, style="danger", asks=asks))
    about = (
        said(lang, "home_as_of", at=at, version=str(document["version"])) + " " + said(lang, "when_zone", zone=document["zone"])
    )
    made = [b.header(said(lang, "home_title")), b.lines(told), b.context(about)]
    return [*made, b.actions(buttons)] if buttons else made


def _waiting(document: Document, presses: Presses, lang: Lang, may_decide: bool, links: Mapping[str, str]) -> list[Block]:
    rows = document["waiting"]
    if not rows:
        return [b.section(said(lang, "home_waiting_none"))]
    head = said(lang, "home_waiting" if may_decide else "home_waiting_others", number=len(rows))
    made = [b.lines([[Bold(head)]])]
    for number, row in enumerate(rows[:WAITING]):
        link = links.get(row["subject"])
        button = None
        if link is not None:
            button = b.button(said(lang, "home_look"), f"tabiji.link.{number}", url=link)
        elif row["kind"] == "campaign":
            button = b.button(said(lang, "details"), f"tabiji.details.{number}", presses.token("details", row["subject"]))
        made.append(b.section(_wait(row, lang), button))
    if len(rows) > WAITING:
        made.append(b.context(said(lang, "more_changes", number=len(rows) - WAITING)))
    return made


def _wait(row: Document, lang: Lang) -> str:
    if row["kind"] == "settings":
        return said(lang, "home_wait_settings")
    values = {"id": row["id"], "name": short(row["name"], 120)}
    if row["kind"] == "held":
        return said(lang, "home_wait_held", **values, number=row["deliveries"], reason=reason(lang, row["reason"]))
    return said(lang, "home_wait_transactional" if row["transactional"] else f"home_wait_{row['approval']}", **values)


def _campaigns(document: Document, presses: Presses, lang: Lang, may_stop: bool, may_resume: bool, command: str) -> list[Block]:
    rows = sorted(document["campaigns"], key=lambda row: (not row["paused"], -row["sent"]))
    if not rows:
        return [b.section(said(lang, "home_no_campaigns"))]
    made = [b.lines([[Bold(said(lang, "home_campaigns", number=len(rows)))]])]
    for number, row in enumerate(rows[:CAMPAIGNS]):
        key = "home_campaign_paused" if row["paused"] else "home_campaign_running"
        button = None
        if may_resume if row["paused"] else may_stop:
            button = stop_or_go(row, presses, lang, "resume" if row["paused"] else "pause", mark=f".{number}")
        made.append(b.section(said(lang, key, id=row["id"], name=short(row["name"], 120), sent=row["sent"]), button))
    if len(rows) > CAMPAIGNS:
        left = said(lang, "home_more", number=len(rows) - CAMPAIGNS, command=command, word="campaigns")
        made.append(b.context(left))
    return made


def _stages(document: Document, lang: Lang, command: str) -> list[Block]:
    made: list[Block] = []
    for journey in document["journeys"][:JOURNEYS]:
        items: list[Line] = [_stage(one, lang) for one in journey["stages"][:STAGES]]
        if journey["unassigned"]:
            items.append(said(lang, "home_unassigned", number=journey["unassigned"]))
        if len(journey["stages"]) > STAGES:
            items.append(said(lang, "home_more", number=len(journey["stages"]) - STAGES, command=command, word="stages"))
        made.append(b.lines([[Bold(said(lang, "home_stages", journey=short(journey["name"])))]]))
        if items:
            made.append(b.bullets(items))
    return made


def _stage(one: Document, lang: Lang) -> Line:
    change = _change(one["customers"] - one["before"]) if one["before"] is not None else ""
    return said(lang, "home_stage", name=short(one["name"], 80), number=one["customers"], change=change).rstrip()


def _change(number: int) -> str:
    return f"({number:+,})" if number else "(±0)"


def _problems(document: Document, lang: Lang, command: str) -> list[Block]:
    found = document["problems"]
    if not found["rows"]:
        return [b.section(said(lang, "home_no_problems"))]
    head = said(lang, "home_problems", errors=found["errors"], warnings=found["warnings"])
    told: list[Line] = [[Bold(head)]]
    if found["errors"]:
        told.append(said(lang, "home_blocked"))
    made = [b.lines(told), b.bullets([short(problem_line(row, lang), 200) for row in found["rows"][:PROBLEMS]])]
    left = found["errors"] + found["warnings"] - min(PROBLEMS, len(found["rows"]))
    return [*made, b.context(said(lang, "home_more", number=left, command=command, word="problems"))] if left > 0 else made
