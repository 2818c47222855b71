"""What people can say to the bot, in Japanese and English: one table, for the terminal now and for Slack later.

A handler takes the words after the command and gives a `Reply`; it calls the same `bot.desk` functions as the command line.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot import views
from bot.desk import decide, look
from bot.wiring import Installation
from journey.errors import TabijiError, UsageError
from journey.names import fold, nearest
from journey.texts import text


@dataclass(frozen=True)
class Reply:
    """An answer as text. `personal`: it holds data of one customer, to be shown to who asked and nobody else."""

    text: str
    personal: bool = False


@dataclass(frozen=True)
class Speaker:
    """Who speaks: the name that is recorded with a decision."""

    name: str


Handler = Callable[[Installation, Speaker, Sequence[str]], Reply]


@dataclass(frozen=True)
class Command:
    """One thing to say: its words (the first is shown in the help), how it is used, what it does, and the least role for it."""

    name: str
    words: tuple[str, ...]
    usage: str
    handle: Handler
    may: str = "viewer"


def answer(installation: Installation, speaker: Speaker, line: str) -> Reply:
    """The reply to one line. Never raises for what a person may type: a sentence says what would be right."""
    lang = installation.lang
    try:
        words = _split(line)
        if not words:
            return Reply("")
        command, rest = _find(words)
        decide.require(installation, speaker.name, may=command.may)
        return command.handle(installation, speaker, rest)
    except TabijiError as error:
        return Reply(error.said.say(lang))


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line.replace("\u3000", " ").strip().removeprefix("/journey").strip())
    except ValueError as error:  # a quote that is never closed
        raise UsageError(text("chat.quote")) from error


def _find(words: Sequence[str]) -> tuple[Command, Sequence[str]]:
    by_word = {fold(word): command for command in COMMANDS for word in command.words}
    if command := by_word.get(fold(words[0])):
        return command, words[1:]
    near = nearest(words[0], [word for command in COMMANDS for word in command.words])
    if near is not None:
        raise UsageError(text("chat.unknown_near", word=words[0], near=near))
    raise UsageError(text("chat.unknown", word=words[0]))


def _one(words: Sequence[str], usage: str) -> str:
    if not words:
        raise UsageError(text("chat.usage", usage=usage))
    return words[0]


def _is_all(word: str) -> bool:
    return fold(word) in {"all", "すべて", "全部", "全て"}


def _help(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    lang = installation.lang
    lines = []
    for command in COMMANDS:
        ja = [w for w in command.words if not w.isascii()]
        word = f"{command.words[0]} / {ja[0]}" if ja else command.words[0]
        lines.append(f"{word} {command.usage}".rstrip() + "\n    " + text(f"chat.help_{command.name}").say(lang))
    return Reply("\n".join(lines))


def _stages(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    if words:
        return Reply(views.stage_view(look.stage(installation, " ".join(words)), installation.lang))
    return Reply(views.stages_view(look.stages(installation), installation.lang))


def _campaigns(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    return Reply(views.campaigns_view(look.campaigns(installation), installation.lang))


def _preview(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    campaign = _one(words, "preview CAMPAIGN [CUSTOMER]")
    document = look.preview(installation, campaign, words[1] if len(words) > 1 else None)
    return Reply(views.preview_view(document, installation.lang), personal=True)


def _approve(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    what = _one(words, "approve CAMPAIGN | all | settings")
    done = decide.approve(installation, None if _is_all(what) else what, speaker.name)
    return Reply(views.decisions_view(done, installation.lang))


def _reject(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    campaign = _one(words, "reject CAMPAIGN [REASON]")
    return Reply(
        views.decisions_view(decide.reject(installation, campaign, speaker.name, " ".join(words[1:])), installation.lang)
    )


def _pause(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    what = _one(words, "pause CAMPAIGN | all")
    return Reply(
        views.decisions_view(decide.pause(installation, None if _is_all(what) else what, speaker.name), installation.lang)
    )


def _resume(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    what = _one(words, "resume CAMPAIGN | all")
    return Reply(
        views.decisions_view(decide.resume(installation, None if _is_all(what) else what, speaker.name), installation.lang)
    )


def _why(installation: Installation, _: Speaker, words: Sequence[str]) -> Reply:
    customer = _one(words, "why CUSTOMER [CAMPAIGN]")
    rows = look.why(installation, customer, words[1] if len(words) > 1 else None)
    return Reply(views.why_view(rows, installation.lang), personal=True)


def _report(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    return Reply(views.report_view(look.report(installation), installation.lang))


def _problems(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    return Reply(views.problems_view(look.problems(installation), installation.lang))


def _sync(installation: Installation, speaker: Speaker, words: Sequence[str]) -> Reply:
    from bot.desk import flow  # what reads workbooks loads slowly, and most lines of a chat never need it

    lang = installation.lang
    if not words:
        return Reply(views.sync_view(flow.sync(installation, by=speaker.name), lang))
    word, rest = fold(words[0]).removeprefix("--"), words[1:]
    if word in {"versions", "版", "履歴"} and not rest:
        return Reply(views.versions_view(look.versions(installation), lang))
    if word in {"to", "版", "戻す"} and len(rest) == 1:
        return Reply(views.sync_view(flow.restore(installation, rest[0], by=speaker.name), lang))
    raise UsageError(text("chat.usage", usage="sync [versions | to VERSION]"))


COMMANDS: tuple[Command, ...] = (
    Command("stages", ("stages", "stage", "ステージ"), "[NAME]", _stages),
    Command("campaigns", ("campaigns", "campaign", "施策"), "", _campaigns),
    Command("preview", ("preview", "プレビュー", "確認"), "CAMPAIGN [CUSTOMER]", _preview),
    Command("approve", ("approve", "承認"), "CAMPAIGN | all | settings", _approve, "approver"),
    Command("reject", ("reject", "却下"), "CAMPAIGN [REASON]", _reject, "approver"),
    Command("pause", ("pause", "stop", "停止", "一時停止"), "CAMPAIGN | all", _pause, "editor"),
    Command("resume", ("resume", "再開"), "CAMPAIGN | all", _resume, "approver"),
    Command("why", ("why", "なぜ", "理由"), "CUSTOMER [CAMPAIGN]", _why),
    Command("report", ("report", "レポート", "報告"), "", _report),
    Command("problems", ("problems", "問題"), "", _problems),
    Command("sync", ("sync", "取り込み", "同期"), "[versions | to VERSION]", _sync, "editor"),
    Command("help", ("help", "?", "ヘルプ", "へるぷ", "使い方"), "", _help),
)
