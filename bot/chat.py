"""The bot in the terminal: a line in, a reply out, over the handlers that Slack will use."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.commands import answer
from bot.desk.speaker import Speaker
from bot.wiring import Installation
from journey.names import fold
from journey.texts import text

_BYE = {"exit", "quit", "bye", "終了", "q"}


def converse(installation: Installation, who: str, lines: Iterable[str], show: Callable[[str], None]) -> None:
    """Answers each line until one says goodbye or there are no more. Each line sees the state as it then is."""
    show(text("chat.hello").say(installation.lang))
    for line in lines:
        if fold(line) in _BYE:
            return
        reply = answer(installation, Speaker(who), line)
        if reply.text:
            show(reply.text)
