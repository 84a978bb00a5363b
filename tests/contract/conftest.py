"""One running Careweave (web server, cluster, sandbox, PostgreSQL) for all contract tests of a
worker; another with the settings of older apps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.contract.api import SECOND_APP_ROOT, App, User
from tests.contract.browser import Browser
from tests.contract.journey import AT_EPIC, EPIC_LOGIN, data_has_arrived, sign_in
from tests.e2e.stack import Stack

LEGACY = {
    "ONEUP_TOKEN_STYLE": "legacy",
    "ONEUP_SEARCH_STYLE": "legacy",
    "ONEUP_WRITE_ID_STYLE": "hashed",
    "ONEUP_FULLURL_STYLE": "short",
}

_numbers = count(1)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture(scope="session")
def app(stack: Stack) -> App:
    """The demo developer's application."""
    return App(stack.base_url, stack.client_id, stack.client_secret)


@pytest.fixture(scope="session")
def second_app(stack: Stack) -> App:
    """Another developer's application; people return to its root, `SECOND_APP_ROOT`."""
    made = json.loads(
        stack.manage(
            "create_client",
            "--email=second@example.org",
            "--name=Second app",
            f"--redirect-uri={SECOND_APP_ROOT}",
            "--json",
        )
    )
    return App(stack.base_url, made["client_id"], made["client_secret"])


@pytest.fixture(scope="session")
def at_epic(stack: Stack, app: App) -> User:
    """The user `AT_EPIC` of the demo application, connected to 4706, whose data is there. For tests
    that only read."""
    return _at_epic(stack, app)


@pytest.fixture(scope="session")
def legacy_stack() -> Iterator[Stack]:
    with Stack(env=LEGACY) as running:
        yield running


@pytest.fixture(scope="session")
def legacy_app(legacy_stack: Stack) -> App:
    """The demo developer's application under the legacy settings."""
    return App(legacy_stack.base_url, legacy_stack.client_id, legacy_stack.client_secret)


@pytest.fixture(scope="session")
def legacy_at_epic(legacy_stack: Stack, legacy_app: App) -> User:
    """`at_epic` under the legacy settings."""
    return _at_epic(legacy_stack, legacy_app)


def _at_epic(stack: Stack, app: App) -> User:
    person = app.user(AT_EPIC)
    sign_in(person.connect_url("clinical", 4706), EPIC_LOGIN, stop_at=stack.redirect_uri)
    data_has_arrived(person)
    return person


@pytest.fixture
def new_user(app: App) -> Callable[[], User]:
    """Makes a user of the demo application that nobody used before."""
    return lambda: app.user(f"person-{next(_numbers)}")


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return Browser(stop_at=stack.redirect_uri)
