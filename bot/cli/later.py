"""Commands whose names are fixed and whose work is still to come: they say so."""

from __future__ import annotations

import click

from bot.cli.options import Session, common, not_yet


def _later(name: str) -> click.Command:
    @click.command(name=name, hidden=True, context_settings={"ignore_unknown_options": True})
    @click.argument("words", nargs=-1)
    @common
    def command(session: Session, words: tuple[str, ...]) -> None:
        """Not available yet / まだ使えません"""
        raise not_yet(name)

    return command


simulate = _later("simulate")
backtest = _later("backtest")
export = _later("export")
erase = _later("erase")
