"""What became of a simulated person's connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from connectors.models import Connection
from sync.models import Window

EVENTS = 12


@dataclass(frozen=True, kw_only=True)
class Event:
    """The newest answer to one question to the source. `state` is one of `Window`'s."""

    at: datetime
    key: str
    state: str
    times: int
    resources: int
    error: str
    app_user_id: str
    user: int
    client_id: str


def events_of(developer: User, *, system: int, account: str) -> list[Event]:
    """The ledger's newest lines of the developer's connections to this account, newest first."""
    own = Connection.objects.filter(
        app_user__application__user=developer, system_id=system, account=account
    )
    rows = (
        Window.objects.filter(connection__in=own)
        .select_related("connection__app_user__application")
        .order_by("-last_at", "-id")[:EVENTS]
    )
    return [
        Event(
            at=row.last_at,
            key=row.key,
            state=row.state,
            times=row.times,
            resources=row.resources,
            error=row.error_message,
            app_user_id=row.connection.app_user.app_user_id,
            user=row.connection.app_user_id,
            client_id=row.connection.app_user.application.client_id,
        )
        for row in rows
    ]
