"""`doctor` for Slack: tokens, scopes one by one, the channel, and who may do what; each with what to do where it is not right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.config import Config
from bot.mail_dns import Finding
from bot.slack.client import APP, BOT, SIGNING, make_client, read_tokens, reason, trouble
from bot.slack.manifest import APP_SCOPE, SCOPES, link
from bot.slack.rooms import Room
from journey.errors import TabijiError
from journey.texts import Text, text

_ROLES = ("viewers", "editors", "approvers", "admins")


def slack_findings(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    """The findings about `[slack]`; none where its mode is "off". Changes nothing, says nothing in Slack; never raises for what it
    finds. Stops where later steps cannot be tried without an earlier one."""
    if config.slack.mode == "off":
        return
    tokens = read_tokens(environment)
    missing = list(_missing(config, environment))
    if missing:
        yield from missing
        yield Finding("note", text("slack.doctor_link", link=link(config.slack.command)))
    if not tokens.bot.startswith("xoxb-"):
        return
    client = make_client(config.slack, tokens.bot, asks=True)
    try:
        said = client.auth_test()
    except (SlackClientError, OSError) as error:
        yield Finding("bad", trouble(error).said)
        return
    yield Finding("good", text("slack.doctor_bot", team=said.get("team", "?"), bot=said.get("user", "?")))
    granted = {scope.strip() for scope in str(_header(said.headers, "x-oauth-scopes")).split(",")}
    yield from _scopes(granted, config)
    if config.slack.mode == "socket" and tokens.app.startswith("xapp-"):
        yield from _tried(
            lambda: client.apps_connections_open(app_token=tokens.app),
            text("slack.doctor_socket"),
            text("slack.doctor_app_scope", scope=APP_SCOPE, name=APP),
        )
    yield from _channel(client, config)
    yield from _roles(client, config, granted)


def _missing(config: Config, environment: Mapping[str, str]) -> Iterator[Finding]:
    wanted = {BOT: "xoxb-", **({APP: "xapp-"} if config.slack.mode == "socket" else {SIGNING: ""})}
    for name, start in wanted.items():
        given = environment.get(name, "").strip()
        if not given:
            yield Finding("bad", text("slack.no_token", name=name))
        elif not given.startswith(start):
            yield Finding("bad", text("slack.other_token", name=name, start=start))


def _scopes(granted: set[str], config: Config) -> Iterator[Finding]:
    """Each scope that is missing, with what does not work without it; and those that nobody needs."""
    lacking = [scope for scope in SCOPES if scope not in granted]
    for scope in lacking:
        needless = scope == "usergroups:read" and not any(one.startswith("S") for one in _listed(config))
        yield Finding(
            "note" if needless else "bad", text("slack.doctor_scope", scope=scope, what=text(f"slack.scope_{SCOPES[scope]}"))
        )
    more = sorted(granted - set(SCOPES) - {""})
    if more:
        yield Finding("note", text("slack.doctor_more_scopes", scopes=more))
    if not lacking:
        yield Finding("good", text("slack.doctor_scopes", number=len(SCOPES)))


def _channel(client: WebClient, config: Config) -> Iterator[Finding]:
    try:
        channel = Room(client, config.slack.channel).find()
        found = client.conversations_info(channel=channel)["channel"]
    except TabijiError as error:
        yield Finding("bad", error.said)
        return
    except (SlackClientError, OSError) as error:
        yield Finding("bad", trouble(error).said)
        return
    name = str(found.get("name") or channel)
    if found.get("is_archived"):
        yield Finding("bad", text("slack.archived"))
    elif not found.get("is_member"):
        yield Finding("bad", text("slack.doctor_not_in", name=name))
    else:
        yield Finding("good", text("slack.doctor_channel", name=name))


def _roles(client: WebClient, config: Config, granted: set[str]) -> Iterator[Finding]:
    listed = _listed(config)
    if not listed:
        known = config.roles.configured
        yield Finding("bad" if known else "note", text("slack.doctor_no_roles_here" if known else "slack.doctor_no_roles"))
    elif not (config.slack.approvers or config.slack.admins):
        yield Finding("bad", text("slack.doctor_no_approver"))
    for one in listed:
        if one.startswith("S"):
            yield from _group(client, one)
        elif one.startswith(("U", "W")):
            yield from _person(client, one)
        else:
            yield Finding("bad", text("slack.doctor_no_id", id=one))
    if config.roles.two_person and "users:read.email" not in granted:
        yield Finding("bad", text("slack.doctor_two_person"))


def _group(client: WebClient, group: str) -> Iterator[Finding]:
    try:
        members = client.usergroups_users_list(usergroup=group)["users"]
    except SlackApiError as error:
        if reason(error) == "missing_scope":
            return  # said with the scopes
        unknown = reason(error) in ("no_such_subteam", "subteam_not_found")
        yield Finding("bad", text("slack.doctor_no_id" if unknown else "slack.no_groups", id=group, group=group))
    except (SlackClientError, OSError) as error:
        yield Finding("bad", trouble(error).said)
    else:
        yield Finding("good" if members else "bad", text("slack.doctor_group", group=group, number=len(members)))


def _person(client: WebClient, user: str) -> Iterator[Finding]:
    try:
        found = client.users_info(user=user)["user"]
    except SlackApiError as error:
        if reason(error) != "missing_scope":
            yield Finding("bad", text("slack.doctor_no_id", id=user))
    except (SlackClientError, OSError) as error:
        yield Finding("bad", trouble(error).said)
    else:
        if found.get("deleted"):
            yield Finding("bad", text("slack.doctor_left", id=user))


def _tried(ask: Callable[[], object], good: Text, bad: Text) -> Iterator[Finding]:
    try:
        ask()
    except SlackApiError:
        yield Finding("bad", bad)
    except (SlackClientError, OSError) as error:
        yield Finding("bad", trouble(error).said)
    else:
        yield Finding("good", good)


def _listed(config: Config) -> list[str]:
    return list(dict.fromkeys(one for role in _ROLES for one in getattr(config.slack, role)))


def _header(headers: Mapping[str, object], name: str) -> object:
    found = next((value for key, value in headers.items() if key.lower() == name), "")
    return found[0] if isinstance(found, list) and found else found
