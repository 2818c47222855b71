"""The command line: `tabiji COMMAND`. Each module holds a few commands; what they do lives in `bot.desk`."""

from __future__ import annotations

import codecs
import gc
import io
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from importlib import import_module

import click

from bot.cli.options import Session, common
from bot.config import Log
from bot.logs import set_up
from bot.outside import explained
from journey.errors import TabijiError
from journey.names import nearest
from journey.texts import Lang, text

log = logging.getLogger("tabiji")


_MODULES: Mapping[str, tuple[str, ...]] = {
    "setup": ("demo", "init", "doctor"),
    "data": ("check", "sync", "upload", "assign", "tick", "run"),
    "look": ("stages", "campaigns", "deliveries", "problems", "customers", "report", "preview", "why", "chat"),
    "decide": ("approve", "reject", "pause", "resume", "test"),
    "later": ("simulate", "backtest", "export", "erase"),
}
"""Which module of this package holds which commands."""


class _Commands(click.Group):
    """Loads a command's module when it is called: who asks for the stages does not wait for what reads uploads."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in _MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = next((module for module, names in _MODULES.items() if cmd_name in names), None)
        if module is None:
            return None
        found: click.Command = getattr(import_module(f"bot.cli.{module}"), cmd_name)
        session = ctx.find_object(Session)
        return _in_one_language(found, session.lang if session is not None else "en")


def _in_one_language(command: click.Command, lang: Lang) -> click.Command:
    """The command with the reader's half of each `English / 日本語`."""
    shown = copy(command)
    shown.help = _half(command.help, lang)
    shown.params = [copy(param) for param in command.params]
    for param in shown.params:
        if isinstance(param, click.Option):
            param.help = _half(param.help, lang)
    return shown


def _half(both: str | None, lang: Lang) -> str | None:
    english, sign, japanese = (both or "").rpartition(" / ")
    return both if not sign else japanese if lang == "ja" else english


@click.group(name="tabiji", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="tabiji")
@common
def tabiji(session: Session) -> None:
    """Tabiji 旅路: journeys, messages and campaigns from one workbook."""


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Exits 0 done, 1 input has a problem, 2 wrong usage, 3 something outside failed."""
    _speak_unicode()
    gc.set_threshold(200_000, 50, 50)  # much is made and little kept: looking for circles less often saves a tenth of a pass
    set_up(Log())  # until the config says otherwise
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments), dict(os.environ)))


def _speak_unicode() -> None:
    """Where the locale knows only ASCII, UTF-8; elsewhere a sign that the locale does not know is replaced, never an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else stream.encoding, errors="replace")


def run(arguments: Sequence[str], environment: dict[str, str]) -> int:
    """One call of the program; every known error becomes a sentence, and with `--json` still exactly one document."""
    session = Session(environment)
    session.json = "--json" in arguments
    try:
        tabiji.main(list(arguments), prog_name="tabiji", standalone_mode=False, obj=session)
    except TabijiError as error:
        return _ended(session, error.said.say(session.lang), error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _ended(session, _usage(error, session), 2)
    except (click.Abort, KeyboardInterrupt):
        return _ended(session, text("cli.stopped").say(session.lang), 130)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:  # the edge: nobody who uses the program reads a traceback without a sentence below it
        known = explained(error)
        if known is not None:
            return _ended(session, known.said.say(session.lang), known.exit_code)
        log.exception("fault")
        return _ended(session, text("outside.fault", kind=type(error).__name__).say(session.lang), 3)
    return session.exit_code


def _usage(error: click.ClickException, session: Session) -> str:
    if isinstance(error, click.NoSuchCommand):
        near = nearest(str(error.command_name), [name for names in _MODULES.values() for name in names])
        if near is not None:
            return text("cli.no_command_near", name=error.command_name, near=near).say(session.lang)
        return text("cli.no_command", name=error.command_name).say(session.lang)
    if isinstance(error, click.MissingParameter):
        return text("cli.missing", name=_parameter(error)).say(session.lang)
    return text("cli.usage", why=error.format_message()).say(session.lang)


def _parameter(error: click.MissingParameter) -> str:
    return error.param.make_metavar(error.ctx) if error.param is not None and error.ctx is not None else error.format_message()


def _ended(session: Session, sentence: str, code: int) -> int:
    if session.json:
        click.echo(json.dumps({"error": sentence, "exit_code": code}, ensure_ascii=False))
    click.echo(sentence, err=True)
    return code
