"""The exception tree. Each carries a `Text`, a sentence for who can act on it; the edges say it and pick the exit code."""

from __future__ import annotations

from journey.texts import Text


class TabijiError(Exception):
    """Anything that is reported as a sentence instead of a traceback."""

    exit_code = 1

    def __init__(self, said: Text) -> None:
        super().__init__(said.key)
        self.said = said

    def __str__(self) -> str:
        return self.said.say("en")


class InputError(TabijiError):
    """What was handed in (workbook, file, config, argument value) has a problem. Nothing was changed. Exit code 1."""


class UsageError(TabijiError):
    """The command was called in a way that has no meaning. Exit code 2."""

    exit_code = 2


class OutsideError(TabijiError):
    """Something outside failed (a mail server, a disk, a network). Exit code 3."""

    exit_code = 3
