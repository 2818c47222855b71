"""What a campaign would do today, and how it looks: the same look at the facts, the same gate, the same making, but nothing written."""

from __future__ import annotations

import email
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from email.policy import default

from sqlalchemy import Connection, Engine, insert

from journey.approvals import Standing
from journey.errors import InputError, OutsideError
from journey.ledger import Delivery
from journey.ledger.rows import chunks
from journey.model import Campaign, ChannelName, MessageVariant
from journey.plan.audiences import on_stages
from journey.plan.run import rank
from journey.store.engine import reading, writing
from journey.store.tables import audit
from journey.texts import Lang, text
from messaging.addresses import mask, normalise
from messaging.cases import Gatherer, decide_all
from messaging.channels.base import Accepted, Channel, Parcel
from messaging.choose import choose
from messaging.gate import Decision, Send
from messaging.links import TRIAL
from messaging.looking import FactsLook, Wanted
from messaging.ports import InForce, Load, Make, Order, Seen

_STEP = "1"
_NOBODY = "sample@localhost.invalid"


@dataclass(frozen=True)
class Sample:
    """One message as a customer would get it. `payload` is what would leave, `said` its text for reading here.

    `refused` is the gate's reason why this customer would not get it today, None for one who would.
    """

    customer_id: str
    channel: ChannelName
    variant: MessageVariant
    subject: str
    said: str
    payload: bytes
    refused: str | None = None


@dataclass(frozen=True)
class Preview:
    """Who would get a campaign today. `sends`: stage id ("" for none) → channel → customers; `refused`: reason → customers."""

    campaign: Campaign
    at: datetime
    sends: Mapping[str, Mapping[ChannelName, int]]
    refused: Mapping[str, int]
    sample: Sample | None

    @property
    def total(self) -> int:
        """How many would get it."""
        return sum(sum(by_channel.values()) for by_channel in self.sends.values())


@dataclass(frozen=True)
class Previewer:
    """Shows what a campaign does as the workbook has it now, approved or not."""

    engine: Engine
    load: Load
    look: FactsLook
    gatherer: Gatherer
    make: Make
    channels: Mapping[ChannelName, Channel]
    lang: Lang

    def preview(self, campaign_id: str, now: datetime, customer: str | None = None) -> Preview:
        """Everyone who stands where the campaign asks goes through the gate as if it fell due now; a sample is rendered for
        `customer`, or for the first who gets it. Raises InputError for an unknown campaign, a draft, or an unknown customer."""
        with reading(self.engine) as connection:
            in_force, content = self._as_typed(connection, campaign_id, now)
            sends: dict[str, Counter[ChannelName]] = {}
            refused: Counter[str] = Counter()
            picked: tuple[str, Seen, Decision] | None = None
            for wanted in self._batches(content[0], in_force):
                for one, seen, decision in self._decided(connection, wanted, content, in_force, now):
                    if isinstance(decision, Send):
                        stage = str(seen.values.get("stage") or "")
                        sends.setdefault(stage, Counter())[decision.channel] += 1
                        picked = picked or (one, seen, decision)
                    else:
                        refused[decision.reason] += 1
            if customer is not None:
                asked = self._decided(connection, [customer], content, in_force, now)
                if not asked:
                    raise InputError(text("delivery.no_customer", customer=customer))
                picked = asked[0]
        sample = self._sample(content, picked, in_force, now) if picked is not None else None
        return Preview(content[0], now, sends, refused, sample)

    def samples(self, campaign_id: str, now: datetime, most: int = 3) -> list[Sample]:
        """Messages of customers who would get it now: of each channel, variant and language one, as far as `most` goes.

        Looks no further than some thousand customers once it has any. Raises InputError for an unknown campaign or a draft.
        """
        with reading(self.engine) as connection:
            in_force, content = self._as_typed(connection, campaign_id, now)
            picked: dict[object, tuple[str, Seen, Decision]] = {}
            for wanted in self._batches(content[0], in_force):
                for one, seen, decision in self._decided(connection, wanted, content, in_force, now):
                    if isinstance(decision, Send) and len(picked) < most:
                        row = choose(content[1], one, decision.channel, self._languages(seen))
                        key = (decision.channel, row.variant, row.language) if row is not None else decision.channel
                        picked.setdefault(key, (one, seen, decision))
                if picked:
                    break
        return [self._sample(content, one, in_force, now) for one in picked.values()]

    def test_send(self, campaign_id: str, address: str, who: str, now: datetime) -> Sample:
        """Sends the campaign's message, marked as a test, to one address of the team; not in the ledger, but audited.

        Raises InputError where the address or the channel's guard does not allow it, OutsideError where it was not accepted.
        """
        with reading(self.engine) as connection:
            in_force, (campaign, variants) = self._as_typed(connection, campaign_id, now)
        channel, to = self._reached(campaign, address)
        if said := self.gatherer.refused(channel, campaign, in_force.settings):
            raise InputError(text("delivery.test_refused", why=said))
        shown = self.preview(campaign_id, now).sample
        customer = shown.customer_id if shown is not None else ""
        seen = self._seen(customer, (campaign, variants), in_force, now)
        sample, parcel = self._made(campaign, variants, channel, to, customer, seen, in_force, now, test=True)
        answer = self.channels[channel].send(parcel)
        self.channels[channel].close()
        detail = {"channel": channel, "address": mask(to), "accepted": isinstance(answer, Accepted)}
        with writing(self.engine) as connection:
            subject = f"campaign:{campaign.id}"
            connection.execute(insert(audit).values(at=now, who=who, action="test", subject=subject, detail=detail))
        if not isinstance(answer, Accepted):
            raise OutsideError(text("delivery.test_failed", channel=channel, why=answer.reason.replace(to, mask(to))))
        return sample

    def _as_typed(
        self, connection: Connection, campaign_id: str, now: datetime
    ) -> tuple[InForce, tuple[Campaign, tuple[MessageVariant, ...]]]:
        """What is in force, as if this campaign were approved as the workbook has it."""
        in_force = self.load(connection, now)
        campaign = next((c for c in in_force.workbook.campaigns if c.id == campaign_id), None)
        if campaign is None:
            if campaign_id in in_force.standings and in_force.standings[campaign_id].state == "draft":
                raise InputError(text("delivery.draft", campaign=campaign_id))
            known = [c.id for c in in_force.workbook.campaigns]
            raise InputError(text("delivery.unknown_campaign", campaign=campaign_id, known=known or "–"))
        content = (campaign, in_force.workbook.variants(campaign.message))
        standing = Standing(campaign_id, campaign.name, "approved", "running", live=content)
        return replace(in_force, standings={**in_force.standings, campaign_id: standing}), content

    def _batches(self, campaign: Campaign, in_force: InForce) -> Iterator[Sequence[str]]:
        """The customers who stand where the campaign asks, some thousands at a time."""
        query, values = "SELECT customer_id FROM customers ORDER BY 1", list[object]()
        if campaign.journey is not None:
            standing, values = on_stages(campaign, "stage_id")
            query = f"SELECT customer_id FROM placements WHERE journey_id = ? AND {standing} ORDER BY 1"
            values = [campaign.journey, *values]
        with closing(self.look.facts.open(fields=in_force.workbook.fields)) as con:
            ids = [row[0] for row in con.execute(query, values).fetchall()]
        return iter(chunks(ids))

    def _decided(
        self,
        connection: Connection,
        customers: Sequence[str],
        content: tuple[Campaign, tuple[MessageVariant, ...]],
        in_force: InForce,
        now: datetime,
    ) -> list[tuple[str, Seen, Decision]]:
        """The gate's answer for each known customer, as if a delivery of theirs fell due now."""
        campaign = content[0]
        wanted = [Wanted(customer, campaign.id) for customer in customers]
        found = self.look.look(wanted, {campaign.id: content}, in_force, now)
        known = [one for one in wanted if one in found]
        ranked = replace(campaign, priority=rank(in_force.standings[campaign.id], in_force.workbook)[0])
        rows = [_as_if_due(number, ranked, one.customer_id, now) for number, one in enumerate(known, 1)]
        seen = {row.id: found[one] for row, one in zip(rows, known, strict=True)}
        batch = self.gatherer.batch(connection, rows, seen, in_force, now)
        answers = decide_all(connection, batch, in_force, now)
        return [(case.delivery.customer_id, seen[case.delivery.id], decision) for case, decision in answers]

    def _seen(
        self,
        customer: str,
        content: tuple[Campaign, tuple[MessageVariant, ...]],
        in_force: InForce,
        now: datetime,
    ) -> Seen:
        wanted = Wanted(customer, content[0].id)
        return self.look.look([wanted], {content[0].id: content}, in_force, now).get(wanted, Seen(True, True))

    def _sample(
        self,
        content: tuple[Campaign, tuple[MessageVariant, ...]],
        picked: tuple[str, Seen, Decision],
        in_force: InForce,
        now: datetime,
    ) -> Sample:
        customer, seen, decision = picked
        campaign, variants = content
        channel = decision.channel if isinstance(decision, Send) else self._usable(campaign)
        to = self.gatherer.addresses.address(channel, seen.attributes) or _NOBODY
        sample, _ = self._made(campaign, variants, channel, to, customer, seen, in_force, now)
        return replace(sample, refused=None if isinstance(decision, Send) else decision.reason)

    def _usable(self, campaign: Campaign) -> ChannelName:
        return next((c for c in campaign.channels if c in self.channels), campaign.channels[0])

    def _reached(self, campaign: Campaign, address: str) -> tuple[ChannelName, str]:
        """The campaign's first channel for which this is an address, and its normal form."""
        for channel in campaign.channels:
            to = normalise(channel, address)
            # Any line of text could be the id of a chat: an e-mail address never is.
            if to is not None and channel in self.channels and ("@" not in to or self.channels[channel].carries == "mail"):
                return channel, to
        shown = mask(address)
        raise InputError(
            text("delivery.test_no_channel", address=shown, campaign=campaign.id, channels=list(campaign.channels))
        )

    def _languages(self, seen: Seen) -> list[str]:
        return [x for x in (str(seen.attributes.get("language") or ""), self.lang) if x]

    def _made(
        self,
        campaign: Campaign,
        variants: Sequence[MessageVariant],
        channel: ChannelName,
        to: str,
        customer: str,
        seen: Seen,
        in_force: InForce,
        now: datetime,
        *,
        test: bool = False,
    ) -> tuple[Sample, Parcel]:
        variant = choose(variants, customer, channel, self._languages(seen))
        if variant is None:
            raise InputError(text("delivery.no_variant", message=campaign.message, channel=channel))
        mark = text("delivery.test_mark").say(self.lang) if test else ""
        header = f"<tabiji.trial.{uuid.uuid4().hex}@localhost.invalid>"
        local = now.astimezone(in_force.zone)
        made = self.make(Order(campaign, variant, channel, to, TRIAL, seen, header, local, mark), in_force)
        parcel = Parcel(TRIAL, uuid.uuid4().hex, channel, to, made.payload, made.sender, local, made.facts)
        subject, said = _readable(made.payload, self.channels[channel].carries == "mail")
        return Sample(customer, channel, variant, subject, said, made.payload), parcel


def _as_if_due(number: int, campaign: Campaign, customer: str, now: datetime) -> Delivery:
    """A delivery that exists nowhere. It counts as released: how many and how late is not what a preview asks."""
    return Delivery(
        id=-number,
        campaign_id=campaign.id,
        customer_id=customer,
        step=_STEP,
        occurrence="",
        generation=0,
        kind=campaign.kind,
        priority=campaign.priority,
        first_due_at=now,
        due_at=now,
        deferrals=0,
        attempts=0,
        released_by="preview",
        header_id=None,
        attempt_id=None,
        variant=None,
    )


def _readable(payload: bytes, mail: bool) -> tuple[str, str]:
    """Subject and text of a finished message."""
    if not mail:
        note = json.loads(payload)
        return note["title"], note["body"]
    message = email.message_from_bytes(payload, policy=default)
    body = message.get_body(("plain",))
    return str(message["Subject"] or ""), body.get_content() if body is not None else ""
