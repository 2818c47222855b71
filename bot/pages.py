"""The web pages of an installation: what they read and what they record."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from flask import Flask
from sqlalchemy import select

from bot.push import add_push, push_key
from bot.wiring import Installation
from journey import consents
from journey import customers as people
from journey.clock import SystemClock
from journey.errors import InputError
from journey.facts.views import quoted
from journey.store.engine import reading, writing
from journey.store.tables import deliveries
from journey.store.time import newest
from journey.texts import Lang
from messaging.web.app import Subscription, make_app
from sheets_sync.google.access import spreadsheet_id

SOURCE = "unsubscribe page"


def pages(installation: Installation, pushed: Callable[[], None] = lambda: None) -> Flask:
    """The WSGI application that customers' mail programs meet, and the Sheet's push, which `pushed` hears of."""
    app = make_app(
        read=installation.links.read,
        resolve=lambda delivery_id: _resolve(installation, delivery_id),
        unsubscribe=lambda delivery_id: _unsubscribe(installation, delivery_id),
        healthy=lambda: _healthy(installation),
    )
    # A push comes from Google's clock, whatever clock this installation was told to go by.
    sheet = spreadsheet_id(installation.config.sheet.source)
    add_push(app, sheet, lambda: push_key(installation.secret), SystemClock().now, pushed)
    return app


def _resolve(installation: Installation, delivery_id: int) -> Subscription | None:
    found = _of(installation, delivery_id)
    if found is None:
        return None
    customer, channel = found
    field = installation.addresses.field(channel)
    with closing(installation.facts.open()) as con:
        known = people.read(con, [customer], [field, "language"])
    with reading(installation.engine) as connection:
        active = consents.granted(connection, [customer]).get((customer, channel), False)
    row = known[0] if known else {}
    language = str(row.get("language") or "").lower()
    lang: Lang | None = "ja" if language.startswith("ja") else "en" if language else None
    sender = installation.in_force().settings.sender_name
    return Subscription(channel, people.mask(str(row.get(field) or "")), sender, lang, active)


def _unsubscribe(installation: Installation, delivery_id: int) -> None:
    found = _of(installation, delivery_id)
    if found is None:
        return
    customer, channel = found
    everyone = {customer, *_sharing(installation, customer, channel)}
    with writing(installation.engine) as connection:
        # A no counts from now on, whatever clock the store was written under: it must not lie before what it answers.
        at = max(installation.now, newest(connection) or installation.now)
        for one in sorted(everyone):
            consents.unsubscribe(connection, one, channel, at, SOURCE)


def _sharing(installation: Installation, customer: str, channel: str) -> list[str]:
    """All customers who are reached at the same address: whoever says no there says it for each of their rows."""
    field = quoted(installation.addresses.field(channel))
    with closing(installation.facts.open()) as con:
        found = con.execute(
            f"SELECT customer_id FROM customers WHERE lower({field}) IN (SELECT lower({field}) FROM customers WHERE customer_id = ?)",
            [customer],
        ).fetchall()
    return [row[0] for row in found]


def _of(installation: Installation, delivery_id: int) -> tuple[str, str] | None:
    """The customer and channel of a delivery, None for one that is unknown or was never handed over."""
    with reading(installation.engine) as connection:
        row = connection.execute(
            select(deliveries.c.customer_id, deliveries.c.channel).where(deliveries.c.id == delivery_id)
        ).first()
    return (row.customer_id, row.channel) if row is not None and row.channel else None


def _healthy(installation: Installation) -> bool:
    try:
        installation.version()
    except InputError:
        return False
    return True
