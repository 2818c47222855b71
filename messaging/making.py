"""Making messages: the catalogue's rows compiled once, and each order turned into the bytes that leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from journey.errors import InputError
from journey.fields import Names
from journey.model import ChannelName, MessageVariant, Settings
from journey.texts import Lang
from messaging import compose
from messaging.channels.base import Channel
from messaging.context import Needs, build
from messaging.links import Links
from messaging.ports import InForce, Made, Order
from messaging.templates import CompiledMessage, compile_variant

OWN_SENDER = "tabiji@localhost.invalid"
"""Who writes to the outbox until Settings name a sender; real channels refuse to send before that."""


class MessageMaker:
    """Makes the messages of one installation (the `Make` of `messaging.ports`) and keeps compiled rows while the names that they
    may use stay the same."""

    def __init__(self, links: Links, channels: Mapping[ChannelName, Channel], lang: Lang) -> None:
        self._links = links
        self._channels = channels
        self._lang = lang
        self._names: Names | None = None
        self._compiled: dict[tuple[MessageVariant, bool], CompiledMessage] = {}

    def __call__(self, order: Order, in_force: InForce) -> Made:
        """The finished message. Raises TabijiError with a sentence where it cannot be made for this customer."""
        settings = own_sender(in_force.settings)
        mail = self._channels[order.channel].carries == "mail"
        url = self._links.unsubscribe_url(order.delivery_id)
        rendered = self._compile(order.variant, mail, in_force.names).render(
            build(order.seen.attributes, settings=settings, now=order.made_at, unsubscribe_url=url, order=order.seen.last_order)
        )
        rendered = replace(rendered, subject=order.subject_mark + rendered.subject)
        kind = order.campaign.kind
        if not mail:
            note = compose.note(
                rendered, channel=order.channel, to=order.address, settings=settings, kind=kind, unsubscribe_url=url
            )
            return Made(note, facts=_facts(order))
        whole = compose.mail(
            rendered,
            to=order.address,
            settings=settings,
            kind=kind,
            message_id=order.header_id,
            date=order.made_at.astimezone(in_force.zone),
            unsubscribe_url=url,
        )
        return Made(whole, settings.sender_address, _facts(order))

    def needs(self, variants: Iterable[MessageVariant], names: Names) -> Needs:
        """What these rows use of a customer, so that nothing else is fetched. A row that cannot be compiled needs nothing here:
        making it will say why."""
        found = Needs()
        for variant in variants:
            try:
                found |= self._compile(variant, variant.channel in ("", "email"), names).needs
            except InputError:
                continue
        return found

    def _compile(self, variant: MessageVariant, mail: bool, names: Names) -> CompiledMessage:
        if self._names != names:
            self._names = names
            self._compiled.clear()
        if (variant, mail) not in self._compiled:
            self._compiled[variant, mail] = compile_variant(variant, names, self._lang, form="mail" if mail else "note")
        return self._compiled[variant, mail]


def own_sender(settings: Settings) -> Settings:
    """The settings with a sender of the program's own where Settings name none."""
    return settings if settings.sender_address else replace(settings, sender_address=OWN_SENDER)


def _facts(order: Order) -> dict[str, str]:
    """What the template of a channel's address may use: the customer's plain values."""
    return {key: str(value) for key, value in order.seen.attributes.items() if value is not None}
