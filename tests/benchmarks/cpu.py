"""CPU time of processes, to the nanosecond: what a ratio can be judged by on a busy machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_NANOSECOND = 1e-9


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [pid, *(child.pid for child in process.children(recursive=True))]
    return []


def seconds(pids: Iterable[int]) -> dict[int, float]:
    """CPU seconds used so far by each process that is alive, all its threads together."""
    found = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found[pid] = _precise(pid) or _coarse(pid)
    return found


def _precise(pid: int) -> float:
    """From the scheduler, where the system tells (Linux)."""
    return sum(_threads(pid)) * _NANOSECOND


def _threads(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                yield int((task / "schedstat").read_text().split()[0])


def _coarse(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def cpu_seconds(pid: int) -> float:
    """CPU seconds used so far by one process."""
    return seconds([pid]).get(pid, 0.0)


class Meter:
    """CPU used between `start` and `stop` by a program's processes and by PostgreSQL's."""

    def __init__(self, *, program: int, postgres: int) -> None:
        self._roots = {"program": program, "postgres": postgres}
        self._before: dict[str, dict[int, float]] = {}

    def start(self) -> None:
        self._before = self._now()

    def stop(self) -> tuple[float, float]:
        """Seconds of the program and of PostgreSQL. A process that began in between counts whole;
        one that ended does not count."""
        after = self._now()
        used = {
            name: sum(now - self._before[name].get(pid, 0.0) for pid, now in pids.items())
            for name, pids in after.items()
        }
        return used["program"], used["postgres"]

    def _now(self) -> dict[str, dict[int, float]]:
        return {name: seconds(tree(root)) for name, root in self._roots.items()}
