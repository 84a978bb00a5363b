"""The sandbox under Django's test client, with its own urls, and as a real process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.test import override_settings

from connectors.sandbox.world import world
from tests.sandbox.visitor import Visitor


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path) -> Iterator[None]:
    """A sandbox of its own for each test."""
    with override_settings(
        ROOT_URLCONF="connectors.sandbox.urls",
        MIDDLEWARE=[],
        SANDBOX_STATE_DIR=str(tmp_path / "sandbox"),
        SANDBOX_SECRET="a-secret-of-the-tests",
    ):
        yield
        world().state.close()


@pytest.fixture
def jason() -> Visitor:
    """Jason, connected to the hospital with everything shared."""
    visitor = Visitor()
    visitor.connect("fhirjason", "epicepic1")
    return visitor


@pytest.fixture
def walker() -> Visitor:
    """The demo walker, connected to the wearable with everything shared."""
    visitor = Visitor(system=4709)
    visitor.connect("demo", "demo")
    return visitor


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox started by `python -m connectors.sandbox` on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "connectors.sandbox", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--state-dir", str(folder)],
        env={**os.environ, "SANDBOX_SECRET": "of-the-process"},
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(base: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            requests.get(f"{base}/sandbox.css", timeout=5)
        except requests.ConnectionError:
            assert time.monotonic() < end, "the sandbox did not start"
            time.sleep(0.05)
        else:
            return
