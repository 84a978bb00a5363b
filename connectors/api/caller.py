"""Who calls connection management: a user by Bearer token, or a client's own server for one of its
users (wire contract 10).
"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from accounts.access import Access, AccessRefused, access_for_token, user_access
from accounts.app_users import UnknownUser
from accounts.client_auth import authenticate_client
from accounts.parameters import parameters
from accounts.refusals import failure
from accounts.scopes import permits
from connectors.refusals import InvalidToken

EVERY_USER = "client"


def caller(
    request: HttpRequest, *, now: datetime, changes: bool = False, listing: bool = False
) -> Access:
    """The access of this call. `x-oneup-user-id: client`, all users of the client, is for `listing`
    only; a token must permit every change where the call `changes` something.

    Raises `accounts.refusals.Refused`: 401 for bad credentials, 404 for a user the client does not
    have, 400 where none is named, 403 for what a scope does not permit.
    """
    if bearer := bearer_of(request):
        access = bearer_access(bearer, client_id=None, now=now)
        if changes and not permits(access.scope, "*", "delete"):
            raise AccessRefused(403, {"message": "Forbidden"})
        return access
    given = parameters(request)
    application = authenticate_client(given, now=now)
    header = request.META.get("HTTP_X_ONEUP_USER_ID", "").strip()
    if header == EVERY_USER:
        if not listing:
            raise AccessRefused(403, {"message": "Forbidden"})
        return Access(
            application_id=application.pk,
            client_id=application.client_id,
            app_user_id=None,
            all_users=True,
            via="client",
        )
    named = given.get("oneup_user_id", "")
    try:
        if header and named and header != named:
            raise UnknownUser
        return user_access(
            application,
            app_user_id=given.get("app_user_id", ""),
            oneup_user_id=header or named,
        )
    except UnknownUser as error:
        raise AccessRefused(404, failure("this user does not exist")) from error


def bearer_of(request: HttpRequest) -> str:
    """The token of the Authorization header, or empty."""
    scheme, _, bearer = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def bearer_access(token: str, *, client_id: str | None, now: datetime) -> Access:
    """The access of a user's token, of this client where one is named. Raises `InvalidToken`."""
    try:
        return access_for_token(token, client_id=client_id, now=now)
    except AccessRefused as error:
        raise InvalidToken from error
