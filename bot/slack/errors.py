"""One place for what goes wrong while something from Slack is handled: a sentence for the person, a traceback for the log."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackClientError

from bot.outside import explained
from bot.slack.client import trouble
from journey.errors import TabijiError
from journey.texts import Lang, Text, text

log = logging.getLogger("tabiji.slack")


def sentence(error: Exception, lang: Lang) -> Text:
    """What to tell who asked. What nobody expected is told of in the log too."""
    if isinstance(error, TabijiError):
        return error.said
    if isinstance(error, SlackClientError):
        return trouble(error).said
    known = explained(error)
    if known is not None:
        return known.said
    log.error("%s", text("slack.log_unexpected", error=type(error).__name__).say(lang), exc_info=error)
    return text("slack.unexpected")
