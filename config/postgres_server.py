"""The embedded PostgreSQL server: made, started and stopped by the run command (and by the tests),
used by every process.

Only the wheel's programs are used, not its Python layer: that one opens every parent folder up to
`/` when run as root, and stops the server when its last handle goes. The server listens on a unix
socket only and asks for a password (scram).
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from config import secret_files
from config.postgres_place import Place, binaries, make_folder
from config.processes import told_when_parent_dies

USER = "careweave"
DATABASE = "careweave"
PORT = 5432
"""The number in the socket's file name; no network port is opened."""
START_SECONDS = 20
STOP_SECONDS = 30

QUIET = {
    "listen_addresses": "",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    "max_connections": "100",
    # Statements and row contents are patient data: they stay out of the server's log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
TESTING = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "256MB",
    "autovacuum_naptime": "10min",
}

Say = Callable[[str], None]


class StartFailed(Exception):
    """The server did not start; the text names its log."""


class Server:
    """One embedded server at a place. `say` gets a line for each step that takes a while."""

    def __init__(self, *, place: Place, password: str, say: Say) -> None:
        self.place, self.password, self.say = place, password, say
        self.bin = binaries(place.account)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, settings: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Make the server's files where there are none, start it and wait until it answers; our
        database exists then.

        `settings` come on top of ours. A server left running by a killed run is stopped first.
        """
        self._make(sync=(settings or {}).get("fsync") != "off")
        self._write_settings({**QUIET, **_memory(), **(settings or {})})
        self._stop_leftover()
        with self.place.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.place.data, "-k", self.place.sockets],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=told_when_parent_dies(signal.SIGINT),
                **self._identity(),
            )
        try:
            self._wait(self.process)
            self._make_database()
        except BaseException:
            self.stop()
            raise
        return self.process

    def stop(self) -> None:
        """Stop the server: running statements are cancelled, nothing committed is lost."""
        if self.process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
                try:
                    self.process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
        self.process = None

    def connect(self, database: str = DATABASE) -> psycopg.Connection[Any]:
        """A connection outside of Django, in autocommit mode."""
        return psycopg.connect(
            host=str(self.place.sockets),
            port=PORT,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _identity(self) -> dict[str, Any]:
        if self.place.account is None:
            return {}
        user = pwd.getpwnam(self.place.account)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _own(self, path: Path) -> None:
        if self.place.account is not None:
            user = pwd.getpwnam(self.place.account)
            os.chown(path, user.pw_uid, user.pw_gid)

    def _make(self, *, sync: bool) -> None:
        place = self.place
        make_folder(place.base)
        place.sockets.mkdir(mode=0o700, exist_ok=True)
        if place.account is None and place.sockets.stat().st_uid != os.geteuid():
            raise StartFailed(f"{place.sockets} belongs to somebody else")
        self._own(place.sockets)
        if (place.data / "PG_VERSION").exists():
            return
        self.say(f"making a PostgreSQL database in {place.data}")
        place.data.mkdir(mode=0o700, exist_ok=True)
        self._own(place.data)
        password_file = place.sockets / "password"
        secret_files.write(password_file, self.password)
        self._own(password_file)
        command: list[str | Path] = [self.bin / "initdb", "-D", place.data, "-U", USER]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if sync else ["--no-sync"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, cwd="/", check=False, **self._identity()
            )
        finally:
            password_file.unlink()
        if done.returncode:
            raise StartFailed(f"initdb failed: {done.stderr.strip()}")

    def _write_settings(self, settings: Mapping[str, str]) -> None:
        """Our settings are a file of their own, included from postgresql.conf, and follow the
        program's version."""
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        ours = self.place.data / "careweave.conf"
        ours.write_text("".join(lines))
        self._own(ours)
        main = self.place.data / "postgresql.conf"
        if "include 'careweave.conf'" not in main.read_text():
            with main.open("a") as file:
                file.write("\ninclude 'careweave.conf'\n")

    def _stop_leftover(self) -> None:
        command: list[str | Path] = [self.bin / "pg_ctl", "-D", self.place.data]
        options: dict[str, Any] = {"cwd": "/", "check": False, "capture_output": True}
        if subprocess.run([*command, "status"], **options, **self._identity()).returncode == 0:
            self.say("stopping a PostgreSQL that an earlier run left behind")
            stop: list[str | Path] = [*command, "stop", "-m", "fast", "-w"]
            subprocess.run(stop, **options, **self._identity())

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        begun, told = time.monotonic(), False
        while True:
            if process.poll() is not None:
                raise StartFailed(f"PostgreSQL did not start; see {self.place.log}")
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError as error:
                recovering = "starting up" in str(error) or "recover" in str(error)
                late = time.monotonic() - begun > START_SECONDS
                if late and not recovering:
                    raise StartFailed(f"PostgreSQL does not answer: {error}") from error
                if late and not told:
                    self.say("PostgreSQL is recovering after a crash; waiting for it")
                    told = True
                time.sleep(0.05)
            else:
                return

    def _make_database(self) -> None:
        with self.connect("postgres") as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if found.fetchone() is None:
                statement = sql.SQL("create database {}").format(sql.Identifier(DATABASE))
                connection.execute(statement)


def _memory() -> dict[str, str]:
    """A quarter of the machine's memory for PostgreSQL's own cache, at most 4 GB; half as its guess
    of what the system caches."""
    megabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    return {
        "shared_buffers": f"{max(64, min(4096, megabytes // 4))}MB",
        "effective_cache_size": f"{max(128, megabytes // 2)}MB",
    }
