"""`POST /fhir/oauth2/token` and `POST /oauth2/token`: one operation under two paths (wire contract
7).
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts import clock
from accounts.answers import answer, refusal
from accounts.client_auth import BadClient, authenticate_client, basic_credentials
from accounts.models import Application
from accounts.oauth import GRANT_TYPES, exchange
from accounts.oauth_errors import Case, OAuthRefused, bad_client
from accounts.parameters import ConflictingHeaders, parameters
from accounts.refusals import Refused
from accounts.tokens import ACCESS_SECONDS, TokenPair

logger = logging.getLogger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class OAuthView(View):
    """A POST of an authenticated client, with errors in the wording of wire contract 7.3."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.method != "POST":
                raise OAuthRefused(Case.BAD_METHOD, status=405, headers={"Allow": "POST"})
            return answer(self.answered(request))
        except Refused as refused:
            return refusal(refused)
        except Exception:
            logger.exception("an OAuth endpoint failed")
            return refusal(OAuthRefused(Case.FAULT, status=503))

    def answered(self, request: HttpRequest) -> dict[str, Any]:
        """The body of the answer. Raises `Refused`."""
        raise NotImplementedError


class TokenView(OAuthView):
    def answered(self, request: HttpRequest) -> dict[str, Any]:
        now = clock.now()
        given = given_parameters(request)
        grant_type = given.get("grant_type", "")
        if not grant_type:
            raise OAuthRefused(Case.NO_GRANT_TYPE)
        if grant_type not in GRANT_TYPES:
            raise OAuthRefused(Case.BAD_GRANT_TYPE)
        application = authenticated(request, given)
        return token_body(exchange(application=application, given=given, now=now))


def given_parameters(request: HttpRequest) -> dict[str, str]:
    """The call's parameters, where a client's HTTP Basic credentials outrank all others."""
    try:
        given = parameters(request)
    except ConflictingHeaders as conflict:
        raise OAuthRefused(Case.CONFLICTING_HEADERS) from conflict
    return {**given, **(_basic(request) or {})}


def authenticated(request: HttpRequest, given: dict[str, str]) -> Application:
    """The calling application. Raises `OAuthRefused`."""
    try:
        return authenticate_client(given, now=clock.now())
    except BadClient as bad:
        raise bad_client(bad.reason, basic=_basic(request) is not None) from bad


def token_body(pair: TokenPair) -> dict[str, Any]:
    """The answer in the style of `settings.TOKEN_STYLE` (wire contract 7.1)."""
    if settings.TOKEN_STYLE == "legacy":
        return {
            "access_token": pair.access_token,
            "token_type": "bearer",
            "expires_in": ACCESS_SECONDS,
            "refresh_token": pair.refresh_token,
        }
    return {
        "access_token": pair.access_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
        "scope": pair.scope,
    }


def _basic(request: HttpRequest) -> dict[str, str] | None:
    return basic_credentials(request.META.get("HTTP_AUTHORIZATION", ""))
