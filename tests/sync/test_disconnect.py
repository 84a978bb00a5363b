from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial

import pytest
from django_q.models import OrmQ

from accounts.models import AppUser
from connectors.models import Connection, System
from sync import disconnect
from sync.due import claim_due
from sync.models import Checkpoint, SyncRun
from tests.console.crowd import statements
from tests.sync.conftest import Sync, connect, stored
from tests.sync.hospital import Hospital

TWO = timedelta(minutes=2)


def test_deleting_a_connections_data_hides_it_at_once_and_it_comes_back_with_the_next_sync(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    sync(now)
    assert disconnect.resource_counts([linked.pk]) == {linked.pk: hospital.size}
    disconnect.delete_connection_data(linked.pk, now)
    assert stored(linked.app_user_id)[0] == 0
    assert disconnect.resource_counts([linked.pk]) == {linked.pk: 0}
    assert not Checkpoint.objects.exists()
    linked.refresh_from_db()
    assert linked.next_sync_at == now + TWO
    sync(now + TWO)
    assert disconnect.resource_counts([linked.pk]) == {linked.pk: hospital.size}


def test_deleting_one_users_data_leaves_another_users(
    sync: Sync, hospital: Hospital, linked: Connection, bob: AppUser, system: System, now: datetime
) -> None:
    sync(now)
    disconnect.delete_user_data(bob.pk, now)
    assert stored(linked.app_user_id)[0] == hospital.size
    disconnect.delete_user_data(linked.app_user_id, now)
    assert stored(linked.app_user_id)[0] == 0


def test_a_deletion_takes_running_leases_away(
    alice: AppUser, system: System, now: datetime
) -> None:
    row = connect(alice, system, now)
    (claim,) = claim_due(now=now, limit=1)
    disconnect.delete_user_data(alice.pk, now)
    row.refresh_from_db()
    assert row.lease_id is None
    assert SyncRun.objects.get(pk=claim.run_id).outcome == SyncRun.LOST


def test_counts_of_connections_without_data_are_zero(
    alice: AppUser, system: System, now: datetime
) -> None:
    row = connect(alice, system, now)
    assert disconnect.resource_counts([row.pk, 999]) == {row.pk: 0}
    assert disconnect.resource_counts([]) == {}


def test_counts_cost_the_same_for_one_user_and_for_many(
    alice: AppUser, bob: AppUser, system: System, now: datetime
) -> None:
    rows = [connect(user, system, now).pk for user in (alice, bob)]
    one, both = (statements(partial(disconnect.resource_counts, ids)) for ids in (rows[:1], rows))
    assert one == both == 2


@pytest.mark.parametrize(
    "values, queued, due_in",
    [
        ({"status": "connected"}, True, 0),
        ({"status": "failing", "held_for": 900, "last_error_code": "internal"}, True, 0),
        ({"status": "failing", "held_for": 900, "last_error_code": "rate_limited"}, True, 900),
        ({"status": "connected", "leased_for": 20}, False, None),
        ({"status": "connected", "leased_for": -1}, True, 0),
        ({"status": "disconnected"}, False, None),
        ({"status": "needs_reauthorization"}, False, None),
        ({"status": "connected", "parked": True}, False, None),
    ],
)
def test_a_refresh_makes_due_what_may_run(
    transactional_db: None,
    alice: AppUser,
    system: System,
    now: datetime,
    values: dict[str, object],
    queued: bool,
    due_in: int | None,
) -> None:
    later = now + timedelta(hours=1)
    fields = dict(values)
    for key, field in (("held_for", "held_until"), ("leased_for", "lease_until")):
        if key in fields:
            fields[field] = now + timedelta(seconds=int(str(fields.pop(key))))
    row = connect(alice, system, now, next_sync_at=later, **fields)
    assert disconnect.request_refresh([row.pk], now) == ({row.pk} if queued else set())
    row.refresh_from_db()
    expected = later if due_in is None else now + timedelta(seconds=due_in)
    assert row.next_sync_at == expected
    assert OrmQ.objects.count() == queued


def test_a_refresh_respects_the_period_a_source_demands(
    transactional_db: None, alice: AppUser, system: System, now: datetime
) -> None:
    system.min_interval_seconds = 600
    system.save()
    row = connect(alice, system, now, status="connected", last_attempt_at=now - TWO)
    assert disconnect.sync_interval(row) == 600
    disconnect.request_refresh([row.pk], now)
    row.refresh_from_db()
    assert row.next_sync_at == now + timedelta(minutes=8)


def test_the_ledger_is_ready_for_json(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.faults["Condition"] = 403
    sync(now)
    rows = {row["key"]: row for row in disconnect.ledger(linked.pk)}
    assert rows["Patient"]["state"] == "answered"
    assert rows["Patient"]["error"] is None
    assert rows["Condition"]["error"] == {
        "code": "scope_missing",
        "message": "Condition is out of scope",
    }
    assert json.loads(json.dumps(rows)) == rows
    assert disconnect.ledger(linked.pk + 1) == []
