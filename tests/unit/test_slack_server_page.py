"""The trial page of the local Slack: what it shows of the workspace, what can be done there, and who is kept out."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_app import button, connected, plain
from slack_sdk import WebClient
from slack_server import Person, SlackServer
from slack_server.blocks.layout import BLOCKS
from slack_server.page import FILES

STATIC = Path(sys.modules["slack_server"].__file__ or "").parent / "static"


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.channel("#crm")
        with connected(server, ping_interval=0.2):
            yield server


@pytest.fixture
def tanaka(slack: SlackServer) -> Person:
    return slack.person("tanaka")


def state(slack: SlackServer, person: Person, where: str = "") -> dict[str, Any]:
    shown = requests.get(f"{slack.url}/trial/state", params={"as": person.id, "in": where}, timeout=5).json()
    assert isinstance(shown, dict)
    return shown


def act(slack: SlackServer, person: Person, **what: Any) -> dict[str, Any]:
    told = requests.post(f"{slack.url}/trial/act", json={"as": person.id, **what}, timeout=10).json()
    assert isinstance(told, dict)
    return told


def test_a_person_does_on_the_page_what_they_do_in_slack(slack: SlackServer, tanaka: Person) -> None:
    crm = slack.channel("crm").id
    assert act(slack, tanaka, act="command", text="/journey campaigns", **{"in": crm}) == {"failed": ""}
    tanaka.waits_for("Approve")
    shown = state(slack, tanaka)
    assert (shown["here"], shown["connected"], shown["commands"]) == (crm, True, ["/journey"])
    told, card = sorted(shown["messages"][-2:], key=lambda one: bool(one["blocks"]))
    assert told["only"] and told["text"] == "you asked for campaigns" and not card["only"]
    sato = slack.person("sato")
    assert told["text"] not in [one["text"] for one in state(slack, sato)["messages"]]

    where = {"in": crm, "ts": card["ts"], "block": "card"}
    assert act(slack, sato, act="press", action="reject", **where) == {"failed": ""}
    view = sato.waits_for_modal()
    assert state(slack, sato)["modal"]["body"]["title"]["text"] == "Reason" and state(slack, tanaka)["modal"] is None
    assert "required" in act(slack, sato, act="submit", view=view.id, values={"why": None})["refused"]
    act(slack, sato, act="submit", view=view.id, values={"why": "no", "when": None})
    assert state(slack, sato)["modal"]["errors"] == {"why": "say more"}
    act(slack, sato, act="close", view=view.id)
    assert state(slack, sato)["modal"] is None

    act(slack, tanaka, act="press", action="approve", **where)
    tanaka.waits_for("approved by tanaka")
    changed = next(one for one in state(slack, tanaka)["messages"] if one["ts"] == card["ts"])
    assert changed["edited"] and changed["blocks"] == []
    assert "nothing is" in act(slack, tanaka, act="press", action="approve", **where)["refused"]


def test_words_are_escaped_and_a_name_is_a_mention(slack: SlackServer, tanaka: Person) -> None:
    crm = slack.channel("crm")
    act(slack, tanaka, act="say", text="@tabiji <b>1 & 2</b>", **{"in": crm.id})
    said = tanaka.waits_for("1 &")
    assert said.text == f"<@{slack.work.bot.id}> &lt;b&gt;1 &amp; 2&lt;/b&gt;"
    reply = tanaka.waits_for("you called")
    act(slack, tanaka, act="say", text="thanks", thread=reply.ts, **{"in": crm.id})
    assert tanaka.waits_for("thanks").thread_ts == said.ts
    assert [one["thread"] for one in state(slack, tanaka)["messages"]][-2:] == [said.ts, said.ts]


def test_a_file_and_the_home_work_there_too(slack: SlackServer, tanaka: Person) -> None:
    content = base64.b64encode(b"a,b").decode()
    act(slack, tanaka, act="drop", name="x.csv", content=content, **{"in": slack.channel("crm").id})
    tanaka.waits_for("x.csv: 3 bytes")
    assert act(slack, tanaka, act="home") == {"failed": ""}
    tanaka.waits_for_home("all is well")
    assert state(slack, tanaka)["home"]["body"]["blocks"][0]["text"] == plain("all is well")


@pytest.mark.parametrize(
    "what",
    [{}, {"act": "fly"}, {"act": "say"}, {"act": "press", "ts": "1", "in": "C0"}, {"act": "submit", "view": "V0"}, {"act": 7}],
)
def test_what_the_page_never_sends_is_refused(slack: SlackServer, tanaka: Person, what: dict[str, Any]) -> None:
    answer = requests.post(f"{slack.url}/trial/act", json={"as": tanaka.id, **what}, timeout=5)
    assert answer.status_code == 400 and "not understood" in answer.json()["refused"]
    assert (
        requests.post(
            f"{slack.url}/trial/act", data="nonsense", headers={"Content-Type": "application/json"}, timeout=5
        ).status_code
        == 400
    )


def test_other_sites_can_neither_read_nor_act(slack: SlackServer) -> None:
    host = {"Host": "evil.example:80"}
    assert requests.get(f"{slack.url}/trial/state", headers=host, timeout=5).status_code == 403
    plain_form = {"Content-Type": "text/plain"}
    assert requests.post(f"{slack.url}/trial/act", data="{}", headers=plain_form, timeout=5).status_code == 415


def test_the_page_loads_nothing_from_elsewhere(slack: SlackServer) -> None:
    for path in FILES:
        answer = requests.get(f"{slack.url}{path}", timeout=5)
        assert answer.status_code == 200 and "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"(src|href|import|url\()[^\n]{0,20}https?://", answer.text)
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", answer.text)
    assert {name for name, _ in FILES.values()} == {path.name for path in STATIC.iterdir()}


def test_every_block_that_slack_takes_is_drawn(slack: SlackServer) -> None:
    drawn = set(re.findall(r'case "(\w+)"', (STATIC / "blocks.js").read_text("utf-8")))
    assert set(BLOCKS) - drawn == {"video"}


def test_a_picture_is_shown_and_any_other_file_is_not_run(slack: SlackServer) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    kinds = {}
    for name in ("chart.png", "page.html"):
        done = client.files_upload_v2(channel=slack.channel("crm").id, filename=name, content="<script>", title=name)
        kinds[name] = requests.get(f"{slack.url}/trial/file/{done['files'][0]['id']}", timeout=5).headers["Content-Type"]
    assert kinds == {"chart.png": "image/png", "page.html": "application/octet-stream"}


def test_several_buttons_of_one_action_are_told_apart_by_their_block(slack: SlackServer, tanaka: Person) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    blocks = [{"type": "actions", "block_id": name, "elements": [button("Go", "mine", name)]} for name in ("one", "two")]
    client.chat_postMessage(channel="#crm", text="x", blocks=blocks)
    asked = tanaka.press(tanaka.waits_for("Go"), "mine", block="two", wait=False)
    assert asked.payload["actions"][0]["value"] == "two"


def test_the_trial_says_how_to_reach_it_and_ends_by_itself() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "slack_server", "--minutes", "0.005", "--person", "tanaka", "--channel", "#sales"],
        cwd=STATIC.parent.parent,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(STATIC.parent.parent)},
        check=True,
    )
    assert re.search(r"page +http://127\.0\.0\.1:\d+/", run.stdout) and "SLACK_APP_TOKEN=xapp-" in run.stdout
    assert run.stderr == ""
