"""The customer's side of leaving: opening changes nothing, pressing does, over a real socket where it matters."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient

from journey.errors import OutsideError
from messaging.links import TRIAL, Links
from messaging.web.app import Subscription, make_app
from messaging.web.server import serve

LINKS = Links(b"k" * 32, "https://n.shop.jp")


@dataclass
class Town:
    """What stands behind the pages: three deliveries, and who has left."""

    left: list[int] = field(default_factory=list)
    broken: bool = False

    def resolve(self, delivery_id: int) -> Subscription | None:
        known = {1: ("email", "t***@example.com", None), 2: ("sms", "+81***5678", "ja"), 3: ("line", "U***", "en")}
        if delivery_id not in known:
            return None
        channel, address, language = known[delivery_id]
        return Subscription(channel, address, "<旅路>商店", language, active=delivery_id not in self.left)  # type: ignore[arg-type]

    def unsubscribe(self, delivery_id: int) -> None:
        if self.broken:
            raise OSError("disk full: /secret/path")
        if delivery_id not in self.left:
            self.left.append(delivery_id)

    def client(self) -> FlaskClient:
        app = make_app(read=LINKS.read, resolve=self.resolve, unsubscribe=self.unsubscribe, healthy=lambda: not self.broken)
        return app.test_client()


def address(delivery_id: int) -> str:
    return f"/u/{LINKS.token(delivery_id)}"


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_nothing_but_a_post_changes_anything(method: str) -> None:
    town = Town()
    for _ in range(3):
        getattr(town.client(), method)(address(1), headers={"User-Agent": "LinkScanner"})
    assert town.left == []


def test_a_crawler_that_follows_everything_it_finds_changes_nothing() -> None:
    town = Town()
    client, seen, ahead = town.client(), set(), [address(1), address(2), address(TRIAL), "/", "/robots.txt", "/healthz"]
    while ahead:
        path = ahead.pop()
        if path not in seen:
            seen.add(path)
            ahead += re.findall(r'(?:href|src|action)="([^"]+)"', client.get(path).get_data(as_text=True))
    assert town.left == []


def test_the_button_unsubscribes_and_pressing_again_is_fine() -> None:
    town = Town()
    client = town.client()
    page = client.get(address(1), headers={"Accept-Language": "ja,en;q=0.5"}).get_data(as_text=True)
    assert '<form method="post">' in page and "配信を停止する" in page and "t***@example.com" in page
    for _ in range(2):
        answer = client.post(address(1), data={})
        assert answer.status_code == 200
    assert town.left == [1]
    assert "<form" not in client.get(address(1)).get_data(as_text=True)


def test_one_click_from_a_mail_program() -> None:
    town = Town()
    answer = town.client().post(address(1), data="List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, town.left) == (200, [1])
    assert "Location" not in answer.headers and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("accept", "lang"), [("ja", "ja"), ("ja-JP,en;q=0.1", "ja"), ("en-US", "en"), ("fr", "en"), ("", "en"), (";;q=x", "en")]
)
def test_the_page_speaks_the_browsers_language(accept: str, lang: str) -> None:
    assert f'<html lang="{lang}">' in Town().client().get(address(1), headers={"Accept-Language": accept}).get_data(
        as_text=True
    )


def test_the_recipients_own_language_comes_first() -> None:
    client = Town().client()
    assert '<html lang="ja">' in client.get(address(2), headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert '<html lang="en">' in client.post(address(3), headers={"Accept-Language": "ja"}).get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/u/x", "/u/" + LINKS.token(1)[:-1], "/u/" + LINKS.token(99), "/u/", "/", "/u/%00", "/u/a/b", "/u/" + "x" * 5000]
)
def test_a_bad_token_gets_a_kind_page_and_nothing_else(path: str) -> None:
    town = Town()
    for answer in (town.client().get(path), town.client().post(path)):
        assert answer.status_code in (404, 405)
        assert "no such page" in answer.get_data(as_text=True)
    assert town.left == []


def test_a_trial_link_explains_itself() -> None:
    town = Town()
    for answer in (town.client().get(address(TRIAL)), town.client().post(address(TRIAL))):
        assert answer.status_code == 200 and "trial" in answer.get_data(as_text=True)
    assert town.left == []


def test_what_cannot_be_recorded_is_not_called_done() -> None:
    town = Town(broken=True)
    answer = town.client().post(address(1))
    assert answer.status_code == 503
    assert "try again" in answer.get_data(as_text=True) and "secret" not in answer.get_data(as_text=True)
    assert town.client().get("/healthz").status_code == 503


def test_names_are_escaped_and_headers_are_strict() -> None:
    answer = Town().client().get(address(1))
    assert "&lt;旅路&gt;商店" in answer.get_data(as_text=True)
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    assert (
        "default-src 'none'" in answer.headers["Content-Security-Policy"]
        and "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    )
    assert answer.headers["X-Robots-Tag"].startswith("noindex") and "unsafe" not in answer.headers["Content-Security-Policy"]


def test_huge_bodies_are_refused() -> None:
    town = Town()
    assert town.client().post(address(1), data=b"x" * 100_000).status_code == 413
    assert town.left == []


def test_a_real_server_serves_closes_and_names_a_taken_port() -> None:
    town = Town()
    app = town.client().application
    server = serve(app, "127.0.0.1", 0)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", address(2), body="List-Unsubscribe=One-Click")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.getheader("Server") is None and "停止しました" in answer.read().decode()
        connection.close()
        with pytest.raises(OutsideError) as caught:
            serve(app, "127.0.0.1", server.port)
        assert str(server.port) in caught.value.said.say("ja")
    finally:
        server.close()
        server.close()
    assert town.left == [2]
    with pytest.raises(OSError):
        http.client.HTTPConnection("127.0.0.1", server.port, timeout=2).request("GET", "/healthz")
