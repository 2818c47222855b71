"""What a call of the Web API was given: JSON or a form, and each argument by its kind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from slack_server.kinds import ApiError, Json, refused
from slack_server.wire import Arrived


class Arguments:
    """The arguments of one call. Each reader raises ApiError (`invalid_arguments`) where a value is not of its kind."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str) -> str:
        """A text; "" where there is none. Numbers and truth values are taken as they are written."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str | int | float):
            return str(value)
        raise refused("invalid_arguments", f"must be a string [json-pointer:/{name}]")

    def required(self, *names: str) -> list[str]:
        """Texts that must be there."""
        missing = [name for name in names if self.values.get(name) in (None, "")]
        if missing:
            raise refused("invalid_arguments", *(f"missing required field: {name} [json-pointer:/{name}]" for name in missing))
        return [self.text(name) for name in names]

    def true(self, name: str, otherwise: bool = False) -> bool:
        """A truth value."""
        said = self.text(name).lower()
        return said in ("true", "1") if said else otherwise

    def number(self, name: str, otherwise: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        said = self.text(name)
        if not said:
            return otherwise
        if not said.isdecimal() or int(said) < 1:
            raise ApiError("invalid_limit" if name == "limit" else "invalid_arguments")
        return min(int(said), most)

    def data(self, name: str, error: str) -> Any:
        """An object or an array, which a form carries as JSON; None where there is none. Raises ApiError with `error`."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value) if value else None
            except ValueError:
                raise ApiError(error) from None
        return value

    def names(self, name: str) -> list[str]:
        """A list of words, with commas between them or as an array."""
        value = self.values.get(name)
        parts: Iterable[Any] = value if isinstance(value, list) else self.text(name).split(",")
        return [str(part).strip() for part in parts if str(part).strip()]


def arguments_of(arrived: Arrived) -> Arguments:
    """The arguments of a request. Raises ApiError where the body is not what its content type says."""
    values: Json = dict(parse_qsl(urlsplit(arrived.target).query, keep_blank_values=True))
    content_type = arrived.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        try:
            body = json.loads(arrived.body or b"{}")
        except ValueError:
            raise ApiError("invalid_json") from None
        if not isinstance(body, dict):
            raise ApiError("json_not_object")
        return Arguments(values | body)
    if arrived.body:
        if content_type != "application/x-www-form-urlencoded":
            raise ApiError("invalid_form_data")
        try:
            values |= dict(parse_qsl(arrived.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            raise ApiError("invalid_charset") from None
    return Arguments(values)
