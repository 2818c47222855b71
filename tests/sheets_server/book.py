"""One spreadsheet on the server, and what a person does with it."""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import RLock
from zoneinfo import ZoneInfo

from sheets_server.edit import Edit
from sheets_server.grid import new_sheet
from sheets_server.person import Tab
from sheets_server.request_shape import add_sheet, delete_sheet, update_sheet_properties
from sheets_server.state import State

ZONE = "Asia/Tokyo"


@dataclass(frozen=True)
class Change:
    """What Drive knows after a change: its version, whose it was, when the content was changed, and when the change was made."""

    version: int
    editor: str
    modified_at: datetime
    at: datetime


class Book:
    """A spreadsheet. `person` is who sits at it (an e-mail address); every action of theirs raises `version`."""

    def __init__(self, titles: tuple[str, ...], owner: str, role: str | None, now: Callable[[], datetime], lock: RLock) -> None:
        self.id = secrets.token_urlsafe(33).replace("-", "x").replace("_", "y")[:44]
        self.owner = self.person = owner
        self.role = role
        self.lock = lock
        self.created_at = now()
        self.changes = [Change(11, owner, self.created_at, self.created_at)]
        self._now = now
        self._random = random.Random(11)
        self.state = State(
            {"title": "無題のスプレッドシート", "locale": "ja_JP", "autoRecalc": "ON_CHANGE", "timeZone": ZONE},
            [new_sheet(0 if index == 0 else self.draw(), title, index) for index, title in enumerate(titles)],
        )

    @property
    def url(self) -> str:
        """The address in a browser."""
        return f"https://docs.google.com/spreadsheets/d/{self.id}/edit"

    @property
    def title(self) -> str:
        """The spreadsheet's title."""
        return str(self.state.properties["title"])

    @property
    def titles(self) -> list[str]:
        """The tabs' titles in order."""
        return [sheet.title for sheet in self.state.sheets]

    @property
    def version(self) -> int:
        """Drive's version of the file: it only grows."""
        return self.changes[-1].version

    def as_drive_has_it(self, lag: timedelta) -> Change:
        """The last change that is older than `lag`."""
        until = self._now() - lag
        return next((change for change in reversed(self.changes) if change.at <= until), self.changes[0])

    @property
    def today(self) -> date:
        """The day in the spreadsheet's time zone."""
        return self._now().astimezone(ZoneInfo(self.state.properties.get("timeZone", ZONE))).date()

    def draw(self) -> int:
        """A new id."""
        return self._random.randrange(10_000, 2**31 - 1)

    def share(self, role: str | None) -> None:
        """Shared with the service account as "writer" or "reader", or (None) not at all."""
        self.role = role

    def commit(self, state: State, editor: str) -> None:
        """The state is now this one, by that account; Drive's version grows."""
        with self.lock:
            self.state = state
            now = self._now()
            self.changes.append(Change(self.version + 1, editor, now, now))

    def touch(self) -> None:
        """Something that nobody sees changes, as happens at Drive: the version grows, and nothing else."""
        with self.lock:
            last = self.changes[-1]
            self.changes.append(replace(last, version=last.version + 1, at=self._now()))

    @contextmanager
    def edit(self) -> Iterator[Edit]:
        """An action of the person, wholly or not at all."""
        with self.lock:
            work = self.state.copy()
            yield Edit(work, "action", self.person, self.today, self.draw)
            self.commit(work, self.person)

    def tab(self, title: str) -> Tab:
        """The tab of that title, for a person. Raises KeyError."""
        if title not in self.titles:
            raise KeyError(f"no tab {title}; there are {self.titles}")
        return Tab(self, next(sheet.id for sheet in self.state.sheets if sheet.title == title))

    def add_tab(self, title: str, rows: int = 1000, columns: int = 26, index: int | None = None) -> Tab:
        """The person adds a tab."""
        size = {"rowCount": rows, "columnCount": columns}
        place = {} if index is None else {"index": index}
        with self.edit() as edit:
            add_sheet(edit, {"properties": {"title": title, "gridProperties": size, **place}})
        return self.tab(title)

    def rename_tab(self, old: str, new: str) -> None:
        """The person renames a tab."""
        wanted = {"properties": {"sheetId": self.tab(old).id, "title": new}, "fields": "title"}
        with self.edit() as edit:
            update_sheet_properties(edit, wanted)

    def delete_tab(self, title: str) -> None:
        """The person deletes a tab."""
        sheet_id = self.tab(title).id
        with self.edit() as edit:
            delete_sheet(edit, {"sheetId": sheet_id})
