"""The installation's secret: it signs links and keys the hashes of addresses."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from journey.errors import InputError
from journey.texts import text

SHORTEST = 16
"""Characters a secret's file must hold: fewer are a damaged file."""


def make_secret(path: Path) -> Path:
    """A new random secret that only its owner can read; an existing one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    return path


def read_secret(path: Path, environment: Mapping[str, str]) -> bytes:
    """The secret that signs links: `TABIJI_SECRET`, else the file, made at need.

    Raises InputError when others than its owner can read the file, or it holds no secret.
    """
    if given := environment.get("TABIJI_SECRET"):
        return given.encode()
    make_secret(path)
    if path.stat().st_mode & 0o077:
        raise InputError(text("config.secret_shared", path=path))
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        secret = ""
    if len(secret) < SHORTEST:
        raise InputError(text("config.secret_empty", path=path))
    return secret.encode()
