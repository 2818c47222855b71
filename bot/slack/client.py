"""The way to Slack's Web API: tokens from the environment, time-outs, and no post that is sent twice behind one's back."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.webhook import WebhookClient

from bot.config import Slack
from journey.errors import InputError, OutsideError
from journey.texts import text

SECONDS = 10
"""How long one call may take."""
AGAIN = 3
"""How often a call is made again that Slack put off (429), after the time it names. No other failure repeats one: a post could then
appear twice."""
BOT, APP, SIGNING = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"  # names of variables, no secrets
QUIET = logging.getLogger("tabiji.slack.sdk")
"""What the libraries log: nothing, because they log what people wrote. What matters is said by this package."""
QUIET.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class Tokens:
    """What Slack gave for the app; empty where the environment has none."""

    bot: str
    app: str
    signing: str

    def __repr__(self) -> str:
        return "Tokens(***)"


def read_tokens(environment: Mapping[str, str]) -> Tokens:
    """The tokens of the environment."""
    return Tokens(*(environment.get(name, "").strip() for name in (BOT, APP, SIGNING)))


def required_tokens(slack: Slack, environment: Mapping[str, str]) -> Tokens:
    """The tokens that the mode needs. Raises InputError that names the one that is missing or of another kind."""
    tokens = read_tokens(environment)
    _must(tokens.bot, BOT, "xoxb-")
    if slack.mode == "socket":
        _must(tokens.app, APP, "xapp-")
    elif not tokens.signing:
        raise InputError(text("slack.no_token", name=SIGNING))
    return tokens


def _must(token: str, name: str, start: str) -> None:
    if not token:
        raise InputError(text("slack.no_token", name=name))
    if not token.startswith(start):
        raise InputError(text("slack.other_token", name=name, start=start))


def make_client(slack: Slack, token: str, *, asks: bool = False, seconds: int = SECONDS) -> WebClient:
    """A client of the Web API at Slack, or at `api_url`. `asks`: for calls that change nothing, which may be made again at will."""
    options: dict[str, Any] = {"base_url": slack.api_url.rstrip("/") + "/"} if slack.api_url else {}
    handlers: list[RetryHandler] = [_patient()]
    if asks:
        handlers += [ConnectionErrorRetryHandler(max_retry_count=AGAIN), ServerErrorRetryHandler(max_retry_count=AGAIN)]
    return WebClient(token=token, timeout=seconds, logger=QUIET, retry_handlers=handlers, **options)


def respond(url: str, message: Mapping[str, Any]) -> None:
    """Answers to where a command or a press came from. Raises OutsideError."""
    try:
        answer = WebhookClient(url, timeout=SECONDS, logger=QUIET, retry_handlers=[_patient()]).send_dict(dict(message))
    except (OSError, SlackClientError) as error:
        raise OutsideError(text("slack.unreachable", why=type(error).__name__)) from error
    if answer.status_code != 200:
        raise OutsideError(text("slack.unreachable", why=answer.status_code))


def _patient() -> RateLimitErrorRetryHandler:
    return RateLimitErrorRetryHandler(max_retry_count=AGAIN)


def trouble(error: Exception) -> OutsideError:
    """What Slack answered, or that it did not, as a sentence."""
    if not isinstance(error, SlackApiError):
        return OutsideError(text("slack.unreachable", why=type(error).__name__))
    code = reason(error)
    if code == "missing_scope":
        return OutsideError(text("slack.missing_scope", needed=error.response.get("needed") or "?"))
    known = {
        "invalid_auth": "bad_token", "not_authed": "bad_token", "account_inactive": "bad_token", "token_revoked": "bad_token",
        "channel_not_found": "no_channel", "not_in_channel": "not_in_channel", "is_archived": "archived",
        "ratelimited": "rate_limited",
    }  # fmt: skip
    return OutsideError(text(f"slack.{known[code]}") if code in known else text("slack.refused", code=code))


def reason(error: SlackApiError) -> str:
    """Slack's word for what is wrong (`missing_scope`)."""
    response = error.response
    return str(response.get("error") or "") if hasattr(response, "get") else ""
