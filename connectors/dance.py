"""The OAuth dance seen from the network: where to send the person, what the code is worth, how to
end a grant. What is stored of it is connectors/linking.py's.
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from requests_oauthlib import OAuth2Session

from accounts import clock
from connectors import token_endpoint
from connectors.address_policy import PORTS, address_policy
from connectors.errors import Malformed, Misconfigured
from connectors.http import outbound_session
from connectors.models import CLINICAL, System
from connectors.oauth_sheet import api_base_of, endpoint_of
from connectors.registry import wearable_for
from connectors.token_endpoint import Tokens


@dataclass(frozen=True, kw_only=True)
class TokenGrant:
    """What a finished dance yields. `account` is the patient id at a hospital, the vendor's account
    id at a wearable; `base` is what public ids are made from, `iss` what the app is told. Tokens do
    not print.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scope: str
    account: str
    base: str
    iss: str


def authorization_url(system: System, *, state: str, code_challenge: str, redirect_uri: str) -> str:
    """The address to send the person's browser to (smart-app-launch 2.2, RFC 7636 S256). May ask
    the system where that is. Raises ConnectorError.
    """
    endpoint = endpoint_of(system, now=clock.now())
    _check_browser_address(endpoint)
    session = OAuth2Session(
        endpoint.client_id, redirect_uri=redirect_uri, scope=endpoint.scope.split()
    )
    url, _ = session.authorization_url(
        endpoint.authorize_url,
        state=state,
        code_challenge=code_challenge,
        code_challenge_method="S256",
        **dict(endpoint.extra),
    )
    return str(url)


def exchange_code(
    system: System, *, code: str, code_verifier: str, redirect_uri: str, now: datetime
) -> TokenGrant:
    """Turn the code into tokens and learn whose they are. Raises Denied with the OAuth error, or
    another ConnectorError; a code is never tried twice.
    """
    endpoint = endpoint_of(system, now=now)
    tokens = token_endpoint.redeem(
        endpoint, code=code, code_verifier=code_verifier, redirect_uri=redirect_uri, now=now
    )
    if system.kind == CLINICAL:
        account = _patient(tokens.members)
        base = _own_base(system, tokens.members) or system.resource_url
        iss = base
    else:
        account = _vendor_account(system, tokens, now=now)
        base, iss = f"{system.resource_url}/user/{account}", system.resource_url
    return TokenGrant(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        expires_at=tokens.expires_at,
        scope=endpoint.scope if tokens.scope is None else tokens.scope,
        account=account,
        base=base,
        iss=iss,
    )


def revoke(system: System, token: str) -> bool:
    """End a grant at its source. False where the source offers no way to. Raises ConnectorError
    when it could not be told.
    """
    now = clock.now()
    return token_endpoint.revoke(endpoint_of(system, now=now), token=token, now=now)


def _check_browser_address(endpoint: token_endpoint.TokenEndpoint) -> None:
    parts = urlsplit(endpoint.authorize_url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    named = parts.scheme == "http" and endpoint.policy.names(host=host, port=port)
    if not host or not (parts.scheme == "https" or named):
        raise Misconfigured("the system's sign-in address is not https")


def _patient(members: dict[str, Any]) -> str:
    """The patient in context; some servers name it only in `fhirUser` of the id token."""
    patient = members.get("patient")
    if isinstance(patient, str) and patient:
        return patient
    user = members.get("fhirUser") or _claims(members.get("id_token")).get("fhirUser")
    parts = str(user or "").split("/")
    if len(parts) >= 2 and parts[-2] == "Patient" and parts[-1]:
        return parts[-1]
    raise Malformed("the sign-in named no patient")


def _claims(id_token: object) -> dict[str, Any]:
    """An id token's claims. Its signature need not be checked: it came from the token endpoint
    itself (OpenID Connect Core 3.1.3.7, rule 6).
    """
    parts = str(id_token or "").split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}


def _own_base(system: System, members: dict[str, Any]) -> str:
    """A simulator's account has a canonical base of its own (wire contract 16.3)."""
    base = members.get("careweave_base")
    return base.rstrip("/") if system.simulator and isinstance(base, str) else ""


def _vendor_account(system: System, tokens: Tokens, *, now: datetime) -> str:
    policy = address_policy(allow_host=system.allow_host)
    with outbound_session(policy) as session:
        session.headers["Authorization"] = f"Bearer {tokens.access_token}"
        account = wearable_for(system.slug).account(
            session, api_base=api_base_of(system), tokens=tokens.members, now=now
        )
    if not account or "/" in account:
        raise Malformed("the vendor named no account")
    return account
