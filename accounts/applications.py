"""A developer's client apps: create one, change its secret."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from accounts.digests import digest
from accounts.models import Application, User
from accounts.redirects import check_redirect_uri


@dataclass(frozen=True, kw_only=True)
class NewClient:
    """A client app just made. `client_secret` is shown here once and stored nowhere."""

    application: Application
    client_id: str
    client_secret: str
    developer: User

    def __repr__(self) -> str:
        return f"NewClient({self.client_id})"


def create_client(
    *,
    email: str,
    name: str,
    redirect_uris: Sequence[str],
    now: datetime,
    mode: str = Application.TEST,
) -> NewClient:
    """A new app of the developer with this e-mail address, who is made, without a password, if new.

    The first redirect URI is the default. Raises `accounts.redirects.BadRedirectUri`.
    """
    checked = [check_redirect_uri(uri, mode=mode) for uri in redirect_uris]
    secret = _new_secret()
    with transaction.atomic():
        developer = find_or_make_developer(email=email, now=now)
        application = Application.objects.create(
            user=developer,
            name=name,
            client_id=secrets.token_hex(16),
            client_secret="",
            hash_client_secret=False,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
            redirect_uris=" ".join(checked),
            secret_digest=digest(secret),
            mode=mode,
        )
    return NewClient(
        application=application,
        client_id=application.client_id,
        client_secret=secret,
        developer=developer,
    )


def find_or_make_developer(*, email: str, now: datetime) -> User:
    """The developer of this address, whatever its letter case; a new one has no password yet."""
    address = email.strip().lower()
    developer, _ = User.objects.get_or_create(
        username=address,
        defaults={"email": address, "password": make_password(None), "date_joined": now},
    )
    return developer


def rotate_secret(*, application: Application, grace: timedelta, now: datetime) -> str:
    """Give the app a new secret and return it, the only time it can be read; the old one works on
    for `grace`.
    """
    secret = _new_secret()
    with transaction.atomic():
        locked = Application.objects.select_for_update().get(pk=application.pk)
        locked.previous_secret_digest = locked.secret_digest if grace > timedelta(0) else ""
        locked.previous_secret_expires = now + grace if grace > timedelta(0) else None
        locked.secret_digest = digest(secret)
        locked.save(
            update_fields=["secret_digest", "previous_secret_digest", "previous_secret_expires"]
        )
    return secret


def _new_secret() -> str:
    return secrets.token_hex(20)
