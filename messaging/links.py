"""Signed links in messages. A token names a delivery, never a customer or an address: whoever reads it learns a number."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from itsdangerous import BadData, Signer

TRIAL = 0
"""The delivery id in the links of previews and test messages: its page explains itself and changes nothing."""


@dataclass(frozen=True)
class Links:
    """Makes and reads the links of one installation. `secret` is the signing secret, `base_url` how customers reach the pages."""

    secret: bytes
    base_url: str

    def token(self, delivery_id: int) -> str:
        """The unsubscribe token of a delivery (`TRIAL` for a message that belongs to none)."""
        if delivery_id < 0:
            raise ValueError("a delivery id is not negative")
        return self._signer.sign(str(delivery_id).encode()).decode()

    def unsubscribe_url(self, delivery_id: int) -> str:
        """The address under which the customer of a delivery unsubscribes from that delivery's channel."""
        return f"{self.base_url.rstrip('/')}/u/{self.token(delivery_id)}"

    def read(self, token: str) -> int | None:
        """The delivery id of a token of ours, or None. Exactly the tokens that `token` makes are read, no other spelling of them."""
        if len(token) > 100 or not token.isascii():
            return None
        try:
            value = self._signer.unsign(token.encode()).decode()
        except (BadData, UnicodeDecodeError):
            return None
        if not value.isdigit() or len(value) > 18:
            return None
        delivery_id = int(value)
        # base64 has several spellings of one signature: only our own counts
        return delivery_id if hmac.compare_digest(self.token(delivery_id), token) else None

    @property
    def _signer(self) -> Signer:
        return Signer(self.secret, salt=b"tabiji.unsubscribe", sep=".", key_derivation="hmac", digest_method=hashlib.sha256)
