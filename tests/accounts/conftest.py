"""Calls of this app's own URLs; the shipped routing is tested over a real socket elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.applications import NewClient

USER = "/user-management/v1/user"
AUTH_CODE = "/user-management/v1/user/auth-code"
TOKEN = "/fhir/oauth2/token"
TOKEN_PATHS = (TOKEN, "/oauth2/token")


@pytest.fixture(autouse=True)
def own_urls(settings: Any) -> None:
    settings.ROOT_URLCONF = "accounts.api.urls"


@pytest.fixture
def pass_time(db: None) -> Iterator[Callable[[timedelta], None]]:
    """Moves the clock of the demo forward."""

    def forward(by: timedelta) -> None:
        clock.advance(seconds=int(by.total_seconds()))

    clock.forget()
    yield forward
    clock.forget()


def secrets_of(app: NewClient) -> dict[str, str]:
    """The app's credentials as parameters."""
    return {"client_id": app.client_id, "client_secret": app.client_secret}


def call(path: str, given: dict[str, str], *, method: str = "POST") -> Any:
    """A call with everything in the query and no body, as the official demo client makes it."""
    return Client().generic(method, path, query_params=given)


def code_for(app: NewClient, app_user_id: str) -> str:
    """A fresh code of the app's user, by the API."""
    answered = call(AUTH_CODE, {**secrets_of(app), "app_user_id": app_user_id}).json()
    return str(answered["code"])


def redeem(app: NewClient, code: str, path: str = TOKEN) -> Any:
    """Trade a code for tokens."""
    grant = {"grant_type": "authorization_code", "code": code}
    return call(path, {**secrets_of(app), **grant})


def refresh(app: NewClient, refresh_token: str) -> Any:
    """Trade a refresh token for a new pair."""
    grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return call(TOKEN, {**secrets_of(app), **grant})
