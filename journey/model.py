"""The workbook, typed and checked: what one journey version means.

`sheets_sync` makes these values from cells; everything else only reads them. They are plain frozen data, and `dump`/`load` turn
a whole workbook into JSON and back, so that each version is kept as it was in force. Conditions stay the text that was typed
(already checked): they compile in well under a millisecond, and text is what a later program can still read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

ChannelName = str
"""A channel's key: `email`, `sms`, `line`, `push`, `post`, `call`, or a name that config.toml gives."""

Kind = Literal["promotional", "transactional"]
FieldType = Literal["text", "number", "date", "yes_no"]


@dataclass(frozen=True)
class Delay:
    """How long after the moment that triggers: whole hours, days or weeks; `at` is the wall-clock time on that day."""

    amount: int
    unit: Literal["h", "d", "w"]
    at: time | None = None


@dataclass(frozen=True)
class OnEnter:
    """When a customer enters the campaign's stage, at once or after a delay (then only who still stands there)."""

    delay: Delay | None = None
    type: Literal["on_enter"] = "on_enter"


@dataclass(frozen=True)
class AfterInStage:
    """When a customer has stood on the stage for so many days."""

    days: int
    at: time | None = None
    type: Literal["after_in_stage"] = "after_in_stage"


@dataclass(frozen=True)
class Recurring:
    """Daily, weekly or monthly, at a wall-clock time (None: the setting `default_send_time`).

    `weekdays` holds Monday as 0. `month_day` is 1 to 31 (a shorter month has it on its last day); 31 is "last" too.
    """

    every: Literal["day", "week", "month"]
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    at: time | None = None
    type: Literal["recurring"] = "recurring"


@dataclass(frozen=True)
class Once:
    """One time, on a local day at a wall-clock time (None: `default_send_time`)."""

    on: date
    at: time | None = None
    type: Literal["once"] = "once"


Trigger = OnEnter | AfterInStage | Recurring | Once


@dataclass(frozen=True)
class WindowSpan:
    """A sending window: on these weekdays (Monday 0; empty: every day), from `start` up to but not including `end`.

    `end` before or equal to `start` means that it runs over midnight.
    """

    start: time
    end: time
    weekdays: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cap:
    """At most so many; None is no limit. A day is a local date, a week the last seven of them."""

    per_day: int | None = None
    per_week: int | None = None


@dataclass(frozen=True)
class Goal:
    """What counts as success: an `order`, an `event` NAME, a `stage` ID, or a `condition`."""

    kind: Literal["order", "event", "stage", "condition"]
    value: str = ""


@dataclass(frozen=True)
class Stage:
    """One stage of a map. `condition` is the checked text of its cell; `aspects` are the free rows of its column by label."""

    id: str
    name: str
    condition: str
    goal: str = ""
    aspects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JourneyMap:
    """One journey: stages from left to right.

    `check_order` lists all stage ids, the first that holds wins; without a row for it that is right to left.
    """

    id: str
    name: str
    stages: tuple[Stage, ...]
    check_order: tuple[str, ...]
    tab: str = ""
    persona: str = ""
    audience: str = ""
    priority: int = 100

    def stage(self, stage_id: str) -> Stage:
        """The stage with that id. Raises KeyError."""
        for stage in self.stages:
            if stage.id == stage_id:
                return stage
        raise KeyError(stage_id)


@dataclass(frozen=True)
class MessageVariant:
    """One row of the message catalogue. Empty `channel` or `language` fits any; `variant` empty is the only one."""

    message: str
    channel: ChannelName = ""
    language: str = ""
    variant: str = ""
    weight: float = 1.0
    subject: str = ""
    preheader: str = ""
    body: str = ""
    link: str = ""
    image: str = ""


@dataclass(frozen=True)
class Campaign:
    """Who gets which message when, and why. `stages` empty: whoever belongs to the journey (or everyone without one)."""

    id: str
    name: str
    active: bool
    trigger: Trigger
    message: str
    journey: str | None = None
    stages: tuple[str, ...] = ()
    audience: str = ""
    channels: tuple[ChannelName, ...] = ("email",)
    kind: Kind = "promotional"
    window: tuple[WindowSpan, ...] = ()
    priority: int = 100
    goal: Goal | None = None
    goal_window: timedelta = timedelta(days=7)
    include_existing: bool = False
    reentry: timedelta | None = timedelta(days=365)
    """How long before the same customer can get it again by entering again; None is every time."""
    start: date | None = None
    end: date | None = None
    owner: str = ""


@dataclass(frozen=True)
class Segment:
    """A named condition."""

    name: str
    condition: str


@dataclass(frozen=True)
class FieldDef:
    """A customer attribute: its key (a column of the customers table), label, type, further names, personal data or not."""

    key: str
    label: str
    type: FieldType
    aliases: tuple[str, ...] = ()
    personal: bool = False


@dataclass(frozen=True)
class Settings:
    """The workbook's Settings with their defaults (sheet.md)."""

    time_zone: str = "Asia/Tokyo"
    default_send_time: time = time(10, 0)
    quiet_hours: tuple[time, time] | None = (time(21, 0), time(9, 0))
    cap_promotional: Cap = Cap(1, 3)
    cap_total: Cap = Cap()
    cap_channel: Mapping[ChannelName, Cap] = field(default_factory=dict)
    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""
    sender_company: str = ""
    sender_postal: str = ""
    sender_contact: str = ""
    late_after: timedelta = timedelta(hours=24)
    entry_age: timedelta = timedelta(days=3)
    bulk_limit: int | None = None
    """None: the larger of 1,000 and three times the approved estimate, a campaign and local day."""
    audience_drift: float = 0.20
    rank_source: Literal["computed", "uploaded"] = "computed"


@dataclass(frozen=True)
class Example:
    """A row of the Tests tab: what an example customer is like (typed header to typed text) and what must come out."""

    name: str
    given: Mapping[str, str]
    stage: str | None
    """`STAGE_ID` or `JOURNEY_ID/STAGE_ID`; empty text: on no stage; None: not tested."""
    campaigns: tuple[str, ...] | None
    cell: str = ""


@dataclass(frozen=True)
class Workbook:
    """One whole, checked version of the workbook."""

    journeys: tuple[JourneyMap, ...] = ()
    messages: tuple[MessageVariant, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    segments: tuple[Segment, ...] = ()
    fields: tuple[FieldDef, ...] = ()
    settings: Settings = Settings()
    holidays: tuple[date, ...] = ()
    examples: tuple[Example, ...] = ()

    def journey(self, journey_id: str) -> JourneyMap:
        """The journey with that id. Raises KeyError."""
        for journey in self.journeys:
            if journey.id == journey_id:
                return journey
        raise KeyError(journey_id)

    def campaign(self, campaign_id: str) -> Campaign:
        """The campaign with that id. Raises KeyError."""
        for campaign in self.campaigns:
            if campaign.id == campaign_id:
                return campaign
        raise KeyError(campaign_id)

    def variants(self, message_id: str) -> tuple[MessageVariant, ...]:
        """All rows of a message, in the order of the tab."""
        return tuple(m for m in self.messages if m.message == message_id)


T = TypeVar("T")


def dump(value: object) -> str:
    """A model value as canonical JSON (sorted keys), the same text for the same meaning: fit for hashing."""
    assert is_dataclass(value) and not isinstance(value, type)
    return json.dumps(asdict(value), ensure_ascii=False, sort_keys=True, default=_plain, separators=(",", ":"))


def load(kind: type[T], text: str) -> T:
    """A model value from `dump`'s JSON. Raises ValueError or KeyError where the text does not fit `kind`."""
    made: T = _typed(kind, json.loads(text))
    return made


def _plain(value: object) -> object:
    if isinstance(value, (date, time, datetime)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value).__name__)


def _typed(kind: Any, raw: Any) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if raw is None and NoneType in args:
            return None
        choices = [a for a in args if a is not NoneType]
        if len(choices) == 1:
            return _typed(choices[0], raw)
        chosen = next(c for c in choices if c.type == raw["type"])  # only triggers are unions: told apart by `type`
        return _typed(chosen, raw)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_typed(args[0], item) for item in raw)
        return tuple(_typed(a, item) for a, item in zip(args, raw, strict=True))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {k: _typed(args[1], v) for k, v in raw.items()}
    if origin is Literal or kind in (str, int, bool):
        return raw
    if kind is float:
        return float(raw)
    if kind in (date, time, datetime):
        return kind.fromisoformat(raw)
    if kind is timedelta:
        return timedelta(seconds=raw)
    hints = get_type_hints(kind)
    return kind(**{f.name: _typed(hints[f.name], raw[f.name]) for f in fields(kind) if f.name in raw})
