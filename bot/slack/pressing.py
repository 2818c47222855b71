"""Presses on buttons and what was filled in after them. A press decides only what the card showed, once, by who may; anything else
changes nothing and is explained to that person alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError
from sqlalchemy import Connection

from bot import commands, views
from bot.desk import decide
from bot.desk.asked import mark
from bot.desk.decide import Document
from bot.desk.speaker import Speaker
from bot.replies import Reply
from bot.slack import forms, presses
from bot.slack.answering import Answers
from bot.slack.client import trouble
from bot.slack.heard import Heard, noted
from bot.slack.once import Once
from bot.slack.people import Person
from bot.slack.presses import NEEDS, Action, Press
from bot.slack.roles import Roles
from bot.wiring import Installation
from journey.claim import Claim
from journey.errors import InputError
from journey.ledger import Chosen
from journey.texts import text

_ALWAYS: frozenset[Action] = frozenset({"pause", "pause_all"})
"""A stop counts however old the card is."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Beside = Callable[[Heard, Person, Press, Speaker], None]
"""Does what a button of another part does (`import` of a dropped file)."""


class Presses:
    """Handles presses and forms. `beside`: what other parts do with buttons of theirs; `changed` is called after a decision,
    `reopened` shows the Home tab anew."""

    def __init__(
        self,
        installation: Installation,
        client: WebClient,
        answers: Answers,
        once: Once,
        roles: Roles,
        beside: Mapping[Action, Beside],
        changed: Callable[[], None],
        reopened: Callable[[Heard, Person], None],
    ) -> None:
        self._installation, self._client, self._answers = installation, client, answers
        self._once, self._roles, self._beside, self._changed, self._reopened = once, roles, beside, changed, reopened

    def pressed(self, heard: Heard, person: Person) -> None:
        """A press. Raises TabijiError with what to tell the person."""
        press = self._press(heard)
        speaker = self._speaker(heard, person, press)
        lang = self._installation.lang
        if press.action in self._beside:
            self._beside[press.action](heard, person, press, speaker)
        elif press.action == "reject":
            self._open(heard, forms.reject_form(press.id, noted(heard), lang), press)
        elif press.action == "test":
            self._open(heard, forms.test_form(press.id, noted(heard), person.email, lang), press)
        elif press.decides:
            self._decide(heard, person, press, speaker)
        else:
            line = f'preview "{press.id}"'
            self._answers.reply(heard, commands.answer(self._installation, speaker, line))

    def filled(self, heard: Heard, person: Person) -> None:
        """A form that was sent off. Raises TabijiError with what to tell the person."""
        press = self._press(heard)
        speaker = self._speaker(heard, person, press)
        if heard.name == forms.TEST and press.action == "test":
            done = decide.test(self._installation, press.id, heard.values.get(forms.ADDRESS, "").strip(), speaker)
            self._answers.say(heard, str(done["text"]))
        elif heard.name == forms.REJECT and press.action == "reject":
            self._decide(heard, person, press, speaker, heard.values.get(forms.REASON, ""))

    def _press(self, heard: Heard) -> Press:
        press = presses.read(self._installation.secret, heard.text, _LONG_AGO)
        if press.expires <= self._installation.now and press.action not in _ALWAYS:
            raise InputError(text("cards.expired"))
        return press

    def _speaker(self, heard: Heard, person: Person, press: Press) -> Speaker:
        """Who presses, with the role they have at this moment. Of a card's buttons one decides; a test may be sent again."""
        role = self._roles.of(person, fresh=True, stopping=press.action in _ALWAYS)
        keys = (heard.key, f"button:{press.nonce}:{press.subject}") if press.decides else (heard.key,)
        claim = _unchanged(press, self._once.claim(*keys))
        speaker = Speaker(person.name, role, person.also, heard.channel or "slack", claim)
        decide.require(self._installation, speaker, may=NEEDS[press.action])
        return speaker

    def _decide(self, heard: Heard, person: Person, press: Press, speaker: Speaker, reason: str = "") -> None:
        done = self._done(press, speaker, reason)
        said = "\n".join(str(one["text"]) for one in done)
        refused = any(one["refused"] for one in done)
        shown = Reply(said, shows="decisions", document=done, private=refused, decided=not refused)
        self._answers.reply(heard, shown, speaker.name)
        self._changed()
        if heard.kind == "pressed" and not heard.message:
            self._reopened(heard, person)  # pressed on the Home tab: its buttons are used up

    def _done(self, press: Press, speaker: Speaker, reason: str) -> list[Document]:
        office = self._installation
        wanted = None if press.subject == "all" else press.id
        match press.action:
            case "approve":
                return decide.approve(office, wanted, speaker, expect=press.offer or None)
            case "reject":
                return decide.reject(office, press.id, speaker, reason, expect=press.offer)
            case "pause" | "pause_all":
                return decide.pause(office, None if press.action == "pause_all" else wanted, speaker)
            case "resume":
                return decide.resume(office, wanted, speaker)
            case "release" | "drop" | "retry":
                chosen = Chosen(campaign=press.id, reason=press.reason)
                number = decide.settle(office, press.action, chosen, speaker)["deliveries"]
                said = views.said(office.lang, f"settled_{press.action}", number=number)
                return [{"id": press.subject, "changed": bool(number), "refused": False, "text": said}]
        raise InputError(text("cards.forged"))

    def _open(self, heard: Heard, view: Mapping[str, object], press: Press) -> None:
        try:
            self._client.views_open(trigger_id=heard.trigger, view=dict(view))
        except (SlackClientError, OSError) as error:
            command = f"{self._installation.config.slack.command} {press.action} {press.id}"
            raise InputError(text("slack.form_gone", why=trouble(error).said, command=command)) from error


def _unchanged(press: Press, claim: Claim) -> Claim:
    """The claim of a press; on deliveries that wait, or on settings, it holds only while they are what the card showed."""
    if not press.subject.startswith("held:") and press.subject != "settings":
        return claim

    def claimed(connection: Connection) -> None:
        claim(connection)
        if mark(connection, press.subject) != press.content:
            raise InputError(text("slack.changed_since"))

    return claimed
