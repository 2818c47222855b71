"""`doctor` for a Google Sheet: each step of docs/google-sheet.md, in that order, and what to do where one is not done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from bot.config import Config
from bot.mail_dns import Finding
from bot.sheet_access import access_of
from journey.errors import TabijiError
from journey.texts import Text, text
from sheets_sync.google.access import read_key, spreadsheet_id
from sheets_sync.google.client import SheetsClient, connect
from sheets_sync.google.waiting import Waiting
from sheets_sync.snapshot import Tab
from sheets_sync.tabs import is_map, spec_of

T = TypeVar("T")

PATIENCE = 10.0
"""Seconds to wait for each step: whoever asks the doctor sits before the screen."""


def sheet_findings(config: Config, waiting: Waiting | None = None) -> Iterator[Finding]:
    """The findings about the Google Sheet of `[sheet] source`; none where it is a local file. Changes nothing.

    Stops at the first step that is not done where the later ones cannot be tried without it. Never raises for what it finds.
    """
    try:
        wanted = spreadsheet_id(config.sheet.source)
        if wanted is not None:
            yield from _steps(config, wanted, waiting or Waiting(PATIENCE))
    except TabijiError as error:
        yield Finding("bad", error.said)


def _steps(config: Config, wanted: str, waiting: Waiting) -> Iterator[Finding]:
    access = access_of(config)
    if access.api_root or access.token_uri:
        yield Finding("note", text("google.stand_in", addresses=sorted({access.place, access.token_place} - {"Google"})))
    address = read_key(access)["client_email"]
    client = connect(access, waiting, config.path(config.store.path))
    yield Finding("good", text("google.key_good", path=access.credentials, email=address))
    client.sign_in()
    yield Finding("good", text("google.signed_in", email=address))
    yield from _reached(client, wanted)


def _reached(client: SheetsClient, wanted: str) -> Iterator[Finding]:
    """Both APIs are tried, so that two that are switched off are told of at once."""
    file, drive = _tried(lambda: client.file(wanted))
    found, sheets = _tried(lambda: client.spreadsheet(wanted, "properties(title),sheets(properties(title))"))
    if sheets is not None:
        yield Finding("bad", sheets)
    if drive is not None and drive != sheets and not (sheets is not None and drive.key == "google.unseen"):
        yield Finding("bad", drive)  # Drive sees nothing where Sheets tells a wrong address from one that is not shared
    if file is None or found is None:
        return
    if file.can_edit is False:
        yield Finding("bad", text("google.viewer", email=client.email))
        return
    title, tabs = _title(found), found.get("sheets")
    yield Finding("good", text("google.reached", title=title, editor=file.editor or "-"))
    seen = [Tab(_title(tab), {}) for tab in tabs] if isinstance(tabs, list) else []
    if not any(spec_of(tab) or is_map(tab) for tab in seen):
        yield Finding("bad", text("google.empty", title=title, id=wanted))


def _tried(ask: Callable[[], T]) -> tuple[T | None, Text | None]:
    try:
        return ask(), None
    except TabijiError as error:
        return None, error.said


def _title(of: Any) -> str:
    """The title in the `properties` of a Sheet or a tab."""
    properties = of.get("properties") if isinstance(of, dict) else None
    return str(properties.get("title") or "")[:100] if isinstance(properties, dict) else ""
