from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule

from accounts.models import AppUser
from connectors.models import Connection, System
from sync import schedules, tasks
from sync.batch import IN_FLIGHT
from sync.models import SyncRun, Tick
from tests.sync.conftest import connect

pytestmark = pytest.mark.django_db


def queued() -> list[str]:
    return [row.func() for row in OrmQ.objects.order_by("id")]


@pytest.mark.parametrize(
    "due, batches",
    [(0, 0), (1, 1), (IN_FLIGHT, 1), (IN_FLIGHT + 1, 2), (IN_FLIGHT * 3, 2)],
)
def test_a_tick_queues_no_more_batches_than_work_and_workers(
    alice: AppUser, system: System, now: datetime, due: int, batches: int
) -> None:
    for _ in range(due):
        connect(alice, system, now)
    assert tasks.tick() == batches
    assert queued() == [tasks.RUN_BATCH] * batches
    tick = Tick.objects.get()
    assert tick.at >= now
    assert tick.claimed == min(due, IN_FLIGHT * settings.Q_CLUSTER["workers"])


def test_the_clock_keeps_one_row(now: datetime) -> None:
    tasks.tick()
    tasks.tick()
    assert Tick.objects.count() == 1


def test_a_task_that_comes_again_finds_the_lease_and_does_nothing(
    alice: AppUser, system: System, now: datetime
) -> None:
    lease = {"lease_until": now + timedelta(minutes=1)}
    row = connect(alice, system, now, **lease)
    assert tasks.first_sync(row.pk) == 0
    assert tasks.refresh([row.pk]) == 0
    assert tasks.run_batch() == 0
    assert not SyncRun.objects.exists()


def test_a_first_sync_of_a_connection_that_is_gone_does_nothing() -> None:
    assert tasks.first_sync(12345) == 0


def test_the_queue_never_hands_out_a_running_task_again() -> None:
    assert settings.Q_CLUSTER["retry"] > max(tasks.TIMEOUT, settings.Q_CLUSTER["timeout"])
    assert settings.Q_CLUSTER["catch_up"] is False


def test_pruning_forgets_what_is_old(alice: AppUser, system: System, now: datetime) -> None:
    row = connect(alice, system, now)
    for days, outcome in ((31, "ok"), (31, "running"), (29, "failed")):
        started = now - timedelta(days=days)
        SyncRun.objects.create(
            connection=row, lease_id="0" * 32, trigger="tick", started=started, outcome=outcome
        )
    for days in (6, 8):
        stopped = now - timedelta(days=days)
        Failure.objects.create(
            id=str(days), name="x", func="x", started=stopped, stopped=stopped, success=False
        )
    assert tasks.prune() == 2
    assert set(SyncRun.objects.values_list("outcome", flat=True)) == {"running", "failed"}


def test_our_schedules_exist_once_whatever_was_there_before() -> None:
    for _ in range(2):
        Schedule.objects.create(name=schedules.TICK, func="old.func", schedule_type=Schedule.HOURLY)
    schedules.ensure()
    schedules.ensure()
    rows = Schedule.objects.order_by("name").values_list("name", "func", "schedule_type", "minutes")
    assert list(rows) == [
        (schedules.PRUNE, "sync.tasks.prune", Schedule.DAILY, None),
        (schedules.REINDEX, "sync.tasks.reindex", Schedule.DAILY, None),
        (schedules.TICK, "sync.tasks.tick", Schedule.MINUTES, 1),
    ]
    tick = Schedule.objects.get(name=schedules.TICK)
    assert tick.repeats == -1
    assert tick.next_run <= timezone.now()


def test_a_connection_that_cannot_open_is_held_back_not_lost(
    transactional_db: None, alice: AppUser, system: System, now: datetime
) -> None:
    """Without a token there is nothing to ask with: only the user can mend it."""
    row = connect(alice, system, now)
    assert tasks.first_sync(row.pk) == 1
    row.refresh_from_db()
    assert row.status == Connection.NEEDS_REAUTHORIZATION
    assert row.lease_id is None
