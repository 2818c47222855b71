"""Colours: Google keeps each once, in eight bits a part, and speaks of it twice (`backgroundColor` and `backgroundColorStyle`)."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

from sheets_server.errors import Json
from sheets_server.masks import Mask

PAIRS = {"backgroundColor", "foregroundColor", "tabColor", "color"}
"""Names of colours that have a twin with `Style` at the end."""


def kept(value: Any) -> Any:
    """A JSON value from a request with each colour once, as a style; the style wins where both are said."""
    if isinstance(value, list):
        return [kept(item) for item in value]
    if not isinstance(value, dict):
        return value
    result: Json = {}
    for name, item in value.items():
        if name in PAIRS and isinstance(item, dict):
            result.setdefault(name + "Style", {"rgbColor": rounded(item)})
        elif name.removesuffix("Style") in PAIRS and name.endswith("Style") and isinstance(item, dict):
            result[name] = {"rgbColor": rounded(item["rgbColor"])} if "rgbColor" in item else item
        else:
            result[name] = kept(item)
    return result


def kept_mask(mask: Mask) -> Mask:
    """The mask for what `kept` made: a colour is meant by either of its names, and always whole."""
    result: dict[str, Mask] = {}
    for name, inner in mask.items():
        if name in PAIRS:
            result[name + "Style"] = {}
        elif name.removesuffix("Style") in PAIRS:
            result[name] = {}
        else:
            result[name] = kept_mask(inner)
    return result


def told(value: Any) -> Any:
    """What `kept` made, as Google answers it: each colour under both names."""
    if isinstance(value, list):
        return [told(item) for item in value]
    if not isinstance(value, dict):
        return value
    result: Json = {}
    for name, item in value.items():
        if name.endswith("Style") and name.removesuffix("Style") in PAIRS and isinstance(item, dict):
            if "rgbColor" in item:
                result[name.removesuffix("Style")] = item["rgbColor"]
            result[name] = item
        else:
            result[name] = told(item)
    return result


def rounded(colour: Json) -> Json:
    """A colour as it comes back: each part one of 256 steps, written as a float of four bytes; parts of 0 are left out."""
    parts = {name: _step(round(min(1.0, max(0.0, float(colour.get(name) or 0))) * 255)) for name in ("red", "green", "blue")}
    return {name: value for name, value in parts.items() if value}


def of_hex(text: str) -> Json:
    """#ffeecc as a colour."""
    return rounded({name: int(text[at : at + 2], 16) / 255 for name, at in (("red", 1), ("green", 3), ("blue", 5))})


def as_hex(colour: Json) -> str:
    """A colour as #ffeecc."""
    return "#" + "".join(f"{round(float(colour.get(name, 0)) * 255):02x}" for name in ("red", "green", "blue"))


@cache
def _step(part: int) -> float | int:
    if part in (0, 255):
        return part // 255
    value = struct.unpack("f", struct.pack("f", part / 255))[0]
    return next(
        short for digits in range(3, 10) if struct.pack("f", short := float(f"{value:.{digits}g}")) == struct.pack("f", value)
    )
