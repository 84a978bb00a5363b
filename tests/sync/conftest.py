"""Connections of the cast to a hospital on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

import pytest
from django.db import connection as database

from accounts.models import AppUser
from connectors.models import Connection, System
from fhirstore.rtypes import NUMBERS
from sync.batch import run_claims
from sync.due import claim_due
from sync.engine import RunSummary
from tests.sync.hospital import Hospital, opener

_numbers = count(1)


@pytest.fixture
def hospital() -> Iterator[Hospital]:
    server = Hospital()
    yield server
    server.close()


@pytest.fixture
def system(db: None) -> System:
    return System.objects.create(
        id=1_000_000,
        kind="clinical",
        name="Test hospital",
        resource_url="https://hospital.example.org/r4",
        fhir_version="r4",
    )


def connect(user: AppUser, system: System, now: datetime, **values: object) -> Connection:
    """A connection of the user that waits for its first pull."""
    number = next(_numbers)
    fields: dict[str, object] = {
        "public_id": f"c_{number:06x}",
        "app_user": user,
        "system": system,
        "base": system.resource_url,
        "iss": system.resource_url,
        "account": f"p{number}",
        "connected_at": now,
        "next_sync_at": now,
    }
    return Connection.objects.create(**(fields | values))


@pytest.fixture
def linked(transactional_db: None, alice: AppUser, system: System, now: datetime) -> Connection:
    """Alice's connection to the hospital; real transactions, for other threads must see it."""
    return connect(alice, system, now, account="p1")


Sync = Callable[..., RunSummary]


@pytest.fixture
def sync(hospital: Hospital, linked: Connection) -> Sync:
    """`sync(at)` runs Alice's connection once, by force, at an instant of the test's choosing."""

    def run(at: datetime) -> RunSummary:
        claims = claim_due(now=at, limit=1, only=[linked.pk], force=True)
        (summary,) = run_claims(claims=claims, clock=lambda: at, opener=opener(hospital.url))
        linked.refresh_from_db()
        return summary

    return run


def stored(owner: int) -> tuple[int, int]:
    """How many resources the owner has but for AuditEvents, and how many superseded versions."""
    with database.cursor() as cursor:
        cursor.execute(
            "select (select count(*) from fhir_resource where owner = %(o)s and rtype <> %(t)s),"
            " (select count(*) from fhir_history where owner = %(o)s)",
            {"o": owner, "t": NUMBERS["AuditEvent"]},
        )
        current, old = cursor.fetchone()
    return int(current), int(old)
