"""Which settings are in force. Those that protect customers change only with an approval; stricter ones at once (sheet.md).

The first version of the workbook brings its settings into force as they are. After that each protecting field is compared on
its own: a stricter value counts at once, any other waits for `approve settings`, and the value in force goes on until then.
All other settings count as the workbook has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from journey.claim import Claim, at_will
from journey.model import Cap, Settings, dump, load
from journey.store.engine import writing
from journey.store.tables import approvals, audit
from journey.texts import Text, text

SUBJECT = "settings"
PROGRAM = "tabiji"
"""Who adopts settings that need no person."""

_SENDER = ("sender_name", "sender_address", "reply_to", "sender_company", "sender_postal", "sender_contact")
_SMALLER_IS_STRICTER = ("late_after", "entry_age", "audience_drift")
PROTECTING = (
    *_SENDER, "cap_promotional", "cap_total", "cap_channel", "quiet_hours", *_SMALLER_IS_STRICTER, "bulk_limit",
)  # fmt: skip
ASSURED_BULK = 1_000
"""`bulk_limit` left empty is never below this, so a number up to it is stricter than none."""


def strictest(field: str, in_force: Any, wanted: Any) -> Any:
    """What counts at once when a protecting field is edited: the stricter parts of the edit, the rest as it was."""
    return _RULES[field](in_force, wanted)


def merged(in_force: Settings, wanted: Settings) -> Settings:
    """The settings that count right after an edit, before anyone approves it."""
    return replace(wanted, **{f: strictest(f, getattr(in_force, f), getattr(wanted, f)) for f in PROTECTING})


def settings_in_force(connection: Connection, wanted: Settings) -> Settings:
    """The settings that count now, given those of the workbook in force. Reads only."""
    known = _recorded(connection)
    return wanted if known is None else merged(known, wanted)


def settings_pending(connection: Connection, wanted: Settings) -> tuple[str, ...]:
    """The protecting fields whose value in the workbook waits for approval, by key."""
    now = settings_in_force(connection, wanted)
    return tuple(f for f in PROTECTING if getattr(now, f) != getattr(wanted, f))


def adopt_settings(connection: Connection, wanted: Settings, now: datetime) -> Settings:
    """Records what counts from now on, where that changed; `sync` calls it in the transaction of a new version.

    A stricter value that is recorded stays: taking it back is a loosening, and waits. Returns the settings in force.
    """
    known = _recorded(connection)
    adopted = wanted if known is None else merged(known, wanted)
    if known is None or any(getattr(known, f) != getattr(adopted, f) for f in PROTECTING):
        _record(connection, adopted, PROGRAM, now, "first version" if known is None else "stricter")
    return adopted


@dataclass(frozen=True)
class SettingsDecided:
    """The answer to `approve settings`: the sentence, and the fields that count from now on."""

    said: Text
    fields: tuple[str, ...]


def approve_settings(engine: Engine, wanted: Settings, *, who: str, now: datetime, claim: Claim = at_will) -> SettingsDecided:
    """Brings the workbook's protecting settings into force. One transaction, with `claim` first; says so where nothing waited."""
    with writing(engine) as connection:
        claim(connection)
        adopt_settings(connection, wanted, now)
        waiting = settings_pending(connection, wanted)
        if not waiting:
            return SettingsDecided(text("approvals.settings_nothing"), ())
        _record(connection, wanted, who, now, None)
        detail = {"fields": list(waiting)}
        connection.execute(insert(audit).values(at=now, who=who, action="approve", subject=SUBJECT, detail=detail))
        return SettingsDecided(text("approvals.settings_approved", fields=waiting), waiting)


def _recorded(connection: Connection) -> Settings | None:
    query = select(approvals.c.content).where(approvals.c.subject == SUBJECT).order_by(approvals.c.id.desc()).limit(1)
    content = connection.scalar(query)
    return load(Settings, content["settings"]) if content is not None else None


def _record(connection: Connection, settings: Settings, who: str, now: datetime, reason: str | None) -> None:
    values = {"subject": SUBJECT, "decision": "approved", "content_hash": "", "audience_hash": "", "by": who, "at": now}
    connection.execute(insert(approvals).values(**values, content={"settings": dump(settings)}, reason=reason))


def _as_it_was(in_force: Any, wanted: Any) -> Any:
    return in_force


def _fewer(in_force: int | None, wanted: int | None) -> int | None:
    given = [n for n in (in_force, wanted) if n is not None]
    return min(given) if given else None


def _cap(in_force: Cap, wanted: Cap) -> Cap:
    return Cap(_fewer(in_force.per_day, wanted.per_day), _fewer(in_force.per_week, wanted.per_week))


def _caps(in_force: Mapping[str, Cap], wanted: Mapping[str, Cap]) -> Mapping[str, Cap]:
    none = Cap()
    both = {c: _cap(in_force.get(c, none), wanted.get(c, none)) for c in sorted({*in_force, *wanted})}
    return {channel: cap for channel, cap in both.items() if cap != none or channel in wanted}  # an empty cell is no edit


def _bulk(in_force: int | None, wanted: int | None) -> int | None:
    if in_force is None:
        return wanted if wanted is not None and wanted <= ASSURED_BULK else None
    return min(in_force, wanted) if wanted is not None else in_force


def _quiet(in_force: tuple[time, time] | None, wanted: tuple[time, time] | None) -> tuple[time, time] | None:
    return wanted if _covers(wanted, in_force) else in_force


def _covers(outer: tuple[time, time] | None, inner: tuple[time, time] | None) -> bool:
    """Whether every quiet minute of `inner` is quiet in `outer`; both may run over midnight."""
    if inner is None or inner[0] == inner[1]:
        return True
    if outer is None or outer[0] == outer[1]:
        return False
    start, end = _minutes(outer[0]), _minutes(outer[1])
    length = (end - start) % 1440
    begin = (_minutes(inner[0]) - start) % 1440
    return begin + (_minutes(inner[1]) - _minutes(inner[0])) % 1440 <= length


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


_RULES: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(_SENDER, _as_it_was),
    **dict.fromkeys(_SMALLER_IS_STRICTER, min),
    "cap_promotional": _cap,
    "cap_total": _cap,
    "cap_channel": _caps,
    "quiet_hours": _quiet,
    "bulk_limit": _bulk,
}
