"""The Sheet's push: only what our own script signed, about our Sheet, just now, makes the program look."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from bot.push import HEADER, MOST_BYTES, PATH, add_push, genuine, push_key, script, signed
from journey.texts import LANGS, Lang

SHEET = "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"
KEY = push_key(b"a secret of the installation")
NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)


def said(at: datetime | str = NOW, sheet: object = SHEET) -> bytes:
    return json.dumps({"sheet": sheet, "at": at if isinstance(at, str) else at.isoformat()}).encode()


def served(sheet: str | None = SHEET) -> tuple[Flask, list[int]]:
    app, calls = Flask(__name__), [0]

    def pushed() -> None:
        calls[0] += 1

    add_push(app, sheet, lambda: KEY, lambda: NOW, pushed)
    return app, calls


def test_a_genuine_push_is_heard() -> None:
    app, calls = served()
    body = said()
    answer = app.test_client().post(PATH, data=body, headers={HEADER: signed(KEY, body)})
    assert (answer.status_code, answer.data, calls) == (204, b"", [1])
    for at in (NOW - timedelta(minutes=5), NOW + timedelta(minutes=5), "2026-12-01T19:00:00+09:00", "2026-12-01T10:00:00.123Z"):
        assert genuine(KEY, said(at), signed(KEY, said(at)), SHEET, NOW)


@pytest.mark.parametrize(
    "body",
    [
        said(NOW - timedelta(minutes=5, seconds=1)),
        said(NOW + timedelta(minutes=5, seconds=1)),
        said(NOW.replace(tzinfo=None)),
        said("gestern"),
        said(sheet="another"),
        said(sheet=[SHEET]),
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"sheet": "' + SHEET.encode() + b'", "at": 5}',
        b'{"sheet": "' + SHEET.encode() + b'", "at": "0001-01-01T00:00:00+23:59"}',
        b"[" * 4000,
        b"\xff\xfe",
        b"NaN",
    ],
)
def test_a_signed_push_that_is_not_ours_now_is_refused(body: bytes) -> None:
    app, calls = served()
    answer = app.test_client().post(PATH, data=body, headers={HEADER: signed(KEY, body)})
    assert (answer.status_code, answer.data, calls) == (401, b"", [0])


@given(st.binary(max_size=60), st.text(st.characters(exclude_categories=("Cs",)), max_size=80))
def test_nothing_unsigned_is_genuine(body: bytes, signature: str) -> None:
    assert not genuine(KEY, body, signature, SHEET, NOW)
    assert not genuine(KEY, said(), signature, SHEET, NOW)


@given(st.integers(0, 66), st.integers(1, 127))
def test_a_signature_with_one_other_character_is_forged(place: int, shift: int) -> None:
    right = signed(KEY, said())
    other = right[:place] + chr((ord(right[place]) + shift) % 128) + right[place + 1 :]
    assert not genuine(KEY, said(), other, SHEET, NOW)


def test_another_key_another_body_and_a_missing_signature_are_refused() -> None:
    app, calls = served()
    client = app.test_client()
    for body, signature in [
        (said(), signed(push_key(b"another secret"), said())),
        (said() + b" ", signed(KEY, said())),
        (said(), signed(KEY, said()).removeprefix("v1=")),
        (said(), signed(KEY, said()).upper()),
    ]:
        assert client.post(PATH, data=body, headers={HEADER: signature}).status_code == 401
    assert client.post(PATH, data=said()).status_code == 401
    assert calls == [0]


def test_a_large_push_is_refused_unread_and_only_post_serves() -> None:
    app, calls = served()
    client = app.test_client()
    large = said() + b" " * MOST_BYTES
    answer = client.post(PATH, data=large, headers={HEADER: signed(KEY, large)})
    assert (answer.status_code, answer.data) == (413, b"")
    exact = said() + b" " * (MOST_BYTES - len(said()))
    assert client.post(PATH, data=exact, headers={HEADER: signed(KEY, exact)}).status_code == 204
    assert client.get(PATH).status_code == 405
    assert calls == [1]


def test_where_the_workbook_is_a_file_there_is_no_push() -> None:
    app, calls = served(None)
    assert app.test_client().post(PATH, data=said(), headers={HEADER: signed(KEY, said())}).status_code == 404
    assert calls == [0]


def test_the_key_is_not_the_secret_and_differs_with_it() -> None:
    assert len(KEY) == 64 and KEY == push_key(b"a secret of the installation") != push_key(b"a secret of the installatiom")
    assert KEY not in signed(KEY, said())


@pytest.mark.parametrize("lang", LANGS)
def test_the_script_holds_address_and_key_and_says_what_to_do(lang: Lang) -> None:
    made = script('https://a.example/x"\\', KEY, lang)
    assert f'const KEY = "{KEY}";' in made and 'const ADDRESS = "https://a.example/x\\"\\\\/hooks/sheet";' in made
    head = [line for line in made.split("\n") if line.startswith("//")]
    assert len(head) >= 6 and "install" in "".join(head)


@pytest.mark.skipif(shutil.which("node") is None, reason="the script is run only where there is a JavaScript engine")
def test_what_the_script_posts_is_genuine(tmp_path: Path) -> None:
    """The script itself, with Google's objects stood in for; bytes are signed there, as in Apps Script."""
    google = f"""
const crypto = require("crypto");
const sent = [];
const Utilities = {{ Charset: {{ UTF_8: "utf8" }}, computeHmacSha256Signature: (value, key, charset) =>
  Array.from(new Int8Array(crypto.createHmac("sha256", Buffer.from(key, charset)).update(value, charset).digest())) }};
const SpreadsheetApp = {{ getActive: () => ({{ getId: () => "{SHEET}" }}) }};
const UrlFetchApp = {{ fetch: (address, options) => sent.push({{ address, ...options }}) }};
const made = [], gone = [];
const builder = {{ forSpreadsheet: () => builder, onEdit: () => builder, create: () => made.push("onEdit") }};
const ScriptApp = {{ getProjectTriggers: () => ["tellTabiji", "other"].map((name) => ({{ getHandlerFunction: () => name }})),
  deleteTrigger: (trigger) => gone.push(trigger.getHandlerFunction()), newTrigger: () => builder }};
"""
    file = tmp_path / "push.js"
    end = "\ntellTabiji();\ninstall();\nconsole.log(JSON.stringify({ sent, made, gone }));\n"
    file.write_text(google + script("https://t.example", KEY, "ja") + end, encoding="utf-8")
    done = subprocess.run(["node", str(file)], capture_output=True, check=True, timeout=30, text=True)
    found = json.loads(done.stdout)
    (one,) = found["sent"]
    assert (
        one["address"] == "https://t.example/hooks/sheet"
        and one["method"] == "post"
        and one["contentType"] == "application/json"
    )
    assert genuine(KEY, one["payload"].encode(), one["headers"][HEADER], SHEET, datetime.now(timezone(timedelta(hours=9))))
    assert found["made"] == ["onEdit"] and found["gone"] == ["tellTabiji"]
