"""The sandbox under Django's test client, with its own urls, and as a real process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from connectors.sandbox.world import world
from tests.connectors.sandbox_process import sandbox_process
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
    """The sandbox as a process of its own."""
    with sandbox_process(tmp_path_factory.mktemp("sandbox")) as base:
        yield base
