"""A rendered message as the bytes that leave: an RFC 5322 mail, or a note in JSON. The same input gives the same bytes, always.

A mail's skeleton is written here, ten times faster than by the library's builder: one recipient that was parsed, header values
without control characters, bodies in base64. Tests hold it to what the library reads and would have built.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

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
    headers = [
        *_sender_headers(settings.sender_name, settings.sender_address, settings.reply_to),
        f"To: {written(recipient)}",
        _header("Subject", message.subject),
        f"Date: {format_datetime(date)}",
        f"Message-ID: {_checked(message_id)}",
    ]
    if promotional and unsubscribe_url:
        headers.append(f"List-Unsubscribe: <{_checked(unsubscribe_url)}>")
        headers.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    else:
        headers.append("Auto-Submitted: auto-generated")
    boundary = "=_" + hashlib.sha256(f"{message_id}\0{recipient}".encode()).hexdigest()[:32]
    headers += ["MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"']
    plain, html = _parts(message, footer)
    lines = [*headers, "", *_part(boundary, "plain", plain), *_part(boundary, "html", html), f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


@lru_cache(maxsize=16)
def _sender_headers(name: str, address: str, reply_to: str) -> tuple[str, ...]:
    sender = parse_email(address)
    if sender is None:
        raise AddressProblem(text("messages.bad_sender", address=address))
    built = EmailMessage(policy=_POLICY)
    built["From"] = Address(_clean(name), addr_spec=written(sender))
    headers = [built.as_string().rstrip("\r\n")]
    if reply_to.strip():
        back = parse_email(reply_to)
        if back is None:
            raise AddressProblem(text("messages.bad_reply_to", address=reply_to))
        headers.append(f"Reply-To: {written(back)}")
    return tuple(headers)


def _header(name: str, value: str) -> str:
    """A header line for any text: folded, and in encoded words where it is not ASCII."""
    shown = _clean(value)
    charset = "us-ascii" if shown.isascii() and "=?" not in shown else "utf-8"
    return f"{name}: " + Header(shown, charset, maxlinelen=76, header_name=name).encode(linesep="\r\n")


def _checked(value: str) -> str:
    """A value of our own making for a header; anything but visible ASCII would be a mistake of this program."""
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("not fit for a header")
    return value


def _part(boundary: str, subtype: str, content: str) -> tuple[str, ...]:
    coded = base64.encodebytes(content.replace("\n", "\r\n").encode("utf-8", "replace")).decode("ascii")
    return (
        f"--{boundary}",
        f'Content-Type: text/{subtype}; charset="utf-8"',
        "Content-Transfer-Encoding: base64",
        "",
        coded.replace("\n", "\r\n"),
    )


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
