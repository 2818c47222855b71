"""The short-lived token that a service account gets for its signed assertion, through google-auth.

google-auth's own session is not used: it repeats by itself and without a bound on the whole, and its `before_request` asks a
further host of Google's about regions, with the token, whatever stands in for the API.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import Any

import requests
from cryptography.exceptions import UnsupportedAlgorithm
from google.auth import transport
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account

from journey.errors import InputError
from journey.texts import text
from sheets_sync.google.access import SCOPES, Access, read_key
from sheets_sync.google.carrying import Carried, NoAuth, carry
from sheets_sync.google.refusals import complaint, token_judged
from sheets_sync.google.waiting import Passing, Waiting, asked_wait


class Tokens:
    """The token of one service account, fetched when needed. May be used from several threads.

    The key file is looked at again for each token: a new one counts from then on, and one that others can read no longer serves.
    """

    def __init__(self, access: Access, session: requests.Session, waiting: Waiting) -> None:
        self._access = access
        self._key = read_key(access)
        self._credentials = _credentials(self._key, access)
        self._session = session
        self._waiting = waiting
        self._lock = threading.Lock()

    @property
    def email(self) -> str:
        """The service account's address."""
        return self._key["client_email"]

    def token(self) -> str:
        """A token that is good for some minutes at least. Raises Passing and InputError."""
        with self._lock:
            if not self._credentials.valid:
                self._fetch()
            return str(self._credentials.token)

    def renewed(self, refused: str) -> str:
        """Another token than the one that was `refused`. Raises Passing and InputError."""
        with self._lock:
            if self._credentials.token == refused or not self._credentials.valid:
                self._fetch()
            return str(self._credentials.token)

    def _fetch(self) -> None:
        self._credentials.token = None
        key = read_key(self._access)
        if key != self._key:
            self._key, self._credentials = key, _credentials(key, self._access)
        place = self._access.token_place
        try:
            self._credentials.refresh(_Carrier(self._session, self.email, place, self._waiting))  # type: ignore[no-untyped-call]
        except (GoogleAuthError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Passing(text("google.garbled", place=place), untouched=True) from error


class _Carrier(transport.Request):
    """What google-auth sends its one request by. Judges every answer but a good one itself, so that google-auth repeats nothing."""

    def __init__(self, session: requests.Session, email: str, place: str, waiting: Waiting) -> None:
        self._session = session
        self._email = email
        self._place = place
        self._waiting = waiting

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: Any,
    ) -> transport.Response:
        request = requests.Request(method, url, headers=dict(headers or {}), data=body, auth=NoAuth())
        try:
            carried = carry(self._session, request, self._place)
        except Passing as failure:  # a token that was not handed out changed nothing anywhere
            raise Passing(failure.said, untouched=True, after=failure.after) from failure
        if carried.status != 200:
            after = asked_wait(carried.headers.get("Retry-After"), carried.headers.get("Date"), self._waiting.wall())
            raise token_judged(complaint(carried.status, carried.body), self._email, self._place, after)
        _check(carried)
        return _Answer(carried)


class _Answer(transport.Response):
    status = 200
    headers: Mapping[str, str] = {}
    data = b""

    def __init__(self, carried: Carried) -> None:
        self.headers = carried.headers
        self.data = carried.body


def _check(carried: Carried) -> None:
    """Raises ValueError where there is no token in it, or none that can stand in a header."""
    found = json.loads(carried.body)
    token = found.get("access_token") if isinstance(found, dict) else None
    if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ValueError("no token")


def _credentials(key: Mapping[str, str], access: Access) -> service_account.Credentials:
    try:
        made: service_account.Credentials
        made = service_account.Credentials.from_service_account_info(dict(key), scopes=SCOPES)  # type: ignore[no-untyped-call]
        made.sign_bytes(b"a key of another kind shows only here")
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        raise InputError(text("google.key_broken", path=access.credentials)) from error
    return made
