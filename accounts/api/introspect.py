"""`POST /oauth2/introspect`: is a token of mine still good? (RFC 7662)"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts import clock
from accounts.api.token import OAuthView, authenticated, given_parameters
from accounts.digests import digest
from accounts.models import AccessToken, RefreshToken
from accounts.oauth_errors import Case, OAuthRefused


class IntrospectView(OAuthView):
    """A client learns about its own tokens only; about every other it hears `{"active": false}`."""

    def answered(self, request: HttpRequest) -> dict[str, Any]:
        given = given_parameters(request)
        application = authenticated(request, given)
        if not given.get("token"):
            raise OAuthRefused(Case.NO_TOKEN)
        mine = {
            "application": application,
            "token_checksum": digest(given["token"]),
            "expires__gt": clock.now(),
        }
        token: AccessToken | RefreshToken | None = (
            AccessToken.objects.filter(**mine).first()
            or RefreshToken.objects.filter(**mine, revoked=None, user__active=True).first()
        )
        if token is None:
            return {"active": False}
        return {
            "active": True,
            "scope": token.scope,
            "client_id": application.client_id,
            "sub": str(token.user_id),
            "exp": int(token.expires.timestamp()),
            **({"token_type": "Bearer"} if isinstance(token, AccessToken) else {}),
        }
