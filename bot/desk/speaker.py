"""Who decides something, wherever they said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from journey.claim import Claim, at_will

Role = Literal["none", "viewer", "editor", "approver", "admin"]
ROLES: tuple[Role, ...] = ("none", "viewer", "editor", "approver", "admin")
"""From the one who may nothing to the one who may everything."""


@dataclass(frozen=True)
class Speaker:
    """Who speaks.

    `name` is recorded with a decision, `also` are other names of the same person (mail address, handle, id): the two-person rule
    knows them by any. `role` is what they may do; None: what `[roles]` of config.toml says of the name. `where`: the channel it
    was said in, empty for the terminal. `claim` runs in the transaction of the decision, so that one press decides once.
    """

    name: str
    role: Role | None = None
    also: frozenset[str] = frozenset()
    where: str = ""
    claim: Claim = at_will

    @property
    def names(self) -> frozenset[str]:
        """All names of this person, without regard to case."""
        return frozenset(name.casefold() for name in (self.name, *self.also) if name)
