"""The sender: claim → gate → make → hand over → record, a window at a time (delivery.md).

    for each batch (thousands):   lease it; one look at the facts; the gate; write all refusals at once
      for each window (W):        make its messages; ONE transaction: record the answers of the window before, check again what
                                  may have changed, mark this one handed over; then, outside any transaction, send it

A crash leaves at most W deliveries in doubt, a pause or an × lets at most W more go out, and nothing is ever lost: what was not
handed over is planned again by the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, func, or_, select
from sqlalchemy import case as sql_case

from journey import ledger
from journey.clock import Clock
from journey.ledger import Hold, Refusal, Skip
from journey.ledger.states import STICKY_HOLDS
from journey.lock import require_epoch
from journey.model import ChannelName
from journey.store.engine import reading, writing
from journey.store.tables import approvals, campaign_state, deliveries, versions
from journey.texts import Lang
from messaging.caps import Use
from messaging.cases import Batch, Gatherer, decide_all, world
from messaging.channels.base import Answer, Channel, InDoubt, NotAccepted, Parcel
from messaging.gate import Case, Send, decide
from messaging.keeping import keep as keep_parcels
from messaging.keeping import kept as kept_parcels
from messaging.parting import Answered, Ready, ReadyMaker, evidence, taken_places
from messaging.ports import InForce, Load, Look, Make
from messaging.report import Progress, SendReport

__all__ = ["Progress", "SendReport", "Sender"]

BATCH = 2_000
THREADS = 4
STALLED_AT = 5
"""A channel that refused so many one after the other, all for the time being, is left alone for the rest of the run.

Counted over as many windows as it takes: a window may hold fewer, and one mailbox that is full says nothing of the server.
"""
LOOK_AGE = timedelta(seconds=60)
"""How long one look at the facts holds; what of its batch has not gone out by then is claimed and looked at anew."""
_NEWEST = select(
    select(func.max(versions.c.id)).scalar_subquery().label("version"),
    select(func.max(approvals.c.id)).scalar_subquery().label("approval"),
)
_SWITCHES = select(campaign_state.c.campaign_id, campaign_state.c.paused, campaign_state.c.stopped)


@dataclass(frozen=True)
class Sender:
    """Everything one sending process works with. `epoch` is from `journey.lock.only_one`."""

    engine: Engine
    epoch: int
    clock: Clock
    load: Load
    look: Look
    make: Make
    gatherer: Gatherer
    channels: Mapping[ChannelName, Channel]
    lang: Lang = "en"

    @property
    def window(self) -> int:
        """How many may be in flight at once: what the most careful channel allows."""
        return min((channel.window for channel in self.channels.values()), default=1)

    @property
    def repeating(self) -> list[ChannelName]:
        """The channels on which a delivery in doubt goes out again by itself."""
        return [name for name, channel in self.channels.items() if channel.when_in_doubt == "repeat"]

    def start(self) -> tuple[int, int]:
        """Once, before the first run: sets right what an older process left. Returns (planned again, in doubt)."""
        now = self.clock.now()
        with writing(self.engine) as connection:
            require_epoch(connection, self.epoch)
            found = ledger.recover(connection, self.epoch, now)
            ledger.repeat_doubtful(connection, self.repeating, now)
        return found

    def send_due(
        self,
        stop: Callable[[], bool] = lambda: False,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> SendReport:
        """Sends all that is due and may go out. Stops between two windows when `stop` says so. Raises EpochLost."""
        run = _Run(self, stop, progress)
        try:
            return run.all()
        finally:
            for channel in self.channels.values():
                channel.close()


class _Run:
    """One `send_due`: what it has counted, and the window whose answers are not written yet."""

    def __init__(self, sender: Sender, stop: Callable[[], bool], progress: Callable[[Progress], None]) -> None:
        self._s = sender
        self._maker = ReadyMaker(sender.make, sender.gatherer.addresses, sender.lang)
        self._stop = stop
        self._progress = progress
        self._counts: dict[str, int] = {}
        self._refused: dict[type, dict[str, int]] = {Skip: {}, ledger.Defer: {}, Hold: {}}
        self._answered: list[Answered] = []
        self._stalled: set[ChannelName] = set()
        self._in_a_row: dict[ChannelName, int] = {}
        self._stamp: object = None
        self._done = 0
        self._due = 0

    def all(self) -> SendReport:
        try:
            return self._all()
        except Exception:
            # Where the store itself is what failed, this fails too: then the next run, or the next start, sets it right.
            with suppress(Exception), writing(self._s.engine) as connection:
                self._record(
                    connection
                )  # also under a newer process's epoch: what a provider answered is evidence all the same
                ledger.put_back(connection, self._s.epoch, self._s.clock.now())
            raise

    def _all(self) -> SendReport:
        self._set_right()
        in_force, campaigns = self._begin()
        stopped = False
        with ThreadPoolExecutor(THREADS, thread_name_prefix="send") as pool:
            while campaigns and not stopped:
                with self._transaction() as connection:
                    rows = ledger.claim(connection, self._s.epoch, campaigns, self._s.clock.now(), BATCH)
                if not rows:
                    break
                stopped = not self._batch(rows, in_force, pool)
                if not stopped and self._changed():
                    in_force, campaigns = self._begin()
                campaigns = [c for c in campaigns if not self._stalled.intersection(_channels(in_force, c))]
        return self._report(stopped)

    def _set_right(self) -> None:
        """What an earlier run of this process left open when it ended in an error."""
        now = self._s.clock.now()
        with self._transaction() as connection:
            _, doubtful = ledger.put_back(connection, self._s.epoch, now)
            if doubtful:
                ledger.repeat_doubtful(connection, self._s.repeating, now)

    def _begin(self) -> tuple[InForce, list[str]]:
        """What is in force now, and the campaigns whose deliveries may be claimed; the others' due rows say why they wait."""
        now = self._s.clock.now()
        with self._transaction() as connection:
            in_force = self._s.load(connection, now)
            self._stamp = _stamp(connection)
            due = _due(connection, now)
            self._due = max(self._due, self._done + sum(due.values()))
            may_run = []
            for campaign in due:
                standing = in_force.standings.get(campaign)
                hold = "inactive" if standing is None else standing.hold
                if hold is not None or standing is None or standing.live is None:
                    held = ledger.hold_campaign(connection, campaign, hold or "not_approved", now)
                    self._count(Hold, hold or "not_approved", held)
                    continue
                may_run.append(campaign)
                ledger.reopen_render(connection, campaign, standing.live_hash)
                row = standing.live[0]
                refused = [c for c in row.channels if self._s.gatherer.refused(c, row, in_force.settings)]
                ledger.reopen_channels(connection, campaign, refused)
        return in_force, may_run

    def _batch(self, rows: Sequence[ledger.Delivery], in_force: InForce, pool: ThreadPoolExecutor) -> bool:
        """One claimed batch to its end. False where it was told to stop."""
        now = self._s.clock.now()
        seen = self._s.look(rows, in_force, now)
        with reading(self._s.engine) as connection:
            batch = self._s.gatherer.batch(connection, rows, seen, in_force, now)
            decided = decide_all(connection, batch, in_force, now)
            kept = kept_parcels(connection, [case.delivery.id for case, d in decided if isinstance(d, Send)])
        refused = [(case.delivery.id, d) for case, d in decided if not isinstance(d, Send)]
        if refused:
            with self._transaction() as connection:
                self._settle(connection, refused, now)
            self._tell(len(refused))
        going = [(case, d.channel) for case, d in decided if isinstance(d, Send)]
        open_ids = [case.delivery.id for case, _ in going]
        told_to_stop = False
        for start in range(0, len(going), self._s.window):
            told_to_stop = self._stop()
            stale = start > 0 and self._s.clock.now() - now > LOOK_AGE  # its first window goes, however long the look took
            if (
                told_to_stop
                or stale
                or self._stalled
                or not self._window(going[start : start + self._s.window], batch, kept, in_force, pool)
            ):
                break
        with self._transaction() as connection:  # the last answers, and whatever of the batch was not handed over
            ledger.let_go(connection, self._s.epoch, open_ids)
        return not told_to_stop

    def _window(
        self,
        going: Sequence[tuple[Case, ChannelName]],
        batch: Batch,
        kept: Mapping[int, Parcel],
        in_force: InForce,
        pool: ThreadPoolExecutor,
    ) -> bool:
        """One window. False where something decided meanwhile (pause, approval, a new workbook) asks for a fresh start."""
        now = self._s.clock.now()
        ready: list[Ready] = []
        unmade: list[tuple[int, Refusal]] = []
        for case, channel in going:
            made = self._maker.ready(case, channel, batch.seen[case.delivery.id], kept.get(case.delivery.id), in_force, now)
            if isinstance(made, Ready):
                ready.append(made)
            else:
                unmade.append((case.delivery.id, made))
        with self._transaction() as connection:
            self._settle(connection, unmade, now)
            if _stamp(connection) != self._stamp:
                return False
            parting = self._hand_over(connection, ready, in_force, now)
        sent = [p for p in parting if p.channel in self._s.channels]
        answers = list(pool.map(self._send, sent))
        self._answered = [Answered(parcel, answer) for parcel, answer in zip(sent, answers, strict=True)]
        self._watch(self._answered)
        self._tell(len(going))
        return True

    def _hand_over(self, connection: Connection, ready: Sequence[Ready], in_force: InForce, now: datetime) -> list[Parcel]:
        """Asks the gate once more with what this transaction sees, and marks those that still may go."""
        around = world(in_force, now)
        fresh = self._s.gatherer.fresh(connection, [r.case for r in ready], in_force, now)
        going: list[Ready] = []
        refused: list[tuple[int, Refusal]] = []
        taken = taken_places(connection, ready)
        for one, case in zip(ready, fresh, strict=True):
            # Those of this window before it have taken room too.
            same = [o for o in going if o.case.delivery.customer_id == case.delivery.customer_id]
            uses = [*case.uses, *(Use(o.case.delivery.kind, o.parcel.channel, around.today) for o in same)]
            decision = decide(replace(case, uses=uses), around)
            if isinstance(decision, Send) and decision.channel == one.parcel.channel:
                twin = taken.setdefault(one.place, one.handed.delivery_id)
                if twin == one.handed.delivery_id:
                    going.append(one)
                else:
                    refused.append((one.handed.delivery_id, Skip("already", {"delivery": twin})))
            elif not isinstance(decision, Send):
                refused.append((one.handed.delivery_id, decision))
            # else another channel fits now: it stays leased, is let go with the batch, and is made anew
        self._settle(connection, refused, now)
        marked = ledger.hand_over(connection, self._s.epoch, [one.handed for one in going], now)
        parting = [one.parcel for one in going if one.handed.delivery_id in marked]
        keep_parcels(connection, [p for p in parting if self._repeats(p)])
        return parting

    def _repeats(self, parcel: Parcel) -> bool:
        """Whether a parcel in doubt goes out again by itself, as its very bytes."""
        return self._s.channels[parcel.channel].when_in_doubt == "repeat"

    def _send(self, parcel: Parcel) -> Answer:
        try:
            return self._s.channels[parcel.channel].send(parcel)
        except Exception as error:  # a channel that breaks its promise not to raise: nobody knows what it did
            return InDoubt(type(error).__name__)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction under this process's epoch. It always holds the answers of the window before: the group commit."""
        with writing(self._s.engine) as connection:
            require_epoch(connection, self._s.epoch)
            states = self._record(connection)
            yield connection
        for state in states:
            self._counts[state] = self._counts.get(state, 0) + 1
        self._answered = []

    def _record(self, connection: Connection) -> list[str]:
        found = [evidence(one, self._repeats(one.parcel)) for one in self._answered]
        return list(ledger.record(connection, found, self._s.clock.now()).values()) if found else []

    def _watch(self, answered: Sequence[Answered]) -> None:
        by_channel: dict[ChannelName, list[Answer]] = {}
        for one in answered:
            by_channel.setdefault(one.parcel.channel, []).append(one.answer)
        for channel, answers in by_channel.items():
            passing = all(isinstance(a, NotAccepted) and not a.permanent for a in answers)
            self._in_a_row[channel] = self._in_a_row.get(channel, 0) + len(answers) if passing else 0
            if self._in_a_row[channel] >= STALLED_AT:
                self._stalled.add(channel)

    def _settle(self, connection: Connection, refused: Sequence[tuple[int, Refusal]], now: datetime) -> None:
        ledger.settle(connection, self._s.epoch, refused, now)
        for _, refusal in refused:
            self._count(type(refusal), refusal.reason, 1)

    def _count(self, kind: type, reason: str, more: int) -> None:
        if more:
            self._refused[kind][reason] = self._refused[kind].get(reason, 0) + more

    def _changed(self) -> bool:
        with reading(self._s.engine) as connection:
            return _stamp(connection) != self._stamp

    def _tell(self, more: int) -> None:
        self._done += more
        self._progress(Progress(self._done, max(self._due, self._done)))

    def _report(self, stopped: bool) -> SendReport:
        return SendReport(
            accepted=self._counts.get("accepted", 0),
            in_doubt=self._counts.get("in_doubt", 0),
            not_accepted=self._counts.get("planned", 0),
            failed=self._counts.get("failed", 0),
            skipped=self._refused[Skip],
            deferred=self._refused[ledger.Defer],
            held=self._refused[Hold],
            stalled=tuple(sorted(self._stalled)),
            stopped=stopped,
        )


def _stamp(connection: Connection) -> object:
    """Everything a person can decide that changes what may be sent: equal stamps mean that nothing was decided."""
    newest = connection.execute(_NEWEST).one()
    return tuple(newest), tuple(sorted(tuple(row) for row in connection.execute(_SWITCHES)))


def _due(connection: Connection, now: datetime) -> dict[str, int]:
    """Campaigns with planned rows that are due, and how many of those may be claimed."""
    d = deliveries.c
    free = sql_case((or_(d.reason.is_(None), d.reason.not_in(sorted(STICKY_HOLDS))), 1), else_=0)
    rows = connection.execute(
        select(d.campaign_id, func.sum(free)).where(d.state == "planned", d.due_at <= now).group_by(d.campaign_id)
    )
    return {row[0]: row[1] for row in rows}


def _channels(in_force: InForce, campaign_id: str) -> tuple[ChannelName, ...]:
    standing = in_force.standings[campaign_id]
    return standing.live[0].channels if standing.live is not None else ()
