"""Whether a connection is polled, when next, and whether what it brought is old (wire contract
10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.models import Connection

STALE_INTERVALS = 3


def is_asked(connection: Connection) -> bool:
    """Whether the connection is polled at all; its `system` and `app_user` must be loaded."""
    return (
        connection.status in Connection.LIVE
        and connection.app_user.active
        and not connection.parked
        and connection.system.enabled
    )


def next_question(connection: Connection) -> datetime | None:
    """When the source is asked next; None while it is not asked."""
    if not is_asked(connection):
        return None
    return max(connection.next_sync_at, connection.held_until or connection.next_sync_at)


def is_stale(connection: Connection, *, interval: timedelta, now: datetime) -> bool:
    """Whether the last success is older than three intervals, the periods at which the connection
    is really polled."""
    since = connection.last_success_at or connection.connected_at
    return now - since > STALE_INTERVALS * interval
