"""Where the house is put together: from a config to everything a command works with. Nothing is built before it is asked for."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from bot.config import Config, load_config
from bot.inbox import Inbox
from bot.secret import read_secret
from bot.sheet_access import access_of
from journey.approvals import Ground
from journey.clock import Clock, FrozenClock, RunningClock, SystemClock
from journey.errors import InputError
from journey.facts import FactStore
from journey.fields import Names
from journey.model import Campaign, Workbook
from journey.plan import Audience, estimate
from journey.store.engine import open_store, reading, writing
from journey.store.time import advance, newest, refuse_earlier
from journey.texts import Lang, text
from journey.versions import Version, current
from messaging.cases import Gatherer
from messaging.channels.base import Channel
from messaging.channels.making import make_channel
from messaging.links import Links
from messaging.looking import FactsLook
from messaging.making import MessageMaker
from messaging.outgoing import AddressBook, ChannelGuard, Ruling
from messaging.ports import InForce
from messaging.sender import Sender
from messaging.templates import check_message
from sheets_sync.check import CheckContext, read_workbook
from sheets_sync.examples import tests_at
from sheets_sync.google.access import spreadsheet_id
from sheets_sync.source import WorkbookSource
from sheets_sync.xlsx import XlsxSource

YEARS = range(1900, 9000)
"""What `--now` may name: calendars can still count from there in both directions."""


@dataclass
class Installation:
    """One installation of Tabiji, as one process sees it. The lazily made parts live as long as it does."""

    config: Config
    clock: Clock
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: float = 60.0
    """Seconds that one call to Google may wait in all until it is given up for now."""

    @property
    def lang(self) -> Lang:
        """The program's language."""
        return self.config.language

    @property
    def now(self) -> datetime:
        """The clock's present moment (UTC)."""
        return self.clock.now()

    @property
    def user(self) -> str:
        """The operating system's name for whoever runs this."""
        try:
            return getpass.getuser()
        except (OSError, KeyError):  # a user id without a name
            return str(os.getuid())

    @property
    def store_folder(self) -> Path:
        """Where facts and state lie."""
        return self.config.path(self.config.store.path)

    @cached_property
    def engine(self) -> Engine:
        """The state store. Raises InputError where it cannot be opened."""
        return open_store(self.store_folder, self.config.store.url)

    @cached_property
    def facts(self) -> FactStore:
        """The facts."""
        return FactStore(self.store_folder, self.engine)

    @cached_property
    def source(self) -> WorkbookSource:
        """The workbook: a local file, or the Google Sheet that the config names. Raises InputError for another address."""
        where = self.config.sheet.source
        sheet = spreadsheet_id(where)
        if sheet is None:
            return XlsxSource(self.config.path(where), self.store_folder / "workbook.json")
        from sheets_sync.google.client import connect  # gspread and google-auth: only for those who have a Sheet
        from sheets_sync.google.source import GoogleSource
        from sheets_sync.google.waiting import Waiting

        return GoogleSource(lambda: connect(access_of(self.config), Waiting(self.patience), self.store_folder), sheet, where)

    @cached_property
    def inbox(self) -> Inbox:
        """The folder that `tick` and `run` upload from."""
        return Inbox(self.config.path(self.config.inbox.path), self.lang)

    @cached_property
    def secret(self) -> bytes:
        """What signs links and keys the hashes of addresses."""
        return read_secret(self.store_folder / "secret", self.environment)

    @cached_property
    def channels(self) -> Mapping[str, Channel]:
        """Every channel of the config by its name."""
        return {
            name: make_channel(name, keys, self.config.folder, self.environment) for name, keys in self.config.channels.items()
        }

    @cached_property
    def links(self) -> Links:
        """Signed links to the pages that customers meet."""
        return Links(self.secret, self.config.web.url)

    @cached_property
    def addresses(self) -> AddressBook:
        """Where customers are reached."""
        return AddressBook(self.secret)

    @cached_property
    def maker(self) -> MessageMaker:
        """Makes messages."""
        return MessageMaker(self.links, self.channels, self.lang)

    @cached_property
    def look(self) -> FactsLook:
        """Looks at customers for the gate and for messages."""
        return FactsLook(self.facts, self.maker, self.addresses)

    @cached_property
    def guard(self) -> ChannelGuard:
        """Never by accident."""
        web, trial = self.config.web.url, self.config.safety.trial_hosts
        return ChannelGuard(self.channels, web, self.clock.given, trial, self.lang)

    @property
    def ruling(self) -> Ruling:
        """Reads what is in force."""
        return Ruling(self.config.channel_kinds)

    @property
    def gatherer(self) -> Gatherer:
        """Gathers what the gate asks about."""
        return Gatherer(self.addresses, self.guard)

    def sender(self, epoch: int) -> Sender:
        """The sender of a process that holds the store's lock with this epoch."""
        return Sender(
            self.engine, epoch, self.clock, self.ruling, self.look, self.maker, self.gatherer, self.channels, self.lang
        )

    def begin_writing(self) -> None:
        """Moves the store's time to now, before a command writes. Raises InputError for a `now` before it."""
        with writing(self.engine) as connection:
            refuse_earlier(connection, self.now)
            advance(connection, self.now)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Around a decision: refused for a `now` before the store's time, which moves only where something was decided."""
        with reading(self.engine) as connection:
            refuse_earlier(connection, self.now)
        yield
        with writing(self.engine) as connection:
            advance(connection, self.now)

    def version(self) -> Version | None:
        """The workbook's version in force."""
        with reading(self.engine) as connection:
            return current(connection)

    def in_force(self) -> InForce:
        """The workbook with the settings in force, and where each campaign stands now."""
        with reading(self.engine) as connection:
            return self.ruling(connection, self.now)

    def required_version(self) -> Version:
        """The version in force. Raises InputError before the first sync."""
        version = self.version()
        if version is None:
            raise InputError(text("cli.no_version"))
        return version

    def ground(self) -> Ground:
        """What decisions are made on. Raises InputError before the first sync."""
        version = self.required_version()
        return Ground(version.workbook, version.drafts, self.config.channel_kinds)

    def own_workbook(self) -> Workbook:
        """The version in force, or before the first sync what the workbook says so far (its time zone and aliases serve)."""
        version = self.version()
        if version is not None:
            return version.workbook
        try:
            return read_workbook(self.source.snapshot(), CheckContext(tuple(self.channels))).workbook
        except InputError:
            return Workbook()

    @property
    def zone(self) -> ZoneInfo:
        """The workbook's time zone."""
        version = self.version()
        return ZoneInfo((version.workbook if version else Workbook()).settings.time_zone)

    def names(self, workbook: Workbook) -> Names:
        """Everything that conditions and templates of a workbook may refer to."""
        return Names.of(workbook, self.facts.attributes())

    def check_context(self) -> CheckContext:
        """What a check of the workbook needs to know from outside it."""
        return CheckContext(
            channels=tuple(self.channels),
            custom=self.facts.attributes(),
            check_message=check_message,
            run_tests=tests_at(self.now),
        )

    def audience(self, campaign: Campaign) -> Audience:
        """Whom a campaign would reach on the newest facts."""
        in_force = self.in_force()
        with reading(self.engine) as connection, closing(self.facts.open(fields=in_force.workbook.fields)) as con:
            return estimate(connection, con, in_force.names, campaign, in_force.settings, self.now)


def open_installation(
    config_path: Path, *, now: str | None = None, environment: Mapping[str, str] | None = None, must_exist: bool = False
) -> Installation:
    """The installation that a config file describes; without a file, all defaults in the present folder.

    `now` is `--now` (ISO 8601; without an offset in the workbook's time zone). Raises InputError for a config or time that is wrong.
    """
    environment = os.environ if environment is None else environment
    config = load_config(config_path, environment, must_exist=must_exist)
    installation = Installation(config, SystemClock(), environment)
    if now is not None:
        installation.clock = FrozenClock(parse_now(now, installation))
    return installation


def parse_now(given: str, installation: Installation) -> datetime:
    """The moment that `--now` names. Raises InputError."""
    try:
        moment = datetime.fromisoformat(given.strip())
    except ValueError as error:
        raise InputError(text("config.bad_now", value=given[:60])) from error
    if moment.tzinfo is None:
        state = installation.store_folder / "state.sqlite"
        known = state.exists() or installation.config.store.url
        moment = moment.replace(tzinfo=installation.zone if known else ZoneInfo(Workbook().settings.time_zone))
    if moment.year not in YEARS:
        raise InputError(text("config.bad_now", value=given[:60]))
    return moment


def let_run(installation: Installation) -> None:
    """`run --now` starts there and runs on."""
    if isinstance(installation.clock, FrozenClock):
        installation.clock = RunningClock(installation.clock.at)


def store_time(installation: Installation) -> datetime | None:
    """The newest `now` of a command that wrote."""
    with reading(installation.engine) as connection:
        return newest(connection)
