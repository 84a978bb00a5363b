from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import AppUser
from connectors.models import Connection, System
from sync import disconnect
from sync.batch import LONGEST, run_claims
from sync.due import claim_due
from sync.engine import RunSummary
from sync.models import Checkpoint, SyncRun, Window
from sync.pull import Opener
from tests.sync.conftest import Sync, connect, stored
from tests.sync.hospital import (
    SECRET,
    Hospital,
    HospitalPull,
    condition,
    observation,
    opener,
)

TWO = timedelta(minutes=2)


def states() -> dict[str, str]:
    return dict(Window.objects.order_by("id").values_list("key", "state"))


def checkpoints() -> set[str]:
    return set(Checkpoint.objects.values_list("key", flat=True))


def test_a_first_run_brings_everything_and_connects(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    summary = sync(now)
    assert (summary.outcome, summary.trigger, summary.error_code) == ("ok", "first", "")
    assert summary.loaded.created == hospital.size
    assert stored(linked.app_user_id) == (hospital.size, 0)
    assert linked.status == "connected"
    assert linked.last_success_at == linked.last_attempt_at == now
    assert linked.next_sync_at == now + TWO
    assert linked.lease_id is None
    assert linked.lease_until is None
    assert checkpoints() == {"Patient", "Condition", "Observation"}
    assert set(states().values()) == {"answered"}
    run = SyncRun.objects.get()
    assert (run.outcome, run.created, run.finished) == ("ok", hospital.size, now)


def test_a_second_run_writes_only_what_changed(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    sync(now)
    hospital.records["Observation"][3] = observation(3, 9.25)
    hospital.records["Condition"].append(condition(99))
    summary = sync(now + TWO)
    loaded = summary.loaded
    assert (loaded.created, loaded.updated, loaded.unchanged) == (1, 1, hospital.size - 2)
    assert stored(linked.app_user_id) == (hospital.size, 1)
    assert summary.trigger == "tick"


def test_of_the_quiet_ticks_only_the_last_run_is_kept(sync: Sync, now: datetime) -> None:
    for number in range(4):
        sync(now + number * TWO)
    kept = SyncRun.objects.order_by("id").values_list("trigger", "started")
    assert list(kept) == [("first", now), ("tick", now + 3 * TWO)]


def test_a_refused_type_leaves_the_others_whole(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.faults["Condition"] = 403
    summary = sync(now)
    assert (summary.outcome, summary.error_code) == ("partial", "scope_missing")
    assert linked.status == "connected"
    assert linked.last_error_code == "scope_missing"
    assert linked.last_success_at == now
    assert linked.next_sync_at == now + TWO
    assert stored(linked.app_user_id)[0] == hospital.size - 7
    assert states() == {"Patient": "answered", "Condition": "refused", "Observation": "answered"}
    assert checkpoints() == {"Patient", "Observation"}


def test_a_type_that_fails_keeps_its_checkpoint_and_the_others_go_on(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.faults["Condition"] = 503
    summary = sync(now)
    assert (summary.outcome, summary.error_code) == ("partial", "source_unavailable")
    assert linked.status == "failing"
    assert linked.failures == 1
    assert checkpoints() == {"Patient", "Observation"}
    hospital.faults.clear()
    assert sync(now + 2 * TWO).outcome == "ok"
    assert (linked.status, linked.failures, linked.last_error_code) == ("connected", 0, "")
    assert checkpoints() == {"Patient", "Condition", "Observation"}
    assert stored(linked.app_user_id) == (hospital.size, 0)


@pytest.mark.parametrize(
    "status, code", [(500, "source_unavailable"), (422, "bad_data"), (418, "internal")]
)
def test_a_source_that_is_down_holds_the_connection_back_longer_each_time(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime, status: int, code: str
) -> None:
    hospital.faults = dict.fromkeys(hospital.records, status)
    waits = []
    at = now
    for _ in range(4):
        assert sync(at).outcome == "failed"
        waits.append(linked.next_sync_at - at)
        at = linked.next_sync_at
    assert waits[0] >= TWO
    assert waits == sorted(waits)
    assert waits[3] > 2 * waits[0]
    assert (linked.status, linked.failures) == ("failing", 4)
    assert linked.held_until == linked.next_sync_at
    assert linked.last_error_code == code
    assert checkpoints() == set()
    assert Window.objects.filter(state="failed", times=4).count() == 3


def test_a_rate_limit_is_respected_for_the_whole_connection(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.faults["Condition"] = 429
    assert sync(now).error_code == "rate_limited"
    assert hospital.asked["Observation"] == 0
    until = now + timedelta(minutes=7)
    assert (linked.held_until, linked.next_sync_at) == (until, until)
    assert claim_due(now=until - timedelta(seconds=1), limit=1, force=True) == []
    assert claim_due(now=until, limit=1) != []


def test_a_grant_that_is_gone_parks_the_connection(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.faults["Condition"] = 401
    assert sync(now).error_code == "authorization_expired"
    assert linked.status == "needs_reauthorization"
    assert claim_due(now=now + timedelta(days=9), limit=1, force=True) == []


def test_a_fault_of_ours_is_logged_without_its_text(
    sync: Sync, hospital: Hospital, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    hospital.faults["Condition"] = 418
    with caplog.at_level(logging.DEBUG):
        summary = sync(now)
    assert (summary.error_code, summary.error_message) == ("internal", "unexpected KeyError")
    assert "KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_resources_that_cannot_be_stored_are_told_and_the_rest_is_kept(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.records["Condition"].insert(2, {"id": "nameless"})
    summary = sync(now)
    assert summary.loaded.rejected == 1
    assert (summary.outcome, summary.error_code) == ("partial", "bad_data")
    assert linked.status == "connected"
    assert stored(linked.app_user_id)[0] == hospital.size - 1


def test_the_run_of_a_worker_that_was_overtaken_changes_nothing_more(
    hospital: Hospital, linked: Connection, now: datetime
) -> None:
    (old,) = claim_due(now=now, limit=1)
    (new,) = claim_due(now=now + timedelta(minutes=1), limit=1)
    (summary,) = run_claims(claims=[old], clock=lambda: now, opener=opener(hospital.url))
    assert summary.outcome == "lost"
    assert stored(linked.app_user_id) == (0, 0)
    assert not Checkpoint.objects.exists()
    assert not Window.objects.exists()
    linked.refresh_from_db()
    assert linked.lease_id == new.lease_id
    assert linked.status == "pending"


def test_a_run_that_takes_too_long_keeps_what_it_has_and_goes_on_at_once(
    hospital: Hospital, linked: Connection, now: datetime, settings: Any
) -> None:
    settings.SYNC_LEASE_SECONDS = 1
    hospital.records["Observation"] = [observation(number) for number in range(200)]
    hospital.pause = 0.1
    later = now + LONGEST + TWO

    def clock() -> datetime:
        return later if hospital.asked["Observation"] > 2 else now

    claims = claim_due(now=now, limit=1)
    (summary,) = run_claims(claims=claims, clock=clock, opener=opener(hospital.url))
    assert (summary.outcome, summary.error_code) == ("partial", "")
    assert 8 < summary.loaded.created < hospital.size
    linked.refresh_from_db()
    assert (linked.status, linked.next_sync_at) == ("pending", later)
    assert linked.failures == 0
    assert linked.lease_id is None
    assert checkpoints() == {"Patient", "Condition"}


class Cut:
    """Opens the hospital; before its third page something happens to the connection."""

    def __init__(self, url: str, act: object) -> None:
        self.url = url
        self.act = act

    def __call__(self, link: object, *, now: datetime) -> HospitalPull:
        pull = HospitalPull(self.url, now)
        pages = iter(range(100))
        ask = pull._get

        def get(key: str, start: int) -> dict[str, object]:
            if next(pages) == 3:
                self.act()  # type: ignore[operator]
            return ask(key, start)

        pull._get = get  # type: ignore[method-assign]
        return pull


def test_a_disconnect_with_deletion_during_a_run_leaves_nothing_behind(
    hospital: Hospital, linked: Connection, now: datetime
) -> None:
    def act() -> None:
        Connection.objects.update(status=Connection.DISCONNECTED)
        disconnect.delete_connection_data(linked.pk, now)

    claims = claim_due(now=now, limit=1)
    (summary,) = run_claims(claims=claims, clock=lambda: now, opener=Cut(hospital.url, act))
    assert summary.outcome == "lost"
    assert stored(linked.app_user_id)[0] == 0
    assert not Checkpoint.objects.exists()


def test_many_connections_run_at_once_and_more_are_taken_meanwhile(
    hospital: Hospital, alice: AppUser, linked: Connection, system: System, now: datetime
) -> None:
    ids = {linked.pk} | {connect(alice, system, now).pk for _ in range(40)}

    def more(room: int) -> list:  # type: ignore[type-arg]
        return claim_due(now=now, limit=min(room, 10))

    ended = run_claims(claims=more(10), clock=lambda: now, opener=opener(hospital.url), more=more)
    assert {run.connection_id for run in ended} == ids
    assert {run.outcome for run in ended} == {"ok"}
    assert len(ended) == len(ids)


def test_a_connection_whose_open_fails_does_not_hurt_the_others(
    hospital: Hospital, alice: AppUser, linked: Connection, system: System, now: datetime
) -> None:
    other = connect(alice, system, now)
    good = opener(hospital.url)

    def open_some(link, *, now: datetime) -> HospitalPull:  # type: ignore[no-untyped-def]
        if link.connection_id == other.pk:
            raise ValueError("broken")
        return good(link, now=now)  # type: ignore[return-value]

    typed: Opener = open_some
    ended: list[RunSummary] = run_claims(
        claims=claim_due(now=now, limit=5), clock=lambda: now, opener=typed
    )
    outcomes = {run.connection_id: run.outcome for run in ended}
    assert outcomes == {linked.pk: "ok", other.pk: "failed"}


def test_what_is_irregular_is_kept_as_it_came_and_told(
    sync: Sync, hospital: Hospital, linked: Connection, now: datetime
) -> None:
    hospital.records["Condition"].append({**condition(98), "severity": "grave", "odd": 1})
    hospital.records["Condition"].append({**condition(99), "severity": "slight"})
    summary = sync(now)
    run = SyncRun.objects.get()

    assert summary.loaded.created == hospital.size
    assert run.irregular == summary.irregular >= 2
    told = {kind["expression"]: kind for kind in run.irregularities}
    assert told["Condition.severity"]["resources"] == 2
    assert told["Condition.odd"]["problem"] == "there is no such element"
    assert "grave" not in str(run.irregularities)
    sync(now + TWO)
    assert SyncRun.objects.latest("id").irregular == 0
