"""What a command of the chat is made of: the words that were said, and the answer, for the terminal and for Slack alike."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.desk.speaker import Role, Speaker
from bot.wiring import Installation
from journey.errors import UsageError
from journey.names import fold
from journey.texts import text

_ALIKE = str.maketrans({"\u3000": " ", "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "「": '"', "」": '"'})
"""What phones and Japanese keyboards make of blanks and quotation marks."""


@dataclass(frozen=True)
class Reply:
    """An answer as text. `personal`: it holds data of one customer, to be shown to who asked and nobody else.

    `document` is what the text was made of (bot.desk), `shows` says which one it is (`stages`, `preview` …), so that a chat with
    tables and cards may draw it; empty where the text is all there is. `private`: an answer that interests nobody else, such as
    a refusal or the help. `decided`: something was decided by it.
    """

    text: str
    personal: bool = False
    shows: str = ""
    document: Any = None
    private: bool = False
    decided: bool = False


Handler = Callable[[Installation, Speaker, Sequence[str]], Reply]


@dataclass(frozen=True)
class Command:
    """One thing to say: its words (the first is shown in the help), how it is used, what it does, and the least role for it.

    `with_words`: the least role where words follow it, for a command that shows something alone and decides something with them.
    """

    name: str
    words: tuple[str, ...]
    usage: str
    handle: Handler
    may: Role = "viewer"
    with_words: Role | None = None

    def needs(self, words: Sequence[str]) -> Role:
        """The least role for the command with these words after it."""
        return self.with_words if words and self.with_words is not None else self.may


def split(line: str, slash: str) -> list[str]:
    """The words of a line; quotation marks keep words together. `slash` is the command that Slack knows, and may stand first.

    Raises UsageError for a quotation mark that is never closed.
    """
    plain = line.translate(_ALIKE).strip()
    for prefix in (slash, "/journey"):
        if plain == prefix or plain.startswith(prefix + " "):
            plain = plain.removeprefix(prefix)
    try:
        return shlex.split(plain)
    except ValueError as error:
        if plain.count("'") % 2 and not plain.count('"') % 2:  # an apostrophe: customer's
            return shlex.split(plain.replace("'", "\\'"))
        raise UsageError(text("chat.quote")) from error


def one(words: Sequence[str], usage: str) -> str:
    """The only word. Raises UsageError where there is none, or where more follow: what was meant by them must not be guessed."""
    if len(words) != 1:
        raise UsageError(text("chat.usage", usage=usage))
    return words[0]


def first(words: Sequence[str], usage: str) -> str:
    """The first word. Raises UsageError where there is none."""
    if not words:
        raise UsageError(text("chat.usage", usage=usage))
    return words[0]


def is_all(word: str) -> bool:
    """Whether everything is meant."""
    return fold(word) in {"all", "--all", "すべて", "全部", "全て"}


def is_settings(word: str) -> bool:
    """Whether the settings are meant."""
    return fold(word) in {"settings", "設定"}
