"""The unsubscribe pages (RFC 8058): GET shows, POST acts, and the answer comes after the change is durable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, make_response, request
from werkzeug.exceptions import HTTPException

from journey.texts import LANGS, Lang
from messaging.links import TRIAL
from messaging.web import pages

log = logging.getLogger(__name__)

BODY_LIMIT = 8 * 1024
_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{pages.STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Subscription:
    """What a page may show of the delivery whose link was opened. `address` is masked already."""

    channel: str
    address: str
    sender: str
    language: Lang | None = None
    """The recipient's own; None: the browser's."""
    active: bool = True
    """False where this channel is unsubscribed already."""


def make_app(
    *,
    read: Callable[[str], int | None],
    resolve: Callable[[int], Subscription | None],
    unsubscribe: Callable[[int], None],
    healthy: Callable[[], bool] = lambda: True,
) -> Flask:
    """The WSGI application.

    `read` is `Links.read`; `resolve` says what a delivery id is about (None: nothing, any more); `unsubscribe` records the refusal
    for that delivery's customer and channel, returns when it is durable, may be called again, and raises where it cannot be done
    (the page then says so with status 503). `healthy` answers /healthz.
    """
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT, MAX_FORM_MEMORY_SIZE=BODY_LIMIT, MAX_FORM_PARTS=10)

    def found(token: str) -> tuple[int, Subscription | None]:
        delivery_id = read(token)
        if delivery_id is None:
            return -1, None
        if delivery_id == TRIAL:
            return TRIAL, Subscription("", "", "")
        return delivery_id, resolve(delivery_id)

    @app.get("/u/<token>")
    def show(token: str) -> Response:
        delivery_id, about = found(token)
        if about is None:
            return _page(pages.unknown(_language(None)), 404)
        lang = _language(about.language)
        if delivery_id == TRIAL:
            return _page(pages.trial(lang))
        shown = (
            pages.ask(lang, about.sender, about.channel, about.address)
            if about.active
            else pages.done(lang, about.sender, about.channel, about.address)
        )
        return _page(shown)

    @app.post("/u/<token>")
    def act(token: str) -> Response:
        delivery_id, about = found(token)
        if about is None:
            return _page(pages.unknown(_language(None)), 404)
        lang = _language(about.language)
        if delivery_id == TRIAL:
            return _page(pages.trial(lang))
        request.get_data()  # reads what was sent, within the limit: a one-click body and our own form are the same to us
        try:
            unsubscribe(delivery_id)
        except Exception:  # the customer is told to try again, never shown a traceback
            log.exception("unsubscribing delivery %s failed", delivery_id)
            return _page(pages.sorry(lang), 503)
        return _page(pages.done(lang, about.sender, about.channel, about.address))

    @app.get("/healthz")
    def health() -> Response:
        well = healthy()
        return Response("ok\n" if well else "not ok\n", 200 if well else 503, mimetype="text/plain")

    @app.get("/robots.txt")
    def robots() -> Response:
        return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        made = _page(pages.unknown(_language(None)), error.code or 500)
        for name, value in error.get_headers():
            if name == "Allow":
                made.headers[name] = value
        return made

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        log.error("a page failed", exc_info=error)
        return _page(pages.sorry(_language(None)), 503)

    @app.after_request
    def guarded(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    return app


def _language(own: Lang | None) -> Lang:
    if own is not None:
        return own
    wanted = [tag.lower()[:2] for tag in request.accept_languages.values()]
    return next((lang for tag in wanted for lang in LANGS if tag == lang), "en")


def _page(html: str, status: int = 200) -> Response:
    return make_response(html, status, {"Content-Type": "text/html; charset=utf-8"})
