"""Keeps programs running: starts them, starts them again when they crash, and leaves none behind
when it stops.

Each program leads a process group of its own, so that Ctrl-C in a terminal reaches the supervisor
alone, which then ends each program in its own way. On Linux a program is also told when the
supervisor itself was killed.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

LOOK_EVERY = 0.2
STOP_SECONDS = 15
SWEEP_SECONDS = 2
STEADY_SECONDS = 5
"""A program that lived this long and then crashed is started again at once; a younger one after a
growing pause."""
LONGEST_PAUSE = 5.0
_PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]
Popen = subprocess.Popen[bytes]


class Stopped(BaseException):
    """The supervisor was asked to stop; raised wherever it is at that moment."""


@dataclass(frozen=True)
class Program:
    """What to run, with which environment, and the file that gets what it says."""

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path

    def start(self) -> Popen:
        """Start it in a session of its own."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command,
                env=dict(self.env),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=told_when_parent_dies(signal.SIGTERM),
            )


@dataclass
class _Child:
    start: Callable[[], Popen]
    process: Popen
    started: float
    pause: float = 0.0
    again_at: float | None = None


@dataclass
class Supervisor:
    """Holds running programs. `record` is the file that tells their process ids."""

    say: Say
    record: Path
    children: dict[str, _Child] = field(default_factory=dict)

    def run(self, name: str, start: Callable[[], Popen]) -> None:
        """Start a program and keep it running from now on."""
        self.children[name] = _Child(start, start(), time.monotonic())
        self._write()

    def watch(self, *, until: Callable[[], bool] = lambda: False) -> None:
        """Look after the programs until `until` answers true; by default until a signal comes."""
        while not until():
            for name, child in self.children.items():
                self._look(name, child)
            time.sleep(LOOK_EVERY)

    def stop(self, *last: str) -> None:
        """End all programs, `last` after the others. Those that do not end in time are killed."""
        early = [child.process for name, child in self.children.items() if name not in last]
        for process in early:
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + STOP_SECONDS
        for process in early:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, until - time.monotonic()))
            sweep(process)
        self.children = {name: self.children[name] for name in last if name in self.children}
        self._write()

    def _look(self, name: str, child: _Child) -> None:
        now = time.monotonic()
        if child.again_at is not None:
            if now >= child.again_at:
                child.process, child.started, child.again_at = child.start(), now, None
                self._write()
            return
        code = child.process.poll()
        if code is None:
            return
        sweep(child.process)
        steady = now - child.started > STEADY_SECONDS
        child.pause = 0.0 if steady else min(LONGEST_PAUSE, max(0.5, child.pause * 2))
        child.again_at = now + child.pause
        self.say(f"{name} (process {child.process.pid}) {_ending(code)}; starting it again")

    def _write(self) -> None:
        draft = self.record.with_suffix(".new")
        draft.write_text(json.dumps({n: c.process.pid for n, c in self.children.items()}) + "\n")
        draft.replace(self.record)


def stop_on_signals() -> None:
    """From now on SIGINT and SIGTERM raise `Stopped` in the main thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        ignore_signals()
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def ignore_signals() -> None:
    """From now on a second Ctrl-C changes nothing: we are stopping already."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def sweep(process: Popen) -> None:
    """Kill what is left of a program and its group, and see it gone."""
    until = time.monotonic() + SWEEP_SECONDS
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        while time.monotonic() < until:
            os.killpg(process.pid, 0)
            time.sleep(0.02)
    process.wait()


def told_when_parent_dies(number: int) -> Callable[[], None] | None:
    """What a new process calls before it becomes its program, to get this signal when we die. Linux
    only, else None."""
    if sys.platform != "linux":
        return None
    libc: Any = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        for inherited in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(inherited, signal.SIG_DFL)
        libc.prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with status {code}"
    return f"was killed by {signal.Signals(-code).name}"
