"""`init --sheet`: a folder whose workbook is a Google Sheet that a person made and shared, and the template in that Sheet.

Everything here can be run again: what is there stays, what is missing comes.
"""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.config import Config, Sheet, load_config
from bot.push import push_key, script
from bot.secret import read_secret
from bot.sheet_access import access_of
from bot.starting import config_text
from journey.errors import InputError, OutsideError
from journey.texts import Lang, text
from messaging.templates import check_message
from sheets_sync.check import CheckContext
from sheets_sync.examples import tests_at
from sheets_sync.google.access import spreadsheet_id
from sheets_sync.google.filling import Filling, fill
from sheets_sync.google.reading import FIELDS, state
from sheets_sync.templates.content import Words, load_words

PATIENCE = 60.0
"""Seconds that a call to Google may wait in all."""
ATTEMPTS = 3
SCRIPT = "sheet-push.gs"
_TABLE = re.compile(r"\s*\[\s*sheet\s*\]\s*(#.*)?$")
_ANY_TABLE = re.compile(r"\s*\[")
_SOURCE = re.compile(r"(?P<key>\s*source\s*=\s*)(\"[^\"\\]*\"|'[^']*')(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True)
class SheetMade:
    """What `init --sheet` made: files and folders; the Sheet's title, the tabs that it added and those that were there.

    `pointed`: the config was there already, and its `source` names the Sheet from now on. `lang` is the language of the template.
    """

    created: tuple[Path, ...]
    title: str
    added: tuple[str, ...]
    kept: tuple[str, ...]
    pointed: bool
    lang: Lang


def initialise_sheet(
    folder: Path, template: str, lang: Lang | None, address: str, environment: Mapping[str, str], usual: Lang
) -> SheetMade:
    """Makes config.toml where there is none, the inbox, the secret and the Sheet's script in `folder`, and fills the Sheet.

    A config that is there is used as it is, and gets the Sheet as its `source` once the Sheet is filled. `address` is the Sheet's, or
    its id; without `lang` the config's language, without a config `usual`.

    Raises InputError for an address that is none, a config with another workbook, and whatever somebody has to put right at Google;
    OutsideError where Google cannot be reached (running it again goes on); OSError where the disk does not let it.
    """
    sheet = spreadsheet_id(address)
    if sheet is None:
        raise InputError(text("starting.no_sheet", given=address[:120]))
    place = f"https://docs.google.com/spreadsheets/d/{sheet}/edit"
    path = folder / "config.toml"
    new = not path.exists()
    pointed = None if new else _pointed(path, sheet, place, environment)
    spoken = lang or (usual if new else load_config(path, environment).language)
    words = load_words(template, spoken)
    folder.mkdir(parents=True, exist_ok=True)
    if new:
        _write(path, config_text(spoken, place), 0o644)
    config = load_config(path, environment, must_exist=True)
    created = [*([path] if new else []), *_files(config, spoken, environment)]
    title, filling = _filled(config, sheet, words, spoken)
    if pointed is not None:
        _write(path, pointed, path.stat().st_mode & 0o777)
    return SheetMade(tuple(created), title, filling.added, filling.kept, pointed is not None, spoken)


def with_source(toml: str, address: str) -> str | None:
    """A config with `source` of `[sheet]` set, everything else as it was; None where that cannot be done without a person."""
    lines = toml.splitlines(keepends=True)
    line = f'source = "{address}"'
    end = "\r\n" if "\r\n" in toml else "\n"
    start = next((n for n, one in enumerate(lines) if _TABLE.match(one)), None)
    if start is None:
        lines += [*([end] if not toml or toml.endswith("\n") else [end, end]), f"[sheet]{end}", line + end]
    else:
        if not lines[start].endswith("\n"):
            lines[start] += end
        after = next((n for n in range(start + 1, len(lines)) if _ANY_TABLE.match(lines[n])), len(lines))
        known = next((n for n in range(start + 1, after) if _SOURCE.match(lines[n])), None)
        if known is None:
            lines.insert(start + 1, line + end)
        else:
            lines[known] = _SOURCE.sub(lambda found: f'{found["key"]}"{address}"{found["rest"]}', lines[known])
    made = "".join(lines)
    wanted = tomllib.loads(toml)
    try:
        wanted["sheet"] = {**wanted.get("sheet", {}), "source": address}
        return made if tomllib.loads(made) == wanted else None
    except (tomllib.TOMLDecodeError, TypeError):
        return None


def _pointed(path: Path, sheet: str, place: str, environment: Mapping[str, str]) -> str | None:
    """The config's text once it names the Sheet; None where it does already."""
    source = load_config(path, environment).sheet.source
    if spreadsheet_id(source) == sheet:
        return None
    if source != Sheet().source:
        raise InputError(text("starting.other_source", path=path, source=source[:120], address=place))
    made = with_source(path.read_bytes().decode("utf-8"), place)
    if made is None:
        raise InputError(text("starting.set_source", path=path, address=place))
    return made


def _files(config: Config, lang: Lang, environment: Mapping[str, str]) -> list[Path]:
    """Makes what is missing of inbox, secret and script; returns what it made."""
    inbox, secret = config.path(config.inbox.path), config.path(config.store.path) / "secret"
    pushing = config.folder / SCRIPT
    missing = [path for path in (inbox, secret) if not path.exists()]
    inbox.mkdir(parents=True, exist_ok=True)
    wanted = script(config.web.url, push_key(read_secret(secret, environment)), lang)
    if not pushing.exists() or pushing.read_bytes() != wanted.encode():  # the address may have changed
        _write(pushing, wanted, 0o600)
        missing.append(pushing)
    return [path for path in missing if path.exists()]


def _filled(config: Config, sheet: str, words: Words, lang: Lang) -> tuple[str, Filling]:
    """Fills the Sheet where something is missing; its title, and what was done."""
    from sheets_sync.google.client import connect  # gspread and google-auth: only where there is a Sheet
    from sheets_sync.google.waiting import Waiting

    client = connect(access_of(config), Waiting(PATIENCE))
    context = CheckContext(tuple(config.channels), check_message=check_message, run_tests=tests_at(datetime.now(UTC)))
    found = state(client.spreadsheet(sheet, FIELDS))
    filling = missing = fill(found, words, lang, context)
    for left in reversed(range(ATTEMPTS)):
        if not missing.requests:
            break
        try:
            client.change(sheet, missing.requests)
            break
        except OutsideError:
            # All of it is there or nothing is; which of the two only the Sheet can say.
            missing = fill(state(client.spreadsheet(sheet, FIELDS)), words, lang, context)
            if missing.requests and not left:
                raise
    return found.title, filling


def _write(path: Path, said: str, mode: int) -> None:
    """The whole file or none of it."""
    target = path.resolve()
    handle, made = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(said.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(made).chmod(mode)
        Path(made).replace(target)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
