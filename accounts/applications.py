"""A developer's client apps: create one, change its secret, its redirect URIs, its name and
mode."""

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

ENDING = 4


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
    for uri in redirect_uris:
        check_redirect_uri(uri, mode=mode)
    with transaction.atomic():
        developer = find_or_make_developer(email=email, now=now)
        return create_application(
            developer=developer, name=name, redirect_uris=redirect_uris, mode=mode, now=now
        )


def create_application(
    *,
    developer: User,
    name: str,
    redirect_uris: Sequence[str],
    now: datetime,
    mode: str = Application.TEST,
) -> NewClient:
    """A new app of this developer; see `create_client`."""
    checked = [check_redirect_uri(uri, mode=mode) for uri in redirect_uris]
    secret = _new_secret()
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
        secret_ending=secret[-ENDING:],
        secret_made=now,
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
    kept = grace > timedelta(0)
    with transaction.atomic():
        locked = Application.objects.select_for_update().get(pk=application.pk)
        locked.previous_secret_digest = locked.secret_digest if kept else ""
        locked.previous_secret_ending = locked.secret_ending if kept else ""
        locked.previous_secret_expires = now + grace if kept else None
        locked.secret_digest = digest(secret)
        locked.secret_ending = secret[-ENDING:]
        locked.secret_made = now
        locked.save(
            update_fields=[
                "secret_digest",
                "secret_ending",
                "secret_made",
                "previous_secret_digest",
                "previous_secret_ending",
                "previous_secret_expires",
            ]
        )
    return secret


def end_previous_secret(*, application: Application) -> None:
    """The rotated secret works no more, whatever is left of its time."""
    Application.objects.filter(pk=application.pk).update(
        previous_secret_digest="", previous_secret_ending="", previous_secret_expires=None
    )


def change_redirect_uris(*, application: Application, uris: Sequence[str]) -> None:
    """Register exactly these, the first as the default. Raises
    `accounts.redirects.BadRedirectUri`, and `ValueError` for none at all.
    """
    checked = [check_redirect_uri(uri, mode=application.mode) for uri in uris]
    if not checked:
        raise ValueError("an app has at least one redirect URL")
    once = list(dict.fromkeys(checked))
    Application.objects.filter(pk=application.pk).update(redirect_uris=" ".join(once))


def change_mode(*, application: Application, mode: str) -> None:
    """Into test or live mode. Raises `accounts.redirects.BadRedirectUri` where a registered URI may
    not be used there.
    """
    for uri in application.redirect_uris.split():
        check_redirect_uri(uri, mode=mode)
    Application.objects.filter(pk=application.pk).update(mode=mode)


def rename(*, application: Application, name: str) -> None:
    """Another name, which people see when they connect."""
    Application.objects.filter(pk=application.pk).update(name=name)


def _new_secret() -> str:
    return secrets.token_hex(20)
