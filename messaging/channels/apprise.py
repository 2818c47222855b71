"""The long tail of services, through Apprise. It cannot tell a refusal from a cut, so every failure is in doubt."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from journey.errors import InputError
from journey.texts import text
from messaging.channels.base import Accepted, Answer, Carries, InDoubt, NotAccepted, Parcel
from messaging.channels.pacing import Pace

_HOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PLAIN_HOSTS = {"json": 80, "jsons": 443, "form": 80, "forms": 443, "xml": 80, "xmls": 443}
"""Services whose URL names the host that is talked to; all others have hosts of their own."""


class AppriseChannel:
    """One Apprise URL for each customer, made from a template whose holes (`{address}`, `{phone}`, …) are filled with quoted values.

    The service and its host stand in the template as they are: no customer's value chooses where a message goes.
    """

    kind = "apprise"
    carries: Carries = "note"

    def __init__(
        self, name: str, url: str, *, rate_per_second: float = 0, window: int = 10, when_in_doubt: str = "hold"
    ) -> None:
        """Raises InputError where the template names no service Apprise knows, or leaves its host to a hole."""
        self.when_in_doubt = when_in_doubt
        self.window = window
        self._url = url
        self._pace = Pace(rate_per_second)
        scheme, found, rest = url.partition("://")
        if not found or not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme, re.IGNORECASE):
            raise InputError(text("channels.apprise_url", name=name))
        self.holes = tuple(dict.fromkeys(_HOLE.findall(rest)))
        self.hosts: tuple[str, ...] = (self._host(name, scheme.lower()),)

    def _host(self, name: str, scheme: str) -> str:
        if scheme not in _PLAIN_HOSTS:
            if self._made(dict.fromkeys(self.holes, "0901234567")) is None:
                raise InputError(text("channels.apprise_url", name=name))
            return f"apprise:{scheme}"
        try:
            parts = urlsplit(self._url)
            port = parts.port or _PLAIN_HOSTS[scheme]
        except ValueError:
            raise InputError(text("channels.apprise_url", name=name)) from None
        if not parts.hostname or "{" in parts.netloc:
            raise InputError(text("channels.apprise_host", name=name))
        return f"{parts.hostname}:{port}"

    def send(self, parcel: Parcel) -> Answer:
        """Asks Apprise to notify; its silence about why something failed makes every failure in doubt."""
        values = {**parcel.facts, "address": parcel.address}
        absent = [hole for hole in self.holes if not values.get(hole)]
        if absent:
            return NotAccepted(f"the customer has no {absent[0]}, which the channel's url uses", permanent=True)
        try:
            note = json.loads(parcel.payload)
            said = "\n".join(part for part in (str(note["body"]), str(note.get("link") or "")) if part)
            service = self._made(values)
        except (ValueError, KeyError, TypeError):
            return NotAccepted("the note or the channel's url cannot be read", permanent=True)
        if service is None:
            return NotAccepted("Apprise cannot use the channel's url for this customer", permanent=True)
        self._pace.wait()
        try:
            done = service.notify(body=said, title=str(note.get("title") or ""), body_format="text")
        except Exception as error:  # a plugin of Apprise may raise anything
            return InDoubt(f"Apprise failed ({type(error).__name__})")
        return Accepted() if done else InDoubt("Apprise reports a failure without saying whether the message got through")

    def _made(self, values: dict[str, str]) -> Any | None:
        service = self._apprise.Apprise(asset=self._asset)
        url = _HOLE.sub(lambda hole: quote(str(values[hole[1]]), safe=""), self._url)
        return service if service.add(url) else None

    @cached_property
    def _apprise(self) -> Any:
        import apprise  # 130 services take most of a second to load: only who uses them waits

        return apprise

    @cached_property
    def _asset(self) -> Any:
        return self._apprise.AppriseAsset(
            app_id="Tabiji", async_mode=False, secure_logging=True, storage_mode=self._apprise.PersistentStoreMode.MEMORY
        )

    def check(self) -> str | None:
        """Whether Apprise understands the URL; nothing is sent."""
        if self._made(dict.fromkeys((*self.holes, "address"), "0901234567")) is None:
            return "Apprise cannot read the channel's url"
        return None

    def close(self) -> None:
        """Nothing is held open."""
