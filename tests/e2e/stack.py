"""A whole Careweave with real processes, as `make run` starts it, in a folder and on ports of its
own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from config.demo_app import REDIRECT_URI
from tests.e2e.hospital import Record, hospital_record

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 150
STOP_SECONDS = 60


class Stack:
    """Runs from `with Stack() as stack:` to the end of the block. `env` is put on top of the
    environment."""

    redirect_uri = REDIRECT_URI

    def __init__(self, *, env: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self._folder = folder
        self._extra = dict(env or {})
        self.process: subprocess.Popen[bytes] | None = None

    # --- from start to stop -------------------------------------------------------------------

    def __enter__(self) -> Stack:
        self.folder = self._folder or Path(tempfile.mkdtemp(prefix="careweave-e2e-"))
        if self._folder is None:
            self.folder.chmod(0o711)  # ours; root's PostgreSQL runs under another account
        self.var_dir = self.folder / "var"
        web, sandbox = free_ports(2)
        self.base_url, self.sandbox_url = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{sandbox}"
        ours = {"PORT": str(web), "SANDBOX_PORT": str(sandbox), "VAR_DIR": str(self.var_dir)}
        self.env = {**_clean_environment(), **ours, **self._extra}
        with ExitStack() as undo:
            undo.callback(self._remove)
            undo.callback(self.stop)
            self.start()
            undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.stop()
        finally:
            self._remove()

    def start(self) -> None:
        """Start the run command and wait until it says that all is ready. Also after `stop`, with
        the same data."""
        begun = len(self.announced()) if self.folder_exists() else 0
        self.var_dir.mkdir(exist_ok=True)
        with self._stdout.open("ab") as out, self._stderr.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=CHECKOUT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        until = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything." not in self.announced()[begun:]:
            assert self.process.poll() is None, f"ended at once: {self.output()[-4000:]}"
            assert time.monotonic() < until, f"not up in {START_SECONDS} s: {self.output()[-4000:]}"
            time.sleep(0.1)
        assert "not ready yet" not in self.announced()[begun:], self.output()[-4000:]

    def stop(self) -> None:
        """SIGTERM to the run command, as a terminal's Ctrl-C would; waits until it has ended."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process = None

    def folder_exists(self) -> bool:
        """Whether this stack was started before."""
        return self._stdout.exists()

    def _remove(self) -> None:
        record = self.var_dir / "postgres.json"
        base = json.loads(record.read_text())["base"] if record.exists() else "."
        if base != ".":
            shutil.rmtree(base, ignore_errors=True)
        shutil.rmtree(self.var_dir if self._folder else self.folder, ignore_errors=True)

    # --- what is known of it ------------------------------------------------------------------

    @property
    def client_id(self) -> str:
        return self._demo_app()["client_id"]

    @property
    def client_secret(self) -> str:
        return self._demo_app()["client_secret"]

    @property
    def password(self) -> str:
        """The demo developer's."""
        return self._demo_app()["password"]

    def pids(self) -> dict[str, int]:
        """The main processes: `web`, `cluster`, `sandbox`, `database`."""
        return dict(json.loads((self.var_dir / "processes.json").read_text()))

    def processes(self) -> list[psutil.Process]:
        """The run command and everything below it."""
        assert self.process is not None
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def announced(self) -> str:
        """What the run command printed, the demo's own keys among it."""
        return self._stdout.read_text()

    def logs(self) -> str:
        """What all processes logged, PostgreSQL's own log included; no secret may be in here."""
        files = [self._stderr, *(self.var_dir / "log").glob("*.log"), self._database_log()]
        return "".join(file.read_text() for file in files if file.exists())

    def output(self) -> str:
        """Everything that was printed or logged."""
        return self.announced() + self.logs()

    def secrets(self) -> set[str]:
        """The values of all secret files."""
        found: set[str] = set()
        for file in (self.var_dir / "secrets").iterdir():
            found.update([] if file.suffix == ".json" else file.read_text().split())
        app = self._demo_app()
        return found | {app["client_secret"], app["password"]}

    def sandbox_expected(self, system: str, account: str) -> Record:
        """What the sandbox hospital holds of this account's patient: type → source id → resource,
        read over its own API."""
        return hospital_record(f"{self.sandbox_url}/hospital/{system}", account)

    # --- what can be done to it ---------------------------------------------------------------

    def manage(self, *arguments: str) -> str:
        """A `manage.py` command beside the running stack; its standard output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout

    def queue_tick(self) -> None:
        """Let the clock tick now rather than within a minute."""
        self.manage("shell", "--no-imports", "-c", _TICK)

    def queue_tick_until(self, condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """The first true answer of `condition`, with a tick every few seconds meanwhile."""
        until = time.monotonic() + seconds
        tick_at = 0.0
        while True:
            answer = condition()
            if answer:
                return answer
            now = time.monotonic()
            assert now < until, f"not within {seconds:.0f} s: {what}\n{self.output()[-3000:]}"
            if now >= tick_at:
                self.queue_tick()
                tick_at = time.monotonic() + 3
            time.sleep(0.25)

    # --- inside -------------------------------------------------------------------------------

    @property
    def _stdout(self) -> Path:
        return self.folder / "stdout.log"

    @property
    def _stderr(self) -> Path:
        return self.folder / "stderr.log"

    def _database_log(self) -> Path:
        base = json.loads((self.var_dir / "postgres.json").read_text())["base"]
        return self.var_dir / str(base) / "postgres.log"

    def _demo_app(self) -> dict[str, str]:
        return dict(json.loads((self.var_dir / "secrets" / "demo_app.json").read_text()))


_TICK = "from django_q.tasks import async_task; async_task('sync.tasks.tick')"


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, each another."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _clean_environment() -> dict[str, str]:
    """Ours, without what would change how the stack runs."""
    mine = ("DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "SANDBOX", "HOST", "SECRET_KEY", "VAR_DIR")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in mine and not name.startswith(("ONEUP_", "PYTEST", "DJANGO"))
    }
