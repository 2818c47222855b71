"""HTTP mode: signed requests are taken, once; forged, old, changed and huge ones are not."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from chat_shop import Team, base_shop, card, office, running
from flask import Flask
from flask.testing import FlaskClient
from slack_server import SlackServer, interactions

from bot.slack.http import MOST_BYTES, PATH, add_slack

SECRET = "a-signing-secret"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base_shop(tmp_path_factory.mktemp("base") / "shop")


@pytest.fixture
def made(base: Path, tmp_path: Path) -> Iterator[tuple[Team, FlaskClient]]:
    shutil.copytree(base, tmp_path / "shop")
    with SlackServer() as slack:
        crm, aya = slack.channel("#crm"), slack.person("aya")
        place = office(tmp_path / "shop", slack, {"approvers": (aya.id,)})
        place.environment = {**place.environment, "SLACK_SIGNING_SECRET": SECRET}
        place.config = replace(place.config, slack=replace(place.config.slack, mode="http"))
        with running(place, slack) as (_, chat):
            app = Flask(__name__)
            add_slack(app, chat.answer)
            yield Team(slack, place, chat, crm), app.test_client()


def send(web: FlaskClient, body: str, *, secret: str = SECRET, age: float = 0, changed: str = "", kind: str = "form") -> int:
    """Posts a request as Slack signs it; `changed` is sent instead of what was signed."""
    at = str(int(time.time() - age))
    mark = "v0=" + hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    content = "application/json" if kind == "json" else "application/x-www-form-urlencoded"
    headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": mark, "Content-Type": content}
    return web.post(PATH, data=(changed or body).encode(), headers=headers).status_code


def press(team: Team) -> str:
    """The body of a press on Approve."""
    aya, shown = team.slack.person("aya"), card(team)
    block = shown.blocks[0]
    element = next(e for e in block["elements"] if e["action_id"] == "tabiji.approve")
    action = interactions.action_of(element, block["block_id"], team.slack.work)
    return urlencode({"payload": json.dumps(interactions.pressed(aya.user, shown, action, team.slack.work))})


def test_signed_requests_are_taken_once(made: tuple[Team, FlaskClient]) -> None:
    team, web = made
    aya, body = team.slack.person("aya"), press(team)
    assert [send(web, body) for _ in range(3)] == [200, 200, 200]
    aya.waits_for("承認しました")
    assert team.approval() == "approved"
    assert send(web, json.dumps({"type": "url_verification", "challenge": "x"}), kind="json") == 200


def test_forged_old_and_changed_ones_are_not(made: tuple[Team, FlaskClient]) -> None:
    team, web = made
    body = press(team)
    assert send(web, body, secret="another") == 401
    assert send(web, body, age=400) == 401
    assert send(web, body, age=-400) == 401
    assert send(web, "payload=%7B%7D", changed=body) == 401
    assert web.post(PATH, data=body).status_code == 401
    assert send(web, "a" * (MOST_BYTES + 1)) == 413
    assert team.approval() == "pending"
