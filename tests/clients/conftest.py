"""A running Careweave that other people's FHIR clients talk to over sockets. All tests of this
folder share one, in one worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.contract.api import App, User
from tests.e2e.stack import Stack

_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One server is enough, so one worker runs them all."""
    for item in items:
        if item.path.is_relative_to(__file__.removesuffix("conftest.py")):
            item.add_marker(pytest.mark.xdist_group("clients"))


@pytest.fixture(scope="session")
def clients_stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture(scope="session")
def clients_app(clients_stack: Stack) -> App:
    """The demo developer's application."""
    return App(clients_stack.base_url, clients_stack.client_id, clients_stack.client_secret)


@pytest.fixture
def new_person(clients_app: App) -> Callable[[], User]:
    """Makes a user who has nothing yet."""
    return lambda: clients_app.user(f"client-person-{next(_numbers)}")


@pytest.fixture
def person(new_person: Callable[[], User]) -> User:
    return new_person()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that ask the environment for a proxy reach the loopback themselves."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
