"""What the channel is told, kept up to date: cards for what waits for a person, a reminder a day, alerts, a digest a week."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from bot.desk.asked import held_cards, settings_card
from bot.desk.card import campaign_card
from bot.desk.digest import alerts, digest_due, weekly
from bot.slack import blocks, held
from bot.slack.blocks import Message
from bot.slack.cards import card, closed
from bot.slack.cards import topic as about
from bot.slack.digest import alert, alert_over, digest
from bot.slack.posting import Board, Ended, Post, Slack, Topic
from bot.slack.presses import VALID, showing
from bot.slack.saying import moment, said, short
from bot.wiring import Installation
from journey.approvals import Standing
from journey.calendar import next_moment
from journey.clock import iso, local_date
from journey.store.engine import reading
from journey.store.tables import approvals, audit
from messaging.ports import InForce

Document = dict[str, Any]

MOST_CARDS, MOST_AGAIN = 5, 20
"""How many new campaigns, and how many that were approved before, have a card at a time: more would bury each other."""
OVERDUE = timedelta(hours=24)
FRESH = timedelta(hours=24)
"""How long after its moment a digest is still worth telling."""
_MOST_LINES = 20
_TOLD = ("count", "sends", "reached", "later", "never", "outside", "changes", "channels", "approval", "runs", "paused", "new")


class Notices:
    """Keeps the channel up to date. `refresh` may be called from any thread; one at a time does it."""

    def __init__(self, installation: Installation, client: Slack, channel: str) -> None:
        self._installation = installation
        self._board = Board(installation.engine, client, channel, installation.clock)
        self._lock = threading.Lock()
        self._standing: dict[str, tuple[str, ...]] = {}

    def standing(self, job: str, said: Sequence[str]) -> None:
        """What is wrong as a part of the program sees it now, in sentences for the team; nothing: all is well there. Told with the
        next `refresh`. May be called from any thread."""
        self._standing = {**self._standing, job: tuple(said)}

    def refresh(self, *, whole: bool = False) -> None:
        """Shows what waits for a person now. Cheap where nothing changed; `whole` counts everybody anew, so that the numbers of open
        cards follow the data. Before the first sync nothing is shown. Raises OutsideError, InputError."""
        with self._lock:
            if self._installation.version() is None:
                return
            topics = [*self._campaigns(whole), *self._held(), *self._settings()]
            topics += [*self._reminder(topics), *self._alerts(), *self._digest()]
            self._board.show(topics, self._close)

    def links(self) -> dict[str, str]:
        """Where the card of each subject can be opened."""
        return self._board.links([*self._board.posts()])

    def _campaigns(self, whole: bool) -> list[Topic]:
        standings = self._installation.in_force().standings
        waiting = [s for s in standings.values() if s.approval in ("pending", "void") and s.state != "inactive"]
        shown = self._board.posts("campaign:")
        # What is stopped, and edits of what was approved before, ask at once; of what is new a few at a time, those with a card first.
        again = sorted((s for s in waiting if s.approved_at is not None), key=lambda s: s.approval != "void")
        new = sorted((s for s in waiting if s.approved_at is None), key=lambda s: about(s.campaign_id) not in shown)
        asked = [*again[:MOST_AGAIN], *new[:MOST_CARDS]]
        topics = [self._campaign(s, whole, shown.get(about(s.campaign_id))) for s in asked]
        return [*topics, *self._backlog([*again[MOST_AGAIN:], *new[MOST_CARDS:]])]

    def _campaign(self, standing: Standing, whole: bool, post: Post | None) -> Topic:
        lang, office = self._installation.lang, self._installation
        quick = _digest([standing.approval, standing.runs, standing.paused])
        show: Any = partial(self._card, standing.campaign_id)
        counted = post.state.partition(":")[2] if post is not None else ""
        if whole:
            document = campaign_card(office, standing.campaign_id)
            counted = _digest({key: document[key] for key in _TOLD})
            show = partial(self._drawn, document)
        keep = {"kind": "campaign", "id": standing.campaign_id, "name": standing.name, "lang": lang}
        return Topic(about(standing.campaign_id), standing.offer, f"{quick}:{counted}", show, keep, VALID)

    def _card(self, campaign_id: str) -> Message:
        return self._drawn(campaign_card(self._installation, campaign_id))

    def _drawn(self, document: Document) -> Message:
        office = self._installation
        return card(document, showing(office.secret, office.now), office.lang, office.config.slack.command)

    def _backlog(self, rest: Sequence[Standing]) -> list[Topic]:
        if not rest:
            return []
        lang, command = self._installation.lang, self._installation.config.slack.command
        rows = [said(lang, "backlog_line", id=s.campaign_id, name=short(s.name, 80)) for s in rest]

        def show() -> Message:
            title = said(lang, "backlog_title", number=len(rest))
            told = said(lang, "backlog_about", shown=MOST_CARDS, command=command)
            left = [said(lang, "more_changes", number=len(rows) - _MOST_LINES)] if len(rows) > _MOST_LINES else []
            body = [blocks.header(title), blocks.section(told), blocks.bullets([*rows[:_MOST_LINES], *left])]
            return blocks.message(title, body)

        return [Topic("backlog", "", _digest(rows), show, {"kind": "backlog"})]

    def _held(self) -> list[Topic]:
        office = self._installation
        found = []
        for document in held_cards(office):
            show = partial(lambda d: held.held_card(d, showing(office.secret, office.now), office.lang), document)
            keep = {"kind": "held", **{key: document[key] for key in ("id", "name", "reason")}}
            # a card whose number grew is another question, but no new message each time: while a sending runs it may grow often
            found.append(Topic(document["subject"], document["reason"], str(document["mark"]), show, keep, VALID))
        return found

    def _settings(self) -> list[Topic]:
        office = self._installation
        document = settings_card(office)
        if document is None:
            return []
        show = partial(lambda d: held.settings_card(d, showing(office.secret, office.now), office.lang), document)
        return [Topic(document["subject"], document["mark"], "", show, {"kind": "settings"}, VALID)]

    def _reminder(self, topics: Sequence[Topic]) -> list[Topic]:
        """One message a day about all that has waited longer than a day, at an hour when the team may be told."""
        office, now = self._installation, self._installation.now
        in_force = office.in_force()
        posts = self._board.posts()
        late = [
            (topic, posts[topic.subject].posted_at)
            for topic in topics
            if topic.lasts is not None and topic.subject in posts and now - posts[topic.subject].posted_at >= OVERDUE
        ]
        if not late:
            return []
        known = posts.get("reminder")
        today = local_date(now, in_force.zone).isoformat()
        day = today if known is None or _told(now, in_force) else str(known.detail.get("identity", today))
        if known is None and not _told(now, in_force):
            return []
        rows = [_overdue(topic, iso(since, in_force.zone), office.lang) for topic, since in late]
        return [Topic("reminder", day, _digest(rows), partial(_reminding, rows, office.lang), {"kind": "reminder"})]

    def _alerts(self) -> list[Topic]:
        """Alerts; at an hour when the team is not told what can wait, only the urgent ones begin."""
        office = self._installation
        posts, awake = self._board.posts("alert:"), _told(office.now, office.in_force())
        found = []
        for document in alerts(office, self._standing):
            subject = f"alert:{document['topic']}"
            if not (document["urgent"] or awake or subject in posts):
                continue
            told = {key: document[key] for key in ("code", "number", "rows")}
            keep = {"kind": "alert", "code": document["code"], "channel": document.get("channel")}
            found.append(Topic(subject, document["code"], _digest(told), partial(alert, document, office.lang), keep))
        return found

    def _digest(self) -> list[Topic]:
        """The digest of the week, told on its day or not at all; last week's stays as it was."""
        office = self._installation
        due = digest_due(office)
        if due is None:
            return []
        monday, told_at = due
        known = self._board.posts("digest").get("digest")
        week = monday.isoformat()
        if office.now - told_at > FRESH:
            week = str(known.detail.get("identity")) if known is not None else ""

        def show() -> Message:
            return digest(weekly(office, monday), office.lang, office.config.slack.command)

        return [Topic("digest", week, "", show, {"kind": "digest"})] if week else []

    def _close(self, post: Post, ended: Ended) -> Message | None:
        lang, kind, detail = self._installation.lang, post.detail.get("kind"), post.detail
        if kind == "digest":
            return None
        if kind == "alert":
            return alert_over(detail, lang)
        if kind == "reminder":
            told = said(lang, "reminder_over" if ended == "over" else "reminder_moved")
            return blocks.message(told, [blocks.section(told)])
        if kind == "backlog":
            told = said(lang, "backlog_done")
            return blocks.message(told, [blocks.section(told)])
        if kind == "campaign":
            return self._ended_card(detail, ended)
        by, at, what = self._decided(post)
        if kind == "settings":
            return held.settings_closed(lang, by=by, at=at)
        return held.held_closed(detail, lang, by=by, at=at, what=what, changed=ended != "over")

    def _ended_card(self, detail: Mapping[str, Any], ended: Ended) -> Message:
        office, command = self._installation, self._installation.config.slack.command
        if ended != "over":
            return closed(detail, ended, office.lang, command=command)
        standing = office.in_force().standings.get(str(detail["id"]))
        if standing is None or not standing.content_hash:
            return closed(detail, "gone", office.lang, command=command)
        if standing.approval not in ("approved", "rejected"):
            return closed(detail, "inactive" if standing.state == "inactive" else "edited", office.lang, command=command)
        newest = (
            select(approvals).where(approvals.c.subject == about(standing.campaign_id)).order_by(approvals.c.id.desc()).limit(1)
        )
        with reading(office.engine) as connection:
            row = connection.execute(newest).one_or_none()
        by, at, why = (row.by, iso(row.at, office.zone), row.reason or "") if row is not None else ("", None, "")
        return closed(detail, standing.approval, office.lang, by=by, at=at, why=why, command=command)

    def _decided(self, post: Post) -> tuple[str, str | None, str]:
        """Who decided what is behind a card, since it was posted; empty where nobody did."""
        office, detail = self._installation, post.detail
        query = select(audit).where(audit.c.at >= post.posted_at).order_by(audit.c.id.desc())
        if detail["kind"] == "settings":
            query = query.where(audit.c.subject == "settings", audit.c.action == "approve")
        else:
            query = query.where(audit.c.subject == f"campaign:{detail['id']}", audit.c.action.startswith("deliveries."))
        with reading(office.engine) as connection:
            rows = [
                row
                for row in connection.execute(query)
                if detail["kind"] == "settings" or row.detail.get("reason") == detail["reason"]
            ]
        if not rows:
            return "", None, ""
        action = rows[0].action.removeprefix("deliveries.")
        number = (rows[0].detail or {}).get("count", 0)
        what = said(office.lang, action, number=number) if action in ("release", "drop", "retry") else ""
        return rows[0].who, iso(rows[0].at, office.zone), what


def _overdue(topic: Topic, since: str, lang: Any) -> str:
    at = moment(since, lang, since)
    if topic.keep["kind"] == "settings":
        return said(lang, "reminder_settings", since=at)
    return said(lang, "reminder_line", id=topic.keep["id"], name=short(topic.keep["name"], 80), since=at)


def _reminding(rows: Sequence[str], lang: Any) -> Message:
    title = said(lang, "reminder_title", number=len(rows))
    left = [said(lang, "more_changes", number=len(rows) - _MOST_LINES)] if len(rows) > _MOST_LINES else []
    body = [blocks.header(title), blocks.bullets([*rows[:_MOST_LINES], *left]), blocks.context(said(lang, "reminder_who"))]
    return blocks.message(title, body)


def _told(now: datetime, in_force: InForce) -> bool:
    """Whether the team may be told something that can wait: outside the quiet hours and the holidays of the workbook."""
    workbook = in_force.workbook
    return next_moment((), in_force.settings.quiet_hours, workbook.holidays, in_force.zone, now, True) <= now


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
