"""From the keys of a `[channels.NAME]` table to a channel, or to a sentence about what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journey.errors import InputError
from journey.names import nearest
from journey.texts import text
from messaging.channels.apprise import AppriseChannel
from messaging.channels.base import Carries, Channel
from messaging.channels.guard import local_host
from messaging.channels.outbox import Outbox
from messaging.channels.smtp import DEFAULT_PORTS, Smtp, SmtpServer, Tls

KINDS = ("outbox", "smtp", "apprise")
NOT_YET = ("line", "twilio", "fcm", "webhook", "letter", "call")
_COMMON = ("kind", "window", "when_in_doubt", "rate_per_second")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "outbox": (*_COMMON, "path"),
    "smtp": (*_COMMON, "host", "port", "tls", "user", "password_file"),
    "apprise": (*_COMMON, "url"),
}
_DEAF_KEYS = ("host", "port", "tls", "user", "password_file", "url", "api_root")
"""Keys of other kinds that an outbox lets stand, so that `kind` alone can be switched to and fro."""
DEFAULT_WINDOW = 10


def make_channel(name: str, options: Mapping[str, Any], base: Path, secrets: Mapping[str, str]) -> Channel:
    """The channel `name` of the config.

    `options` are its keys, `base` is what relative paths start from, `secrets` holds secrets by the name of their environment
    variable (`TABIJI_SMTP_PASSWORD`). Raises InputError naming the key and what would be right.
    """
    kind = options.get("kind", "outbox")
    if kind in NOT_YET:
        raise InputError(text("channels.not_yet", name=name, kind=kind))
    if kind not in KINDS:
        near = nearest(str(kind), KINDS) or "outbox"
        raise InputError(text("channels.unknown_kind", name=name, kind=str(kind)[:40], near=near, kinds=", ".join(KINDS)))
    read = _Options(name, options)
    allowed = _KEYS[kind] + (_DEAF_KEYS if kind == "outbox" else ())
    read.only(allowed)
    carries: Carries = "mail" if name == "email" else "note"
    window = read.whole("window", DEFAULT_WINDOW, 1, 10_000)
    doubt = read.choice("when_in_doubt", "repeat" if kind == "outbox" else "hold", ("hold", "repeat"))
    rate = read.number("rate_per_second", 0.0)
    if kind == "outbox":
        return Outbox((base / read.words("path", "outbox")).resolve(), carries=carries, window=window, when_in_doubt=doubt)
    if kind == "apprise":
        return AppriseChannel(name, read.words("url"), rate_per_second=rate, window=window, when_in_doubt=doubt)
    return Smtp(_server(read, base, secrets), rate_per_second=rate, window=window, when_in_doubt=doubt)


def _server(read: _Options, base: Path, secrets: Mapping[str, str]) -> SmtpServer:
    tls = read.tls()
    host = read.words("host")
    user = read.words("user", "")
    password = _password(read, base, secrets)
    if user and not password:
        raise InputError(text("channels.no_password", name=read.name))
    if user and tls == "none" and not local_host(host):
        raise InputError(text("channels.password_in_clear", name=read.name))
    return SmtpServer(host, read.whole("port", DEFAULT_PORTS[tls], 1, 65535), tls, user, password)


def _password(read: _Options, base: Path, secrets: Mapping[str, str]) -> str:
    given = read.words("password_file", "")
    if not given:
        return secrets.get("TABIJI_SMTP_PASSWORD", "")
    path = base / Path(given).expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise InputError(text("channels.open_file", name=read.name, path=path))
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(text("channels.no_file", name=read.name, path=path)) from error


class _Options:
    """One channel's keys, each checked as it is read."""

    def __init__(self, name: str, given: Mapping[str, Any]) -> None:
        self.name = name
        self._given = given

    def only(self, allowed: tuple[str, ...]) -> None:
        for key in self._given:
            if key not in allowed:
                near = nearest(key, allowed)
                if near:
                    raise InputError(text("channels.unknown_key_near", name=self.name, key=key[:60], near=near))
                raise InputError(text("channels.unknown_key", name=self.name, key=key[:60], keys=", ".join(allowed)))

    def words(self, key: str, default: str | None = None) -> str:
        value = self._given.get(key, default)
        if value is None:
            raise InputError(text("channels.needed", name=self.name, key=key))
        if not isinstance(value, str) or (default is None and not value.strip()):
            self._wrong(key, value, '"…"')
        return str(value).strip()

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        value = self._given.get(key, default)
        if value not in choices:
            self._wrong(key, value, " / ".join(f'"{c}"' for c in choices))
        return str(value)

    def tls(self) -> Tls:
        value = self._given.get("tls", "starttls")
        if value is False:
            return "none"
        if value in ("starttls", "implicit"):
            return "starttls" if value == "starttls" else "implicit"
        self._wrong("tls", value, '"starttls" / "implicit" / false')
        return "starttls"

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self._given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._wrong(key, value, f"{low}–{high}")
        return int(value)

    def number(self, key: str, default: float) -> float:
        value = self._given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100_000:
            self._wrong(key, value, "> 0")
        return float(value)

    def _wrong(self, key: str, value: object, right: str) -> None:
        raise InputError(text("channels.wrong", name=self.name, key=key, value=repr(value)[:60], right=right))
