"""Every announced transfer ends exactly once, whatever becomes of it (wire contract 15.3)."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import pytest

from accounts import clock
from accounts.models import AppUser
from connectors.models import Connection, System
from fhirstore import erase
from sync import disconnect, transfers
from sync.batch import run_claims
from sync.due import claim_due
from sync.models import SyncRun, Transfer
from tests.sync.audit_trail import audit_events, codes
from tests.sync.conftest import Sync, connect
from tests.sync.hospital import Hospital, observation, opener
from tests.sync.test_killed import LEASE, until_pages, worker

TWO = timedelta(minutes=2)


@pytest.fixture
def announced(linked: Connection, now: datetime) -> Connection:
    """Alice's new connection, its first pull announced."""
    transfers.begin(connection=linked, now=now)
    return linked


def test_a_first_pull_is_announced_and_completed_once(
    sync: Sync, announced: Connection, now: datetime
) -> None:
    owner = announced.app_user_id
    assert codes(owner) == ["initiated"]
    sync(now)
    assert codes(owner) == ["initiated", "completed"]
    sync(now + TWO)
    sync(now + 2 * TWO)
    assert codes(owner) == ["initiated", "completed"]
    for event in audit_events(owner):
        custodian, person = event["agent"]
        assert custodian["type"]["coding"][0]["code"] == "CST"
        assert (custodian["name"], custodian["altId"]) == ("Test hospital", "1000000")
        assert person["name"] == f"1up-user-{owner}"
        assert event["text"]["div"].startswith("<div")
        assert event["recorded"].endswith("Z")


def test_the_periodic_sync_announces_nothing(sync: Sync, linked: Connection, now: datetime) -> None:
    sync(now)
    sync(now + TWO)
    assert codes(linked.app_user_id) == []


def test_a_refresh_on_demand_is_a_transfer(sync: Sync, linked: Connection, now: datetime) -> None:
    sync(now)
    for _ in range(2):  # the second joins the one that waits
        assert disconnect.request_refresh([linked.pk], now) == {linked.pk}
    assert codes(linked.app_user_id) == ["initiated"]
    sync(now + TWO)
    assert codes(linked.app_user_id) == ["initiated", "completed"]


def test_a_source_that_does_not_answer_ends_a_transfer_with_a_timeout(
    sync: Sync, hospital: Hospital, announced: Connection, now: datetime
) -> None:
    hospital.faults = dict.fromkeys(("Patient", "Condition", "Observation"), 503)
    sync(now)
    owner = announced.app_user_id
    assert codes(owner) == ["initiated", "failure", "failure", "failure", "timeout"]
    sync(now + TWO)  # still so: nothing new to tell
    assert codes(owner)[-1] == "timeout"
    hospital.faults = {}
    sync(now + 2 * TWO)  # the periodic sync brings it in the end
    assert codes(owner)[-1] == "timeout"


def test_a_refused_type_is_told_once_and_the_rest_is_a_completed_transfer(
    sync: Sync, hospital: Hospital, announced: Connection, now: datetime
) -> None:
    hospital.faults["Condition"] = 403
    sync(now)
    sync(now + TWO)
    owner = announced.app_user_id
    assert codes(owner) == ["initiated", "failure", "completed"]
    assert audit_events(owner)[1]["outcomeDesc"] == "Condition: scope_missing"
    assert audit_events(owner)[1]["outcome"] == "4"


def test_authorization_that_ended_ends_a_transfer(
    sync: Sync, hospital: Hospital, announced: Connection, now: datetime
) -> None:
    hospital.faults["Patient"] = 401
    sync(now)
    assert codes(announced.app_user_id) == ["initiated", "failure", "timeout"]


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Connection.objects.filter(pk=row.pk).update(status="disconnected"),
        lambda row: Connection.objects.filter(pk=row.pk).update(status="needs_reauthorization"),
        lambda row: Connection.objects.filter(pk=row.pk).update(parked=True),
        lambda row: AppUser.objects.update(active=False),
        lambda row: System.objects.update(enabled=False),
    ],
    ids=["disconnected", "reauthorize", "parked", "inactive", "disabled"],
)
def test_a_transfer_that_no_run_will_take_up_is_ended_by_the_sweep(
    announced: Connection, now: datetime, change: Callable[[Connection], object]
) -> None:
    assert transfers.sweep(now=now) == 0
    change(announced)
    assert transfers.sweep(now=now) == 1
    assert transfers.sweep(now=now) == 0
    assert codes(announced.app_user_id) == ["initiated", "timeout"]


def test_a_transfer_that_waits_too_long_is_ended_by_the_sweep(
    announced: Connection, now: datetime
) -> None:
    assert transfers.sweep(now=now + transfers.LONGEST) == 0
    assert transfers.sweep(now=now + transfers.LONGEST + TWO) == 1
    assert codes(announced.app_user_id) == ["initiated", "timeout"]


def test_the_sweep_leaves_a_running_run_alone(
    announced: Connection, hospital: Hospital, now: datetime
) -> None:
    claims = claim_due(now=now, limit=1)
    Connection.objects.update(parked=True)
    assert transfers.sweep(now=now) == 0
    run_claims(claims=claims, clock=lambda: now, opener=opener(hospital.url))
    assert codes(announced.app_user_id) == ["initiated", "completed"]


def test_an_erasure_leaves_no_event_and_none_comes_after_it(
    announced: Connection, hospital: Hospital, now: datetime
) -> None:
    claims = claim_due(now=now, limit=1)
    disconnect.delete_user_data(announced.app_user_id, now)
    run_claims(claims=claims, clock=lambda: now, opener=opener(hospital.url))
    transfers.sweep(now=now + timedelta(days=1))
    assert codes(announced.app_user_id) == []
    assert not Transfer.objects.exists()


def test_a_purge_takes_the_beginning_and_no_end_follows(
    sync: Sync, announced: Connection, now: datetime
) -> None:
    erase.erase_owner(owner=announced.app_user_id, version="r4")
    sync(now)
    assert codes(announced.app_user_id) == []


def test_a_reconnect_during_a_run_is_one_transfer_ended_by_the_new_run(
    announced: Connection, hospital: Hospital, alice: AppUser, now: datetime
) -> None:
    old = claim_due(now=now, limit=1)
    Connection.objects.update(lease_id=None, lease_until=None)  # what a renewal of tokens does
    transfers.begin(connection=announced, now=now)
    run_claims(claims=old, clock=lambda: now, opener=opener(hospital.url))
    assert codes(alice.pk) == ["initiated"]
    new = claim_due(now=now, limit=1)
    run_claims(claims=new, clock=lambda: now, opener=opener(hospital.url))
    assert codes(alice.pk) == ["initiated", "completed"]
    assert list(SyncRun.objects.order_by("pk").values_list("outcome", flat=True)) == ["lost", "ok"]


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_first_pull_is_ended_once_by_its_successor(
    hospital: Hospital, announced: Connection, seed: int, settings: Any
) -> None:
    hospital.records["Observation"] = [observation(number) for number in range(120)]
    hospital.pause = 0.03
    settings.SYNC_LEASE_SECONDS = LEASE
    chance = random.Random(seed)
    with worker(hospital.url) as process:
        until_pages(hospital, chance.randint(1, 25))
        sleep(chance.random() * 0.05)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    hospital.pause = 0
    assert codes(announced.app_user_id) == ["initiated"]
    claims = claim_due(now=clock.now() + timedelta(seconds=LEASE), limit=1)
    run_claims(claims=claims, clock=clock.now, opener=opener(hospital.url))
    assert codes(announced.app_user_id) == ["initiated", "completed"]


def test_a_user_sees_only_own_events(
    announced: Connection, bob: AppUser, system: System, now: datetime
) -> None:
    other = connect(bob, system, now)
    transfers.begin(connection=other, now=now)
    assert codes(announced.app_user_id) == codes(bob.pk) == ["initiated"]
    (event,) = audit_events(bob.pk)
    assert event["agent"][1]["name"] == f"1up-user-{bob.pk}"
