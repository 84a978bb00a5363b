"""A connection as its app sees it (wire contract 10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from accounts.clock import served_instant
from connectors.connection_data import connection_data
from connectors.freshness import is_stale, next_question
from connectors.models import CLINICAL, Connection


def described(
    connections: Sequence[Connection], *, now: datetime, with_user: bool = False
) -> list[dict[str, Any]]:
    """The connections' JSON objects, in their order. They must have their `system` and
    `app_user` loaded; `with_user` adds `oneup_user_id`.
    """
    counts = connection_data().resource_counts([connection.pk for connection in connections])
    return [
        {
            **({"oneup_user_id": connection.app_user_id} if with_user else {}),
            **_described(connection, count=counts.get(connection.pk, 0), now=now),
        }
        for connection in connections
    ]


def _described(row: Connection, *, count: int, now: datetime) -> dict[str, Any]:
    interval = connection_data().sync_interval(row)
    return {
        "id": row.public_id,
        "system_id": row.system_id,
        "kind": row.system.kind,
        "name": row.system.name,
        "resource_url": row.iss,
        "fhir_version": row.system.fhir_version if row.system.kind == CLINICAL else None,
        "status": row.status,
        "connected_at": _text(row.connected_at),
        "last_attempt_at": _text(row.last_attempt_at),
        "last_success_at": _text(row.last_success_at),
        "next_sync_at": _text(next_question(row)),
        "sync_interval_seconds": interval,
        "stale": is_stale(row, interval=timedelta(seconds=interval), now=now),
        "resource_count": count,
        "last_error": {
            "code": row.last_error_code,
            "message": row.last_error_message,
            "at": _text(row.last_error_at),
        }
        if row.last_error_code
        else None,
    }


def _text(instant: datetime | None) -> str | None:
    return served_instant(instant) if instant else None
