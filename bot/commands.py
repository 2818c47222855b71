"""What people can say to the bot, in Japanese and English: one table, for the terminal and for Slack."""

from __future__ import annotations

from collections.abc import Sequence

from bot import handlers
from bot.desk import decide
from bot.desk.speaker import Speaker
from bot.replies import Command, Reply, split
from bot.wiring import Installation
from journey.errors import TabijiError, UsageError
from journey.names import fold, nearest
from journey.texts import Text, text

__all__ = ["COMMANDS", "Command", "Reply", "Speaker", "answer", "find"]


def answer(installation: Installation, speaker: Speaker, line: str) -> Reply:
    """The reply to one line. Never raises for what a person may type: a sentence says what would be right."""
    try:
        found = find(installation, line)
        if found is None:
            return Reply("")
        command, rest = found
        decide.require(installation, speaker, may=command.needs(rest))
        return command.handle(installation, speaker, rest)
    except TabijiError as error:
        return refused(installation, error.said)


def refused(installation: Installation, said: Text) -> Reply:
    """A sentence for who asked, and nobody else."""
    return Reply(said.say(installation.lang), private=True)


def find(installation: Installation, line: str) -> tuple[Command, Sequence[str]] | None:
    """The command that a line means, and the words after it; None for an empty line. Raises UsageError for one that nobody knows."""
    words = split(line, installation.config.slack.command)
    if not words:
        return None
    by_word = {fold(word): command for command in COMMANDS for word in command.words}
    command = by_word.get(fold(words[0]))
    if command is not None:
        return command, words[1:]
    shown = words[0][:80]
    near = nearest(shown, [word for command in COMMANDS for word in command.words])
    if near is not None:
        raise UsageError(text("chat.unknown_near", word=shown, near=near))
    raise UsageError(text("chat.unknown", word=shown))


def _help(installation: Installation, _: Speaker, __: Sequence[str]) -> Reply:
    lang = installation.lang
    rows = []
    for command in COMMANDS:
        ja = [w for w in command.words if not w.isascii()]
        word = f"{command.words[0]} / {ja[0]}" if ja else command.words[0]
        rows.append({"say": f"{word} {command.usage}".rstrip(), "does": text(f"chat.help_{command.name}").say(lang)})
    return Reply("\n".join(f"{row['say']}\n    {row['does']}" for row in rows), shows="help", document=rows, private=True)


COMMANDS: tuple[Command, ...] = (
    Command("stages", ("stages", "stage", "ステージ"), handlers.STAGE, handlers.stages),
    Command("campaigns", ("campaigns", "campaign", "施策"), "", handlers.campaigns),
    Command("preview", ("preview", "プレビュー", "確認"), handlers.PREVIEW, handlers.preview),
    Command("test", ("test", "テスト", "見本"), handlers.TEST, handlers.test, "editor"),
    Command("approve", ("approve", "承認"), handlers.APPROVE, handlers.approve, "approver"),
    Command("reject", ("reject", "却下"), handlers.REJECT, handlers.reject, "approver"),
    Command("pause", ("pause", "stop", "停止", "一時停止"), handlers.STOP, handlers.pause, "editor"),
    Command("resume", ("resume", "再開"), handlers.STOP, handlers.resume, "approver"),
    Command("why", ("why", "なぜ", "理由"), handlers.WHY, handlers.why),
    Command("customer", ("customer", "顧客", "お客さま"), handlers.CUSTOMER, handlers.customer),
    Command(
        "deliveries", ("deliveries", "held", "配信", "保留"), handlers.DELIVERIES, handlers.deliveries, "viewer", "approver"
    ),
    Command("report", ("report", "レポート", "報告"), "", handlers.report),
    Command("problems", ("problems", "問題"), "", handlers.problems),
    Command("sync", ("sync", "取り込み", "同期"), handlers.SYNC, handlers.sync, "editor"),
    Command("upload", ("upload", "アップロード"), "", handlers.upload),
    Command("help", ("help", "?", "ヘルプ", "へるぷ", "使い方"), "", _help),
)
