"""A rendered message as the bytes that leave: an RFC 5322 mail, or a note in JSON. The same input gives the same bytes, always."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple

from journey.errors import InputError
from journey.model import Kind, Settings
from journey.texts import text
from messaging.addresses import parse_email, written
from messaging.footer import Footer, mail_footer, note_footer
from messaging.frame import framed
from messaging.templates import Rendered

_POLICY = SMTP.clone(max_line_length=76)


class AddressProblem(InputError):
    """A mail cannot be addressed: sender, reply address or recipient is not exactly one address."""


def message_id(delivery_id: int, generation: int, sender_address: str) -> str:
    """The Message-ID of a delivery, fixed with its row: the same for every repeat, and telling nothing but the sender's domain."""
    domain = (parse_email(sender_address) or "tabiji@localhost.invalid").rpartition("@")[2]
    return f"<tabiji.{delivery_id}.{generation}@{domain}>"


def mail(
    message: Rendered,
    *,
    to: str,
    settings: Settings,
    kind: Kind,
    message_id: str,
    date: datetime,
    unsubscribe_url: str = "",
) -> bytes:
    """One mail to one address: text and HTML, with the unsubscribe route and the footer where it is promotional.

    `date` is aware and becomes the Date header. Raises AddressProblem where `to` or the sender is not one address; header values
    hold no control characters.
    """
    recipient = parse_email(to)
    if recipient is None:
        raise AddressProblem(text("messages.bad_recipient"))
    promotional = kind == "promotional"
    footer = mail_footer(settings, unsubscribe_url, message.lang, link=not message.own_unsubscribe) if promotional else Footer()
    made = EmailMessage(policy=_POLICY)
    for name, value in _sender_headers(settings.sender_name, settings.sender_address, settings.reply_to):
        made[name] = value
    made["To"] = written(recipient)
    made["Subject"] = _clean(message.subject)
    made["Date"] = format_datetime(date)
    made["Message-ID"] = message_id
    if promotional and unsubscribe_url:
        made["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        made["Auto-Submitted"] = "auto-generated"
    plain, html = _parts(message, footer)
    made.set_content(plain, cte="base64")
    made.add_alternative(html, subtype="html", cte="base64")
    made.set_boundary("=_" + hashlib.sha256(f"{message_id}\0{recipient}".encode()).hexdigest()[:32])
    return made.as_bytes()


class _Header(NamedTuple):
    name: str
    value: str | Address


@lru_cache(maxsize=16)
def _sender_headers(name: str, address: str, reply_to: str) -> tuple[_Header, ...]:
    sender = parse_email(address)
    if sender is None:
        raise AddressProblem(text("messages.bad_sender", address=address))
    headers = [_Header("From", Address(_clean(name), addr_spec=written(sender)))]
    if reply_to.strip():
        back = parse_email(reply_to)
        if back is None:
            raise AddressProblem(text("messages.bad_reply_to", address=reply_to))
        headers.append(_Header("Reply-To", written(back)))
    return tuple(headers)


def note(message: Rendered, *, channel: str, to: str, settings: Settings, kind: Kind, unsubscribe_url: str = "") -> bytes:
    """One note for a channel other than mail, as UTF-8 JSON: `to`, `title`, `body`, `html` (empty), `link`, `image`.

    A promotional SMS says who sends it and how to stop, as its law wants, unless its text has the address already.
    """
    body = message.text.rstrip("\n")
    if kind == "promotional" and channel == "sms" and not message.own_unsubscribe:
        body += "\n" + note_footer(settings, unsubscribe_url, message.lang).text
    fields = {
        "to": to,
        "title": _clean(message.subject),
        "body": body,
        "html": "",
        "link": message.link,
        "image": message.image,
    }
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _parts(message: Rendered, footer: Footer) -> tuple[str, str]:
    pieces = [message.text.rstrip("\n")]
    if message.link:
        pieces.append(f"{text('messages.more').say(message.lang)}: {message.link}")
    if footer.text:
        pieces.append("-- \n" + footer.text)
    return "\n\n".join(pieces) + "\n", framed(message, footer)


def _clean(value: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())
