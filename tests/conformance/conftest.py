"""Users by the dozen: every random world is a new user's, beside the worlds of all before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest

from accounts.app_users import create_app_user
from accounts.applications import NewClient
from tests.cast import token_pair
from tests.fhirstore.fhir_client import Fhir


@pytest.fixture
def newcomer(dana_app: NewClient, now: datetime) -> Callable[[], Fhir]:
    """Makes a new user of Dana's app and gives that user's calls."""
    numbers = count()

    def make() -> Fhir:
        user = create_app_user(
            application=dana_app.application,
            app_user_id=f"newcomer-{next(numbers)}",
            active=True,
            now=now,
        )
        return Fhir(token_pair(dana_app, user, now).access_token, user.pk, now)

    return make


@pytest.fixture
def fhir(newcomer: Callable[[], Fhir]) -> Fhir:
    """The calls of a user who has nothing yet."""
    return newcomer()
