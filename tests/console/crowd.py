"""A busy application: 1,000 users, 1,500 connections with their ledgers, 100,000 resources; and a
way to count the statements a page sends to the database.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from accounts import clock
from accounts.applications import create_client
from accounts.models import Application, AppUser, User
from connectors.models import CLINICAL, DEVICE, Connection, System
from console.applications import slug_of
from fhirstore import database as store
from fhirstore.rtypes import NUMBERS
from fhirstore.schema import TABLES
from sync.models import SyncRun, Window

USERS = 1000
EACH = {"Observation": 60, "Condition": 15, "Encounter": 15, "Immunization": 10}
HOSPITAL, BAND = 990_001, 990_002
_STATUSES = {7: Connection.FAILING, 8: Connection.NEEDS_REAUTHORIZATION, 9: Connection.PENDING}

_RESOURCES = """
insert into fhir_resource (owner, rid, self, updated, conn, present, version, rtype, vers, fid,
  keys, body)
select u.id, n.i + %(rtype)s * 10000, hashint8extended(u.id * 1000 + n.i, %(rtype)s),
  %(now)s::timestamptz - make_interval(mins => n.i), u.conn, 0, 0, %(rtype)s, 4, f.fid, '{}',
  '{"resourceType":"' || %(name)s::text || '","id":"' || f.fid || '"}'
from unnest(%(owners)s::bigint[], %(conns)s::bigint[]) as u(id, conn),
  generate_series(1, %(each)s) as n(i),
  lateral (select md5(%(name)s::text || u.id || ':' || n.i) as fid) f
"""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """The application and its developer; `users` are ordered by id, `connections` by theirs, the
    first user's hospital first. `now` is the instant its newest data is from.
    """

    developer: User
    application: Application
    users: list[AppUser]
    connections: list[Connection]
    now: datetime

    @property
    def slug(self) -> str:
        return slug_of(self.application)

    def browser(self) -> Client:
        """The developer's browser, logged in; to be used within a test's own transaction."""
        client = Client(headers={"Accept": "text/html,*/*"})
        client.force_login(self.developer, backend="django.contrib.auth.backends.ModelBackend")
        return client


@pytest.fixture(scope="module")
def crowd(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Crowd]:
    """Made once a module, with what every test of it may read; a test's own changes are rolled
    back.
    """
    with django_db_blocker.unblock():
        made = _make(clock.now())
        try:
            yield made
        finally:
            _clear(made)


def statements(act: Callable[[], Any]) -> int:
    """How many statements `act` sends to the database: counted at the wire, so that those count
    too which do not pass Django's cursor.
    """
    store.cursor().execute("select 1")  # a transaction begins with its first statement
    wire = database.connection.pgconn
    with tempfile.TemporaryFile() as trace:
        wire.trace(trace.fileno())
        try:
            act()
        finally:
            wire.untrace()
        trace.seek(0)
        lines = trace.read().decode(errors="replace").splitlines()
    fields = [line.split("\t") for line in lines]
    return sum(1 for line in fields if "F" in line and {"Query", "Execute"} & set(line))


def _make(now: datetime) -> Crowd:
    new = create_client(
        email="crowd@example.org",
        name="Steps & Labs",
        redirect_uris=["https://steps.example.org/back"],
        now=now,
    )
    systems = [
        System(
            id=HOSPITAL,
            kind=CLINICAL,
            name="Crowded Hospital",
            resource_url="https://crowd.example.org/r4",
            fhir_version="r4",
            client_id="x",
        ),
        System(
            id=BAND,
            kind=DEVICE,
            name="Crowded Band",
            resource_url="https://band.example.org",
            slug="fitbit",
            client_id="x",
        ),
    ]
    System.objects.bulk_create(systems)
    users = AppUser.objects.bulk_create(
        AppUser(
            application=new.application,
            app_user_id=f"sample-{number:04}",
            active=number % 50 != 49,
            created=now - timedelta(days=30),
        )
        for number in range(USERS)
    )
    connections = Connection.objects.bulk_create(
        _connection(user, system, number, now)
        for number, user in enumerate(users)
        for system in systems[: 1 + number % 2]
        if number % 20 != 19
    )
    _ledgers(connections, now)
    _resources(users, connections, now)
    return Crowd(
        developer=new.developer,
        application=new.application,
        users=users,
        connections=connections,
        now=now,
    )


def _connection(user: AppUser, system: System, number: int, now: datetime) -> Connection:
    status = _STATUSES.get(number % 10, Connection.CONNECTED)
    failing = status in (Connection.FAILING, Connection.NEEDS_REAUTHORIZATION)
    return Connection(
        public_id=f"c_{uuid4().hex[:12]}",
        app_user=user,
        system=system,
        base=f"{system.resource_url}/{number}",
        iss=system.resource_url,
        account=str(number),
        status=status,
        connected_at=now - timedelta(days=30),
        last_attempt_at=now - timedelta(minutes=1),
        last_success_at=None
        if status == Connection.PENDING
        else now - (timedelta(hours=2) if failing else timedelta(minutes=1)),
        next_sync_at=now + timedelta(minutes=1),
        last_error_code="source_unavailable" if failing else "",
        last_error_message="Observation: HTTP 503" if failing else "",
        last_error_at=now - timedelta(minutes=1) if failing else None,
    )


def _ledgers(connections: list[Connection], now: datetime) -> None:
    Window.objects.bulk_create(
        [
            Window(
                connection=connection,
                key=key,
                state=Window.FAILED if day == 4 else Window.ANSWERED,
                asked_to=now - timedelta(days=day - 1),
                asked_from=now - timedelta(days=30),
                first_at=now - timedelta(days=day),
                last_at=now - timedelta(days=day - 1, minutes=1),
                resources=10,
                error_code="source_unavailable" if day == 4 else "",
                error_message=f"{key}: HTTP 503" if day == 4 else "",
            )
            for connection in connections
            for key in ("Observation", "Condition")
            for day in range(5, 0, -1)
        ],
        batch_size=5000,
    )
    SyncRun.objects.bulk_create(
        [
            SyncRun(
                connection=connection,
                lease_id=uuid4(),
                trigger="tick",
                started=now - timedelta(hours=hour),
                finished=now - timedelta(hours=hour) + timedelta(seconds=2),
                outcome=SyncRun.OK,
                created=3,
            )
            for connection in connections
            for hour in range(5)
        ],
        batch_size=5000,
    )


def _resources(users: list[AppUser], connections: list[Connection], now: datetime) -> None:
    first = {connection.app_user_id: connection.pk for connection in reversed(connections)}
    owners = [user.pk for user in users]
    for name, each in EACH.items():
        store.cursor().execute(
            _RESOURCES,
            {
                "rtype": NUMBERS[name],
                "name": name,
                "each": each,
                "now": now,
                "owners": owners,
                "conns": [first.get(owner) for owner in owners],
            },
        )
    store.cursor().execute(
        "insert into fhir_owner (owner, seq) select unnest(%s::bigint[]), 1000", (owners,)
    )
    for table in ("fhir_resource", "sync_window", "sync_syncrun", "connectors_connection"):
        store.cursor().execute(f"analyze {table}")


def _clear(crowd: Crowd) -> None:
    owners = [user.pk for user in crowd.users]
    for table in TABLES:
        store.cursor().execute(f"delete from {table} where owner = any(%s)", (owners,))
    ids = [connection.pk for connection in crowd.connections]
    for model in (Window, SyncRun):
        model.objects.filter(connection_id__in=ids)._raw_delete("default")
    Connection.objects.filter(pk__in=ids)._raw_delete("default")
    AppUser.objects.filter(pk__in=owners)._raw_delete("default")
    System.objects.filter(pk__in=(HOSPITAL, BAND)).delete()
    crowd.application.delete()
    crowd.developer.delete()
