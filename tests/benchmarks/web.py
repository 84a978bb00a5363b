"""G2 to G4: pages and reads through the shipped web server, against servers that do less."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.benchmarks.cpu import Meter
from tests.benchmarks.load import Load, Wrong, request
from tests.benchmarks.people import token_of
from tests.benchmarks.place import CHECKOUT
from tests.benchmarks.variants import NAMES
from tests.benchmarks.yardstick import PAGE

RAW = "raw"
PROCESSES = 2
_START_SECONDS = 60

KINDS = {"page": PAGE, "newest": PAGE, "read": 0}
"""What is asked, and the entries of an answer."""
TARGETS = {
    "page": f"/fhir/r4/Observation?_count={PAGE}",
    "newest": f"/fhir/r4/Observation?_sort=-date&_count={PAGE}&_total=none",
}


@dataclass(frozen=True, kw_only=True)
class Served:
    """One server's medians for one kind of request: requests a second, microseconds of CPU of the
    server's processes and of PostgreSQL for one."""

    server: str
    kind: str
    rate: float
    program: float
    postgres: float

    @property
    def cpu(self) -> float:
        return self.program + self.postgres


def measure(
    *,
    database_url: str,
    postgres_pid: int,
    users: int,
    requests: int,
    rounds: int,
    say: Callable[[str], None],
) -> list[Served]:
    """All servers in turns; in a round each is asked by every user at most once."""
    count = min(requests, users)
    taken: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    with psycopg.connect(database_url, autocommit=True) as connection, ExitStack() as stack:
        fids: dict[int, str] = dict(connection.execute(_FIDS, (count,)).fetchall())
        servers = {name: stack.enter_context(_server(name, database_url)) for name in (RAW, *NAMES)}
        for name, (_, port) in servers.items():
            _wait(name, port)
        for turn in range(rounds + 1):  # the first one warms
            for kind, entries in KINDS.items():
                for name, (pid, port) in servers.items():
                    connection.execute(
                        "update fhir_owner set seq = seq + 1 where owner <= %s", (count,)
                    )
                    sent = [_request(port, kind, user, fids) for user in range(1, count + 1)]
                    try:
                        figures = _run(pid, port, sent, entries, postgres_pid)
                    except (Wrong, OSError) as error:
                        raise Wrong(
                            f"{name} ({pid}), {kind}: {error}\n{_end_of_log(name)}"
                        ) from error
                    if turn:
                        taken.setdefault((name, kind), []).append(figures)
            say(f"  web: round {turn} of {rounds}")
    return [_served(name, kind, figures) for (name, kind), figures in taken.items()]


_FIDS = """
select owner, min(fid) from fhir_resource where owner <= %s group by owner
"""


def _request(port: int, kind: str, user: int, fids: Mapping[int, str]) -> bytes:
    target = TARGETS.get(kind) or f"/fhir/r4/Observation/{fids[user]}"
    return request(port, target, token_of(user))


def _run(
    pid: int, port: int, sent: Sequence[bytes], entries: int, postgres_pid: int
) -> tuple[float, float, float]:
    load = Load(port)
    try:
        meter = Meter(program=pid, postgres=postgres_pid)
        meter.start()
        begun = time.perf_counter()
        load.run(sent, entries=entries)
        seconds = time.perf_counter() - begun
        program, postgres = meter.stop()
    finally:
        load.close()
    return len(sent) / seconds, program / len(sent) * 1e6, postgres / len(sent) * 1e6


def _served(name: str, kind: str, figures: Sequence[tuple[float, float, float]]) -> Served:
    rate, program, postgres = (statistics.median(values) for values in zip(*figures, strict=True))
    return Served(server=name, kind=kind, rate=rate, program=program, postgres=postgres)


@contextmanager
def _server(name: str, database_url: str) -> Iterator[tuple[int, int]]:
    """Process id and port of a running server."""
    port = _free_port()
    base = f"http://127.0.0.1:{port}"
    if name == RAW:
        command = ["-m", "tests.benchmarks.raw_server", str(port), str(PROCESSES), base]
    else:
        command = ["-m", "gunicorn", "-c", "config/gunicorn.py", "tests.benchmarks.variants"]
    log = _log(name).open("wb")
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "ONEUP_PUBLIC_BASE_URL": base,
        "WEB_WORKERS": str(PROCESSES),
        "BENCHMARK_VARIANT": NAMES[0] if name == RAW else name,
    }
    process = subprocess.Popen(
        [sys.executable, *command], cwd=CHECKOUT, env=environment, stdout=log, stderr=log
    )
    try:
        yield process.pid, port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _wait(name: str, port: int) -> None:
    """Until the server answers."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            load = Load(port, connections=1)
        except OSError:
            if time.monotonic() > until:
                raise Wrong(f"{name} did not start: {_end_of_log(name)}") from None
            time.sleep(0.1)
            continue
        try:
            load.run([request(port, TARGETS["page"], token_of(1))], entries=PAGE)
        finally:
            load.close()
        return


def _end_of_log(name: str) -> str:
    return _log(name).read_text(errors="replace")[-2000:]


def _log(name: str) -> Path:
    return Path(os.environ["VAR_DIR"]) / f"{name}.log"


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
