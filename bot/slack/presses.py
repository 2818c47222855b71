"""What a button carries: what a press means, of exactly which content, until when, once; signed, so that nobody can make one up."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from itsdangerous import BadData, URLSafeSerializer

from bot.desk.speaker import Role
from journey.errors import InputError
from journey.texts import text

Action = Literal[
    "approve", "reject", "test", "preview", "pause", "resume", "pause_all", "release", "drop", "retry", "details",
    "import", "discard", "delete",
]  # fmt: skip
DECIDES: frozenset[Action] = frozenset(
    {"approve", "reject", "pause", "resume", "pause_all", "release", "drop", "retry", "import", "discard"}
)
"""A press of these counts once; the others only show something or send to the team, and may be pressed again."""
NEEDS: dict[Action, Role] = {
    "approve": "approver", "reject": "approver", "test": "editor", "preview": "viewer", "pause": "editor", "resume": "approver",
    "pause_all": "editor", "release": "approver", "drop": "approver", "retry": "approver", "details": "viewer",
    "import": "editor", "discard": "editor", "delete": "editor",
}  # fmt: skip
"""The least role for each; approving a transactional campaign needs an admin, which the decision itself holds."""
PREFIX = "tabiji."
"""How the action ids of the program's buttons begin."""
VALID = timedelta(days=7)
LONGEST = 2_000


@dataclass(frozen=True)
class Press:
    """What a press on a button means.

    `subject`: `campaign:C01`, `settings`, `all`, `held:C01:bulk` (a campaign's deliveries that wait for one reason), or `file:F012`
    (one that was dropped). `content` and `audience` are the first characters of the hashes of what the person was shown (of held
    deliveries and settings: `bot.desk.asked.mark`), `offer` is `Standing.offer`, which the decision expects. `nonce` is one showing's
    own: a press that decides counts once for each.
    """

    action: Action
    subject: str
    expires: datetime
    content: str = ""
    audience: str = ""
    offer: str = ""
    nonce: str = ""

    @property
    def decides(self) -> bool:
        """Whether it counts only once."""
        return self.action in DECIDES

    @property
    def id(self) -> str:
        """The part of the subject that names something: the campaign."""
        return self.subject.partition(":")[2].partition(":")[0] if ":" in self.subject else self.subject

    @property
    def reason(self) -> str:
        """Of held deliveries, why they wait."""
        return self.subject.split(":", 2)[2] if self.subject.startswith("held:") else ""


def nonce() -> str:
    """One for each showing of a card."""
    return secrets.token_urlsafe(9)


@dataclass(frozen=True)
class Presses:
    """Makes and reads presses of one installation. `secret` signs; `nonce` and `expires` are of the showing at hand."""

    secret: bytes = field(repr=False)
    expires: datetime
    nonce: str = ""

    def token(self, action: Action, subject: str, *, content: str = "", audience: str = "", offer: str = "") -> str:
        """A button's value."""
        parts = [action, subject, content[:16], audience[:16], offer, self.nonce, int(self.expires.timestamp())]
        return _signer(self.secret).dumps(parts)


def showing(secret: bytes, now: datetime) -> Presses:
    """For a card that is shown now: a nonce of its own, and a week's time."""
    return Presses(secret, now + VALID, nonce())


def read(secret: bytes, token: str, now: datetime) -> Press:
    """What a pressed button means. Raises InputError for one that the program did not make, and for one that expired."""
    press = _read(secret, token)
    if press is None:
        raise InputError(text("cards.forged"))
    if press.expires <= now:
        raise InputError(text("cards.expired"))
    return press


def _read(secret: bytes, token: str) -> Press | None:
    if len(token) > LONGEST or not token.isascii():
        return None
    signer = _signer(secret)
    try:
        action, subject, content, audience, offer, mark, expires = signer.loads(token)
        # one signature has several spellings: only our own counts
        if not hmac.compare_digest(signer.dumps([action, subject, content, audience, offer, mark, expires]), token):
            return None
        moment = datetime.fromtimestamp(expires, UTC)
    except (BadData, ValueError, TypeError, OverflowError, OSError):
        return None
    return Press(action, subject, moment, content, audience, offer, mark) if action in get_args(Action) else None


def _signer(secret: bytes) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret,
        salt=b"tabiji.slack.press",
        serializer=json,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
