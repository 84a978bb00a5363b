"""The users of the benchmarks, and their tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import md5

from accounts.applications import create_client
from accounts.digests import digest
from accounts.models import AccessToken, AppUser
from accounts.scopes import EVERYTHING


def token_of(user: int) -> str:
    """A user's access token."""
    return md5(f"token of {user}".encode(), usedforsecurity=False).hexdigest()


def make_users(users: int, *, now: datetime) -> None:
    """One application with users from 1 on, each with a token."""
    application = create_client(
        email="bench@example.org",
        name="Benchmark",
        redirect_uris=["http://localhost:3000/callback"],
        now=now,
    ).application
    numbers = range(1, users + 1)
    AppUser.objects.bulk_create(
        [AppUser(pk=n, application=application, app_user_id=str(n), created=now) for n in numbers],
        batch_size=2_000,
    )
    AccessToken.objects.bulk_create(
        [
            AccessToken(
                user_id=n,
                application=application,
                token_checksum=digest(token_of(n)),
                expires=now + timedelta(days=1),
                scope=EVERYTHING,
            )
            for n in numbers
        ],
        batch_size=2_000,
    )
