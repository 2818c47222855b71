"""Every sentence a person reads, in Japanese and English: one catalogue, a TOML file an area.

A file `conditions.toml` holds tables such as `[unknown_name]` with `ja = "…{name}…"` and `en = "…{name}…"`; its key is then
`conditions.unknown_name`. Placeholders are `str.format` fields filled from the values a `Text` carries. A value that is itself
a `Text` is said in the same language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Literal

Lang = Literal["ja", "en"]
LANGS: tuple[Lang, ...] = ("ja", "en")


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All texts by key (`area.name`), each with its `ja` and `en` form."""
    found: dict[str, Mapping[str, str]] = {}
    for entry in sorted(files(__package__).iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            area = entry.name.removesuffix(".toml")
            for name, forms in tomllib.loads(entry.read_text(encoding="utf-8")).items():
                found[f"{area}.{name}"] = forms
    return found


@dataclass(frozen=True)
class Text:
    """A sentence that is not yet in any language: a catalogue key and the values that fill its placeholders."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: Lang) -> str:
        """The sentence in `lang`. Raises KeyError for a key or a value that is missing (held by a test)."""
        filled = {k: _said(v, lang) for k, v in self.values.items()}
        return catalogue()[self.key][lang].format(**filled)


def text(key: str, /, **values: object) -> Text:
    """`text("conditions.unknown_name", name="休民")`."""
    return Text(key, values)


def _said(value: object, lang: Lang) -> object:
    if isinstance(value, Text):
        return value.say(lang)
    if isinstance(value, (list, tuple)):
        return ("、" if lang == "ja" else ", ").join(str(_said(v, lang)) for v in value)
    return value
