"""What the world's mail providers will look up about a sender's domain: SPF and DMARC (RFC 7208, RFC 7489). For `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import dns.exception
import dns.resolver

from journey.texts import Lang, Text, text


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `good` works, `note` is worth knowing, `bad` needs somebody to act."""

    state: Literal["good", "note", "bad"]
    said: Text

    def as_json(self, lang: Lang) -> dict[str, str]:
        """As `doctor --json` lists it."""
        return {"state": self.state, "text": self.said.say(lang)}


def sender_records(address: str, resolver: dns.resolver.Resolver | None = None, seconds: float = 4.0) -> list[Finding]:
    """Whether the domain of `address` says who may send for it. Gmail, Yahoo and Outlook refuse bulk mail without both records.

    DKIM cannot be looked up without knowing the relay's selector; it is named as a note. Never raises: a name server
    that is silent for `seconds` is a note, for it says nothing about the domain.
    """
    domain = address.rpartition("@")[2]
    resolver = resolver or dns.resolver.Resolver()
    found = [
        _record(
            resolver,
            seconds,
            domain,
            "v=spf1",
            text("doctor.spf_good", domain=domain),
            text("doctor.spf_missing", domain=domain),
        ),
        _record(
            resolver,
            seconds,
            f"_dmarc.{domain}",
            "v=dmarc1",
            text("doctor.dmarc_good", domain=domain),
            text("doctor.dmarc_missing", domain=domain),
        ),
    ]
    return [*found, Finding("note", text("doctor.dkim", domain=domain))]


def _record(resolver: dns.resolver.Resolver, seconds: float, name: str, start: str, good: Text, missing: Text) -> Finding:
    try:
        answer = resolver.resolve(name, "TXT", lifetime=seconds)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Finding("bad", missing)
    except (dns.exception.DNSException, OSError) as error:
        return Finding("note", text("doctor.dns_silent", name=name, why=type(error).__name__))
    records = [b"".join(record.strings).decode("utf-8", "replace").lower() for record in answer]
    matching = [record for record in records if record.startswith(start)]
    if len(matching) > 1:
        return Finding("bad", text("doctor.dns_twice", name=name, start=start))
    return Finding("good", good) if matching else Finding("bad", missing)
