"""A PostgreSQL of the benchmark's own, in a folder that goes with it, and our project set up on
it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import django

CHECKOUT = Path(__file__).resolve().parents[2]

LOADING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Rows that go into a table made empty in the same transaction need no log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "maintenance_work_mem": "512MB",
    "autovacuum": "off",
}
"""How the server runs while the tables are filled."""


class Bench:
    """Runs from `with Bench() as bench:` to the end of the block; leaves nothing behind.

    `folder` is where everything is kept meanwhile: a new folder in VAR_DIR, where that is set, else
    in `var/` of the checkout. Settings are those of production, but for what `settings` says.
    """

    def __init__(self, *, say: Callable[[str], None], settings: Mapping[str, str]) -> None:
        self._say = say
        self._settings = dict(settings)

    def __enter__(self) -> Bench:
        parent = Path(os.environ.get("VAR_DIR") or CHECKOUT / "var")
        parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix="benchmark-", dir=parent))
        try:
            self._set_up()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.server.stop()
        finally:
            self._remove()

    def _set_up(self) -> None:
        self.folder.chmod(0o711)  # ours; root's PostgreSQL runs under another account
        for name in [name for name in os.environ if name.startswith("ONEUP_")]:
            del os.environ[name]
        os.environ |= {
            "VAR_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SANDBOX": "off",
            "STATEMENT_SECONDS": "60",  # as in the web server, with its way of planning
        }
        from config import database
        from config.postgres_server import DATABASE, Server

        home, password = (
            database.embedded_place(self.folder),
            database.embedded_password(self.folder),
        )
        self.home = home
        self.server = Server(place=home, password=password, say=self._say)
        self.server.start(settings={**self._settings, **LOADING})
        sockets = str(home.sockets).replace("/", "%2F")
        os.environ["DATABASE_URL"] = f"postgres://careweave:{password}@{sockets}:5432/{DATABASE}"
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)

    def durable(self) -> None:
        """Start the server anew as production runs it, commits on disk and all."""
        from django.db import connections

        connections.close_all()
        self.server.stop()
        self.server.start(settings=self._settings)

    @property
    def postgres_pid(self) -> int:
        assert self.server.process is not None
        return self.server.process.pid

    def _remove(self) -> None:
        record = getattr(self, "home", None)
        shutil.rmtree(self.folder, ignore_errors=True)
        if record is not None and record.base != self.folder:
            shutil.rmtree(record.base, ignore_errors=True)
        if record is not None and record.sockets.parent != record.base:
            shutil.rmtree(record.sockets, ignore_errors=True)
