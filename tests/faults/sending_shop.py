"""A sender over a real store in a temporary folder and a provider that remembers; crashes happen where a test wants them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, select

from journey import ledger
from journey.approvals import Standing
from journey.clock import FrozenClock
from journey.ledger import Delivery, PlannedRow, freeze
from journey.lock import raise_epoch
from journey.model import Campaign, Cap, MessageVariant, OnEnter, Settings, Workbook
from journey.store.engine import open_store, reading, writing
from journey.store.tables import campaign_state, consents
from messaging.cases import Gatherer
from messaging.channels.base import Accepted, Answer, Carries, Parcel
from messaging.ports import InForce, Made, Order, Seen
from messaging.sender import Sender

NOW = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)  # noon in Tokyo
ROOMY = Settings(cap_promotional=Cap())


class SimulatedCrash(BaseException):
    """The process ends here; nothing after this line runs in it."""


class Provider:
    """A channel that accepts everything, unless told otherwise, and remembers what it accepted across crashes."""

    kind = "fake"
    hosts: tuple[str, ...] = ()
    carries: Carries = "mail"

    def __init__(self, when_in_doubt: str = "hold") -> None:
        self.when_in_doubt = when_in_doubt
        self.window = 5
        self.accepted: list[Parcel] = []
        self.before: Callable[[Parcel], None] = lambda _: None
        self.after: Callable[[Parcel], None] = lambda _: None
        self.answer: Callable[[Parcel], Answer] = lambda _: Accepted("p")

    def send(self, parcel: Parcel) -> Answer:
        self.before(parcel)
        answer = self.answer(parcel)
        if isinstance(answer, Accepted):
            self.accepted.append(parcel)
        self.after(parcel)
        return answer

    def check(self) -> str | None:
        return None

    def close(self) -> None:
        return

    @property
    def counts(self) -> Counter[str]:
        return Counter(p.address for p in self.accepted)


class FakeAddresses:
    def address(self, channel: str, attributes: Mapping[str, Any]) -> str | None:
        return attributes.get(channel)

    def key(self, channel: str, address: str) -> str:
        return f"k:{address}"


@dataclass
class Shop:
    """One small installation: `start()` is a process's start, with a new epoch."""

    engine: Engine
    provider: Provider
    clock: FrozenClock
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)
    settings: Settings = ROOMY
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refusals: dict[str, str] = field(default_factory=dict)
    variants: tuple[MessageVariant, ...] = (MessageVariant("M1", body="hello"),)
    make: Callable[[Order, InForce], Made] | None = None
    content: str = "h1"

    @classmethod
    def open(cls, folder: Path, provider: Provider | None = None) -> Shop:
        return cls(open_store(folder), provider or Provider(), FrozenClock(NOW))

    def add(self, campaign: Campaign, customers: Sequence[str], due: datetime = NOW, occurrence: str = "1") -> None:
        """Approves a campaign and freezes it for these customers, who all consent."""
        self.campaigns[campaign.id] = campaign
        with writing(self.engine) as connection:
            for customer in customers:
                if customer not in self.people:
                    self.people[customer] = {"email": f"{customer}@example.com"}
                    connection.execute(consents.insert().values(customer_id=customer, channel="email", granted=True))
            freeze(connection, campaign, [PlannedRow(c, "1", occurrence, due) for c in customers], self.clock.now())

    def load(self, connection: Connection, now: datetime) -> InForce:
        standings = {
            key: Standing(
                key, c.name, "approved", "running", live=(c, self.variants), live_hash=self.content,
                paused=self.holds.get(key) == "paused", active=self.holds.get(key) != "inactive",
            )
            for key, c in self.campaigns.items()
        }  # fmt: skip
        for row in connection.execute(select(campaign_state).where(campaign_state.c.paused)):
            standings[row.campaign_id] = replace(standings[row.campaign_id], state="paused", paused=True)
        return InForce(Workbook(settings=self.settings, campaigns=tuple(self.campaigns.values())), standings)

    def look(self, rows: Sequence[Delivery], in_force: InForce, now: datetime) -> Mapping[int, Seen]:
        return {
            r.id: Seen(True, r.customer_id not in self.gone, self.people[r.customer_id])
            for r in rows
            if r.customer_id in self.people
        }

    def making(self, order: Order, in_force: InForce) -> Made:
        if self.make is not None:
            return self.make(order, in_force)
        return Made(f"{order.header_id} to {order.address}: {order.variant.body}".encode())

    def start(self, window: int = 5) -> Sender:
        self.provider.window = window
        with writing(self.engine) as connection:
            epoch = raise_epoch(connection)
        sender = Sender(
            engine=self.engine,
            epoch=epoch,
            clock=self.clock,
            load=self.load,
            look=self.look,
            make=self.making,
            gatherer=Gatherer(FakeAddresses(), lambda c, campaign, s: self.refusals.get(c)),
            channels={"email": self.provider, "sms": self.provider},
        )
        sender.start()
        return sender

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows())

    def rows(self, **narrowed: str) -> list[ledger.Listed]:
        with reading(self.engine) as connection:
            return ledger.listed(connection, **narrowed)

    def reasons(self) -> dict[str, tuple[str, str | None]]:
        return {row.customer: (row.state, row.reason) for row in self.rows()}


def campaign(key: str = "C1", **changes: Any) -> Campaign:
    return replace(Campaign(key, key, True, OnEnter(), "M1"), **changes)


def people(count: int) -> list[str]:
    return [f"c{i:03}" for i in range(count)]


@dataclass
class Fuse:
    """Ends the process at its n-th checkpoint: before and after every commit, before and after every send."""

    engine: Engine
    provider: Provider
    at: int
    seen: int = 0

    def _step(self, *_: object) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise SimulatedCrash

    def light(self) -> None:
        event.listen(self.engine, "begin", self._step)
        event.listen(self.engine, "commit", self._step)
        self.provider.before = self.provider.after = self._step

    def out(self) -> None:
        event.remove(self.engine, "begin", self._step)
        event.remove(self.engine, "commit", self._step)
        self.provider.before = self.provider.after = lambda _: None
