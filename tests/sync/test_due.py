from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import AppUser
from connectors.models import Connection, System
from sync.due import Claim, claim_due, count_due, held_by, renew
from sync.models import SyncRun
from tests.sync.conftest import connect

MINUTE = timedelta(minutes=1)


def claimed(now: datetime, **options: object) -> set[int]:
    return {claim.connection_id for claim in claim_due(now=now, limit=100, **options)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values, seconds, due",
    [
        ({}, 0, True),
        ({"status": "connected"}, 0, True),
        ({"status": "failing"}, 0, True),
        ({"status": "needs_reauthorization"}, 0, False),
        ({"status": "disconnected"}, 0, False),
        ({"parked": True}, 0, False),
        ({}, 30, True),  # in half a minute: this tick takes it
        ({}, 31, False),
        ({"held_for": 60}, 0, False),
        ({"held_for": -1}, 0, True),
        ({"leased_for": 10}, 0, False),
        ({"leased_for": -1}, 0, True),
    ],
)
def test_a_connection_is_due(
    alice: AppUser,
    system: System,
    now: datetime,
    values: dict[str, object],
    seconds: int,
    due: bool,
) -> None:
    fields = dict(values)
    for key, field in (("held_for", "held_until"), ("leased_for", "lease_until")):
        if key in fields:
            fields[field] = now + timedelta(seconds=int(str(fields.pop(key))))
    row = connect(alice, system, now, next_sync_at=now + timedelta(seconds=seconds), **fields)
    assert count_due(now=now, at_most=5) == due
    assert claimed(now) == ({row.pk} if due else set())


def test_an_inactive_user_is_not_polled_until_active_again(
    alice: AppUser, system: System, now: datetime
) -> None:
    row = connect(alice, system, now)
    AppUser.objects.update(active=False)
    assert claimed(now) == set()
    AppUser.objects.update(active=True)
    assert claimed(now) == {row.pk}


def test_a_disabled_system_is_not_polled(alice: AppUser, system: System, now: datetime) -> None:
    connect(alice, system, now)
    System.objects.update(enabled=False)
    assert claimed(now) == set()


def test_force_takes_what_is_not_due_but_not_what_a_source_held_back(
    alice: AppUser, system: System, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    calm = connect(alice, system, now, next_sync_at=later)
    failing = connect(alice, system, now, held_until=later, last_error_code="source_unavailable")
    limited = connect(alice, system, now, held_until=later, last_error_code="rate_limited")
    parked = connect(alice, system, now, parked=True)
    taken = claimed(now, force=True)
    assert taken == {calm.pk, failing.pk}
    assert not taken & {limited.pk, parked.pk}


def test_a_system_with_a_longer_period_is_never_asked_sooner(
    alice: AppUser, system: System, now: datetime
) -> None:
    System.objects.update(min_interval_seconds=600)
    row = connect(alice, system, now, status="connected", last_attempt_at=now - 9 * MINUTE)
    assert claimed(now, force=True) == set()
    assert claimed(now + MINUTE) == {row.pk}


def test_only_and_pending_narrow_and_the_longest_due_comes_first(
    alice: AppUser, system: System, now: datetime
) -> None:
    first = connect(alice, system, now, next_sync_at=now - MINUTE, status="connected")
    second = connect(alice, system, now, next_sync_at=now - 2 * MINUTE, status="connected")
    fresh = connect(alice, system, now)
    assert claimed(now, only=[first.pk]) == {first.pk}
    assert claimed(now, pending=True) == {fresh.pk}
    (claim,) = claim_due(now=now, limit=1)
    assert claim.connection_id == second.pk


def test_a_claim_opens_a_run_and_names_the_first_one(
    alice: AppUser, system: System, now: datetime
) -> None:
    fresh = connect(alice, system, now)
    known = connect(alice, system, now, last_success_at=now - MINUTE, status="connected")
    claim_due(now=now, limit=10)
    runs = SyncRun.objects.values_list("connection_id", "trigger", "outcome")
    assert set(runs) == {(fresh.pk, "first", "running"), (known.pk, "tick", "running")}
    fresh.refresh_from_db()
    assert fresh.last_attempt_at == now


def test_a_lease_that_ran_out_is_taken_over_and_the_lost_run_is_closed(
    alice: AppUser, system: System, now: datetime
) -> None:
    row = connect(alice, system, now)
    (old,) = claim_due(now=now, limit=1)
    assert claim_due(now=now + timedelta(seconds=44), limit=1) == []
    (new,) = claim_due(now=now + timedelta(seconds=46), limit=1)
    assert new.connection_id == row.pk
    assert SyncRun.objects.get(pk=old.run_id).outcome == SyncRun.LOST
    assert SyncRun.objects.get(pk=new.run_id).outcome == SyncRun.RUNNING
    assert not held_by(old).exists()
    assert held_by(new).exists()


def test_a_renewed_lease_is_not_taken_over(alice: AppUser, system: System, now: datetime) -> None:
    row = connect(alice, system, now)
    (claim,) = claim_due(now=now, limit=1)
    later = now + timedelta(seconds=40)
    assert renew(claims=[claim], now=later) == {row.pk}
    assert claimed(later + timedelta(seconds=40)) == set()


def test_renewing_tells_which_leases_are_gone(
    alice: AppUser, system: System, now: datetime
) -> None:
    kept, lost, cut = (connect(alice, system, now) for _ in range(3))
    claims = claim_due(now=now, limit=3)
    Connection.objects.filter(pk=lost.pk).update(lease_id=None)
    Connection.objects.filter(pk=cut.pk).update(status=Connection.DISCONNECTED)
    assert renew(claims=claims, now=now) == {kept.pk}


def test_runs_that_keep_dying_wait_longer_each_time(
    alice: AppUser, system: System, now: datetime
) -> None:
    connect(alice, system, now)
    waits = []
    at = now
    for _ in range(6):
        seconds = 0
        while not claimed(at + timedelta(seconds=seconds)):
            seconds += 5
        waits.append(seconds)
        at += timedelta(seconds=seconds)
    assert waits[:4] == [0, 50, 50, 50]
    assert waits[4] > waits[3]
    assert waits[5] > waits[4]


@pytest.mark.django_db(transaction=True)
def test_racing_workers_take_each_connection_exactly_once(
    alice: AppUser, system: System, now: datetime
) -> None:
    ids = {connect(alice, system, now).pk for _ in range(120)}
    workers = 8
    start = Barrier(workers)

    def work() -> list[Claim]:
        try:
            start.wait()
            taken: list[Claim] = []
            while claims := claim_due(now=now, limit=7):
                taken += claims
            return taken
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        taken = [claim for future in futures for claim in future.result()]
    # A worker may end early while the rows it saw were locked by others: the next look gets them.
    taken += claim_due(now=now, limit=1000)
    assert sorted(claim.connection_id for claim in taken) == sorted(ids)
    assert SyncRun.objects.filter(outcome=SyncRun.RUNNING).count() == len(ids)
