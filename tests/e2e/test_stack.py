"""The run command with real processes: it starts, repairs, stops, and lives beside another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
import requests

from tests.contract.api import wait_for
from tests.e2e.stack import CHECKOUT, Stack

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


def status(stack: Stack, path: str) -> int:
    try:
        return requests.get(stack.base_url + path, timeout=10).status_code
    except requests.ConnectionError:
        return 0


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return list(psutil.wait_procs(processes, timeout=10)[1])


def test_it_is_healthy_and_ready_when_it_says_so(stack: Stack) -> None:
    assert requests.get(f"{stack.base_url}/healthz", timeout=10).json()["status"] == "ok"
    assert requests.get(f"{stack.base_url}/readyz", timeout=10).json() == {
        "status": "ok",
        "database": "up",
        "cluster": "up",
        "tick": "up",
    }


def test_it_prints_the_address_the_login_and_the_keys(stack: Stack) -> None:
    text = stack.announced()
    for value in (stack.base_url, stack.client_id, stack.client_secret, "demo@careweave.test"):
        assert value in text
    assert f"BASE={stack.base_url}\nCLIENT_ID={stack.client_id}\n" in text


@pytest.mark.parametrize("name", ["web", "cluster", "sandbox", "database"])
def test_a_killed_process_is_told_and_started_again(stack: Stack, name: str) -> None:
    before = stack.pids()[name]
    group = [psutil.Process(before), *psutil.Process(before).children(recursive=True)]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: stack.pids()[name] != before, seconds=60, what=f"a new {name}")
    wait_for(lambda: status(stack, "/readyz") == 200, seconds=60, what="ready again")
    assert f"{name} (process {before}) was killed by SIGKILL; starting it again" in (
        stack.announced()
    )
    assert alive(group) == []


@pytest.mark.parametrize("member", range(4))
def test_work_goes_on_after_any_process_of_the_cluster_was_killed(
    stack: Stack, member: int
) -> None:
    """A worker that waits for work holds a lock that all share; see config/cluster.py."""
    (guard,) = psutil.Process(stack.pids()["cluster"]).children()
    members = sorted(guard.children(), key=lambda process: process.pid)
    members[member].kill()
    wait_for(lambda: alive([guard]) == [], seconds=30, what="the cluster ended")
    before = last_tick(stack)
    stack.queue_tick()
    wait_for(lambda: last_tick(stack) != before, seconds=30, what="the queue works again")


def last_tick(stack: Stack) -> str:
    code = "from sync.models import Tick; print(Tick.objects.get().at.isoformat())"
    return stack.manage("shell", "--no-imports", "-c", code).strip()


def test_the_sandbox_answers(stack: Stack) -> None:
    wait_for(
        lambda: requests.get(f"{stack.sandbox_url}/control", timeout=10).ok,
        seconds=30,
        what="the sandbox's control API",
    )


def test_a_second_run_in_the_same_folder_is_refused(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=CHECKOUT,
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "another run holds" in done.stderr


def test_another_lives_beside_it(stack: Stack) -> None:
    with Stack() as other:
        assert status(other, "/readyz") == status(stack, "/readyz") == 200
        assert other.client_id != stack.client_id
        assert set(other.pids().values()).isdisjoint(stack.pids().values())
        query = {"client_id": other.client_id, "client_secret": other.client_secret}
        listing = "/connect/system/clinical"
        assert requests.get(other.base_url + listing, params=query, timeout=10).ok
        assert not requests.get(stack.base_url + listing, params=query, timeout=10).ok


def test_sigterm_leaves_no_process_and_a_second_start_finds_the_data(stack: Stack) -> None:
    processes, keys = stack.processes(), (stack.client_id, stack.client_secret)
    assert len(processes) >= 8
    stack.stop()
    assert alive(processes) == []
    stack.start()
    assert (stack.client_id, stack.client_secret) == keys
    assert status(stack, "/readyz") == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_make_run_stops_everything_when_make_is_told_to(number: signal.Signals) -> None:
    with Stack() as stack:
        stack.stop()
        with (stack.folder / "make.log").open("w") as log:
            make = subprocess.Popen(
                ["make", "-o", ".venv/installed", "run"],
                cwd=CHECKOUT,
                env=stack.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        text = stack.folder / "make.log"
        wait_for(
            lambda: "Ctrl-C stops everything" in text.read_text(), seconds=90, what="make run is up"
        )
        below = psutil.Process(make.pid).children(recursive=True)
        assert len(below) >= 8
        if number is signal.SIGINT:
            os.killpg(make.pid, number)  # as a terminal does
        else:
            make.send_signal(number)
        make.wait(60)
        time.sleep(0.5)
        assert alive(below) == []
