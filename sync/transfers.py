"""Transfers that an app waits for: the first pull of a connection, a reconnect, a refresh on demand
(wire contract 15.3).

Each is announced by one AuditEvent and ended by exactly one other, also when the worker that ran it
was killed: the row in `Transfer` is there from the one to the other, and both are written in the
transaction that writes or deletes it. The run that releases the connection's lease ends it; a run
that was overtaken leaves it to its successor; what no run will ever take up, `sweep` ends.

All functions join the caller's transaction, lock the connection's row before the owner's, and write
nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from connectors.models import Connection
from fhirstore import audit_events
from fhirstore.audit_events import Happened
from sync.models import Transfer

INITIATED = "data-transfer-initiated"
COMPLETED = "member-data-ingestion-completed"
TIMEOUT = "member-data-ingestion-timeout"
FAILURE = "resource-retrieval-failure"

LONGEST = timedelta(minutes=30)
"""A transfer that no run took up for so long is ended as timed out: its source asked us to wait, or
staff parked it."""
_WORDS = {
    INITIATED: "Data transfer initiated",
    COMPLETED: "Data transfer completed",
    TIMEOUT: "Data transfer ended before all data had arrived",
    FAILURE: "Some data could not be retrieved",
}


def begin(*, connection: Connection, now: datetime, after: Iterable[Happened] = ()) -> None:
    """Announce a transfer; one that waits already serves this request too. The caller has locked
    the connection's row. `after`: events of the same moment that go before.
    """
    with transaction.atomic():
        waiting = Transfer.objects.select_for_update().filter(pk=connection.pk).first()
        events = list(after)
        if waiting is None:
            events.append(happened(connection, INITIATED))
        ids = audit_events.record(owner=connection.app_user_id, events=events, now=now)
        if waiting is None:
            Transfer.objects.create(connection=connection, opened=now, event=ids[-1])


def end(*, connection_id: int, completed: bool, now: datetime) -> None:
    """End the connection's transfer, if there is one."""
    with transaction.atomic():
        transfer = (
            Transfer.objects.select_for_update(of=("self",))
            .select_related("connection__system")
            .filter(pk=connection_id)
            .first()
        )
        if transfer is None:
            return
        connection = transfer.connection
        transfer.delete()
        audit_events.record_end(
            owner=connection.app_user_id,
            of=transfer.event,
            event=happened(connection, COMPLETED if completed else TIMEOUT, failed=not completed),
            now=now,
        )


def forget(app_user_id: int) -> None:
    """Drop the user's transfers without a word: all the user's data is being erased."""
    Transfer.objects.filter(connection__app_user_id=app_user_id).delete()


def failures(*, connection_id: int, problems: Iterable[tuple[str, str]], now: datetime) -> None:
    """Tell what could not be retrieved: (what was asked, why), each once."""
    found = list(problems)
    if not found:
        return
    connection = Connection.objects.select_related("system").get(pk=connection_id)
    audit_events.record(
        owner=connection.app_user_id,
        events=[
            happened(connection, FAILURE, failed=True, detail=f"{key}: {code}")
            for key, code in found
        ],
        now=now,
    )


def sweep(*, now: datetime) -> int:
    """End the transfers that no run will end: of connections that were disconnected, parked or lost
    their authorization before their run, of inactive users, or that wait for too long. Answers how
    many.
    """
    free = Q(connection__lease_until=None) | Q(connection__lease_until__lt=now)
    stuck = (
        ~Q(connection__status__in=Connection.LIVE)
        | Q(connection__parked=True)
        | Q(connection__app_user__active=False)
        | Q(connection__system__enabled=False)
        | Q(opened__lt=now - LONGEST)
    )
    ids = list(Transfer.objects.filter(free & stuck).values_list("pk", flat=True))
    for pk in ids:
        end(connection_id=pk, completed=False, now=now)
    return len(ids)


def happened(
    connection: Connection, code: str, *, failed: bool = False, detail: str = ""
) -> Happened:
    """An event of a connection's system."""
    system = connection.system
    return Happened(
        code=code,
        words=_WORDS[code],
        system_id=system.pk,
        system_name=system.name,
        failed=failed,
        detail=detail,
    )
