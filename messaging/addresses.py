"""Addresses: one recipient each, in one normal form, and the keyed hash by which an address is remembered after it is forgotten."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

from journey.fields import ADDRESS_FIELD

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PHONE_SIGNS = re.compile(r"[\s().\-‐‑‒–—―−ー]")
LONGEST_EMAIL = 254
LONGEST = 500
COUNTRY_CODE = "81"


def parse_email(given: str) -> str | None:
    """Exactly one mailbox `local@domain`, or None.

    Full-width letters are folded, the domain is lower-cased and an international one written in its `xn--` form. The local part
    may hold `..` or end in `.`, as old docomo and au addresses do. No display names, comments, lists or control characters.
    """
    if not given or len(given) > LONGEST:
        return None
    if any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn") for c in given):
        return None
    shown = unicodedata.normalize("NFKC", given).strip(" ")
    local, at, domain = shown.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local.startswith("."):
        return None
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    made = f"{local}@{domain}"
    return made if len(made) <= LONGEST_EMAIL else None


def written(email: str) -> str:
    """A parsed address as RFC 5322 wants it written: a local part with stray dots in quotation marks."""
    local, _, domain = email.rpartition("@")
    return f'"{local}"@{domain}' if ".." in local or local.endswith(".") else email


def parse_phone(given: str) -> str | None:
    """A telephone number as `+819012345678`, or None. A leading 0 means Japan; `+81`, `0081` and 0 are the same."""
    if not given or len(given) > 60:
        return None
    shown = _PHONE_SIGNS.sub("", unicodedata.normalize("NFKC", given))
    digits = shown.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    if not shown.startswith("+"):
        if digits.startswith("00"):
            digits = digits[2:]
        elif digits.startswith("0"):
            digits = COUNTRY_CODE + digits[1:]
        elif len(digits) in (9, 10):
            digits = COUNTRY_CODE + digits  # a spreadsheet ate the leading 0
    if digits.startswith(COUNTRY_CODE + "0"):
        digits = COUNTRY_CODE + digits[len(COUNTRY_CODE) + 1 :]  # +81 (0)90 …
    return f"+{digits}" if 8 <= len(digits) <= 15 and digits[0] != "0" else None


def normalise(channel: str, given: object) -> str | None:
    """The one form of an address on a channel, or None where it is no address: who sends, compares and suppresses uses this form.

    E-mail and telephone channels are checked by their kind; of others only that they are one line of at most 500 characters.
    """
    if not isinstance(given, str):
        return None
    kind = ADDRESS_FIELD.get(channel)
    if kind == "email":
        return parse_email(given)
    if kind == "phone":
        return parse_phone(given)
    shown = given.strip()
    if not shown or len(shown) > LONGEST or any(unicodedata.category(c) in ("Cc", "Cs") for c in shown):
        return None
    return shown


def address_key(secret: bytes, channel: str, address: str) -> str:
    """The keyed hash (hex) of an address on a channel: it finds a suppressed address again without telling which one it is.

    Spellings of one address have one key: case does not matter for e-mail, nor `+81` against a leading 0 for telephones.
    """
    shown = normalise(channel, address) or address.strip()
    if ADDRESS_FIELD.get(channel) == "email":
        shown = shown.lower()
    return hmac.new(secret, f"address\0{channel}\0{shown}".encode(), hashlib.sha256).hexdigest()


def mask(address: str) -> str:
    """What may be shown of an address: `t***@example.com`, `+81***5678`, `U***`."""
    local, at, domain = address.rpartition("@")
    if at:
        return f"{local[:1]}***@{domain}"
    if address.startswith("+") and len(address) > 8:
        return f"{address[:3]}***{address[-4:]}"
    return f"{address[:1]}***" if address else ""
