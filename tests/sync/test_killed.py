"""A worker killed with SIGKILL in mid-run: everything arrives afterwards, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as project
from django.db import connection as database

from accounts import clock
from connectors.models import Connection
from sync.batch import run_claims
from sync.due import claim_due
from sync.models import SyncRun
from tests.sync.conftest import stored
from tests.sync.hospital import Hospital, observation, opener

LEASE = 3


def database_url() -> str:
    """The test database as another process reaches it."""
    values = database.settings_dict
    host, port = quote(str(values["HOST"]), safe=""), values["PORT"] or 5432
    user, password = quote(values["USER"], safe=""), quote(values["PASSWORD"] or "", safe="")
    return f"postgres://{user}:{password}@{host}:{port}/{values['NAME']}"


@contextmanager
def worker(url: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SYNC_LEASE_SECONDS": str(LEASE),
        "VAR_DIR": str(project.VAR_DIR),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sync.worker", url],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def big(hospital: Hospital) -> Hospital:
    """More pages than can be read before the kill."""
    hospital.records["Observation"] = [observation(number) for number in range(120)]
    hospital.pause = 0.03
    return hospital


def until_pages(hospital: Hospital, pages: int) -> None:
    deadline = monotonic() + 30
    while sum(hospital.asked.values()) < pages:
        assert monotonic() < deadline, "the worker never came to the hospital"
        sleep(0.005)


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_run_is_resumed_with_nothing_missing_and_nothing_twice(
    big: Hospital, linked: Connection, seed: int, settings: Any
) -> None:
    settings.SYNC_LEASE_SECONDS = LEASE
    chance = random.Random(seed)
    with worker(big.url) as process:
        until_pages(big, chance.randint(1, 20))
        sleep(chance.random() * 0.05)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    before, _ = stored(linked.app_user_id)
    assert before < big.size, "killed too late to prove anything"
    linked.refresh_from_db()
    assert linked.lease_id is not None
    assert claim_due(now=clock.now(), limit=1) == [], "taken over while the lease still ran"
    later = clock.now() + timedelta(seconds=LEASE)
    claims = claim_due(now=later, limit=1)
    (summary,) = run_claims(claims=claims, clock=clock.now, opener=opener(big.url))
    assert summary.outcome == "ok"
    assert stored(linked.app_user_id) == (big.size, 0)
    outcomes = list(SyncRun.objects.order_by("id").values_list("outcome", flat=True))
    assert outcomes == ["lost", "ok"]
    linked.refresh_from_db()
    assert linked.status == "connected"
    assert linked.lease_id is None


def test_a_slow_run_keeps_its_lease(big: Hospital, linked: Connection, settings: Any) -> None:
    settings.SYNC_LEASE_SECONDS = LEASE
    big.pause = 0.2
    with worker(big.url) as process:
        until_pages(big, 1)
        for _ in range(10):
            sleep(LEASE / 6)
            assert claim_due(now=clock.now(), limit=1) == []
        assert process.poll() is None, "the run ended too early to prove anything"
