"""What a worker does with one thing that came from Slack. It never raises: who asked is told what went wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from bot import commands
from bot.desk.speaker import Speaker
from bot.replies import Command
from bot.slack.answering import Answers
from bot.slack.errors import sentence
from bot.slack.heard import Heard, Kind
from bot.slack.keeping import Letterbox
from bot.slack.once import Once
from bot.slack.people import People, Person
from bot.slack.roles import Roles
from bot.wiring import Installation
from journey.errors import TabijiError
from journey.texts import text

log = logging.getLogger("tabiji.slack")

LATE = 600.0
"""Seconds after which what was said is not acted on any more: nobody expects it to happen by now."""

Part = Callable[[Heard, Person], None]


class Handling:
    """Hands each thing to the part that knows its kind. `parts` are those beside commands; what has no part is left alone.
    `changed` is called after a decision."""

    def __init__(
        self,
        installation: Installation,
        answers: Answers,
        once: Once,
        people: People,
        roles: Roles,
        kept: Letterbox,
        parts: Mapping[Kind, Part],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._installation, self._answers, self._once = installation, answers, once
        self._people, self._roles, self._kept, self._clock = people, roles, kept, clock
        self._changed = changed
        self._parts: Mapping[Kind, Part] = {"said": self._said, **parts}

    def __call__(self, heard: Heard) -> None:
        """Handles it, once."""
        try:
            if heard.user and self._once.begin(heard.key):
                self._handle(heard)
        except Exception as error:
            self._tell(heard, error)
        finally:
            self._kept.done(heard)

    def _handle(self, heard: Heard) -> None:
        if self._clock() - heard.at > LATE:
            if heard.kind in ("said", "pressed", "filled"):
                self._answers.say(heard, text("slack.too_late").say(self._installation.lang))
            return
        part = self._parts.get(heard.kind)
        if part is not None:
            part(heard, self._people.get(heard.user))

    def _tell(self, heard: Heard, error: Exception) -> None:
        lang = self._installation.lang
        said = sentence(error, lang).say(lang)
        try:
            self._answers.say(heard, said)
        except TabijiError as again:
            log.warning("%s", text("slack.log_no_answer", what=heard.kind, why=again.said).say(lang))
        except Exception:
            log.exception("%s", text("slack.log_no_answer", what=heard.kind, why="–").say(lang))

    def _said(self, heard: Heard, person: Person) -> None:
        line = heard.text if heard.text.strip() else "help"
        found = commands.find(self._installation, line)
        if found is None:
            found = commands.find(self._installation, line := "help")
        assert found is not None
        speaker = self.speaker(heard, person, *found)
        reply = commands.answer(self._installation, speaker, line)
        if reply.decided:
            self._changed()
        self._answers.reply(heard, reply, person.name)

    def speaker(self, heard: Heard, person: Person, command: Command, words: Sequence[str]) -> Speaker:
        """Who speaks, with the role they have now. Raises OutsideError where it cannot be told."""
        may = command.needs(words)
        role = self._roles.of(person, fresh=may != "viewer", stopping=command.name == "pause")
        return Speaker(person.name, role, person.also, heard.channel or "slack", self._once.claim(heard.key))
