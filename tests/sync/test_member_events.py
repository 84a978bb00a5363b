"""What the connect pages tell, from the first choice to the first pull."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import AppUser
from connectors.member_events import member_events
from connectors.models import System
from sync import transfers
from tests.sync.audit_trail import audit_events, codes
from tests.sync.conftest import connect


def test_a_way_that_leads_to_a_connection(alice: AppUser, system: System, now: datetime) -> None:
    tell = member_events()
    tell.search_results(alice.pk, 12, now)
    tell.system_selected(alice.pk, system, now)
    connection = connect(alice, system, now)
    with transaction.atomic():
        tell.authorized(connection, now)
    assert codes(alice.pk) == [
        "system-search-results",
        "system-selected",
        "member-authorization",
        "initiated",
    ]
    searched, selected, *_ = audit_events(alice.pk)
    assert searched["outcomeDesc"] == "12 systems"
    assert "altId" not in searched["agent"][0]
    assert selected["agent"][0]["altId"] == str(system.pk)


def test_a_way_that_leads_nowhere(alice: AppUser, system: System, now: datetime) -> None:
    member_events().not_established(alice.pk, system, "access_denied", now)
    (event,) = audit_events(alice.pk)
    assert event["subtype"][0]["code"] == "payer-connection-not-established"
    assert (event["outcome"], event["outcomeDesc"]) == ("4", "access_denied")


def test_a_renewed_sign_in_while_a_transfer_waits_announces_no_second(
    alice: AppUser, system: System, now: datetime
) -> None:
    connection = connect(alice, system, now)
    for _ in range(2):
        with transaction.atomic():
            member_events().authorized(connection, now)
    transfers.end(connection_id=connection.pk, completed=True, now=now)
    transfers.end(connection_id=connection.pk, completed=True, now=now)
    assert codes(alice.pk) == [
        "member-authorization",
        "initiated",
        "member-authorization",
        "completed",
    ]
