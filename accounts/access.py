"""Whose data may this call touch? One function turns a request's credentials into an `Access`;
every data call goes through it.

Tokens are checked by one prepared statement of our own, which also writes the audit row: the
library's own check costs several statements and more than a millisecond a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from django.http import HttpRequest

from accounts import audit, prepared
from accounts.app_users import find_app_user
from accounts.client_auth import is_client_id, secret_fits
from accounts.connected import connected
from accounts.digests import digest
from accounts.models import Application
from accounts.parameters import ConflictingHeaders, client_headers
from accounts.refusals import Refused, failure
from accounts.scopes import EVERYTHING, permits

INVALID = "The access token provided is invalid."
EXPIRED = "The access token provided has expired."
NOT_FOUND = "The access token was not found."

_TOKEN = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}")
_USER_NUMBER = re.compile(r"[0-9]{1,18}")

_TOKEN_SQL = """
select t.scope, t.expires > %(now)s::timestamptz, t.user_id, a.id, a.client_id
from accounts_accesstoken t join accounts_application a on a.id = t.application_id
where t.token_checksum = %(digest)s::text and t.user_id is not null
"""
_TOKEN_AND_AUDIT_SQL = f"""
with call as ({_TOKEN_SQL.replace("%(now)s::timestamptz,", "%(now)s::timestamptz as live,")}
), audited as (
  insert into accounts_auditrecord
    (at, application, app_user, via, interaction, resource_type, resource_id, outcome)
  select %(now)s::timestamptz, id, user_id, %(via)s::text, %(interaction)s::text,
    %(resource_type)s::text, %(resource_id)s::text, 'granted'
  from call where live and scope = '{EVERYTHING}' and set_config('synchronous_commit',
    coalesce(%(commit)s::text, current_setting('synchronous_commit')), true) is not null
)
select * from call
"""
_CLIENT_SQL = """
select a.id, a.secret_digest, a.previous_secret_digest, a.previous_secret_expires, u.id
from accounts_application a
left join accounts_appuser u on u.application_id = a.id and u.id = %(user)s::bigint
where a.client_id = %(client_id)s::text
"""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What a caller may touch (wire contract 7.4, 7.5).

    `app_user_id` is the numeric user (oneup_user_id, the owner of FHIR data) the call acts as; None
    exactly when `all_users` is set (`x-oneup-user-id: client`: every user of the application, reads
    only). `scope` is the token's scope string, `user/*.*` for client headers. `via` says how the
    caller proved itself: "bearer", "client" or "query".
    """

    application_id: int
    client_id: str
    app_user_id: int | None
    all_users: bool = False
    scope: str = EVERYTHING
    via: str = "bearer"


class AccessRefused(Refused):
    """A data call nobody may make: `status`, `body` and `headers` are those of wire contract 7.4
    and 7.5.
    """


class OutOfScope(AccessRefused):
    """A call that the token's scope does not permit: `text` says which."""

    def __init__(self, interaction: str, resource_type: str) -> None:
        super().__init__(403, {"message": "Forbidden"})
        self.text = f"the token's scope does not permit {interaction} of {resource_type}"


def access_for(
    request: HttpRequest,
    *,
    now: datetime,
    read_only: bool,
    allow_query_token: bool = True,
    interaction: str = "",
    resource_type: str = "*",
    resource_id: str = "",
    claimed: bool = False,
) -> Access:
    """What this request may touch, from its first credential: Bearer header, client headers,
    `?access_token=`.

    `read_only` says that the call changes nothing; only such a GET may act for all users. Name the
    FHIR `interaction` (a key of `scopes.LETTERS`), type (`*` for any) and id of a data call: the
    scope is then enforced and the call audited, once. Without an interaction neither happens.
    `claimed`: a statement ran for the same call with its Bearer header as a claim
    (`accounts.claims`), and audited it where the token is for everything.
    Raises `AccessRefused`: 401 or 403 with the bodies of wire contract 7.4 and 7.5; `OutOfScope`.
    """
    call = audit.described(interaction, resource_type, resource_id)
    if bearer := _bearer(request):
        return _token_access(bearer, via="bearer", call=call, now=now, audited=claimed)
    try:
        client = client_headers(request)
    except ConflictingHeaders as error:
        raise AccessRefused(400, {"message": "Bad Request"}) from error
    query_token = request.GET.get("access_token", "") if allow_query_token else ""
    if len(client) == 2 or (client and not query_token):
        return _client_access(request, client, read_only=read_only, call=call, now=now)
    return _token_access(query_token, via="query", call=call, now=now)


def bearer_token(request: HttpRequest) -> str | None:
    """The token of a request's Bearer header, where it has one that may be ours."""
    bearer = _bearer(request)
    return bearer if _TOKEN.fullmatch(bearer) else None


def _bearer(request: HttpRequest) -> str:
    scheme, _, bearer = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else ""


def access_for_token(token: str, *, client_id: str | None, now: datetime) -> Access:
    """What a token on a connect page may touch; `client_id`, when given, must be the token's own.

    Raises `AccessRefused` with the body of wire contract 8.3.
    """
    row = _token_row(_TOKEN_SQL, token, {"now": now})
    if row is None or not row[1] or client_id not in (None, row[4]):
        raise AccessRefused(401, failure("invalid access token"))
    return _access(row, via="query")


def user_access(
    application: Application, *, app_user_id: str = "", oneup_user_id: str = ""
) -> Access:
    """The access a client's own server has to one of its users, for calls with client credentials
    (wire contract 10).

    Raises `accounts.app_users.UserRefused` (texts of wire contract 6.5 and 6.6).
    """
    user = find_app_user(
        application=application, app_user_id=app_user_id, oneup_user_id=oneup_user_id
    )
    return Access(
        application_id=application.pk,
        client_id=application.client_id,
        app_user_id=user.pk,
        via="client",
    )


def _token_access(
    token: str, *, via: str, call: dict[str, str], now: datetime, audited: bool = False
) -> Access:
    if not _TOKEN.fullmatch(token):
        raise _unauthorized(INVALID)
    if call["interaction"] and not audited:
        values = {"now": now, "via": via, "commit": audit.commit_setting(), **call}
        row = _token_row(_TOKEN_AND_AUDIT_SQL, token, values)
    else:
        row = _token_row(_TOKEN_SQL, token, {"now": now})
    if row is None:
        raise _unauthorized(NOT_FOUND)
    if not row[1]:
        raise _unauthorized(EXPIRED)
    access = _access(row, via=via)
    if call["interaction"] and access.scope != EVERYTHING:
        permitted = permits(access.scope, call["resource_type"], call["interaction"])
        outcome = audit.GRANTED if permitted else audit.REFUSED
        audit.record(access, **call, outcome=outcome, now=now)
        if not permitted:
            raise OutOfScope(call["interaction"], call["resource_type"])
    return access


def _client_access(
    request: HttpRequest,
    client: dict[str, str],
    *,
    read_only: bool,
    call: dict[str, str],
    now: datetime,
) -> Access:
    client_id, secret = client.get("client_id", ""), client.get("client_secret", "")
    wanted = request.META.get("HTTP_X_ONEUP_USER_ID", "").strip()
    number = int(wanted) if _USER_NUMBER.fullmatch(wanted) else None
    row = None
    if is_client_id(client_id):
        row = _client_row(client_id, number)
    if row is None or not secret_fits(
        secret, current=row[1], previous=row[2], previous_expires=row[3], now=now
    ):
        raise AccessRefused(401, {"message": "Unauthorized"})
    all_users = wanted == "client" and read_only and request.method in ("GET", "HEAD")
    access = Access(
        application_id=row[0],
        client_id=client_id,
        app_user_id=row[4],
        all_users=all_users,
        via="client",
    )
    refused = row[4] is None and not all_users
    if call["interaction"]:
        outcome = audit.REFUSED if refused else audit.GRANTED
        audit.record(access, **call, outcome=outcome, now=now)
    if refused:
        raise _forbidden()
    return access


_Row = tuple[str, bool, int, int, str]
"""Scope, whether the token is alive, user, application and its client_id."""


def _token_row(sql: str, token: str, values: dict[str, Any]) -> _Row | None:
    result = prepared.execute(sql, {"digest": digest(token), **values})
    if not result.ntuples:
        return None
    scope, live, user, application, client_id = (result.get_value(0, n) or b"" for n in range(5))
    return scope.decode(), live == b"t", int(user), int(application), client_id.decode()


def _client_row(client_id: str, user: int | None) -> tuple[Any, ...] | None:
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connected())
        values = {"user": user, "client_id": client_id}
        return cursor.execute(_CLIENT_SQL, values, prepare=True).fetchone()


def _access(row: _Row, *, via: str) -> Access:
    return Access(
        application_id=row[3],
        client_id=row[4],
        app_user_id=row[2],
        scope=row[0],
        via=via,
    )


def _unauthorized(description: str) -> AccessRefused:
    return AccessRefused(
        401,
        {"error": "invalid_token", "error_description": description},
        {"WWW-Authenticate": "Bearer"},
    )


def _forbidden() -> AccessRefused:
    return AccessRefused(403, {"message": "Forbidden"})
