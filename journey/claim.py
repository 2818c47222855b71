"""What makes a person's word count once, though it may arrive twice: it is claimed in the transaction of what it decides."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from journey.errors import InputError

Claim = Callable[[Connection], None]
"""Runs first in the transaction of a decision. Raises `Repeated` where the word was taken up before; then nothing is changed."""


class Repeated(InputError):
    """A word that was taken up before: a press that came twice, a button that has decided already."""


def at_will(connection: Connection) -> None:
    """The claim of a word that may be said as often as one likes."""
