"""Never by accident: what must be in place before anything may leave this machine (delivery.md). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from journey.model import Kind, Settings
from journey.texts import Text, text
from messaging.addresses import parse_email
from messaging.channels.base import Channel

_REQUIRED = ("sender_name", "sender_address", "sender_company", "sender_postal", "sender_contact")
_PLACEHOLDER = re.compile(
    r"[〇○◯●△□×]{2,}|\.{3}|…|x{3,}|<[^@>]*>|\bexample\b|\byour\b|\bto ?do\b|\btbd\b|changeme|dummy|placeholder"
    r"|未設定|未定|ダミー|サンプル|ここに|入力してください|記入|\b\d{2,4}-0{3,4}-0{4}\b|(?<!\d)0{3}-?0{4}(?!\d)",
    re.IGNORECASE,
)
_RESERVED = ("example", "test", "invalid", "localhost", "local", "internal", "example.com", "example.net", "example.org", "example.jp",
             "example.co.jp")  # fmt: skip


def refusal(
    channel: Channel, kind: Kind, settings: Settings, base_url: str, clock_given: bool, trial_hosts: Collection[str]
) -> Text | None:
    """Why nothing may go out on `channel`, or None where it may.

    Hosts of `safety.trial_hosts` may get anything, under any clock. Elsewhere a given clock (`--now`) stops everything, and a
    promotional message needs a complete sender and an unsubscribe page that customers can reach.
    """
    strangers = [host for host in channel.hosts if not _trial(host, trial_hosts)]
    if not strangers:
        return None
    if clock_given:
        return text("channels.given_clock", host=strangers[0])
    if kind != "promotional":
        return None
    for key in _REQUIRED:
        value = getattr(settings, key).strip()
        if not value:
            return text("channels.sender_missing", setting=text(f"channels.{key}"))
        if placeholder(value):
            return text("channels.sender_placeholder", setting=text(f"channels.{key}"), value=value[:60])
    sender = parse_email(settings.sender_address)
    if sender is None or _reserved(sender.rpartition("@")[2]):
        return text("channels.sender_placeholder", setting=text("channels.sender_address"), value=settings.sender_address[:60])
    if not reachable(base_url):
        return text("channels.unreachable", url=base_url or "–")
    return None


def placeholder(value: str) -> bool:
    """Whether a setting still holds what a template put there to be replaced."""
    return _PLACEHOLDER.search(value) is not None


def reachable(base_url: str) -> bool:
    """Whether a customer's mail program could open the pages: https (one-click unsubscribe wants it) on a public host."""
    try:
        parts = urlsplit(base_url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme != "https" or not host or local_host(host):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not _reserved(host)


def local_host(host: str) -> bool:
    """Whether `host` is this very machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _trial(host: str, trial_hosts: Collection[str]) -> bool:
    return host.lower() in {trial.strip().lower() for trial in trial_hosts}


def _reserved(domain: str) -> bool:
    return any(domain == name or domain.endswith("." + name) for name in _RESERVED)
