"""How a letter addresses its reader: 様 for people, 御中 for companies, and a word for those whose name is not known."""

from __future__ import annotations

import re
from typing import Any

from messaging.values import missing

_COMPANY = re.compile(
    r"株式会社|有限会社|合同会社|合資会社|合名会社|[社財]団法人|法人|㈱|㈲|\((?:株|有|同|社|財)\)|（(?:株|有|同|社|財)）"
    r"|(?:協会|組合|連合会|学校|大学|病院|銀行|市役所|商店|事務所)$|\b(?:Inc|Ltd|LLC|Corp|Co)\.?$|K\.K\.",
    re.IGNORECASE,
)
_HONOURED = re.compile(r"(?:様|さま|さん|殿|御中|先生)$")


def sama(value: Any, fallback: str = "お客様") -> Any:
    """A name with 様, a company's with 御中; お客様 where the name is missing; what is already honoured stays."""
    if missing(value):
        return fallback
    name = _stripped(value)
    if _HONOURED.search(name):
        return name
    return name + (" 御中" if _COMPANY.search(name) else "様")


def onchu(value: Any, fallback: str = "ご担当者様") -> Any:
    """A company's name with 御中."""
    if missing(value):
        return fallback
    name = _stripped(value)
    return name if _HONOURED.search(name) else name + " 御中"


def _stripped(value: Any) -> str:
    return value.strip() if isinstance(value, str) else str(value)


def name(value: Any, fallback: str = "customer") -> Any:
    """A name, or `customer` where it is missing."""
    return fallback if missing(value) else value
