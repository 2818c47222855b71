"""config.toml: what belongs to the machine and to who runs it (sending rules belong to the workbook's Settings).

Every key has a default; an unknown key or a wrong value is refused with the key's name and what would be right. Relative paths
start from the file's folder. Secrets are never in here: they come from the environment or from files that only their owner can read.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from journey.errors import InputError
from journey.names import nearest
from journey.texts import Lang, text

DEFAULT_PORT = 8765


@dataclass(frozen=True)
class Sheet:
    """Where the workbook is: a local file, or a Google Sheet's address; then with the service account's key file.

    `api_root` and `token_uri` replace Google's own, for a proxy or a stand-in.
    """

    source: str = "journey.xlsx"
    credentials: str = "service-account.json"
    api_root: str = ""
    token_uri: str = ""
    poll_seconds: float = 3.0


@dataclass(frozen=True)
class Store:
    """Facts and state. `url` empty: SQLite in `path`."""

    path: str = "data"
    url: str = ""


@dataclass(frozen=True)
class Inbox:
    """The folder whose files `tick` and `run` upload."""

    path: str = "inbox"


@dataclass(frozen=True)
class Stages:
    """How and how often everyone is placed on a stage."""

    engine: str = "duckdb"
    every_minutes: float = 15.0


@dataclass(frozen=True)
class Slack:
    """The bot in Slack, by Socket Mode. `channel` is where it posts; roles are user ids (U…) and user-group ids (S…)."""

    mode: str = "off"
    api_url: str = ""
    channel: str = ""
    command: str = "/journey"
    viewers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roles:
    """Names of this machine's users by what they may do. None configured: whoever runs the command may do everything."""

    viewers: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()
    two_person: bool = False

    @property
    def configured(self) -> bool:
        """True when any role has a name."""
        return bool(self.viewers or self.editors or self.approvers or self.admins)


@dataclass(frozen=True)
class Web:
    """The pages that customers meet. `base_url` is how their mail reaches them."""

    bind: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    base_url: str = ""
    write_keys_file: str = ""

    @property
    def url(self) -> str:
        """`base_url`, or this machine's own address until one is set."""
        return (self.base_url or f"http://127.0.0.1:{self.port}").rstrip("/")


@dataclass(frozen=True)
class Safety:
    """`trial_hosts` (`127.0.0.1:2525`) may get anything, under any clock."""

    trial_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Log:
    """What the program tells on standard error."""

    level: str = "info"
    format: str = "text"


DEFAULT_CHANNELS: Mapping[str, Mapping[str, Any]] = {name: {"kind": "outbox"} for name in ("email", "sms", "line", "push")}


@dataclass(frozen=True)
class Config:
    """The whole file, checked. `folder` is what relative paths start from. `channels` maps a name to its own keys."""

    folder: Path
    language: Lang = "en"
    sheet: Sheet = Sheet()
    store: Store = Store()
    inbox: Inbox = Inbox()
    stages: Stages = Stages()
    channels: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: dict(DEFAULT_CHANNELS))
    slack: Slack = Slack()
    roles: Roles = Roles()
    web: Web = Web()
    safety: Safety = Safety()
    log: Log = Log()

    def path(self, relative: str) -> Path:
        """A path of the config, resolved against its folder."""
        return (self.folder / Path(relative).expanduser()).resolve()

    @property
    def channel_kinds(self) -> dict[str, str]:
        """The kind of each channel: part of what an approval covers."""
        return {name: str(keys.get("kind", "outbox")) for name, keys in self.channels.items()}


_SECTIONS: Mapping[str, type] = {
    "sheet": Sheet,
    "store": Store,
    "inbox": Inbox,
    "stages": Stages,
    "slack": Slack,
    "roles": Roles,
    "web": Web,
    "safety": Safety,
    "log": Log,
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "stages.engine": ("duckdb", "spark"),
    "slack.mode": ("off", "socket", "http"),
    "log.level": ("debug", "info", "warning", "error"),
    "log.format": ("text", "json"),
}
_NOT_YET: Mapping[str, tuple[str, ...]] = {"stages.engine": ("spark",), "slack.mode": ("http",)}


def language_of(environment: Mapping[str, str]) -> Lang:
    """Japanese where the person's locale is Japanese, English otherwise."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def load_config(path: Path, environment: Mapping[str, str] | None = None, *, must_exist: bool = False) -> Config:
    """The config of an installation; without a file, all defaults.

    Raises InputError naming the file and the key, with what would be right.
    """
    environment = os.environ if environment is None else environment
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        if must_exist:
            raise InputError(text("config.missing", path=path)) from None
        raw = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(text("config.unreadable", path=path, why=error)) from error
    except OSError as error:
        raise InputError(text("config.unreadable", path=path, why=error.strerror or error)) from error
    return _Reader(path).config(raw, language_of(environment))


class _Reader:
    """Checks one file, key by key, against the dataclasses above."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def config(self, raw: Mapping[str, Any], language: Lang) -> Config:
        known = {"language", "channels", *_SECTIONS}
        for key in raw:
            if key not in known:
                self._unknown(key, known)
        said = raw.get("language", language)
        if said not in ("ja", "en"):
            self._wrong("language", said, '"ja" / "en"')
        made = {name: self._section(name, kind, raw.get(name, {})) for name, kind in _SECTIONS.items()}
        return Config(
            folder=self.path.resolve().parent, language=said, channels=self._channels(raw.get("channels", {})), **made
        )

    def _section(self, name: str, kind: type, raw: object) -> Any:
        if not isinstance(raw, dict):
            self._wrong(name, raw, f"[{name}]")
        default = kind()
        values: dict[str, Any] = {}
        known = kind.__dataclass_fields__  # type: ignore[attr-defined]
        for key, value in raw.items():
            where = f"{name}.{key}"
            if key not in known:
                self._unknown(where, {f"{name}.{k}" for k in known})
            values[key] = self._value(where, value, getattr(default, key))
        return kind(**values)

    def _value(self, where: str, value: Any, default: object) -> object:
        choices = _CHOICES.get(where)
        if choices is not None and value not in choices:
            self._wrong(where, value, " / ".join(f'"{c}"' for c in choices))
        if value in _NOT_YET.get(where, ()):
            raise InputError(text("config.not_yet", path=self.path, key=where, value=value))
        if isinstance(default, bool):
            if not isinstance(value, bool):
                self._wrong(where, value, "true / false")
        elif isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
                self._wrong(where, value, '["…", "…"]')
            return tuple(value)
        elif isinstance(default, str):
            if not isinstance(value, str):
                self._wrong(where, value, '"…"')
        else:
            whole = isinstance(default, int)
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value <= 0:
                self._wrong(where, value, "1, 2, 3 …" if whole else "> 0")
            if where == "web.port" and value > 65535:
                self._wrong(where, value, "1–65535")
        return value

    def _channels(self, raw: object) -> dict[str, Mapping[str, Any]]:
        if not isinstance(raw, dict):
            self._wrong("channels", raw, "[channels.email]")
        made: dict[str, Mapping[str, Any]] = dict(DEFAULT_CHANNELS)
        for name, keys in raw.items():
            if not isinstance(keys, dict):
                self._wrong(f"channels.{name}", keys, f"[channels.{name}]")
            if not isinstance(keys.get("kind", "outbox"), str):
                self._wrong(f"channels.{name}.kind", keys["kind"], '"outbox" / "smtp" / "apprise"')
            made[name] = keys  # a channel's own keys are checked by the channel itself
        return made

    def _unknown(self, key: str, known: set[str]) -> NoReturn:
        near = nearest(key, known)
        if near is None:
            raise InputError(text("config.unknown", path=self.path, key=key))
        raise InputError(text("config.unknown_near", path=self.path, key=key, near=near))

    def _wrong(self, key: str, value: object, right: str) -> NoReturn:
        raise InputError(text("config.wrong", path=self.path, key=key, value=repr(value)[:60], right=right))
