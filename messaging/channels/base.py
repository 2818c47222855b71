"""The channel protocol: what a channel is given, and the three honest answers it can give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

Carries = Literal["mail", "note"]
"""What a channel's payload is: a whole RFC 5322 message (`compose.mail`), or UTF-8 JSON (`compose.note`)."""


@dataclass(frozen=True)
class Parcel:
    """One finished message for one address. `payload` is byte for byte what a repeat would send again."""

    delivery_id: int
    attempt_id: str
    """Fixed for a delivery's repeats: the idempotency key of channels that have one."""
    channel: str
    address: str
    payload: bytes
    """A whole RFC 5322 message for e-mail kinds, UTF-8 JSON (`title`, `body`, `html`, `link`, `image`) for others."""
    sender: str = ""
    """The envelope sender, where the channel has one."""
    made_at: datetime | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What a template of the channel's address may use (an Apprise URL), already plain text."""


@dataclass(frozen=True)
class Accepted:
    """The provider has it."""

    provider_id: str | None = None


@dataclass(frozen=True)
class NotAccepted:
    """It certainly was not accepted. `permanent`: never try this address again this way; else again after a while."""

    reason: str
    permanent: bool
    retry_after: timedelta | None = None
    bounced: bool = False
    """The address itself was refused (it does not exist): it is to be suppressed."""


@dataclass(frozen=True)
class InDoubt:
    """It may have been accepted; nobody knows. `reason` says what was seen."""

    reason: str


Answer = Accepted | NotAccepted | InDoubt


class Channel(Protocol):
    """A way out. One contract suite holds for every implementation (tests/contract/test_channels.py)."""

    carries: Carries
    """Which payload it wants."""
    window: int
    """How many deliveries may be in flight at once: the most that a crash leaves in doubt."""
    kind: str
    """`outbox`, `smtp`, `apprise`, …: part of what an approval covers."""
    hosts: tuple[str, ...]
    """`host:port` it would talk to (`apprise:SCHEME` for a service whose hosts are its own); empty when nothing leaves this machine."""
    when_in_doubt: str
    """`hold` or `repeat`."""

    def send(self, parcel: Parcel) -> Answer:
        """Hands one parcel over. Never raises for what a provider or a network does: that is what answers are for."""
        ...

    def check(self) -> str | None:
        """For `doctor`: None when it would work, else what stands in the way, in one plain sentence."""
        ...

    def close(self) -> None:
        """Lets go of connections. It can be used again afterwards."""
        ...
