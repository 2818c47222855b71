"""What opens a Google Sheet: its address, and the key of the service account it is shared with.

Speaks to nobody and needs no library of Google's, so that a local workbook never loads one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from journey.errors import InputError
from journey.texts import text

SCOPES = (
    "https://www.googleapis.com/auth/spreadsheets",
    "https://www.googleapis.com/auth/drive.metadata.readonly",
)
"""All that is asked for: the Sheets shared with the account, and to see whether and by whom one was changed."""

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
MOST_BYTES = 1024 * 1024
"""A key file is about 2 KB: a larger one is something else, and is not read whole."""

_ID = re.compile(r"[A-Za-z0-9_-]{20,200}")
_IN_ADDRESS = re.compile(r"/spreadsheets/(?:[\w.-]+/)*?d/(?!e/)([A-Za-z0-9_-]{5,200})(?=[/?#]|$)")
_IN_DRIVE = re.compile(r"drive\.google\.com/(?:file/d/|open\?(?:[^#]*&)?id=)([A-Za-z0-9_-]{5,200})(?=[/?#&]|$)")
_NEEDED = ("client_email", "private_key")


@dataclass(frozen=True)
class Access:
    """Who knocks, and where. `credentials` is the key file of a service account. `api_root` stands in for Google's two hosts,
    `token_uri` for the key's own; empty: Google's."""

    credentials: Path
    api_root: str = ""
    token_uri: str = ""

    @property
    def place(self) -> str:
        """What people know the other side by, without a password that stands in its address."""
        return _said(self.api_root) or "Google"

    @property
    def token_place(self) -> str:
        """The same of whoever hands out tokens."""
        return _said(self.token_uri) or "Google"


def _said(address: str) -> str:
    return re.sub(r"//[^/?#]*@", "//", address.rstrip("/"))


def spreadsheet_id(source: str) -> str | None:
    """The id of the Sheet that a config's `source` names, by its address or bare; None where it is a local file.

    Raises InputError for an address that leads to no Sheet.
    """
    source = source.strip()
    if _ID.fullmatch(source):
        return source
    found = _IN_ADDRESS.search(source) or _IN_DRIVE.search(source)
    if found is not None:
        return found[1]
    if "://" in source or source.lower().startswith(("docs.google.com", "drive.google.com")):
        raise InputError(text("google.bad_address", source=source[:120]))
    return None


def email(access: Access) -> str:
    """The address of the service account, with which the Sheet must be shared. Raises InputError as `read_key` does."""
    return str(read_key(access)["client_email"])


def read_key(access: Access) -> Mapping[str, str]:
    """What google-auth needs of the key file, and nothing else of it.

    Raises InputError, with the cure, where it is missing, open to other users of the machine, or no key of a service account.
    """
    path = access.credentials
    try:
        status = path.stat()
        if path.is_dir():
            raise InputError(text("google.key_folder", path=path))
        if status.st_mode & 0o077:
            raise InputError(text("google.key_shared", path=path))
        if status.st_size > MOST_BYTES:
            raise InputError(text("google.key_broken", path=path))
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError(text("google.key_missing", path=path)) from None
    except OSError as error:
        raise InputError(text("google.key_unreadable", path=path, why=error.strerror or type(error).__name__)) from error
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(text("google.key_broken", path=path)) from error
    if not isinstance(found, dict) or found.get("type") != "service_account":
        raise InputError(text("google.key_other", path=path))
    if not all(isinstance(found.get(name), str) and found[name] for name in _NEEDED):
        raise InputError(text("google.key_broken", path=path))
    return {
        "client_email": found["client_email"],
        "private_key": found["private_key"],
        "private_key_id": str(found.get("private_key_id") or ""),
        "token_uri": access.token_uri or str(found.get("token_uri") or TOKEN_URI),
    }
