"""The code and refresh grants: oauthlib leads the dialogue, the library's validator is bent to the
wire contract.

What differs from django-oauth-toolkit's own validator: codes and tokens are found by their digest
and under a lock, so that one of several callers wins; the directly preceding refresh token is
answered, for a grace time, with the pair it was exchanged for, and an older one ends its family; an
inactive user gets nothing; the error texts are the contract's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request
from oauthlib.oauth2 import Server

from accounts.digests import digest
from accounts.models import Application, Grant, RefreshToken
from accounts.narrowing import ScopeRefused, narrowed, within
from accounts.oauth_errors import Case, OAuthRefused, error_body
from accounts.refusals import Refused
from accounts.tokens import (
    TokenPair,
    issue_pair,
    lock_refresh_token,
    replayed,
    revoke_family,
    rotate,
)

GRANT_TYPES = ("authorization_code", "refresh_token")
_PASSED_ON = ("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token")
# What oauthlib is told when a code was issued without any redirect.
_NO_REDIRECT = "urn:ietf:wg:oauth:2.0:oob"


def exchange(*, application: Application, given: Mapping[str, str], now: datetime) -> TokenPair:
    """The token pair for a code or a refresh token among the parameters `given` (wire contract 7.1,
    7.2), with the scope asked for among them, as far as the code or the refresh token has it.

    The application is authenticated already. Raises `OAuthRefused`, or `Refused` for what the
    contract has no row for.
    """
    _check_present(given)
    validator = Validator(application=application, now=now, scope=given.get("scope", ""))
    body = [(name, given[name]) for name in _PASSED_ON if given.get(name)]
    with transaction.atomic():
        try:
            _, answer, status = Server(validator).create_token_response(
                "https://token", body=[*body, ("client_id", application.client_id)]
            )
        except (
            OAuthRefused
        ) as refused:  # inside the transaction: a withdrawn family stays withdrawn
            outcome: OAuthRefused | None = refused
        else:
            outcome = None
    if outcome is not None:
        raise outcome
    if validator.pair is None:
        told = json.loads(answer)
        raise Refused(
            status, error_body(told["error"], told.get("error_description", told["error"]), status)
        )
    return validator.pair


def _check_present(given: Mapping[str, str]) -> None:
    grant_type = given["grant_type"]
    if grant_type == "authorization_code" and not given.get("code"):
        raise OAuthRefused(Case.NO_CODE)
    if grant_type == "refresh_token" and not given.get("refresh_token"):
        raise OAuthRefused(Case.NO_REFRESH_TOKEN)


class Validator(OAuth2Validator):
    """Answers oauthlib's questions about one call of one authenticated application; `pair` holds
    the result. `scope` is what the client asks for, "" for all there is; SMART scopes are more than
    the words that oauthlib would compare.
    """

    def __init__(self, *, application: Application, now: datetime, scope: str) -> None:
        super().__init__()
        self.application = application
        self.now = now
        self.scope = scope
        self.pair: TokenPair | None = None
        self._grant: Grant | None = None
        self._old: RefreshToken | None = None

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        return True

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        request.client = self.application
        return True

    def validate_code(
        self,
        client_id: str,
        code: str,
        client: Application,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Lock the code's row until the transaction ends: whoever waited finds it gone."""
        self._grant = (
            Grant.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(application=client, code=digest(code))
            .first()
        )
        if self._grant is None or not self._grant.user.active:
            raise OAuthRefused(Case.UNKNOWN_CODE)
        if self._grant.expires <= self.now:
            raise OAuthRefused(Case.EXPIRED_CODE)
        request.user, request.scopes = self._grant.user, self._grant.scope.split()
        return True

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        return False  # a code that was issued with a challenge is checked all the same

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        return (self._grant and self._grant.code_challenge) or None

    def get_code_challenge_method(self, code: str, request: Request) -> str | None:
        return (self._grant and self._grant.code_challenge_method) or None

    def get_default_redirect_uri(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> str:
        return _NO_REDIRECT

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Application,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        issued_with = self._grant.redirect_uri if self._grant else ""
        return issued_with in ("", redirect_uri)

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        if self._grant:
            self._grant.delete()

    def validate_refresh_token(
        self,
        refresh_token: str,
        client: Application,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        old = lock_refresh_token(application=client, token=refresh_token)
        if old is None or not old.user.active:
            raise OAuthRefused(Case.BAD_REFRESH_TOKEN)
        if old.revoked is not None:
            self.pair = replayed(old=old, now=self.now)
            if self.pair is None:
                if old.token_family is not None:
                    revoke_family(family=old.token_family, now=self.now)
                raise OAuthRefused(Case.BAD_REFRESH_TOKEN)
        elif old.expires <= self.now:
            raise OAuthRefused(Case.EXPIRED_REFRESH_TOKEN)
        self._old = old
        request.user = old.user
        return True

    def get_original_scopes(
        self, refresh_token: str, request: Request, *args: Any, **kwargs: Any
    ) -> str:
        return self._old.scope if self._old else ""

    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Store a pair of our own making; what oauthlib generated is dropped. A refused scope uses
        nothing up.
        """
        granted = " ".join(request.scopes)
        try:
            # A code's tokens tell by `scope` what was left out; a refresh asks for what they told.
            scope = narrowed(granted, self.scope, drop_unknown=self._old is None)
        except ScopeRefused as refused:
            raise OAuthRefused(Case.BAD_SCOPE) from refused
        if self._old is None:
            self.pair = issue_pair(
                application=self.application, app_user=request.user, now=self.now, scope=scope
            )
        elif self.pair is None:
            self.pair = rotate(old=self._old, scope=scope, now=self.now)
        elif not within(self.pair.scope, scope):  # the repeated call had asked for more
            raise OAuthRefused(Case.BAD_SCOPE)
