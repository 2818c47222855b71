"""Small checks of JSON that are put together to the shapes Slack documents, and what they complain of.

A check is called with the complaints so far, the JSON pointer of a value, and the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit


class Complaints:
    """What is wrong so far, each as Slack says it: a sentence and the pointer of the place."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def add(self, pointer: str, sentence: str) -> None:
        """Another one."""
        self.all.append(f"{sentence} [json-pointer:{pointer}]")


Check = Callable[[Complaints, str, Any], None]


def string(most: int, least: int = 1) -> Check:
    """A text of so many characters."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if not isinstance(value, str):
            wrong.add(at, "must be a string")
        elif len(value) > most:
            wrong.add(at, f"must be less than {most + 1} characters")
        elif len(value) < least:
            wrong.add(at, f"must be more than {least - 1} characters")

    return check


def url(most: int = 3000) -> Check:
    """An address on the web."""
    short = string(most)

    def check(wrong: Complaints, at: str, value: Any) -> None:
        before = len(wrong.all)
        short(wrong, at, value)
        if len(wrong.all) == before:
            try:
                split = urlsplit(value)
            except ValueError:
                wrong.add(at, "must be a valid url")
                return
            if (
                split.scheme not in ("http", "https", "mailto")
                or not (split.netloc or split.path)
                or any(c.isspace() for c in value)
            ):
                wrong.add(at, "must be a valid url")

    return check


def flag(wrong: Complaints, at: str, value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        wrong.add(at, "must be a boolean")


def one_of(*values: str) -> Check:
    """One of these words."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if value not in values:
            wrong.add(at, f"value must be one of: {', '.join(values)}")

    return check


def whole(least: int, most: int) -> Check:
    """A whole number in these bounds."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            wrong.add(at, "must be an integer")
        elif not least <= value <= most:
            wrong.add(at, f"must be between {least} and {most}")

    return check


def matches(reads: Callable[[str], object], what: str) -> Check:
    """A text that `reads` takes without a ValueError."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        try:
            reads(value)
        except (ValueError, TypeError):
            wrong.add(at, f"must be {what}")

    return check


def array(check_one: Check, most: int, least: int = 1) -> Check:
    """A list of so many, each of which is checked."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if not isinstance(value, list):
            wrong.add(at, "must be an array")
            return
        if len(value) > most:
            wrong.add(at, f"no more than {most} items allowed")
        if len(value) < least:
            wrong.add(at, f"no fewer than {least} items allowed")
        for number, one in enumerate(value):
            check_one(wrong, f"{at}/{number}", one)

    return check


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *more: Check) -> Check:
    """An object with these properties and no others; `more` look at the object as a whole, once its properties are right."""
    known = {**required, **(optional or {})}

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            wrong.add(at, "must be an object")
            return
        before = len(wrong.all)
        for name in required:
            if name not in value:
                wrong.add(at, f"missing required field: {name}")
        for name, one in value.items():
            if name == "type" and "type" not in known:
                continue
            if name not in known:
                wrong.add(at, f"invalid additional property: {name}")
            elif one is not None or name in required:
                known[name](wrong, f"{at}/{name}", one)
        if len(wrong.all) == before:
            for look in more:
                look(wrong, at, value)

    return check


def typed(kinds: Mapping[str, Check], what: str = "type") -> Check:
    """An object of one of these types."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            wrong.add(at, "must be an object")
        elif "type" not in value:
            wrong.add(at, "missing required field: type")
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            wrong.add(f"{at}/type", f"unsupported {what}: {value['type']}")
        else:
            kinds[value["type"]](wrong, at, value)

    return check


def at_least_one(*names: str) -> Check:
    """One of these properties is there."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if not any(value.get(name) for name in names):
            wrong.add(at, f"must define one of: {', '.join(names)}")

    return check


def not_both(*names: str) -> Check:
    """No more than one of these properties is there."""

    def check(wrong: Complaints, at: str, value: Any) -> None:
        if sum(value.get(name) is not None for name in names) > 1:
            wrong.add(at, f"only one of these is allowed: {', '.join(names)}")

    return check
