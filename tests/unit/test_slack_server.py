"""The local Slack, met by the real slack_bolt and slack_sdk: commands, presses, modals, words, files, Home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from slack_app import button, connected, modal, plain
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient
from slack_server import Person, Refused, SlackServer, labels, says


@pytest.fixture(scope="module")
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        server.channel("#crm")
        with connected(server, ping_interval=0.2):
            yield server


@pytest.fixture
def tanaka(slack: SlackServer) -> Person:
    return slack.person("tanaka")


@pytest.fixture
def client(slack: SlackServer) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def test_a_command_is_acknowledged_and_answered_to_that_person_alone(slack: SlackServer, tanaka: Person) -> None:
    sato = slack.person("sato")
    asked = tanaka.command("stages")
    assert asked.acked and asked.delay < 1 and asked.failed == ""
    assert tanaka.waits_for("you asked for stages").only == tanaka.id
    assert "you asked for stages" not in sato.reads()
    assert labels(sato.waits_for("Approve").blocks) == ["Approve", "Reject"]


def test_an_answer_in_the_acknowledgement_is_seen_as_soon_as_it_is_there(tanaka: Person) -> None:
    asked = tanaka.command("here")
    assert asked.answer == {"text": "in the acknowledgement"}
    assert "in the acknowledgement" in tanaka.reads()


def test_who_types_a_command_that_is_not_there_is_told_so(tanaka: Person) -> None:
    with pytest.raises(Refused, match="/journey"):
        tanaka.command("stages", word="/other")


def test_a_press_changes_the_message_in_place(tanaka: Person) -> None:
    tanaka.command("campaigns")
    card = tanaka.waits_for("Approve")
    tanaka.press(card, "Approve")
    tanaka.waits_for(lambda message: message is card and "approved by tanaka with v" in says(message))
    assert labels(card.blocks) == []
    with pytest.raises(Refused, match="nothing is 'Approve'"):
        tanaka.press(card, "Approve")


def test_a_window_that_is_not_up_to_date_can_press_what_stood_there_and_a_forger_sends_another_value(tanaka: Person) -> None:
    tanaka.command("campaigns")
    card = tanaka.waits_for(lambda message: "Approve" in labels(message.blocks))
    tanaka.press(card, "approve")
    tanaka.waits_for(lambda message: message is card and "with v" in says(message))
    old = tanaka.press(card, "approve", "forged", version=0)
    assert old.payload["actions"][0] | {"action_ts": ""} == {
        "type": "button",
        "block_id": "card",
        "action_id": "approve",
        "value": "forged",
        "text": plain("Approve"),
        "action_ts": "",
    }
    tanaka.waits_for(lambda message: message is card and "with forged" in says(message))
    assert len(card.versions) == 3


def test_a_modal_opens_is_checked_and_closes(slack: SlackServer, tanaka: Person) -> None:
    tanaka.command("campaigns")
    tanaka.press(tanaka.waits_for("Reject"), "Reject")
    view = tanaka.waits_for_modal()
    with pytest.raises(Refused, match="Why"):
        tanaka.submit(view, {"When": "later"})
    tanaka.submit(view, {"Why": "no"})
    assert view.open and view.errors == {"why": "say more"}
    tanaka.submit(view, {"why": "too dear"})
    assert tanaka.modal is None
    assert tanaka.waits_for("because too dear, later").channel == tanaka.dm.id
    with pytest.raises(Refused, match="not open"):
        tanaka.submit(view, {"why": "again"})
    with pytest.raises(Refused, match="no option"):
        tanaka.command("campaigns")
        tanaka.press(tanaka.waits_for("Reject"), "Reject")
        tanaka.submit(tanaka.waits_for_modal(), {"why": "x", "when": "never"})


def test_a_mention_is_answered_in_its_thread(slack: SlackServer, tanaka: Person) -> None:
    question = tanaka.say(slack.channel("crm"), "{bot} hello")
    assert tanaka.waits_for("you called").thread_ts == question.ts


def test_a_conversation_with_the_bot_does_not_go_round_in_circles(slack: SlackServer, tanaka: Person) -> None:
    tanaka.say(tanaka.dm, "hello")
    tanaka.waits_for("echo hello")
    own = [one for one in slack.deliveries if one.payload.get("event", {}).get("text") == "echo hello"]
    assert len(own) == 1 and own[0].payload["event"]["bot_id"] == slack.work.bot_id  # Slack tells the bot of its own words
    assert own[0].wait(5)
    assert "echo echo" not in tanaka.reads(tanaka.dm)


def test_a_home_is_published_for_who_opens_it(tanaka: Person) -> None:
    assert tanaka.home is None
    tanaka.opens_home()
    assert tanaka.waits_for_home("all is well").user == tanaka.id


def test_a_file_is_told_of_and_can_be_read_with_the_scope_only(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    tanaka.drop("customers.csv", "番号,氏名\n".encode(), slack.channel("crm"))
    tanaka.waits_for("customers.csv: 14 bytes")
    file_id = next(iter(slack.work.files))
    address = client.files_info(file=file_id)["file"]["url_private_download"]
    assert fetched(address, slack.bot_token) == ("text/csv", "番号,氏名\n".encode())
    slack.grants.scopes.remove("files:read")
    try:
        kind, body = fetched(address, slack.bot_token)
        assert kind.startswith("text/html") and b"Sign in" in body
        with pytest.raises(SlackApiError, match="missing_scope") as refused:
            client.files_info(file=file_id)
        assert refused.value.response["needed"] == "files:read"
        assert "files:read" not in refused.value.response["provided"]
    finally:
        slack.grants.scopes.add("files:read")
    with pytest.raises(SlackApiError, match="cant_delete_file"):
        client.files_delete(file=file_id)


def test_where_a_file_was_put_is_told_once_slack_knows_it(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    there = slack.channel("crm")
    root = tanaka.say(there, "the file follows", wait=False)
    slack.work.shares_lag = 60
    message = tanaka.drop("orders.csv", b"a", there, thread=root, wait=False)
    assert client.files_info(file=message.files[0])["file"]["shares"] == {}
    slack.work.shares_lag = 0
    shares = client.files_info(file=message.files[0])["file"]["shares"]
    assert shares == {"public": {there.id: [{"ts": message.ts, "team_id": slack.work.team_id, "thread_ts": root.ts}]}}


def test_an_address_is_told_to_those_only_who_may_read_addresses(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    assert client.users_info(user=tanaka.id)["user"]["profile"]["email"] == "tanaka@example.com"
    slack.grants.scopes.remove("users:read.email")
    try:
        assert "email" not in client.users_info(user=tanaka.id)["user"]["profile"]
    finally:
        slack.grants.scopes.add("users:read.email")
    assert client.users_info(user=tanaka.id, include_locale=True)["user"]["locale"] == "ja-JP"


def fetched(address: str, token: str) -> tuple[str, bytes]:
    answer = requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=5)
    assert answer.status_code == 200
    return answer.headers["Content-Type"], answer.content


def test_the_bot_puts_a_file_there_and_takes_it_away(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    there = slack.channel("crm")
    done = client.files_upload_v2(
        channel=there.id, filename="stages.png", content=b"\x89PNG", title="Stages", initial_comment="look"
    )
    file_id = done["files"][0]["id"]
    message = tanaka.waits_for("look")
    assert message.files == [file_id] and slack.work.files[file_id].title == "Stages"
    client.files_delete(file=file_id)
    with pytest.raises(SlackApiError, match="file_deleted"):
        client.files_info(file=file_id)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.chat_postMessage(channel="C999", text="x"), "channel_not_found"),
        (lambda c: c.chat_postMessage(channel="#elsewhere", text="x"), "not_in_channel"),
        (lambda c: c.chat_postMessage(channel="#old", text="x"), "is_archived"),
        (lambda c: c.chat_postMessage(channel="#crm", text="x", thread_ts="1.000001"), "thread_not_found"),
        (lambda c: c.chat_update(channel="#crm", ts="1.000001", text="x"), "message_not_found"),
        (lambda c: c.chat_postEphemeral(channel="#crm", user="U999", text="x"), "user_not_found"),
        (lambda c: c.chat_getPermalink(channel="#crm", message_ts="1.1"), "message_not_found"),
        (lambda c: c.views_open(trigger_id="1.2.3", view=modal()), "invalid_trigger_id"),
        (lambda c: c.usergroups_users_list(usergroup="S999"), "no_such_subteam"),
        (lambda c: c.users_info(user="U999"), "user_not_found"),
        (lambda c: c.conversations_replies(channel="C999", ts="1.1"), "channel_not_found"),
        (lambda c: c.api_call("usergroups.users.list", params={"usergroup": "x"}), "no_such_subteam"),
        (lambda c: c.files_info(file="F999"), "file_not_found"),
        (lambda c: c.reactions_add(channel="#crm", timestamp="1.1", name="eyes"), "message_not_found"),
    ],
)
def test_what_is_not_there_is_answered_as_slack_does(slack: SlackServer, client: WebClient, call: Any, error: str) -> None:
    slack.channel("elsewhere", bot=False)
    slack.channel("old").channel.archived = True
    with pytest.raises(SlackApiError) as refused:
        call(client)
    assert refused.value.response["error"] == error


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.api_call("chat.postMessage", json={"channel": "#crm"}), "no_text"),
        (lambda c: c.chat_postMessage(channel="#crm", text="x" * 40_001), "msg_too_long"),
        (lambda c: c.chat_postMessage(channel="#crm", text="x", blocks="nonsense"), "invalid_blocks_format"),
        (lambda c: c.api_call("chat.everything"), "unknown_method"),
        (lambda c: c.api_call("users.info"), "invalid_arguments"),
        (lambda c: c.views_publish(user_id="U0TABIJI1", view={"type": "home"}), "invalid_arguments"),
    ],
)
def test_what_no_app_should_send_is_kept_as_a_mistake(slack: SlackServer, client: WebClient, call: Any, error: str) -> None:
    with pytest.raises(SlackApiError) as refused:
        call(client)
    assert refused.value.response["error"] == error
    assert len(slack.mistakes) == 1 and error in slack.mistakes.pop()


def test_tokens_are_told_apart(slack: SlackServer) -> None:
    for token, method, error in [
        ("", "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        (slack.app_token, "auth.test", "not_allowed_token_type"),
        (slack.bot_token, "apps.connections.open", "not_allowed_token_type"),
    ]:
        with pytest.raises(SlackApiError) as refused:
            WebClient(token=token, base_url=slack.api_url).api_call(method)
        assert refused.value.response["error"] == error
    answer = WebClient(token=slack.bot_token, base_url=slack.api_url).auth_test()
    assert set(answer.headers["x-oauth-scopes"].split(",")) == slack.grants.scopes


def test_lists_come_in_pages(slack: SlackServer, client: WebClient) -> None:
    for number in range(5):
        slack.person(f"member{number}")
    pages = [page["members"] for page in client.users_list(limit=2)]
    assert all(len(page) <= 2 for page in pages)
    assert {member["id"] for page in pages for member in page} == set(slack.work.users)


def test_groups_are_for_those_who_pay(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    group = slack.group("approvers", [tanaka])
    assert client.usergroups_users_list(usergroup=group.id)["users"] == [tanaka.id]
    assert [one["handle"] for one in client.usergroups_list()["usergroups"]] == ["approvers"]
    slack.work.free_plan = True
    try:
        with pytest.raises(SlackApiError, match="paid_teams_only"):
            client.usergroups_users_list(usergroup=group.id)
    finally:
        slack.work.free_plan = False


def test_history_and_threads_are_told_without_what_only_one_person_sees(
    slack: SlackServer, tanaka: Person, client: WebClient
) -> None:
    there = slack.channel("history")
    root = client.chat_postMessage(channel=there.id, text="root")["ts"]
    there.channel.members.add(tanaka.id)
    client.chat_postMessage(channel=there.id, text="reply", thread_ts=root)
    client.chat_postEphemeral(channel=there.id, text="secret", user=tanaka.id)
    history = client.conversations_history(channel=there.id)["messages"]
    assert [one["text"] for one in history] == ["root"] and history[0]["reply_count"] == 1
    assert [one["text"] for one in client.conversations_replies(channel=there.id, ts=root)["messages"]] == ["root", "reply"]
    client.reactions_add(channel=there.id, timestamp=root, name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        client.reactions_add(channel=there.id, timestamp=root, name="eyes")
    client.chat_delete(channel=there.id, ts=root)
    assert client.conversations_history(channel=there.id)["messages"] == []


def test_a_trigger_is_good_once_and_for_three_seconds(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    trigger = tanaka.command("here").payload["trigger_id"]
    view = client.views_open(trigger_id=trigger, view=modal())["view"]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        client.views_open(trigger_id=trigger, view=modal())
    late = tanaka.command("here").payload["trigger_id"]
    slack.work.triggers[late].until -= 4
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        client.views_open(trigger_id=late, view=modal())
    changed = client.views_update(view_id=view["id"], hash=view["hash"], view=modal("Other"))["view"]
    assert tanaka.modal is not None and tanaka.modal.body["title"]["text"] == "Other"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_update(view_id=view["id"], hash=view["hash"], view=modal())
    assert changed["hash"] != view["hash"]
    tanaka.close(tanaka.modal)
    with pytest.raises(SlackApiError, match="not_found"):
        client.views_update(view_id=view["id"], view=modal())


def test_a_response_url_is_good_five_times_for_half_an_hour(slack: SlackServer, tanaka: Person) -> None:
    url = tanaka.command("here").payload["response_url"]
    hook = WebhookClient(url)
    assert [hook.send(text=f"part {number}").status_code for number in range(6)] == [200] * 5 + [404]
    late = tanaka.command("here").payload["response_url"]
    slack.work.response_urls[late.partition("/actions/")[2]].until -= 1801
    assert WebhookClient(late).send(text="overdue").status_code == 404
    assert "part 4" in tanaka.reads() and "overdue" not in tanaka.reads()


def test_an_answer_takes_the_place_of_what_was_pressed_or_takes_it_away(
    slack: SlackServer, tanaka: Person, client: WebClient
) -> None:
    there = slack.channel("crm")
    blocks = [{"type": "actions", "elements": [button("Mine", "mine")]}]
    client.chat_postEphemeral(channel=there.id, user=tanaka.id, text="only you", blocks=blocks)
    mine = tanaka.waits_for("Mine")
    pressed = tanaka.press(mine, "Mine", wait=False)
    assert "message" not in pressed.payload and pressed.payload["container"]["is_ephemeral"]
    hook = WebhookClient(pressed.payload["response_url"])
    assert hook.send(text="changed", replace_original=True).status_code == 200
    assert says(mine) == "changed"
    assert hook.send(delete_original=True).status_code == 200
    assert mine not in tanaka.sees()
    assert hook.send(text="to all", response_type="in_channel").status_code == 200
    assert slack.channel("crm").messages[-1].text == "to all"


def test_who_is_not_there_neither_sees_nor_presses(slack: SlackServer, tanaka: Person, client: WebClient) -> None:
    closed = slack.channel("board", private=True)
    suzuki = slack.person("suzuki", [closed])
    client.chat_postMessage(
        channel=closed.id, text="x", blocks=[{"type": "actions", "elements": [button("Secret", "approve")]}]
    )
    secret = suzuki.waits_for("Secret")
    assert secret not in tanaka.sees()
    with pytest.raises(Refused, match="does not see"):
        tanaka.press(secret, "Secret")
    with pytest.raises(Refused, match="not in board"):
        tanaka.command("stages", closed)


def test_calls_to_many_people_are_found_where_they_are_live(slack: SlackServer, client: WebClient) -> None:
    loud = "<!channel> and <!subteam^S123>"
    harmless = [
        {"type": "section", "text": plain(loud)},
        {"type": "section", "text": {"type": "mrkdwn", "text": "&lt;!channel&gt;"}},
    ]
    client.chat_postMessage(channel="#crm", text=loud, blocks=harmless)
    assert slack.calls_to_all == []
    client.chat_postMessage(channel="#crm", text="x", blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": loud}}])
    assert len(slack.calls_to_all) == 1
