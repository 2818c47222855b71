"""Speaks to Google Sheets and Drive, and to nothing else: gspread's client with bounds, patience and plain words for every refusal."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gspread
import requests
from gspread.urls import DRIVE_FILES_API_V3_URL

from journey.errors import OutsideError
from journey.texts import text
from sheets_sync.google.access import Access
from sheets_sync.google.budget import Budget
from sheets_sync.google.carrying import Bearer, Carried, carry
from sheets_sync.google.refusals import Kind, complaint, judged
from sheets_sync.google.tokens import Tokens
from sheets_sync.google.waiting import Passing, Patience, Waiting, asked_wait

_SHEETS = "https://sheets.googleapis.com"
_DRIVE = "https://www.googleapis.com"
_NAME = "tabiji (gzip)"
"""Google packs its answers only for those who say gzip here too."""
_COUNTED: tuple[Kind, ...] = ("read", "write")
_FILE = "version,modifiedTime,lastModifyingUser(displayName,emailAddress,me),capabilities(canEdit)"


@dataclass(frozen=True)
class FileState:
    """What Drive knows of a Sheet without reading it. `version` grows with every change, also the program's own; `modified_at` is
    when a person or program last did (UTC); `editor` who: an e-mail address, else a name, "" where unknown or the program itself;
    `can_edit` whether the service account may write, None where Drive does not say."""

    version: str
    modified_at: datetime | None
    editor: str
    can_edit: bool | None


def connect(access: Access, waiting: Waiting, counted: Path | None = None) -> SheetsClient:
    """A client that has sent nothing yet. `counted` is a folder in which several processes share the count of their requests.

    Raises InputError for a key file that is missing, broken or open to others.
    """
    return SheetsClient(access, waiting, counted)


class SheetsClient(gspread.HTTPClient):
    """gspread's methods, carried as this program wants: at most 60 reads and 60 writes in any minute, bounded waits, nothing sent twice
    that may have been carried out.

    Every method raises OutsideError for what passes by itself (the same sentence for the same kind of failure), and InputError for
    what somebody has to put right. May be used from several threads.
    """

    def __init__(self, access: Access, waiting: Waiting, counted: Path | None = None) -> None:
        session = requests.Session()
        session.headers["User-Agent"] = _NAME
        super().__init__(None, session=session)  # type: ignore[arg-type]  # as gspread documents it
        self._root = access.api_root.rstrip("/")
        self._place = access.place
        self._waiting = waiting
        self._tokens = Tokens(access, self.session, waiting)
        self._patience = Patience(waiting)
        self._budgets = {
            kind: Budget(waiting.monotonic, shared=counted / f"sheet-{kind}s.json" if counted else None) for kind in _COUNTED
        }

    @property
    def email(self) -> str:
        """The service account's address."""
        return self._tokens.email

    def sign_in(self) -> None:
        """Fetches a token if none is at hand: whether the key is accepted. Nothing is asked of Sheets or Drive."""
        self._patience.call("token", self._tokens.token, repeatable=True)

    def file(self, spreadsheet_id: str) -> FileState:
        """What Drive says of the Sheet: one request, none of it from the Sheets quota."""
        params = {"fields": _FILE, "supportsAllDrives": "true"}
        return self._file_state(self.request("get", f"{DRIVE_FILES_API_V3_URL}/{spreadsheet_id}", params=params).json())

    def spreadsheet(self, spreadsheet_id: str, fields: str) -> dict[str, Any]:
        """The Sheet as far as the mask `fields` asks for it: one read."""
        return dict(self.fetch_sheet_metadata(spreadsheet_id, params={"fields": fields}))

    def put_values(self, spreadsheet_id: str, data: Sequence[Mapping[str, Any]]) -> None:
        """Writes `data` (`{"range", "values"}` each) as it is, never as formulas: one write, all or nothing."""
        self.values_batch_update(spreadsheet_id, {"valueInputOption": "RAW", "data": list(data)})

    def change(self, spreadsheet_id: str, requests: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Carries out requests of `spreadsheets.batchUpdate`, all or nothing: one write. Returns Google's answer."""
        return dict(self.batch_update(spreadsheet_id, {"requests": list(requests)}))

    def request(
        self,
        method: str,
        endpoint: str,
        params: MutableMapping[str, Any] | None = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: Any = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        """One call of gspread's, whatever it takes. The answer's JSON is an object. Raises InputError and OutsideError."""
        kind, url = self._addressed(method, endpoint)
        wanted = requests.Request(method.upper(), url, headers, files, data, params, json=json)
        document = self._patience.call(kind, lambda: self._attempt(kind, wanted), repeatable=kind != "write")
        return _Answer(document)

    def _addressed(self, method: str, endpoint: str) -> tuple[Kind, str]:
        for host in (_SHEETS, _DRIVE):
            if endpoint.startswith(f"{host}/"):
                url = (self._root or host) + endpoint.removeprefix(host)
                get = method.lower() == "get"
                return ("drive" if host == _DRIVE else "read" if get else "write"), url
        raise ValueError(f"{endpoint} is neither Sheets nor Drive")  # the token goes nowhere else

    def _attempt(self, kind: Kind, wanted: requests.Request) -> dict[str, Any]:
        token = self._tokens.token()
        carried = self._send(kind, wanted, token)
        if carried.status == 401:  # nothing was carried out; a token can be taken back before its time
            carried = self._send(kind, wanted, self._tokens.renewed(token))
        if carried.status == 200:
            return self._object(carried.body)
        after = asked_wait(carried.headers.get("Retry-After"), carried.headers.get("Date"), self._waiting.wall())
        raise judged(kind, complaint(carried.status, carried.body), self.email, self._place, after)

    def _send(self, kind: Kind, wanted: requests.Request, token: str) -> Carried:
        wanted.auth = Bearer(token)
        with self._budgets[kind].place() if kind in self._budgets else nullcontext():
            return carry(self.session, wanted, self._place)

    def _object(self, body: bytes) -> dict[str, Any]:
        try:
            found = json_format.loads(body)
        except (ValueError, RecursionError) as error:
            raise Passing(text("google.garbled", place=self._place)) from error
        if not isinstance(found, dict):
            raise Passing(text("google.garbled", place=self._place))
        return found

    def _file_state(self, found: Mapping[str, Any]) -> FileState:
        version, user, may = found.get("version"), found.get("lastModifyingUser"), found.get("capabilities")
        if isinstance(version, bool) or not isinstance(version, (str, int)) or not str(version):
            raise OutsideError(text("google.garbled", place=self._place))
        can_edit = may.get("canEdit") if isinstance(may, dict) else None
        return FileState(
            str(version),
            _moment(found.get("modifiedTime")),
            _editor(user if isinstance(user, dict) else {}, self.email),
            can_edit if isinstance(can_edit, bool) else None,
        )


class _Answer(requests.Response):
    """What gspread gets: an answer whose JSON was read already, once."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__()
        self.status_code = 200
        self._document = document

    def json(self, **kwargs: Any) -> dict[str, Any]:
        return self._document


def _moment(given: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _editor(user: Mapping[str, Any], own: str) -> str:
    address, name = (str(user.get(key) or "").strip() for key in ("emailAddress", "displayName"))
    if user.get("me") is True or own.casefold() in (address.casefold(), name.casefold()):
        return ""
    return "".join(c for c in address or name if c.isprintable())[:200]
