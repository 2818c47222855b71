"""What the real house gives the sender: addresses under the installation's secret, the guard of each channel, and what is in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from journey.approvals import Standing, standings
from journey.facts.store import known_attributes
from journey.fields import ADDRESS_FIELD, Names
from journey.model import Campaign, ChannelName, Settings, Workbook
from journey.plan.audiences import compile_audiences
from journey.settings import settings_in_force
from journey.texts import Lang, text
from journey.versions import current
from messaging.addresses import address_key, normalise
from messaging.channels.base import Channel
from messaging.channels.guard import refusal
from messaging.ports import InForce


@dataclass(frozen=True)
class AddressBook:
    """Where customers are reached (the `Addresses` of `messaging.ports`). `secret` keys the hashes of addresses.

    A channel that has no attribute of its own is reached under the e-mail address.
    """

    secret: bytes

    def field(self, channel: ChannelName) -> str:
        """The attribute that holds the address."""
        return ADDRESS_FIELD.get(channel, "email")

    def address(self, channel: ChannelName, attributes: Mapping[str, Any]) -> str | None:
        """The customer's one usable address for a channel, normalised, or None."""
        return normalise(channel, attributes.get(self.field(channel)))

    def key(self, channel: ChannelName, address: str) -> str:
        """The keyed hash under which the address is known."""
        return address_key(self.secret, channel, address)


@dataclass(frozen=True)
class ChannelGuard:
    """Why nothing may leave by a channel (the `Refused` of `messaging.ports`): not configured, or unsafe."""

    channels: Mapping[ChannelName, Channel]
    base_url: str
    clock_given: bool
    trial_hosts: Collection[str]
    lang: Lang

    def __call__(self, channel: ChannelName, campaign: Campaign, settings: Settings) -> str | None:
        """A sentence for people, or None."""
        way = self.channels.get(channel)
        if way is None:
            return text("delivery.no_channel", channel=channel).say(self.lang)
        said = refusal(way, campaign.kind, settings, self.base_url, self.clock_given, self.trial_hosts)
        return said.say(self.lang) if said is not None else None


@dataclass(frozen=True)
class Ruling:
    """What is in force (the `Load` of `messaging.ports`). `channel_kinds` is the kind of each configured channel."""

    channel_kinds: Mapping[ChannelName, str]

    def __call__(self, connection: Connection, now: datetime) -> InForce:
        """Reads it. A campaign whose condition can no longer be read is held like one whose audience was edited."""
        version = current(connection)
        typed = version.workbook if version is not None else Workbook()
        settings = settings_in_force(connection, typed.settings)
        workbook = replace(typed, settings=settings)
        drafts = version.drafts if version is not None else {}
        known = standings(connection, workbook, drafts, self.channel_kinds, now, ZoneInfo(settings.time_zone))
        names = Names.of(workbook, tuple(known_attributes(connection).values()))
        live = [s.live[0] for s in known.values() if s.live is not None]
        unreadable = compile_audiences(live, names).unreadable
        return InForce(workbook, {key: _held(s) if key in unreadable else s for key, s in known.items()}, names)


def _held(standing: Standing) -> Standing:
    return replace(standing, approval="void", state="held" if standing.state == "running" else standing.state)
