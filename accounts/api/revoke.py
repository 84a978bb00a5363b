"""`POST /oauth2/revoke`: a client gives back a token (RFC 7009)."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest

from accounts import clock
from accounts.api.token import OAuthView, authenticated, given_parameters
from accounts.digests import digest
from accounts.models import AccessToken
from accounts.oauth_errors import Case, OAuthRefused
from accounts.tokens import lock_refresh_token, revoke_family


class RevokeView(OAuthView):
    """A refresh token takes its whole family along, an access token only itself; a token that is
    not the client's own is not touched, and the answer is 200 either way, so that nothing is
    revealed.
    """

    def answered(self, request: HttpRequest) -> dict[str, Any]:
        given = given_parameters(request)
        application = authenticated(request, given)
        token = given.get("token", "")
        if not token:
            raise OAuthRefused(Case.NO_TOKEN)
        AccessToken.objects.filter(application=application, token_checksum=digest(token)).delete()
        with transaction.atomic():
            refresh_token = lock_refresh_token(application=application, token=token)
            if refresh_token is not None and refresh_token.token_family is not None:
                revoke_family(family=refresh_token.token_family, now=clock.now())
        return {}
