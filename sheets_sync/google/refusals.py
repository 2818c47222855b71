"""What Google's error answers mean: whether they pass, and if not, what somebody has to do. Pure.

Drive says 404 of a file that is not shared, Sheets says 403; both say 403 of an API that is switched off and of too many requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from journey.errors import InputError
from journey.texts import text
from sheets_sync.google.waiting import Passing

Kind = Literal["drive", "read", "write"]
"""What a request counts as at Google: a look at Drive, or a read or write of the Sheets quota."""

_PASSING_STATUS = frozenset({408, 409, 425, 429})
_TOO_MANY = frozenset(
    {
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "quotaExceeded",
        "dailyLimitExceeded",
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
    }
)
_OFF = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_SCOPES = frozenset({"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions", "insufficientScopes"})
_API: Mapping[Kind, str] = {"drive": "Google Drive API", "read": "Google Sheets API", "write": "Google Sheets API"}


@dataclass(frozen=True)
class Complaint:
    """An error answer. `reasons` are all machine-readable words in it, `message` is Google's English sentence, short.
    `known`: it has the shape of Google's errors, so Google itself said it."""

    status: int
    reasons: frozenset[str]
    message: str
    known: bool = True


def complaint(status: int, body: bytes) -> Complaint:
    """What an error answer says; from a body of another shape (a proxy's page) nothing but its status."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):  # the token endpoint
        described = str(document.get("error_description") or "")
        return Complaint(status, frozenset({error}), _short(described))
    if not isinstance(error, dict):
        return Complaint(status, frozenset(), "", known=False)
    parts = [error, *_objects(error.get("errors")), *_objects(error.get("details"))]
    reasons = {str(part[key]) for part in parts for key in ("reason", "status") if part.get(key)}
    return Complaint(status, frozenset(reasons), _short(str(error.get("message") or "")))


def judged(kind: Kind, said: Complaint, email: str, place: str, after: float | None) -> InputError | Passing:
    """The exception that an error answer of Sheets or Drive deserves.

    `email` is the service account's, `place` names the other side, `after` are the seconds of its Retry-After.
    """
    status, reasons = said.status, said.reasons
    if status == 429 or (status == 403 and reasons & _TOO_MANY):
        return Passing(text("google.busy", place=place), untouched=True, after=after)
    if status >= 500 or status in _PASSING_STATUS:
        return Passing(text("google.server", place=place), after=after)
    if status < 400:  # a sign-in page of the network answers so; the token is never carried on to another address
        return Passing(text("google.garbled", place=place), after=after)
    if not said.known:
        return InputError(text("google.between", status=status, place=place))
    if status == 401:
        return InputError(text("google.token_refused", email=email))
    if status == 403:
        return _forbidden(kind, said, email)
    if status in (404, 410):
        return InputError(text("google.unseen" if kind == "drive" else "google.nowhere", email=email))
    if "not supported for this document" in said.message:  # an .xlsx file in Drive
        return InputError(text("google.no_sheet"))
    if "protected cell" in said.message:
        return InputError(text("google.protected", email=email))
    return InputError(text("google.refused", status=status, why=said.message or "-"))


def _forbidden(kind: Kind, said: Complaint, email: str) -> InputError:
    if said.reasons & _OFF or "has not been used in project" in said.message:
        return InputError(text("google.api_off", api=_API[kind]))
    if said.reasons & _SCOPES:
        return InputError(text("google.scopes"))
    return InputError(text("google.viewer" if kind == "write" else "google.unshared", email=email))


def token_judged(said: Complaint, email: str, place: str, after: float | None) -> InputError | Passing:
    """The exception that an error answer of the token endpoint deserves."""
    if said.status == 429:
        return Passing(text("google.busy", place=place), untouched=True, after=after)
    if said.status >= 500 or said.status in _PASSING_STATUS:
        return Passing(text("google.server", place=place), untouched=True, after=after)
    if said.status < 400:
        return Passing(text("google.garbled", place=place), untouched=True, after=after)
    if said.reasons & {"server_error", "internal_failure", "temporarily_unavailable"}:
        return Passing(text("google.server", place=place), untouched=True, after=after)
    message = said.message.lower()
    if "invalid_grant" in said.reasons and ("iat" in message or "timeframe" in message):
        return InputError(text("google.clock"))
    if said.reasons & {"invalid_grant", "invalid_client", "unauthorized_client", "deleted_client", "disabled_client"}:
        return InputError(text("google.key_dead", email=email))
    return InputError(text("google.token_address", status=said.status))


def _objects(found: object) -> list[Mapping[str, object]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _short(message: str) -> str:
    return "".join(c if c.isprintable() else " " for c in message.strip().split("\n")[0])[:200]
