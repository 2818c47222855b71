"""How this installation opens its Google Sheet, as its config says."""

from __future__ import annotations

from bot.config import Config
from sheets_sync.google.access import Access

DEFAULT_KEY = "service-account.json"
"""The key file beside config.toml, where `[sheet] credentials` names no other."""


def access_of(config: Config) -> Access:
    """The key file and the addresses of `[sheet]`. Reads nothing."""
    sheet = config.sheet
    return Access(config.path(sheet.credentials or DEFAULT_KEY), sheet.api_root.strip(), sheet.token_uri.strip())
