"""One embedded PostgreSQL for a whole test run, shared by all its workers; DATABASE_URL, where set,
names another server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config import database
from config.postgres_server import TESTING, Server
from fhirstore.search import totals

pytest_plugins = ["tests.cast"]

_SERVER = pytest.StashKey[Server]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the server in the process that began the run; workers find it in the environment they
    inherit."""
    if os.environ.get("DATABASE_URL") or config.option.collectonly or config.option.help:
        return
    var_dir = Path(os.environ["VAR_DIR"])
    home, password = database.embedded_place(var_dir), database.embedded_password(var_dir)
    server = Server(place=home, password=password, say=lambda line: None)
    server.start(settings=TESTING)
    config.stash[_SERVER] = server
    os.environ["DATABASE_URL"] = (
        f"postgres://careweave:{password}@{str(home.sockets).replace('/', '%2F')}:5432/careweave"
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_SERVER, None)
    if server is not None:
        server.stop()


@pytest.fixture(autouse=True)
def no_total_of_before() -> None:
    """Totals are remembered under numbers that tests roll back and use again."""
    totals.forget()
