"""The Sheet's push: a script in the Sheet says, signed, that somebody edited it, and the program looks at once.

A push carries no data and is only a reason to look, so one that is sent again does no harm. The key opens nothing else: it is made
from the installation's secret, and whoever may edit the Sheet can see it there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from journey.texts import Lang, text

PATH = "/hooks/sheet"
HEADER = "X-Tabiji-Signature"
MOST_BYTES = 4096
LEEWAY = timedelta(minutes=5)
"""How far the clocks of both sides may differ."""

_SCRIPT = """
const ADDRESS = {address};
const KEY = {key};

function tellTabiji() {{
  const body = JSON.stringify({{ sheet: SpreadsheetApp.getActive().getId(), at: new Date().toISOString() }});
  const mac = Utilities.computeHmacSha256Signature(body, KEY, Utilities.Charset.UTF_8);
  const hex = mac.map((byte) => ("0" + (byte & 255).toString(16)).slice(-2)).join("");
  const headers = {{ "{header}": "v1=" + hex }};
  UrlFetchApp.fetch(ADDRESS, {{ method: "post", contentType: "application/json", payload: body, headers, muteHttpExceptions: true }});
}}

function install() {{
  const own = ScriptApp.getProjectTriggers().filter((trigger) => trigger.getHandlerFunction() === "tellTabiji");
  own.forEach((trigger) => ScriptApp.deleteTrigger(trigger));
  ScriptApp.newTrigger("tellTabiji").forSpreadsheet(SpreadsheetApp.getActive()).onEdit().create();
}}
"""


def push_key(secret: bytes) -> str:
    """The key of pushes, from the installation's secret: hexadecimal, used as text on both sides."""
    return hmac.new(secret, b"sheet-push", hashlib.sha256).hexdigest()


def signed(key: str, body: bytes) -> str:
    """The signature of a push, as its header carries it."""
    return "v1=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def genuine(key: str, body: bytes, signature: str, sheet: str, now: datetime) -> bool:
    """Whether `body` was signed with `key`, is about the Sheet of that id, and is not older or younger than `LEEWAY`.

    `now` is aware. Never raises for anything that came from outside.
    """
    if not hmac.compare_digest(signed(key, body).encode(), signature.encode("utf-8", "replace")):
        return False
    try:
        said = json.loads(body)
        at = datetime.fromisoformat(said["at"])
        return bool(said["sheet"] == sheet) and at.tzinfo is not None and abs(now - at) <= LEEWAY
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return False


def add_push(
    app: Flask, sheet: str | None, key: Callable[[], str], now: Callable[[], datetime], pushed: Callable[[], None]
) -> None:
    """Adds POST /hooks/sheet to `app`: 204 and a call of `pushed` for a genuine push, 401 for any other, 413 beyond 4 KB.

    `sheet` is the id of the Sheet; None, where the workbook is none: 404. No answer says why.
    """

    @app.post(PATH)
    def push() -> Response:
        if sheet is None:
            return Response(status=404)
        request.max_content_length = MOST_BYTES
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return Response(status=413)
        if not genuine(key(), body, request.headers.get(HEADER, ""), sheet, now()):
            return Response(status=401)
        pushed()
        return Response(status=204)


def script(base_url: str, key: str, lang: Lang) -> str:
    """The Apps Script for the Sheet, with what to do as its first lines."""
    told = text("starting.script").say(lang).strip().split("\n")
    head = "\n".join(f"// {line}".rstrip() for line in told)
    return head + "\n" + _SCRIPT.format(address=json.dumps(base_url + PATH), key=json.dumps(key), header=HEADER)
