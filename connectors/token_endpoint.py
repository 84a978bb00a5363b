"""A source's token endpoint: code for tokens, refresh, revocation (RFC 6749, 7636, 7009).

requests-oauthlib makes the requests and reads the answers; our own sheet says where and as whom.
Its scope is left unset on purpose: a source that grants less than was asked would raise there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import requests
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from accounts.encryption import Secret
from connectors.address_policy import AddressPolicy
from connectors.answer import WAIT, ask, retry_at
from connectors.errors import (
    Denied,
    Malformed,
    Misconfigured,
    NeedsReauthorization,
    RateLimited,
    Unavailable,
)
from connectors.http import equip, outbound_session

BASIC, POST, NONE = "client_secret_basic", "client_secret_post", "none"
OURS = frozenset(
    {"invalid_client", "unauthorized_client", "unsupported_grant_type", "insecure_transport"}
)
"""Errors that no user can mend."""
PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
LIFE = timedelta(hours=1)
"""Of an access token whose answer names none."""


@dataclass(frozen=True, kw_only=True)
class TokenEndpoint:
    """Where and as whom. `auth_method` is one of RFC 8414's names; `revoke_url` may be empty."""

    authorize_url: str
    token_url: str
    revoke_url: str
    client_id: str
    client_secret: Secret = field(repr=False)
    auth_method: str
    scope: str
    extra: tuple[tuple[str, str], ...]  # what the authorization request carries besides
    policy: AddressPolicy


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A token answer. `refresh_token` is empty when none came (keep the old one); `members` is the
    whole answer. Nothing of it prints.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scope: str | None
    members: dict[str, Any] = field(repr=False)


def redeem(
    endpoint: TokenEndpoint, *, code: str, code_verifier: str, redirect_uri: str, now: datetime
) -> Tokens:
    """Exchange an authorization code. A code is never tried twice. Raises Denied with the OAuth
    error, Misconfigured, RateLimited, Unavailable or Malformed.
    """
    with _session(endpoint, "access_token_response", now, redirect_uri=redirect_uri) as session:
        return _answer(
            lambda: session.fetch_token(
                endpoint.token_url,
                code=code,
                code_verifier=code_verifier,
                auth=_basic(endpoint) or _Nobody(),
                include_client_id=endpoint.auth_method != BASIC,
                client_secret=_posted(endpoint),
            ),
            now=now,
            lost=lambda error: Denied(error, "the system did not accept the sign-in"),
        )


def refresh(endpoint: TokenEndpoint, *, refresh_token: str, now: datetime) -> Tokens:
    """Exchange a refresh token. Raises NeedsReauthorization when the grant is gone (any refusal
    that is neither ours nor passing), Misconfigured, RateLimited, Unavailable or Malformed.
    """
    body: dict[str, str] = {}
    if endpoint.auth_method != BASIC:
        body = {"client_id": endpoint.client_id}
        if secret := _posted(endpoint):
            body["client_secret"] = secret
    with _session(endpoint, "refresh_token_response", now) as session:
        return _answer(
            lambda: session.refresh_token(
                endpoint.token_url,
                refresh_token=refresh_token,
                auth=_basic(endpoint) or _Nobody(),
                **body,
            ),
            now=now,
            lost=lambda error: NeedsReauthorization("the user's permission has ended"),
        )


def revoke(endpoint: TokenEndpoint, *, token: str, now: datetime) -> bool:
    """End a grant at its source (RFC 7009). False where the source offers no revocation. Raises
    Unavailable when it could not be told.
    """
    if not endpoint.revoke_url or not token:
        return False
    form = {"token": token}
    if endpoint.auth_method != BASIC:
        form["client_id"] = endpoint.client_id
        if secret := _posted(endpoint):
            form["client_secret"] = secret
    with outbound_session(endpoint.policy) as session:
        auth = _basic(endpoint) or _Nobody()
        response = ask(session, "POST", endpoint.revoke_url, data=form, auth=auth)
    if response.status_code >= 500 or response.status_code == 429:
        raise Unavailable("the token could not be revoked", until=retry_at(response, now=now))
    return response.ok


class _Nobody(requests.auth.AuthBase):
    """No Authorization header; keeps the library from making one of its own."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _session(
    endpoint: TokenEndpoint, hook: str, now: datetime, *, redirect_uri: str | None = None
) -> Any:
    session = OAuth2Session(endpoint.client_id, redirect_uri=redirect_uri)
    equip(session, endpoint.policy)
    session.max_redirects = 0  # a code or refresh token goes nowhere else
    session.register_compliance_hook(hook, lambda response: _passed(response, now))
    return session


def _basic(endpoint: TokenEndpoint) -> HTTPBasicAuth | None:
    if endpoint.auth_method != BASIC:
        return None
    return HTTPBasicAuth(
        quote_plus(endpoint.client_id), quote_plus(endpoint.client_secret.reveal())
    )


def _posted(endpoint: TokenEndpoint) -> str | None:
    return endpoint.client_secret.reveal() if endpoint.auth_method == POST else None


def _passed(response: requests.Response, now: datetime) -> requests.Response:
    """Statuses that say "later" or "not here", before anybody reads the body."""
    status = response.status_code
    if status == 429:
        wait = retry_at(response, now=now) or now + WAIT
        raise RateLimited("token endpoint: HTTP 429", until=wait)
    if status >= 500 or status == 408:
        until = retry_at(response, now=now)
        raise Unavailable(f"token endpoint: HTTP {status}", until=until)
    if status in (404, 405) or 300 <= status < 400:
        raise Misconfigured(f"token endpoint: HTTP {status}")
    if status == 410:
        raise NeedsReauthorization("token endpoint: gone for good")
    return response


def _answer(
    call: Callable[[], dict[str, Any]], *, now: datetime, lost: Callable[[str], Exception]
) -> Tokens:
    try:
        members = call()
    except OAuth2Error as error:
        name = _word(error.error)
        if name in OURS:
            raise Misconfigured(f"token endpoint: {name}") from None
        if name in PASSING:
            raise Unavailable(f"token endpoint: {name}") from None
        if name == "missing_token":
            raise Malformed("token endpoint: no token in the answer") from None
        raise lost(name) from None
    except requests.exceptions.TooManyRedirects:
        raise Misconfigured("token endpoint: answers with a redirect") from None
    except requests.exceptions.RequestException:
        raise Unavailable("the token endpoint cannot be reached") from None
    except (ValueError, TypeError, AttributeError):
        raise Malformed("token endpoint: an answer that makes no sense") from None
    return _tokens(members, now)


def _tokens(members: dict[str, Any], now: datetime) -> Tokens:
    access, renewed = members.get("access_token"), members.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise Malformed("token endpoint: no token in the answer")
    seconds = members.get("expires_in")
    valid = isinstance(seconds, int | float) and 0 < seconds < 10**9
    life = timedelta(seconds=float(seconds)) if valid else LIFE  # type: ignore[arg-type]
    scope = members.get("scope")
    if isinstance(scope, list):
        scope = " ".join(str(word) for word in scope)
    return Tokens(
        access_token=access,
        refresh_token=renewed if isinstance(renewed, str) else "",
        expires_at=now + life,
        scope=scope if isinstance(scope, str) and scope else None,
        members=dict(members),
    )


def _word(text: object) -> str:
    """An OAuth error code, if it looks like one: it is shown and put into addresses."""
    word = str(text or "")
    fine = word.isascii() and word.replace("_", "").isalnum() and len(word) <= 40
    return word if fine else "invalid_grant"
