"""The token endpoint: it checks a service account's signed assertion and hands out bearer tokens that live shortly."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sheets_server.errors import Json

AUDIENCE = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR = 3600
_UNREASONABLE = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the"
    " JWT claim."
)


class Refused(Exception):
    """No token: `error` and `description` as the endpoint words them."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.body: Json = {"error": error, "error_description": description}
        self.status = status


@cache
def _key(number: int) -> rsa.RSAPrivateKey:
    """The `number`th key of this process: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Tokens:
    """One service account, its key, and the tokens handed out."""

    def __init__(self, email: str, now: Callable[[], float]) -> None:
        """`now` is the endpoint's own clock, in seconds since 1970."""
        self.email = email
        self.now = now
        self.lifetime = HOUR - 1
        self._number = 0
        self._given: dict[str, tuple[float, frozenset[str]]] = {}

    @property
    def key_id(self) -> str:
        """The id of the key that is good at present."""
        return f"{self._number:040x}"

    def write_key(self, path: Path, token_uri: str, mode: int) -> Path:
        """The key file that a person downloads, with this server's token endpoint in it."""
        private = _key(self._number).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        info = {
            "type": "service_account",
            "project_id": "tabiji-trial",
            "private_key_id": self.key_id,
            "private_key": private.decode(),
            "client_email": self.email,
            "client_id": "123456789012345678901",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": f"https://www.googleapis.com/robot/v1/metadata/x509/{self.email}",
            "universe_domain": "googleapis.com",
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(info, indent=2), "utf-8")
        path.chmod(mode)
        return path

    def delete_key(self) -> None:
        """The key is deleted in Google's console: assertions signed with it are refused, tokens given before stay good."""
        self._number += 1

    def expire(self) -> None:
        """Every token given so far is no longer good."""
        self._given.clear()

    def scopes(self, token: str) -> frozenset[str] | None:
        """What a token was given for; None where it is none of ours or its time is over."""
        until, scopes = self._given.get(token, (0.0, frozenset()))
        return scopes if until > self.now() else None

    def give(self, form: Mapping[str, list[str]]) -> Json:
        """A token for the form of a request. Raises Refused."""
        if form.get("grant_type") != [GRANT]:
            raise Refused("unsupported_grant_type", f"Invalid grant_type: {(form.get('grant_type') or [''])[0]}")
        claims = self._claims((form.get("assertion") or [""])[0])
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            raise Refused("invalid_scope", "Empty or missing scope not allowed.")
        token = "ya29." + secrets.token_urlsafe(32)
        self._given[token] = (self.now() + self.lifetime, scopes)
        return {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}

    def _claims(self, assertion: str) -> Json:
        try:
            header, claims, signature = assertion.split(".")
            head, body = json.loads(_unpacked(header)), json.loads(_unpacked(claims))
            signed = _unpacked(signature)
        except ValueError:
            raise Refused("invalid_grant", "Bad Request") from None
        if not isinstance(head, dict) or not isinstance(body, dict) or head.get("alg") != "RS256":
            raise Refused("invalid_grant", "Invalid JWT: algorithm must be RS256.")
        if body.get("iss") != self.email:
            raise Refused("invalid_grant", "Invalid grant: account not found")
        try:
            public = _key(self._number).public_key()
            public.verify(signed, f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Refused("invalid_grant", "Invalid JWT Signature.") from None
        if head.get("kid") not in (None, self.key_id):
            raise Refused("invalid_grant", "Invalid JWT Signature.")
        if body.get("aud") != AUDIENCE:
            raise Refused("invalid_grant", "Invalid JWT: Failed audience check. The right audience is " + AUDIENCE)
        self._times(body)
        return body

    def _times(self, body: Mapping[str, Any]) -> None:
        issued, expires, now = body.get("iat"), body.get("exp"), self.now()
        if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
            raise Refused("invalid_grant", _UNREASONABLE)
        if not 0 < expires - issued <= HOUR or expires < now or issued > now + 300 or issued < now - HOUR:
            raise Refused("invalid_grant", _UNREASONABLE)
