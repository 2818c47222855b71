"""`doctor` for Slack: each thing that may be wrong is named, with what to do; the manifest and the docs say the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat_shop import base_shop, office
from slack_server import SlackServer
from slack_server.manifest import check_manifest

from bot.config import Roles
from bot.doctor import examine
from bot.slack.doctor import slack_findings
from bot.slack.manifest import SCOPES, app_manifest, link, manifest
from bot.wiring import Installation

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as made:
        made.channel("#crm")
        made.person("aya")
        made.grants.scopes = set(SCOPES)
        yield made


@pytest.fixture
def made(base: Path, tmp_path: Path, slack: SlackServer) -> Installation:
    shutil.copytree(base, tmp_path / "shop")
    return office(tmp_path / "shop", slack, {"approvers": (slack.person("aya").id,)})


def told(made: Installation, state: str = "bad") -> str:
    """What the doctor finds, in Japanese."""
    return "\n".join(f.said.say("ja") for f in slack_findings(made.config, made.environment) if f.state == state)


def test_all_is_well(made: Installation) -> None:
    assert told(made) == "" and told(made, "note") == ""
    assert "#crm" in told(made, "good") and f"{len(SCOPES)} 個とも" in told(made, "good")
    assert any("Socket Mode" in f.said.say("ja") for f in examine(made))


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_each_scope_that_is_missing_is_named(made: Installation, slack: SlackServer, scope: str) -> None:
    slack.grants.scopes.discard(scope)
    assert scope in told(made) + told(made, "note")


def test_scopes_that_nobody_needs_are_named(made: Installation, slack: SlackServer) -> None:
    slack.grants.scopes.add("reactions:write")
    assert "reactions:write" in told(made, "note") and told(made) == ""


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_tokens(made: Installation, name: str) -> None:
    made.environment = {**made.environment, name: ""}
    assert name in told(made) and "https://api.slack.com/apps?new_app=1" in told(made, "note")
    made.environment = {**made.environment, name: "xoxp-another"}
    assert name in told(made)
    made.environment = {**made.environment, name: {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}[name]}
    assert name in told(made)
    assert "xoxp-another" not in told(made)


def test_channel(made: Installation, slack: SlackServer) -> None:
    slack.channel("#crm").channel.members.discard(slack.work.bot.id)
    assert "/invite" in told(made)
    made.config = replace(made.config, slack=replace(made.config.slack, channel="#nowhere"))
    assert "#nowhere" in told(made)
    made.config = replace(made.config, slack=replace(made.config.slack, channel=""))
    assert "channel" in told(made)


def test_roles(made: Installation, slack: SlackServer) -> None:
    def given(roles: Roles | None = None, **lists: tuple[str, ...]) -> str:
        nobody: dict[str, tuple[str, ...]] = dict.fromkeys(("viewers", "editors", "approvers", "admins"), ())
        made.config = replace(made.config, slack=replace(made.config.slack, **{**nobody, **lists}), roles=roles or Roles())
        return told(made) + told(made, "note")

    assert "誰でも" in given()
    assert "[slack] には誰もいません" in given(Roles(approvers=("aya",)))
    assert "U0NOBODY" in given(approvers=("U0NOBODY",))
    assert "aya@example.com" in given(approvers=("aya@example.com",))
    assert "承認できません" in given(viewers=(slack.person("aya").id,))
    group = slack.group("crm", [slack.person("aya")])
    assert given(approvers=(group.id,)) == ""
    slack.work.free_plan = True
    assert "無料プラン" in given(approvers=(group.id,))
    slack.person("aya").user.deleted = True
    assert "もうワークスペースにいません" in given(approvers=(slack.person("aya").id,))


def test_slack_that_cannot_be_reached_is_a_sentence(made: Installation) -> None:
    made.config = replace(made.config, slack=replace(made.config.slack, api_url="http://127.0.0.1:1/api/"))
    assert "届きません" in told(made)


def test_the_manifest_is_what_slack_takes_and_the_docs_link_to_it() -> None:
    assert check_manifest(app_manifest()) == [] and check_manifest(app_manifest(url="https://crm.example.jp/slack")) == []
    assert app_manifest()["oauth_config"]["scopes"]["bot"] == sorted(SCOPES)
    docs = (ROOT / "docs/slack.md").read_text(encoding="utf-8")
    assert docs.count(link()) == 2
    assert all(docs.count(f"| `{scope}` |") == 2 for scope in SCOPES)
    assert '\n    - command: "/crm"\n' in manifest("/crm") and len(link()) < 2_500
