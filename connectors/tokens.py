"""A connection's tokens: read, refreshed under one claim across all processes, and carried by a
session that shows them to their own source only.

Context: a source that rotates refresh tokens takes a second use of one for theft and ends the
grant. Decision: who refreshes first takes a claim by conditional UPDATE (`refresh_lease_until`),
bound to the generation of the tokens; the others wait and read what it got. The new pair is
committed before it is used, and no transaction is open while the network is. Consequence: a process
killed in between costs its claim's minute, not the connection; where the answer was lost with it,
only the source's own grace can help.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

import requests
from django.db import transaction
from django.db.models import Q

from connectors import token_endpoint
from connectors.address_policy import address_policy, origin
from connectors.connector import Link
from connectors.errors import Misconfigured, NeedsReauthorization, Unavailable
from connectors.http import OutboundSession
from connectors.models import CLINICAL, Connection
from connectors.oauth_sheet import api_base_of, endpoint_of
from connectors.smart import discovery

FRESH = timedelta(seconds=60)
"""A token that ends sooner is refreshed first."""
CLAIM = timedelta(seconds=60)
PATIENCE_SECONDS = 45.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """The tokens as one process last read them."""

    access_token: str = field(repr=False)
    generation: int


def link_of(connection: Connection) -> Link:
    """The connection as plain values. `connection.system` should be loaded."""
    system = connection.system
    return Link(
        connection_id=connection.pk,
        owner=connection.app_user_id,
        system_id=system.pk,
        kind=system.kind,
        slug=system.slug,
        base=connection.base,
        api_base=api_base_of(system),
        fhir_version=system.fhir_version if system.kind == CLINICAL else "any",
        account=connection.account,
        scope=connection.scope,
        connected_at=connection.connected_at,
    )


def authorized_session(connection_id: int, *, now: datetime) -> AuthorizedSession:
    """A session that carries the connection's access token, refreshed if it is about to end; a 401
    makes it refresh once more by itself. Uses the calling thread's database connection, also later.

    Raises NeedsReauthorization when the grant is gone, Unavailable or RateLimited when the token
    endpoint is, Misconfigured.
    """
    row = _row(connection_id)
    pair = _pair(row)
    if (
        row.token_expires_at is not None and row.token_expires_at - now < FRESH
    ) or not pair.access_token:
        pair = _refreshed(connection_id, stale=pair.generation, now=now)
    return AuthorizedSession(row, pair, now=now)


class AuthorizedSession(OutboundSession):
    """Sends the bearer token to the source's own origin and nowhere else. On 401 it refreshes and
    repeats once; a source that refuses a token it has just issued is not asked for another.
    """

    def __init__(self, row: Connection, pair: _Pair, *, now: datetime) -> None:
        super().__init__(address_policy(allow_host=row.system.allow_host))
        self._connection_id = row.pk
        self._origin = origin(api_base_of(row.system))
        self._pair = pair
        self._now, self._began = now, monotonic()
        self._hopeless = False
        self.auth = self._sign

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if origin(request.url or "") == self._origin:
            request.headers["Authorization"] = f"Bearer {self._pair.access_token}"
        return request

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> Any:
        """As `requests.Session.request`."""
        response = super().request(method, url, *args, **kwargs)
        if response.status_code != 401 or self._hopeless or not self._is_ours(response):
            return response
        now = self._now + timedelta(seconds=monotonic() - self._began)
        self._pair = _refreshed(self._connection_id, stale=self._pair.generation, now=now)
        response = super().request(method, url, *args, **kwargs)
        self._hopeless = response.status_code == 401
        return response

    def _is_ours(self, response: requests.Response) -> bool:
        return origin(response.url) == self._origin


def _row(connection_id: int) -> Connection:
    row = Connection.objects.select_related("system").filter(pk=connection_id).first()
    if row is None or row.status == Connection.DISCONNECTED:
        raise NeedsReauthorization("the connection was ended")
    return row


def _pair(row: Connection) -> _Pair:
    return _Pair(access_token=row.access_token.reveal(), generation=row.token_generation)


def _refreshed(connection_id: int, *, stale: int, now: datetime) -> _Pair:
    """Tokens newer than generation `stale`: another's, if somebody was faster, else our own."""
    began = monotonic()
    while True:
        present = now + timedelta(seconds=monotonic() - began)
        row = _row(connection_id)
        if row.token_generation != stale:
            return _pair(row)
        if not row.refresh_token.reveal():
            raise NeedsReauthorization(
                "the access has ended and the source gave no way to renew it"
            )
        if _claim(connection_id, stale, until=present + CLAIM, now=present):
            return _refresh(row, claim=present + CLAIM, now=present)
        if monotonic() - began > PATIENCE_SECONDS:
            raise Unavailable("another process is still renewing the access")
        sleep(LOOK_SECONDS)


def _claim(connection_id: int, generation: int, *, until: datetime, now: datetime) -> bool:
    free = Q(refresh_lease_until__isnull=True) | Q(refresh_lease_until__lt=now)
    mine = Connection.objects.filter(free, pk=connection_id, token_generation=generation)
    return bool(mine.update(refresh_lease_until=until))


def _refresh(row: Connection, *, claim: datetime, now: datetime) -> _Pair:
    """Refresh under the claim just taken, and give it back."""
    held = Connection.objects.filter(pk=row.pk, token_generation=row.token_generation)
    try:
        tokens = token_endpoint.refresh(
            endpoint_of(row.system, now=now), refresh_token=row.refresh_token.reveal(), now=now
        )
    except BaseException as error:
        held.filter(refresh_lease_until=claim).update(refresh_lease_until=None)
        if isinstance(error, Misconfigured):
            discovery.forget(api_base_of(row.system))
        newer = _row(row.pk)
        if isinstance(error, NeedsReauthorization) and (
            newer.token_generation != row.token_generation
        ):
            return _pair(newer)  # the user has linked again meanwhile
        raise
    generation = row.token_generation + 1
    values: dict[str, Any] = {
        "access_token": tokens.access_token,
        "token_expires_at": tokens.expires_at,
        "token_generation": generation,
        "refresh_lease_until": None,
    }
    if tokens.refresh_token:
        values["refresh_token"] = tokens.refresh_token
    if tokens.scope is not None:
        values["scope"] = tokens.scope
    with transaction.atomic(durable=True):
        written = held.update(**values)
    if not written:
        return _pair(_row(row.pk))
    return _Pair(access_token=tokens.access_token, generation=generation)
