"""Codes and tokens as signed strings: nothing to store, valid after a restart.

Who may use them is written in them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace


class BadToken(Exception):
    """Not one of ours, of another kind, or expired."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a person allowed, as carried by a code or token.

    `number` is the grant's (all its tokens share it, revoking ends it), `serial` this string's
    own; `withheld` are the keys of the groups the person did not share; `ends` is when the consent
    is over, `expires` when this string is (seconds since 1970).
    """

    kind: str  # "signin", "code", "access", "refresh"
    system: int
    username: str
    client_id: str = ""
    scope: str = ""
    withheld: tuple[str, ...] = ()
    redirect_uri: str = ""
    challenge: str = ""
    offline: bool = True
    first: bool = False  # an access token issued for the code, not by a refresh
    number: str = ""
    serial: str = ""
    ends: float = 0.0
    expires: float = 0.0

    def made(self, kind: str, *, expires: float, first: bool = False) -> Grant:
        """The same grant as another kind of string."""
        serial = secrets.token_urlsafe(12)
        return replace(
            self,
            kind=kind,
            first=first,
            serial=serial,
            number=self.number or serial,
            expires=min(expires, self.ends) if self.ends else expires,
        )


def seal(grant: Grant, *, secret: str) -> str:
    """The grant as a string: readable, not forgeable."""
    body = _encode(json.dumps(asdict(grant), separators=(",", ":")).encode())
    return f"{body}.{_signature(body, secret)}"


def unseal(text: str, *, kind: str, secret: str, now: float) -> Grant:
    """The grant a string carries. Raises BadToken when it is forged, of another kind or expired."""
    body, _, signature = text.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(body, secret).encode()):
        raise BadToken("not a token of this sandbox")
    values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    grant = Grant(**{**values, "withheld": tuple(values["withheld"])})
    if grant.kind != kind:
        raise BadToken(f"a {grant.kind} is not a {kind}")
    if grant.expires <= now:
        raise BadToken(f"the {kind} has expired")
    return grant


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signature(body: str, secret: str) -> str:
    key = b"careweave sandbox token:" + secret.encode()
    return _encode(hmac.new(key, body.encode(), hashlib.sha256).digest())
