"""The supervisor, with small programs of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.processes import Program, Supervisor

CHECKOUT = Path(__file__).resolve().parents[2]
SLEEPER = "import time; time.sleep(600)"
FAMILY = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    one = Supervisor(say=said.append, record=tmp_path / "processes.json")
    yield one
    one.stop()


def program(code: str, tmp_path: Path) -> Program:
    return Program([sys.executable, "-c", code], dict(os.environ), tmp_path, tmp_path / "log")


def printed_pid(tmp_path: Path) -> int:
    until = time.monotonic() + 20
    while not (text := (tmp_path / "log").read_text()).endswith("\n"):
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(text)


def within(seconds: float, condition: Callable[[], bool]) -> Callable[[], bool]:
    until = time.monotonic() + seconds

    def check() -> bool:
        assert time.monotonic() < until
        return condition()

    return check


def test_a_killed_program_is_told_and_started_again(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.run("web", program(SLEEPER, tmp_path).start)
    first = supervisor.children["web"].process
    first.kill()
    again = within(20, lambda: supervisor.children["web"].process.pid != first.pid)
    supervisor.watch(until=again)
    assert said == [f"web (process {first.pid}) was killed by SIGKILL; starting it again"]
    assert psutil.pid_exists(supervisor.children["web"].process.pid)


def test_what_a_killed_program_had_started_goes_too(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.run("cluster", program(FAMILY, tmp_path).start)
    worker = printed_pid(tmp_path)
    supervisor.children["cluster"].process.kill()
    supervisor.watch(until=within(20, lambda: bool(said)))
    assert not _running(worker)


def test_a_program_that_fails_at_once_is_started_with_growing_pauses(
    supervisor: Supervisor, said: list[str], tmp_path: Path
) -> None:
    supervisor.run("web", program("raise SystemExit(3)", tmp_path).start)
    supervisor.watch(until=within(30, lambda: len(said) == 3))
    assert "ended with status 3" in said[0]
    assert supervisor.children["web"].pause == 2.0


def test_stopping_leaves_nothing_behind(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.run("cluster", program(FAMILY, tmp_path).start)
    worker = printed_pid(tmp_path)
    supervisor.stop()
    assert not _running(worker)
    assert supervisor.children == {}


def test_one_that_does_not_listen_is_killed(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.processes.STOP_SECONDS", 1)
    supervisor.run("web", program(STUBBORN, tmp_path).start)
    process = supervisor.children["web"].process
    assert printed_pid(tmp_path) == process.pid  # from now on it does not listen
    supervisor.stop()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the death of a parent")
def test_a_killed_supervisor_takes_its_programs_with_it(tmp_path: Path) -> None:
    code = f"""
import os, sys, time
from pathlib import Path
from config.processes import Program, Supervisor
here = Path({str(tmp_path)!r})
one = Supervisor(say=print, record=here / "processes.json")
command = [sys.executable, "-c", {SLEEPER!r}]
one.run("web", Program(command, dict(os.environ), here, here / "log").start)
print(one.children["web"].process.pid, flush=True)
one.watch()
"""
    above = subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE)
    assert above.stdout is not None
    below = int(above.stdout.readline())
    above.kill()
    above.wait()
    above.stdout.close()
    until = time.monotonic() + 20
    while _running(below):
        assert time.monotonic() < until
        time.sleep(0.05)


def _running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
