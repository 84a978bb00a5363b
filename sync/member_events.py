"""What the connect pages tell about a person's way: `settings.MEMBER_EVENTS` names this module, for
connectors may not import the store (wire contract 15.3)."""

from __future__ import annotations

from datetime import datetime

from connectors.models import Connection, System
from fhirstore import audit_events
from fhirstore.audit_events import Happened
from sync import transfers


def search_results(app_user_id: int, found: int, now: datetime) -> None:
    """A list of systems was shown to the user's app or browser."""
    event = Happened(code="system-search-results", words="Systems found", detail=f"{found} systems")
    audit_events.record(owner=app_user_id, events=[event], now=now)


def system_selected(app_user_id: int, system: System, now: datetime) -> None:
    """The user chose a system and is on the way to its sign-in."""
    event = _event(system, "system-selected", "System selected")
    audit_events.record(owner=app_user_id, events=[event], now=now)


def not_established(app_user_id: int, system: System, error: str, now: datetime) -> None:
    """The sign-in ended without a connection; `error` is the OAuth code."""
    event = _event(
        system,
        "payer-connection-not-established",
        "Connection not established",
        failed=True,
        detail=error,
    )
    audit_events.record(owner=app_user_id, events=[event], now=now)


def authorized(connection: Connection, now: datetime) -> None:
    """The user agreed at the source: a transfer begins. Called in the transaction that stored the
    connection, its row locked.
    """
    event = _event(connection.system, "member-authorization", "Member authorized")
    transfers.begin(connection=connection, now=now, after=[event])


def _event(
    system: System, code: str, words: str, *, failed: bool = False, detail: str = ""
) -> Happened:
    return Happened(
        code=code,
        words=words,
        system_id=system.pk,
        system_name=system.name,
        failed=failed,
        detail=detail,
    )
