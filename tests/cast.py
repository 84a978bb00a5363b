"""The cast: developer Dana, her app with its users Alice and Bob, and Mallory's other app, who must
see nothing of theirs.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from accounts import clock
from accounts.app_users import create_app_user
from accounts.applications import NewClient, create_client
from accounts.models import AppUser, User
from accounts.tokens import TokenPair, issue_pair


@pytest.fixture
def now(db: None) -> datetime:
    """The instant a test begins."""
    return clock.now()


@pytest.fixture
def dana_app(now: datetime) -> NewClient:
    """Dana's app in test mode, with its client id and secret in clear."""
    return create_client(
        email="dana@example.org",
        name="Dana's app",
        redirect_uris=["http://localhost:3000/callback", "https://dana.example.org/back?x=1"],
        now=now,
    )


@pytest.fixture
def dana(dana_app: NewClient) -> User:
    return dana_app.developer


@pytest.fixture
def mallory_app(now: datetime) -> NewClient:
    return create_client(
        email="mallory@example.org",
        name="Mallory's app",
        redirect_uris=["https://mallory.example.org/"],
        now=now,
    )


def _user(app: NewClient, name: str, now: datetime) -> AppUser:
    return create_app_user(application=app.application, app_user_id=name, active=True, now=now)


@pytest.fixture
def alice(dana_app: NewClient, now: datetime) -> AppUser:
    return _user(dana_app, "alice", now)


@pytest.fixture
def bob(dana_app: NewClient, now: datetime) -> AppUser:
    return _user(dana_app, "bob", now)


@pytest.fixture
def mallory_user(mallory_app: NewClient, now: datetime) -> AppUser:
    """A user of Mallory's app who bears Alice's `app_user_id`."""
    return _user(mallory_app, "alice", now)


def token_pair(app: NewClient, user: AppUser, now: datetime, scope: str = "user/*.*") -> TokenPair:
    """A fresh pair of tokens for a user of the app."""
    return issue_pair(application=app.application, app_user=user, now=now, scope=scope)


@pytest.fixture
def alice_token(dana_app: NewClient, alice: AppUser, now: datetime) -> str:
    """Alice's access token."""
    return token_pair(dana_app, alice, now).access_token


@pytest.fixture
def bob_token(dana_app: NewClient, bob: AppUser, now: datetime) -> str:
    return token_pair(dana_app, bob, now).access_token


@pytest.fixture
def mallory_token(mallory_app: NewClient, mallory_user: AppUser, now: datetime) -> str:
    return token_pair(mallory_app, mallory_user, now).access_token
