"""What the sender needs of the rest of the house, as small protocols: tests bring their own, `bot.wiring` the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from journey.approvals import Standing
from journey.fields import Names
from journey.ledger import Delivery
from journey.model import Campaign, ChannelName, MessageVariant, Settings, Workbook


@dataclass(frozen=True)
class InForce:
    """What counts at a moment: the workbook with the settings in force in it, and where each campaign stands."""

    workbook: Workbook
    standings: Mapping[str, Standing]
    names: Names = field(default_factory=Names)
    """Everything that its conditions and templates may refer to."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.workbook.settings

    @property
    def zone(self) -> ZoneInfo:
        """The workbook's time zone."""
        return ZoneInfo(self.workbook.settings.time_zone)


@dataclass(frozen=True)
class Seen:
    """One customer as the facts have them now, in the eyes of one campaign.

    `attributes` holds what addresses, language, time zone and templates need, by attribute key; `last_order` the last order by
    the keys of `messaging.context.ORDER`, where a message uses it.
    """

    on_stage: bool
    condition: bool
    attributes: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    last_order: Mapping[str, Any] | None = None


UNKNOWN = Seen(on_stage=True, condition=False, values={"customer": "unknown"})
"""A customer who is in no customer file (any more)."""


@dataclass(frozen=True)
class Order:
    """One message to be made: which row of the catalogue, for whom, on which channel, and what is fixed for its repeats."""

    campaign: Campaign
    variant: MessageVariant
    channel: ChannelName
    address: str
    delivery_id: int
    """`messaging.links.TRIAL` for a preview or a test, which belong to no delivery."""
    seen: Seen
    header_id: str
    made_at: datetime
    subject_mark: str = ""
    """Before the subject of a test message, so that nobody takes it for a real one."""


@dataclass(frozen=True)
class Made:
    """A finished message: what `Parcel` takes of it."""

    payload: bytes
    sender: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


class Load(Protocol):
    def __call__(self, connection: Connection, now: datetime) -> InForce:
        """Reads what is in force, in the caller's transaction."""
        ...


class Look(Protocol):
    def __call__(self, rows: Sequence[Delivery], in_force: InForce, now: datetime) -> Mapping[int, Seen]:
        """One pass over the facts for all rows, by delivery id; customers that are unknown are left out."""
        ...


class Make(Protocol):
    def __call__(self, order: Order, in_force: InForce) -> Made:
        """Makes a message. Raises TabijiError with a sentence for the team where it cannot be made for this customer."""
        ...


class Refused(Protocol):
    def __call__(self, channel: ChannelName, campaign: Campaign, settings: Settings) -> str | None:
        """Why nothing of this campaign may leave by this channel now (delivery.md, Never by accident), or None."""
        ...


class Addresses(Protocol):
    def address(self, channel: ChannelName, attributes: Mapping[str, Any]) -> str | None:
        """The customer's one usable address for a channel, normalised, or None."""
        ...

    def key(self, channel: ChannelName, address: str) -> str:
        """The keyed hash under which the address is known in the ledger and among the suppressed."""
        ...
