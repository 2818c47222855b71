"""`init`: a folder in which every command works, sending to the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.secret import make_secret
from journey.errors import InputError
from journey.texts import Lang, text
from sheets_sync.templates.build import build_workbook

_CONFIG = {
    "ja": """# Tabiji の設定。すべての設定は config.example.toml にあります。
language = "ja"

[sheet]
{sheet}

# はじめはどのチャネルも outbox（フォルダーに書き出すだけ）です。実際に送るときは kind を変えます。
""",
    "en": """# Tabiji's settings. config.example.toml lists them all.
language = "en"

[sheet]
{sheet}

# Every channel starts as an outbox, which only writes files. Change `kind` to really send.
""",
}
_CHANNELS = """[channels.email]
kind = "outbox"

[channels.sms]
kind = "outbox"

[channels.line]
kind = "outbox"

[channels.push]
kind = "outbox"
"""


def config_text(lang: Lang, address: str | None = None) -> str:
    """A config.toml to start with, for a local workbook or for the Google Sheet at `address`."""
    lines = 'source = "journey.xlsx"'
    if address is not None:
        lines = f'source = "{address}"\ncredentials = "service-account.json"'
    return _CONFIG[lang].format(sheet=lines) + _CHANNELS


def initialise(folder: Path, template: str, lang: Lang, settings: Mapping[str, str] | None = None) -> list[Path]:
    """Makes config.toml, journey.xlsx, the inbox and the signing secret (0600) in `folder`; returns what it made.

    `settings` are values for the workbook's Settings, by key; without them the template's own.

    Nothing that exists is overwritten: raises InputError naming the file that is in the way. Raises OSError where the disk
    does not let it (exit code 3).
    """
    config, workbook = folder / "config.toml", folder / "journey.xlsx"
    for path in (config, workbook):
        if path.exists():
            raise InputError(text("cli.init_exists", path=path))
    folder.mkdir(parents=True, exist_ok=True)
    part = workbook.with_name(".journey.part.xlsx")
    part.unlink(missing_ok=True)  # a crash may have left one
    build_workbook(template, lang, part, settings)
    part.replace(workbook)
    (folder / "inbox").mkdir(exist_ok=True)
    secret = make_secret(folder / "data" / "secret")
    config.write_text(config_text(lang), encoding="utf-8")  # last: a folder with a config is a whole one
    return [config, workbook, folder / "inbox", secret]
