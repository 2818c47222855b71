"""One HTTP request and its whole answer, within bounds: time-outs, size, no redirects. What fails on the way is a `Passing`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests
import requests.auth
import requests.exceptions
import urllib3.exceptions

from journey.errors import InputError
from journey.texts import text
from sheets_sync.google.waiting import Passing

TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""
LONGEST = 120.0
"""Seconds that one answer may take to arrive, however busily it trickles."""
LARGEST = 64 * 1024 * 1024
"""Bytes of one answer, unpacked. A workbook of 1,000 messages is about 5 MB."""


@dataclass(frozen=True)
class Carried:
    """An answer as it came. `headers` ignore case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Bearer(requests.auth.AuthBase):
    """Signs a request with a token; given as `auth`, so that no `.netrc` of the machine takes its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class NoAuth(requests.auth.AuthBase):
    """Sends a request as it is, whatever a `.netrc` says."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def carry(session: requests.Session, request: requests.Request, place: str) -> Carried:
    """Sends `request` once and reads the answer whole, whatever its status.

    Raises Passing (`place` names the other side in its sentence), and InputError for an answer that is too large.
    """
    try:
        prepared = session.prepare_request(request)
        settings = session.merge_environment_settings(str(prepared.url), {}, True, None, None)
    except (requests.exceptions.RequestException, ValueError) as error:
        raise InputError(text("google.bad_root", place=place)) from error
    try:
        answer = session.send(prepared, timeout=TIMEOUT, allow_redirects=False, **settings)
        try:
            return Carried(answer.status_code, answer.headers, _body(answer, place))
        finally:
            answer.close()
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
        raise Passing(text("google.certificate", place=place)) from error
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
        raise Passing(text("google.unreachable", place=place), untouched=True) from error
    except (requests.exceptions.ReadTimeout, urllib3.exceptions.TimeoutError) as error:
        raise Passing(text("google.slow", place=place)) from error
    except (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError) as error:
        raise Passing(text("google.garbled", place=place)) from error
    except requests.exceptions.ConnectionError as error:
        if _never_connected(error):
            raise Passing(text("google.unreachable", place=place), untouched=True) from error
        raise Passing(text("google.cut", place=place)) from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
        raise InputError(text("google.bad_root", place=place)) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise Passing(text("google.cut", place=place)) from error
    except OSError as error:  # the file of certificates that the environment names is not there
        raise Passing(text("google.certificate", place=place), untouched=True) from error


def _body(answer: requests.Response, place: str) -> bytes:
    until = time.monotonic() + LONGEST
    pieces: list[bytes] = []
    size = 0
    while piece := answer.raw.read1(1024 * 1024, decode_content=True):
        size += len(piece)
        if size > LARGEST:
            raise InputError(text("google.huge", place=place, most=LARGEST // 1024**2))
        if time.monotonic() > until:
            raise Passing(text("google.slow", place=place))
        pieces.append(piece)
    return b"".join(pieces)


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    inner = error.args[0] if error.args else None
    reason = inner.reason if isinstance(inner, urllib3.exceptions.MaxRetryError) else inner
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
