"""How Google says no: the JSON of an error, as the Sheets and Drive services word it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""HTTP status to the canonical name of google.rpc.Code, as the Sheets service maps them."""


class ApiError(Exception):
    """A request refused. `details` go into the error's JSON as they are; `headers` beside it; `reason` is Drive's word for it."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str = "",
        details: list[Json] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.details = details or []
        self.headers = headers or {}

    def sheets(self) -> Json:
        """The body as the Sheets service sends it."""
        error: Json = {"code": self.code, "message": self.message, "status": STATUS.get(self.code, "UNKNOWN")}
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def drive(self) -> Json:
        """The body as the Drive service sends it: with a list of errors that carry a reason."""
        first: Json = {
            "message": self.message,
            "domain": "usageLimits" if self.code == 429 or "imit" in self.reason else "global",
        }
        first["reason"] = self.reason or {400: "invalid", 401: "authError", 403: "forbidden", 404: "notFound"}.get(
            self.code, "backendError"
        )
        if self.code == 404:
            first |= {"locationType": "parameter", "location": "fileId"}
        error: Json = {"code": self.code, "message": self.message, "errors": [first]}
        if self.code in (401, 403) and self.details:
            error |= {"status": STATUS[self.code], "details": self.details}
        return {"error": error}


def bad(message: str) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError(400, message)


def violated(field: str, description: str) -> ApiError:
    """400 with the place of the mistake, as the gateway before the service answers malformed JSON."""
    violation = {"description": description}
    if field:
        violation["field"] = field
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return ApiError(400, description, details=[detail])


def unmatched(path: str) -> ApiError:
    """400: a field mask names what is not there; only the details say what."""
    said = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    violation = {"field": path, "description": said}
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    return ApiError(400, "Request contains an invalid argument.", details=[detail])


def anonymous(method: str) -> ApiError:
    """No Authorization at all: a GET is an unregistered caller, anything else lacks a credential."""
    if method == "GET":
        return ApiError(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API"
            " consumer identity to call this API.",
        )
    said = "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid"
    page = "https://developers.google.com/identity/sign-in/web/devconsole-project."
    return ApiError(401, f"{said} authentication credential. See {page}")


def unauthenticated() -> ApiError:
    """401: no token, or one that is not (or no longer) good."""
    return ApiError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication"
        " credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        headers={"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'},
    )


def not_shared(service: str, file_id: str) -> ApiError:
    """The file is there, but not for this account. Drive does not even admit that it is there."""
    if service == "drive":
        return ApiError(404, f"File not found: {file_id}.", reason="notFound")
    return ApiError(403, "The caller does not have permission")


def missing(service: str, file_id: str) -> ApiError:
    """No such file."""
    if service == "drive":
        return ApiError(404, f"File not found: {file_id}.", reason="notFound")
    return ApiError(404, "Requested entity was not found.")


def _info(reason: str, service: str, **more: str) -> Json:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"service": f"{service}.googleapis.com", "consumer": "projects/123456789012", **more},
    }


def disabled(service: str) -> ApiError:
    """403: the API is not switched on in the project of the key."""
    name = "Google Drive API" if service == "drive" else "Google Sheets API"
    page = f"https://console.developers.google.com/apis/api/{service}.googleapis.com/overview?project=123456789012"
    return ApiError(
        403,
        f"{name} has not been used in project 123456789012 before or it is disabled. Enable it by visiting {page} then retry."
        " If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
        reason="accessNotConfigured",
        details=[
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [{"description": "Google developers console API activation", "url": page}],
            },
            _info("SERVICE_DISABLED", service, serviceTitle=name, activationUrl=page, containerInfo="123456789012"),
        ],
    )


def scope_missing(service: str) -> ApiError:
    """403: the token was asked for without a scope that this method wants."""
    return ApiError(
        403,
        "Request had insufficient authentication scopes.",
        reason="insufficientPermissions",
        details=[_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service)],
    )


def exhausted(service: str, kind: str, retry_after: int | None = None) -> ApiError:
    """429: too many requests in a minute. `kind` is read or write. Drive answers 403 for the same, with a reason."""
    if service == "drive":
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return ApiError(403, "User Rate Limit Exceeded", reason="userRateLimitExceeded", headers=headers)
    metric = "Write requests" if kind == "write" else "Read requests"
    limit = f"{metric} per minute per user"
    return ApiError(
        429,
        f"Quota exceeded for quota metric '{metric}' and limit '{limit}' of service 'sheets.googleapis.com' for consumer"
        " 'project_number:123456789012'.",
        details=[
            _info(
                "RATE_LIMIT_EXCEEDED", "sheets", quota_metric=f"sheets.googleapis.com/{kind}_requests", quota_limit_value="60"
            )
        ],
        headers={} if retry_after is None else {"Retry-After": str(retry_after)},
    )


def broken(code: int) -> ApiError:
    """5xx: the service's own failure."""
    words = {500: "Internal error encountered.", 503: "The service is currently unavailable."}
    return ApiError(code, words.get(code, "The service is currently unavailable."))
