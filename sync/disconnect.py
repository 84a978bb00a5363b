"""What connection management asks of the side that knows both connections and data:
`settings.CONNECTION_DATA` names this module, for connectors may not import it (wire contract 10).

A deletion takes the lease away first. A run that is still going finds its lease gone in the very
transaction in which it would store, under the lock of the owner that the erasure also takes:
whatever it stored before is erased, and nothing comes after.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.clock import served_instant
from connectors.models import Connection
from fhirstore import erase
from fhirstore.counts import count_by_connection
from sync import tasks, transfers
from sync.due import interval_of
from sync.models import Checkpoint, SyncRun, Window


def delete_connection_data(connection_id: int, now: datetime) -> None:
    """Erase what this connection imported, hidden as soon as this returns, and forget how far it
    was read: a connection that goes on, or is renewed later, reads everything again from its next
    period on.
    """
    connection = Connection.objects.select_related("system").get(pk=connection_id)
    with transaction.atomic():
        _interrupt(Connection.objects.filter(pk=connection_id), now)
        Connection.objects.filter(pk=connection_id, status__in=Connection.LIVE).update(
            next_sync_at=now + interval_of(connection.system)
        )
        erase.erase_connection(owner=connection.app_user_id, connection=connection_id)


def delete_user_data(app_user_id: int, now: datetime) -> None:
    """Erase all data of the user in all versions, hidden as soon as this returns. Runs of the
    user's connections end without storing more; the caller has disconnected them.
    """
    with transaction.atomic():
        _interrupt(Connection.objects.filter(app_user_id=app_user_id), now)
        transfers.forget(app_user_id)
        erase.erase_owner(owner=app_user_id)


def start_over(app_user_id: int, now: datetime) -> None:
    """With a purge, in its transaction: runs of the user's connections end without storing more,
    and the live ones read everything again, so that they fill the store again (wire contract 12.7).
    """
    _interrupt(Connection.objects.filter(app_user_id=app_user_id), now)


def resource_counts(connection_ids: Sequence[int]) -> dict[int, int]:
    """How many resources each connection has in the store."""
    owners = dict(Connection.objects.filter(pk__in=connection_ids).values_list("pk", "app_user_id"))
    counts = count_by_connection(owners=sorted(set(owners.values())))
    return {pk: counts.get(pk, 0) for pk in owners}


def request_refresh(connection_ids: Sequence[int], now: datetime) -> set[int]:
    """Make these connections due and queue their run after commit; answers those queued. Running,
    parked and disconnected ones are not. A hold-back after errors is lifted, a source's own (429,
    or a longer period) is not: such a run starts when it may.
    """
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = Connection.objects.filter(
        free, pk__in=connection_ids, status__in=Connection.LIVE, parked=False, app_user__active=True
    ).select_related("system")
    with transaction.atomic():
        chosen = [row for row in rows.order_by("pk") if _make_due(row, free, now)]
        for row in chosen:  # after all rows are locked: the owner's lock comes last everywhere
            transfers.begin(connection=row, now=now)
        queued = {row.pk for row in chosen}
        if queued:
            # Robust: they are due anyway, so a queue that is away only costs the haste.
            transaction.on_commit(lambda: tasks.queue_refresh(sorted(queued)), robust=True)
    return queued


def _make_due(row: Connection, free: Q, now: datetime) -> bool:
    """Make it due as soon as its source allows; False where it was taken or ended meanwhile."""
    demanded = timedelta(seconds=row.system.min_interval_seconds)
    ready = max(now, row.last_attempt_at + demanded) if row.last_attempt_at else now
    held = row.held_until if row.last_error_code == "rate_limited" else None
    still = Connection.objects.filter(free, pk=row.pk, status__in=Connection.LIVE)
    return bool(still.update(next_sync_at=max(ready, held or ready), held_until=held))


def sync_interval(connection: Connection) -> int:
    """The period in seconds at which this connection is really polled."""
    return int(interval_of(connection.system).total_seconds())


def ledger(connection_id: int) -> list[dict[str, Any]]:
    """What was asked of the source and how it answered, newest first, at most 500 rows, ready for
    JSON.
    """
    rows = Window.objects.filter(connection_id=connection_id).order_by("-last_at", "-id")[:500]
    return [
        {
            "key": row.key,
            "state": row.state,
            "asked_from": _text(row.asked_from),
            "asked_to": _text(row.asked_to),
            "first_at": _text(row.first_at),
            "last_at": _text(row.last_at),
            "times": row.times,
            "resources": row.resources,
            "error": {"code": row.error_code, "message": row.error_message}
            if row.error_code
            else None,
        }
        for row in rows
    ]


def _interrupt(connections: QuerySet[Connection], now: datetime) -> None:
    """Take the leases away, close open runs as lost, forget checkpoints."""
    ids = list(connections.values_list("pk", flat=True))
    Connection.objects.filter(pk__in=ids).update(lease_id=None, lease_until=None)
    SyncRun.objects.filter(connection_id__in=ids, outcome=SyncRun.RUNNING).update(
        outcome=SyncRun.LOST, finished=now
    )
    Checkpoint.objects.filter(connection_id__in=ids).delete()


def _text(instant: datetime | None) -> str | None:
    return served_instant(instant) if instant else None
