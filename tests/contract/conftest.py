"""One running Careweave (web server, cluster, sandbox, PostgreSQL) for all contract tests of a
worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.contract.api import App, User
from tests.contract.browser import Browser
from tests.e2e.stack import Stack

_numbers = count(1)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture(scope="session")
def app(stack: Stack) -> App:
    """The demo developer's application."""
    return App(stack.base_url, stack.client_id, stack.client_secret)


@pytest.fixture
def new_user(app: App) -> Callable[[], User]:
    """Makes a user of the demo application that nobody used before."""
    return lambda: app.user(f"person-{next(_numbers)}")


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return Browser(stop_at=stack.redirect_uri)
