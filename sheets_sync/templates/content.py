"""The content of a template, read from its TOML files: plain data, one row a mapping from column key to cell text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from journey.errors import InputError
from journey.texts import Lang, text

ANNOUNCED = ("ec", "b2b", "loyalty")
"""Every template that `init` knows by name, built or not."""

SETTINGS_KEYS = (
    "time_zone",
    "default_send_time",
    "quiet_hours",
    "cap_promotional",
    "cap_total",
    "cap_email",
    "cap_sms",
    "cap_line",
    "cap_push",
    "sender_name",
    "sender_address",
    "reply_to",
    "sender_company",
    "sender_postal",
    "sender_contact",
    "late_after",
    "entry_age",
    "bulk_limit",
    "audience_drift",
    "rank_source",
)
"""The rows of the Settings tab and of the guide, in order. A setting of a feature that is not built is not offered."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Words:
    """One template in one language: what the builder lays out.

    `shared` holds labels, notes, choices, settings, holidays and the guide as in the files of `shared/LANG`; `journey` the map as in
    `journey.toml`; the rows are keyed by column. `given` are the headers of the Tests tab's own columns, in order.
    """

    shared: Mapping[str, Any]
    guide: Sequence[Mapping[str, Any]]
    journey: Mapping[str, Any]
    messages: tuple[Row, ...]
    campaigns: tuple[Row, ...]
    segments: tuple[Row, ...]
    fields: tuple[Row, ...]
    given: tuple[str, ...]
    tests: tuple[Mapping[str, Any], ...]
    holidays: tuple[Row, ...]


def templates() -> tuple[str, ...]:
    """The names of the templates that are built, in the order in which they are announced."""
    return tuple(name for name in ANNOUNCED if _root().joinpath(name).is_dir())


def load_words(template: str, lang: Lang) -> Words:
    """The content of `template` in `lang`. Raises InputError for a name that is unknown or not built yet."""
    if template not in ANNOUNCED:
        raise InputError(text("template.unknown", name=template, known=list(templates())))
    if template not in templates():
        raise InputError(text("template.not_yet", name=template, known=list(templates())))
    shared, own = _root().joinpath("shared", lang), _root().joinpath(template, lang)
    tests = _toml(own, "tests")
    return Words(
        shared=_toml(shared, "workbook"),
        guide=tuple(_toml(shared, "guide")["section"]),
        journey=_toml(own, "journey"),
        messages=tuple(_toml(own, "messages")["message"]),
        campaigns=tuple(_toml(own, "campaigns")["campaign"]),
        segments=tuple(_toml(own, "segments")["segment"]),
        fields=tuple(_toml(own, "fields")["field"]),
        given=tuple(tests["given"]),
        tests=tuple(tests["example"]),
        holidays=tuple(_toml(shared, "holidays")["holiday"]),
    )


def _root() -> Traversable:
    return files(__package__)


def _toml(folder: Traversable, name: str) -> dict[str, Any]:
    return tomllib.loads(folder.joinpath(f"{name}.toml").read_text(encoding="utf-8"))
