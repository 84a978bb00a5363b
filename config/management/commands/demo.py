"""`make run`: everything that a whole Careweave needs, from one command, in the foreground."""

from __future__ import annotations

import fcntl
import socket
import sys
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django_q.tasks import async_task

from accounts import clock
from config import database, env
from config.demo_app import DemoApp, demo_app
from config.postgres_server import Server, StartFailed
from config.processes import (
    Program,
    Stopped,
    Supervisor,
    ignore_signals,
    stop_on_signals,
)
from config.walk import walk
from sync import schedules

READY_SECONDS = 90
LARGEST_LOG = 20_000_000


class Command(BaseCommand):
    help = (
        "Runs a whole Careweave in the foreground: PostgreSQL (unless DATABASE_URL is set), web\n"
        "server, queue cluster and sandbox, with a demo developer and application. Ctrl-C or\n"
        "SIGTERM stops all of it.\n\n"
        "Example:\n  PORT=8100 VAR_DIR=/srv/careweave manage.py demo"
    )
    requires_system_checks: tuple[str, ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("demo is for trying out; see README, Deploying")
        self.begun = time.monotonic()
        with _only_one():
            self._check_ports()
            stop_on_signals()
            self.supervisor = Supervisor(say=self.say, record=settings.VAR_DIR / "processes.json")
            self.server: Server | None = None
            try:
                self._run()
            except StartFailed as error:
                raise CommandError(str(error)) from error
            except Stopped:
                self.say("stopping")
            finally:
                ignore_signals()
                self.supervisor.stop("database")
                if self.server is not None:
                    self.server.stop()
                self.supervisor.stop()
            self.say("stopped")

    def say(self, line: str) -> None:
        """A line of what is being done, at once."""
        self.stdout.write(f"[{time.monotonic() - self.begun:5.1f} s] {line}")
        self.stdout.flush()

    def _run(self) -> None:
        if settings.SANDBOX:
            self.say(f"starting the sandbox on port {settings.SANDBOX_PORT}")
            self._start("sandbox", *_gunicorn("gunicorn_sandbox", "connectors.sandbox.wsgi"))
        if not env.text("DATABASE_URL"):
            self._start_database()
        self.say("bringing the database's tables up to date")
        self.check()
        call_command("migrate", interactive=False, verbosity=0)
        self.say("loading the catalogue of hospitals and devices")
        call_command("load_catalogue", stdout=self.stdout, stderr=self.stderr)
        app = demo_app(folder=settings.SECRETS_DIR, now=clock.now())
        call_command("collectstatic", interactive=False, verbosity=0)
        schedules.ensure()
        async_task("sync.tasks.tick")
        connections.close_all()
        self.say(f"starting the web server on port {settings.PORT}, and the queue cluster")
        self._start("web", *_gunicorn("gunicorn", "config.wsgi"))
        self._start("cluster", sys.executable, "manage.py", "qcluster")
        ready = _Ready(time.monotonic() + READY_SECONDS)
        self.supervisor.watch(until=ready)
        self.say("ready" if ready.is_ready else "not ready yet: see the messages above")
        self._welcome(app)
        self.supervisor.watch()

    def _start(self, name: str, *command: str) -> None:
        extra = {
            "VAR_DIR": str(settings.VAR_DIR),
            "HOST": settings.HOST,
            "PORT": str(settings.PORT),
            "SANDBOX_PORT": str(settings.SANDBOX_PORT),
        }
        if name == "sandbox":
            state = settings.VAR_DIR / "sandbox"
            state.mkdir(mode=0o700, exist_ok=True)
            extra |= {"SANDBOX_STATE_DIR": str(state), "SANDBOX_SECRET": settings.SANDBOX_SECRET}
        program = Program(command, env.for_child(extra), settings.BASE_DIR, self._log(name))
        self.supervisor.run(name, program.start)

    def _log(self, name: str) -> Path:
        """The program's log; what a long earlier run wrote is put aside."""
        file: Path = settings.VAR_DIR / "log" / f"{name}.log"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        if file.exists() and file.stat().st_size > LARGEST_LOG:
            file.replace(file.with_suffix(".old.log"))
        return file

    def _start_database(self) -> None:
        home = database.embedded_place(settings.VAR_DIR)
        if home.base != settings.VAR_DIR:
            self.say(
                f"PostgreSQL does not run as root, and the account {home.account} cannot reach"
                f" {settings.VAR_DIR}: its data is in {home.base}"
            )
        password = database.embedded_password(settings.VAR_DIR)
        server = self.server = Server(place=home, password=password, say=self.say)
        self.say("starting PostgreSQL" + (f" as {home.account}" if home.account else ""))
        self.supervisor.run("database", server.start)

    def _check_ports(self) -> None:
        ports = {"PORT": settings.PORT}
        if settings.SANDBOX:
            ports["SANDBOX_PORT"] = settings.SANDBOX_PORT
        for name, port in ports.items():
            family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((settings.HOST, port))
                except OSError as error:
                    hint = f"{error.strerror}; choose another, as in {name}={port + 1}"
                    raise CommandError(f"{settings.HOST}:{port} cannot be used: {hint}") from error

    def _welcome(self, app: DemoApp) -> None:
        text = walk(
            readme=settings.BASE_DIR / "README.md",
            base_url=settings.PUBLIC_BASE_URL,
            client_id=app.client_id,
            client_secret=app.client_secret,
        )
        sandbox = "hospital 4706: fhirjason / epicepic1, wearable 4709: demo / demo"
        self.stdout.write(
            f"\n{text}\n\n"
            f"Careweave   {settings.PUBLIC_BASE_URL}\n"
            f"Admin       {settings.PUBLIC_BASE_URL}/admin/ with {app.email} / {app.password}\n"
            f"Demo app    client id {app.client_id}, client secret {app.client_secret}\n"
            + (f"Sandbox     {sandbox}\n" if settings.SANDBOX else "")
            + f"Logs        {settings.VAR_DIR / 'log'}\n"
            "The walk above may be pasted into another terminal. Ctrl-C stops everything.\n"
        )
        self.stdout.flush()


class _Ready:
    """Whether `/readyz` answers 200; also true once the time is over."""

    def __init__(self, until: float) -> None:
        self.until, self.is_ready = until, False

    def __call__(self) -> bool:
        web = HTTPConnection(settings.LOCAL, settings.PORT, timeout=5)
        try:
            web.request("GET", "/readyz")
            self.is_ready = web.getresponse().status == 200
        except OSError:
            self.is_ready = False
        finally:
            web.close()
        return self.is_ready or time.monotonic() > self.until


def _gunicorn(config: str, module: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(settings.BASE_DIR / f"config/{config}.py"),
    ]
    return [*command, f"{module}:application"]


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of this VAR_DIR; the system releases it however we end."""
    with open(settings.VAR_DIR / "demo.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"another run holds {settings.VAR_DIR}: choose another VAR_DIR"
            ) from None
        yield
