"""A small bolt app that does one of each thing, for the tests of the local Slack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_server import SlackServer


def plain(text: str) -> dict[str, str]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str, value: str = "v") -> dict[str, Any]:
    """A button."""
    return {"type": "button", "text": plain(label), "action_id": action_id, "value": value}


def modal(title: str = "Reason") -> dict[str, Any]:
    """A modal with one thing to fill in and one to choose."""
    options = [{"text": plain(name.title()), "value": name} for name in ("now", "later")]
    return {
        "type": "modal",
        "callback_id": "reason",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": plain("Why"),
                "element": {"type": "plain_text_input", "action_id": "words"},
            },
            {
                "type": "input",
                "block_id": "when",
                "label": plain("When"),
                "optional": True,
                "element": {"type": "static_select", "action_id": "time", "options": options},
            },
        ],
    }


def make_app(client: WebClient, signing_secret: str = "unused") -> App:
    """The app: a command, a card with buttons, a modal, mentions, a Home and files."""
    app = App(client=client, signing_secret=signing_secret, token_verification_enabled=False)

    @app.command("/journey")
    def command(ack: Any, respond: Any, command: Any, client: WebClient) -> None:
        if command["text"] == "sleep":
            return
        if command["text"] == "here":
            ack(text="in the acknowledgement")
            return
        ack()
        respond(text=f"you asked for {command['text']}")
        blocks = [
            {"type": "actions", "block_id": "card", "elements": [button("Approve", "approve"), button("Reject", "reject")]}
        ]
        client.chat_postMessage(channel=command["channel_id"], text="card", blocks=blocks)

    @app.action("approve")
    def approve(ack: Any, body: Any, client: WebClient, action: Any) -> None:
        ack()
        text = f"approved by {body['user']['name']} with {action['value']}"
        client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=text)

    @app.action("reject")
    def reject(ack: Any, body: Any, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.view("reason")
    def reason(ack: Any, view: Any, body: Any, client: WebClient) -> None:
        values = view["state"]["values"]
        words, time = values["why"]["words"]["value"], values["when"]["time"]["selected_option"]
        if words == "no":
            ack(response_action="errors", errors={"why": "say more"})
            return
        ack()
        client.chat_postMessage(channel=body["user"]["id"], text=f"because {words}, {time and time['value']}")

    @app.event("app_mention")
    def mention(event: Any, client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], thread_ts=event["ts"], text="you called")

    @app.event("message")
    def message(event: Any, client: WebClient) -> None:
        if event["channel_type"] == "im":
            client.chat_postMessage(channel=event["channel"], text=f"echo {event['text']}")

    @app.event("app_home_opened")
    def home(event: Any, client: WebClient) -> None:
        view = {"type": "home", "blocks": [{"type": "section", "text": plain("all is well")}]}
        client.views_publish(user_id=event["user"], view=view)

    @app.event("file_shared")
    def file(event: Any, client: WebClient) -> None:
        found = client.files_info(file=event["file_id"])["file"]
        client.chat_postMessage(channel=event["channel_id"], text=f"{found['name']}: {found['size']} bytes")

    return app


@contextmanager
def connected(slack: SlackServer, ping_interval: float = 10) -> Iterator[SocketModeHandler]:
    """The app, connected to that Slack, looking every so many seconds whether it still is."""
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    handler = SocketModeHandler(make_app(client), slack.app_token, ping_interval=ping_interval)
    handler.connect()  # type: ignore[no-untyped-call]
    assert slack.sockets.wait_for_sockets()
    try:
        yield handler
    finally:
        handler.close()  # type: ignore[no-untyped-call]
