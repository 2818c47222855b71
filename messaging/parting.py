"""One delivery on its way out: the message that is ready to be handed over, and what its answer proves."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from journey.clock import local_date
from journey.errors import TabijiError
from journey.ledger import Evidence, HandOver, Hold, Refusal
from journey.ledger.read import address_taken
from journey.model import ChannelName, MessageVariant
from journey.texts import Lang, text
from messaging.channels.base import Accepted, Answer, NotAccepted, Parcel
from messaging.choose import choose
from messaging.compose import message_id
from messaging.gate import Case
from messaging.ports import Addresses, InForce, Make, Order, Seen

Place = tuple[str, str, int, str, str]
"""Campaign, step, generation, channel and address key: what one local day has room for once."""


@dataclass(frozen=True)
class Ready:
    """A made message, not yet handed over."""

    case: Case
    parcel: Parcel
    handed: HandOver

    @property
    def place(self) -> Place:
        """What it takes of its day."""
        row = self.case.delivery
        return row.campaign_id, row.step, row.generation, self.handed.channel, self.handed.address_key


@dataclass(frozen=True)
class Answered:
    """A handed-over parcel with what came back."""

    parcel: Parcel
    answer: Answer


@dataclass(frozen=True)
class ReadyMaker:
    """Makes deliveries ready. `lang` is that of sentences for the team, and of customers whose language no row has."""

    make: Make
    addresses: Addresses
    lang: Lang

    def ready(
        self, case: Case, channel: ChannelName, seen: Seen, kept: Parcel | None, in_force: InForce, now: datetime
    ) -> Ready | Refusal:
        """The message for one delivery; a kept one is repeated byte for byte."""
        row, standing = case.delivery, in_force.standings[case.campaign.id]
        assert standing.live is not None
        address = next(r.address for r in case.routes if r.channel == channel) or ""
        languages = [str(seen.attributes.get("language") or ""), self.lang]
        variant = choose(standing.live[1], row.customer_id, channel, [x for x in languages if x])
        if variant is None:
            why = text("delivery.no_variant", message=case.campaign.message, channel=channel)
            return Hold("render", {"why": why.say(self.lang)}, content_hash=standing.live_hash)
        attempt = row.attempt_id or uuid.uuid4().hex
        header = row.header_id or message_id(row.id, row.generation, in_force.settings.sender_address)
        parcel = kept
        if parcel is None or (parcel.channel, parcel.address) != (channel, address):
            try:
                made = self.make(Order(case.campaign, variant, channel, address, row.id, seen, header, now), in_force)
            except TabijiError as error:
                return Hold("render", {"why": error.said.say(self.lang)}, content_hash=standing.live_hash)
            local = now.astimezone(in_force.zone)
            parcel = Parcel(row.id, attempt, channel, address, made.payload, made.sender, local, made.facts)
        return Ready(case, parcel, self._handed(case, parcel, variant, header, in_force, now))

    def _handed(
        self, case: Case, parcel: Parcel, variant: MessageVariant, header: str, in_force: InForce, now: datetime
    ) -> HandOver:
        return HandOver(
            delivery_id=case.delivery.id,
            attempt_id=parcel.attempt_id,
            content_hash=in_force.standings[case.campaign.id].live_hash,
            message_id=variant.message,
            variant=variant.variant,
            language=variant.language,
            channel=parcel.channel,
            address_key=self.addresses.key(parcel.channel, parcel.address),
            local_day=local_date(now, in_force.zone).isoformat(),
            header_id=header,
            payload_hash=hashlib.sha256(parcel.payload).hexdigest(),
        )


def taken_places(connection: Connection, ready: Sequence[Ready]) -> dict[Place, int]:
    """Who has each address of these on their day already: the delivery, by place."""
    groups: dict[tuple[str, str, int, str], list[tuple[str, str]]] = {}
    for one in ready:
        row = one.case.delivery
        group = (row.campaign_id, row.step, row.generation, one.handed.local_day)
        groups.setdefault(group, []).append((one.handed.channel, one.handed.address_key))
    return {
        (*group[:3], *key): delivery
        for group, keys in groups.items()
        for key, delivery in address_taken(connection, *group, keys).items()
    }


def evidence(one: Answered, repeatable: bool) -> Evidence:
    """What an answer proves of its attempt. `repeatable`: its channel sends a doubtful one again."""
    answer, attempt = one.answer, one.parcel.attempt_id
    if isinstance(answer, Accepted):
        return Evidence(attempt, "accepted", provider_id=answer.provider_id)
    said = answer.reason.replace(one.parcel.address, "***")  # providers like to repeat the address; the trail must not
    if isinstance(answer, NotAccepted):
        return Evidence(
            attempt,
            "not_accepted",
            said,
            permanent=answer.permanent,
            address_refused=answer.bounced,
            retry_after=answer.retry_after,
        )
    return Evidence(attempt, "in_doubt", said, repeatable=repeatable)
