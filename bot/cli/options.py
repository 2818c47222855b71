"""What every command shares: `--config`, `--now`, `--json`, before or after the command's name; and the exit codes."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.config import language_of
from bot.logs import set_up
from bot.wiring import Installation, open_installation
from journey.errors import InputError
from journey.texts import Lang, Text, text

F = TypeVar("F", bound=Callable[..., Any])


class Session:
    """One call of the program: what was asked for, where answers go, and the installation, opened at its first use."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.config_path = Path("config.toml")
        self.config_named = False
        self.now: str | None = None
        self.json = False
        self._installation: Installation | None = None
        self.exit_code = 0

    @property
    def installation(self) -> Installation:
        """The installation that `--config` and `--now` name. Raises InputError where the config is wrong."""
        if self._installation is None:
            self._installation = open_installation(
                self.config_path, now=self.now, environment=self.environment, must_exist=self.config_named
            )
            set_up(self._installation.config.log)
        return self._installation

    @property
    def lang(self) -> Lang:
        """The reader's language; also before, or without, a readable config."""
        if self._installation is not None:
            return self._installation.lang
        return language_of(self.environment)

    def say(self, said: Text | str) -> None:
        """A line for the person: standard output, or standard error while a program reads standard output."""
        click.echo(said if isinstance(said, str) else said.say(self.lang), err=self.json)

    def note(self, said: Text | str) -> None:
        """Progress and remarks: always standard error."""
        click.echo(said if isinstance(said, str) else said.say(self.lang), err=True)

    def answer(self, document: object, view: Callable[[], str]) -> None:
        """The command's answer: the document for programs, the view for people."""
        if self.json:
            click.echo(json.dumps(document, ensure_ascii=False, indent=1))
        else:
            shown = view()
            if shown:
                click.echo(shown)

    def fail(self, code: int = 1) -> None:
        """The input has a problem that was already said: the exit code, once the answer is out."""
        self.exit_code = max(self.exit_code, code)


def common(command: F) -> F:
    """Gives a command the shared options and passes it the Session."""

    @click.option("--config", "config_", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="config.toml")
    @click.option("--now", metavar="ISO-TIME", help="2026-12-01T10:00")
    @click.option("--json", "json_", is_flag=True, help="JSON")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, /, config_: Path | None, now: str | None, json_: bool, **arguments: Any) -> object:
        session = context.find_object(Session)
        assert session is not None
        if config_ is not None:
            session.config_path, session.config_named = config_, True
        if now is not None:
            session.now = now
        session.json = session.json or json_
        return context.invoke(command, session, **arguments)

    return wrapped  # type: ignore[return-value]


def one_line(prompt: Text, session: Session) -> bool:
    """Asks a person yes or no; without a terminal nothing is asked and the answer is no."""
    if session.json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm(prompt.say(session.lang), default=False, err=True)


def not_yet(name: str) -> InputError:
    """For what the product will do but does not yet."""
    return InputError(text("cli.not_yet", name=name))
