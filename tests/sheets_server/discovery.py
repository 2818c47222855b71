"""Google's public discovery documents, as they come inside google-api-python-client: what a request and an answer may look like.

The server holds every request and every one of its own answers against them, so that it cannot drift into fiction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

import googleapiclient  # type: ignore[import-untyped]

from sheets_server.errors import ApiError, Json, violated

_TYPES = {"int32": "TYPE_INT32", "int64": "TYPE_INT64", "double": "TYPE_DOUBLE", "float": "TYPE_FLOAT"}


@dataclass(frozen=True)
class Method:
    """One method of an API: its id, HTTP verb, path as a pattern with named groups, its query parameters, bodies and scopes."""

    id: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Json]
    request: str
    response: str
    scopes: frozenset[str]


class Api:
    """The methods and schemas of one API."""

    def __init__(self, name: str, root: str) -> None:
        """`name` is that of the bundled document (sheets.v4), `root` the path before its methods' own ("/", "/drive/v3/")."""
        folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
        document = json.loads((folder / f"{name}.json").read_text("utf-8"))
        self.schemas: Json = document["schemas"]
        self.common: Json = document["parameters"]
        self.methods = tuple(self._methods(document, root))

    def _methods(self, resource: Json, root: str) -> Iterator[Method]:
        for method in resource.get("methods", {}).values():
            path = re.escape(root + method.get("flatPath", method["path"])).replace(r"\{", "{").replace(r"\}", "}")
            yield Method(
                method["id"],
                method["httpMethod"],
                re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + r"\Z"),
                {key: value for key, value in method.get("parameters", {}).items() if value["location"] == "query"},
                method.get("request", {}).get("$ref", ""),
                method.get("response", {}).get("$ref", ""),
                frozenset(method.get("scopes", ())),
            )
        for child in resource.get("resources", {}).values():
            yield from self._methods(child, root)

    def find(self, verb: str, path: str) -> tuple[Method, Mapping[str, str]] | None:
        """The method for this verb and (still percent-encoded) path, with the parameters in the path, encoded as they came."""
        for method in self.methods:
            if method.verb == verb and (found := method.pattern.match(path)):
                return method, found.groupdict()
        return None

    def check_query(self, method: Method, query: Mapping[str, list[str]]) -> None:
        """Refuses unknown query parameters, a repeated one that may not repeat, and values outside an enum or of a wrong type."""
        for name, values in query.items():
            shape = method.parameters.get(name) or self.common.get(name)
            if shape is None:
                said = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
                raise violated("", f'Invalid JSON payload received. Unknown name "{name}": {said}')
            if len(values) > 1 and not shape.get("repeated"):
                raise violated(name, f"Invalid value at '{name}', repeated value for a singular field")
            for value in values:
                if shape["type"] == "boolean" and value.lower() not in ("true", "false", "1", "0"):
                    raise violated(name, f"Invalid value at '{name}' (TYPE_BOOL), \"{value}\"")
                if "enum" in shape and value not in shape["enum"]:
                    raise violated(name, f"Invalid value at '{name}' (type.googleapis.com/google.apps.sheets.v4), \"{value}\"")

    def check(self, schema: str, value: object, where: str = "") -> None:
        """Refuses (ApiError, 400) a body that does not fit `schema`: unknown names, wrong types, words outside an enum."""
        for error in self.unfit({"$ref": schema}, value, where):
            raise error

    def unfit(self, shape: Json, value: object, where: str) -> Iterator[ApiError]:
        """Each place at which `value` does not fit `shape` (a schema, or a reference to one). A null stands for nothing at all."""
        if value is None:
            return
        if "$ref" in shape:
            shape = self.schemas[shape["$ref"]]
        kind = shape["type"]
        if kind == "object":
            yield from self._unfit_object(shape, value, where)
        elif kind == "array":
            if not isinstance(value, list):
                yield _wrong(where, "TYPE_MESSAGE", value)
                return
            for number, item in enumerate(value):
                yield from self.unfit(shape["items"], item, f"{where}[{number}]")
        elif kind != "any":
            yield from _unfit_plain(shape, kind, value, where)

    def _unfit_object(self, shape: Json, value: object, where: str) -> Iterator[ApiError]:
        if not isinstance(value, dict):
            yield _wrong(where, "TYPE_MESSAGE", value)
            return
        known = shape.get("properties", {})
        other = shape.get("additionalProperties")
        for name, item in value.items():
            inner = known.get(name, other)
            if inner is None:
                at = f" at '{where}'" if where else ""
                yield violated(where, f'Invalid JSON payload received. Unknown name "{name}"{at}: Cannot find field.')
            else:
                yield from self.unfit(inner, item, f"{where}.{name}" if where else name)


def _unfit_plain(shape: Json, kind: str, value: object, where: str) -> Iterator[ApiError]:
    if kind == "string" and shape.get("format") in ("int64", "uint64"):
        if not (isinstance(value, str) and re.fullmatch(r"-?\d+", value)):
            yield _wrong(where, "TYPE_INT64", value)
    elif kind == "string":
        if not isinstance(value, str):
            yield _wrong(where, "TYPE_STRING", value)
        elif "enum" in shape and value not in shape["enum"]:
            yield _wrong(where, "type.googleapis.com/google.apps.sheets.v4", value)
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield _wrong(where, "TYPE_BOOL", value)
    elif isinstance(value, bool) or not isinstance(value, int if kind == "integer" else (int, float)) or not isfinite(value):
        yield _wrong(where, _TYPES[shape["format"]], value)
    elif kind == "integer" and not -(2**31) <= int(str(value)) < 2**31:
        yield _wrong(where, "TYPE_INT32", value)


def _wrong(where: str, kind: str, value: object) -> ApiError:
    shown: Any = f'"{value}"' if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return violated(where, f"Invalid value at '{where}' ({kind}), {shown}")


@cache
def sheets() -> Api:
    """Sheets v4."""
    return Api("sheets.v4", "/")


@cache
def drive() -> Api:
    """Drive v3."""
    return Api("drive.v3", "/drive/v3/")
