"""`/connect/api/…`: an app manages its users' connections (wire contract 10)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import audit, clock
from accounts.access import Access
from accounts.answers import answer
from accounts.parameters import parameters
from connectors.api.call import connect_call
from connectors.api.caller import caller
from connectors.connection_data import connection_data
from connectors.connections import (
    connections_of,
    delete_data,
    disconnect,
    erase_user,
    find_connection,
)
from connectors.described import described
from connectors.models import Connection
from connectors.refusals import UnconfirmedErasure, UnknownConnection

MOST = 1000
_NUMBER = re.compile(r"[0-9]{1,9}")
_PATH = "/connect/api/connections"


@connect_call("GET", "HEAD")
def connection_list(request: HttpRequest) -> HttpResponse:
    """At most 1000 rows; `total` and `link` where `_count` or `_skip` was sent or more match."""
    now = clock.now()
    access = caller(request, now=now, listing=True)
    filters = {name: request.GET[name] for name in ("system_id", "status") if request.GET.get(name)}
    found = connections_of(access, **filters)
    count, skip = (_number(request.GET.get(name, "")) for name in ("_count", "_skip"))
    first, size = skip or 0, MOST if count is None else min(count, MOST)
    rows = list(found[first : first + size])
    body: dict[str, Any] = {
        "success": True,
        "entry": described(rows, now=now, with_user=access.all_users),
    }
    if (count, skip) != (None, None) or len(rows) == MOST:
        body["total"] = found.count()
        body["link"] = _links(filters, first=first, size=size, total=body["total"])
    return answer(body)


@connect_call("GET", "HEAD", "DELETE")
def one_connection(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show it; or disconnect it, with `data=delete` deleting what it imported as well."""
    now = clock.now()
    if request.method != "DELETE":
        connection = find_connection(caller(request, now=now), public_id)
        return answer({"success": True, "connection": _one(connection, now)})
    access = caller(request, now=now, changes=True)
    connection = disconnect(find_connection(access, public_id), now=now)
    if parameters(request).get("data") == "delete":
        delete_data(connection, now=now)
    _audit(access, "delete", connection.public_id, now)
    return answer({"success": True, "connection": _one(connection, now)})


@connect_call("DELETE")
def connection_data_of(request: HttpRequest, public_id: str) -> HttpResponse:
    now = clock.now()
    access = caller(request, now=now, changes=True)
    connection = find_connection(access, public_id)
    delete_data(connection, now=now)
    _audit(access, "purge", connection.public_id, now)
    return answer({"success": True, "queued": True}, status=202)


@connect_call("POST")
def refresh(request: HttpRequest, public_id: str) -> HttpResponse:
    """`queued` is false where a run is going on, or none can."""
    now = clock.now()
    connection = find_connection(caller(request, now=now), public_id)
    queued = connection_data().request_refresh([connection.pk], now)
    connection.refresh_from_db()
    return answer(
        {
            "success": True,
            "queued": connection.pk in queued,
            "connection": _one(connection, now),
        },
        status=202,
    )


@connect_call("POST")
def on_demand_ingest(request: HttpRequest) -> HttpResponse:
    """Refresh all connections of the user, or those to one system."""
    now = clock.now()
    access = caller(request, now=now)
    system_id = parameters(request).get("system_id", "")
    found = connections_of(access, system_id=system_id).exclude(status=Connection.DISCONNECTED)
    ids = list(found.values_list("pk", flat=True))
    if system_id and not ids:
        raise UnknownConnection
    queued = connection_data().request_refresh(ids, now)
    entry = described(list(found), now=now)
    return answer({"success": True, "queued": bool(queued), "entry": entry}, status=202)


@connect_call("GET", "HEAD")
def ledger(request: HttpRequest, public_id: str) -> HttpResponse:
    """What was asked of the source and how it answered."""
    connection = find_connection(caller(request, now=clock.now()), public_id)
    return answer({"success": True, "entry": list(connection_data().ledger(connection.pk))})


@connect_call("DELETE")
def user_data(request: HttpRequest) -> HttpResponse:
    """Disconnect everything and erase all the user's data; `confirm` is the user's number."""
    now = clock.now()
    access = caller(request, now=now, changes=True)
    if access.app_user_id is None or parameters(request).get("confirm") != str(access.app_user_id):
        raise UnconfirmedErasure
    erase_user(app_user_id=access.app_user_id, now=now)
    _audit(access, "purge", "", now)
    return answer({"success": True, "queued": True}, status=202)


def _one(connection: Connection, now: datetime) -> dict[str, Any]:
    return described([connection], now=now)[0]


def _audit(access: Access, interaction: str, public_id: str, now: datetime) -> None:
    audit.record(
        access,
        interaction=interaction,
        resource_type="Connection",
        resource_id=public_id,
        outcome=audit.GRANTED,
        now=now,
    )


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _links(filters: dict[str, str], *, first: int, size: int, total: int) -> list[dict[str, str]]:
    """This page and, where there is one, the next."""
    pages = {"self": first}
    if size and first + size < total:
        pages["next"] = first + size
    base = f"{settings.HOSTS['api']}{_PATH}"
    return [
        {
            "relation": relation,
            "url": f"{base}?{urlencode({**filters, '_count': size, '_skip': skip})}",
        }
        for relation, skip in pages.items()
    ]
