"""The token endpoint, a code or a refresh token for new tokens; and revocation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from django.http import HttpRequest, JsonResponse

from connectors.sandbox import faults
from connectors.sandbox.house import CLIENT_ID, CLIENT_SECRET, Account, House
from connectors.sandbox.tokens import BadToken, Grant, seal, unseal
from connectors.sandbox.world import World, world

ACCESS_SECONDS = 3600


@dataclass(frozen=True)
class TokenError(Exception):
    """An OAuth error (RFC 6749 5.2)."""

    error: str
    description: str
    status: int = 400


@dataclass(frozen=True, kw_only=True)
class Issued:
    """New tokens: the grant behind them, and the members every house answers with."""

    grant: Grant
    account: Account
    members: dict[str, object]


def issue(request: HttpRequest, *, house: House) -> Issued:
    """Answer a token request of the house. Raises TokenError."""
    if request.method != "POST":
        raise TokenError("invalid_request", "the token endpoint is called with POST", 405)
    form = request.POST.dict()
    _check_client(request, form)
    grant_type = form.get("grant_type", "")
    if grant_type == "authorization_code":
        return _from_code(form, house=house, world=world())
    if grant_type == "refresh_token":
        return _from_refresh(form, house=house, world=world())
    raise TokenError(
        "unsupported_grant_type", "grant_type has to be authorization_code or refresh_token"
    )


def revoke(request: HttpRequest, *, house: House) -> JsonResponse:
    """RFC 7009: the grant behind an access or refresh token ends.

    A token nobody knows is no error.
    """
    if request.method != "POST":
        return _error(TokenError("invalid_request", "revocation is called with POST", 405))
    token = request.POST.get("token", "")
    now = world().now().timestamp()
    for kind in ("access", "refresh"):
        try:
            world().state.revoke(unseal(token, kind=kind, secret=world().secret, now=now).number)
        except BadToken:
            continue
    return JsonResponse({})


def token_answer(
    request: HttpRequest, *, house: House, extra: Callable[[Issued], Mapping[str, object]]
) -> JsonResponse:
    """The answer of the token endpoint; `extra(issued)` gives the members only this house adds."""
    try:
        issued = issue(request, house=house)
    except TokenError as error:
        return _error(error)
    return JsonResponse(
        {**issued.members, **extra(issued)},
        headers={"Cache-Control": "no-store", "Pragma": "no-cache"},
    )


def _error(error: TokenError) -> JsonResponse:
    answer = JsonResponse(
        {"error": error.error, "error_description": error.description}, status=error.status
    )
    answer["Cache-Control"] = "no-store"
    if error.status == 401:
        answer["WWW-Authenticate"] = 'Basic realm="sandbox"'
    if error.status == 503:
        answer["Retry-After"] = "60"
    return answer


def _check_client(request: HttpRequest, form: Mapping[str, str]) -> None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise TokenError("invalid_client", "the Basic header is not base64", 401) from None
        name, secret = unquote(name), unquote(secret)
    else:
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
    good = hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode())
    if name != CLIENT_ID or not good:
        raise TokenError(
            "invalid_client", f"the client is {CLIENT_ID} with the secret {CLIENT_SECRET}", 401
        )


def _from_code(form: Mapping[str, str], *, house: House, world: World) -> Issued:
    now = world.now().timestamp()
    code = _unseal(form.get("code", ""), kind="code", house=house, world=world)
    if form.get("redirect_uri", "") != code.redirect_uri:
        raise TokenError("invalid_grant", "redirect_uri differs from the authorization request")
    if code.challenge and not _verified(form.get("code_verifier", ""), code.challenge):
        raise TokenError("invalid_grant", "code_verifier does not fit the code_challenge")
    if not world.state.use_once(code.serial, expires=code.expires, now=now):
        world.state.revoke(code.number)
        raise TokenError("invalid_grant", "the code was used before; its tokens are revoked now")
    if faults.strike(world, system=house.system, username=code.username, stage="token"):
        raise TokenError("temporarily_unavailable", "fault: the token endpoint is down", 503)
    return _issued(code, house=house, world=world, first=True)


def _from_refresh(form: Mapping[str, str], *, house: House, world: World) -> Issued:
    grant = _unseal(form.get("refresh_token", ""), kind="refresh", house=house, world=world)
    fault = faults.strike(world, system=house.system, username=grant.username, stage="refresh")
    if fault == "revoked":
        raise TokenError("invalid_grant", "fault: the person has taken the permission back")
    if fault:
        raise TokenError("temporarily_unavailable", "fault: the token endpoint is down", 503)
    return _issued(grant, house=house, world=world, first=False)


def _unseal(text: str, *, kind: str, house: House, world: World) -> Grant:
    try:
        grant = unseal(text, kind=kind, secret=world.secret, now=world.now().timestamp())
    except BadToken as bad:
        raise TokenError("invalid_grant", str(bad)) from None
    if grant.system != house.system or house.account(grant.username) is None:
        raise TokenError("invalid_grant", f"this {kind} belongs to another house")
    if world.state.is_revoked(grant.number):
        raise TokenError("invalid_grant", "the permission was revoked")
    return grant


def _verified(verifier: str, challenge: str) -> bool:
    raw = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(
        base64.urlsafe_b64encode(raw).decode().rstrip("=").encode(), challenge.encode()
    )


def _issued(grant: Grant, *, house: House, world: World, first: bool) -> Issued:
    now = world.now().timestamp()
    access = grant.made("access", expires=now + ACCESS_SECONDS, first=first)
    account = house.account(grant.username)
    assert account is not None  # _unseal looked it up
    members: dict[str, object] = {
        "access_token": seal(access, secret=world.secret),
        "token_type": "Bearer",
        "expires_in": int(access.expires - now),
    }
    if grant.offline and (first or house.rotates_refresh):
        refresh = grant.made("refresh", expires=grant.ends)
        members["refresh_token"] = seal(refresh, secret=world.secret)
    return Issued(grant=access, account=account, members=members)
