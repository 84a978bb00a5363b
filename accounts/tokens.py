"""Access and refresh tokens: issue a pair, rotate it, replay a lost rotation, withdraw a family.

Only digests are stored. A family is the line of refresh tokens that began with one code; one caller
at a time works on a family (an advisory lock for the length of the transaction), so that of two
rotations one wins and a withdrawal misses no successor.
"""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from accounts.digests import digest
from accounts.encryption import decrypt, encrypt
from accounts.models import AccessToken, Application, AppUser, Grant, RefreshToken
from accounts.scopes import EVERYTHING

ACCESS_SECONDS = 2 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class TokenPair:
    """What a client is handed, in clear. `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    scope: str
    expires_in: int = ACCESS_SECONDS

    def __repr__(self) -> str:
        return f"TokenPair(scope={self.scope!r})"


def new_token() -> str:
    """A random token: 40 lower-case hex, 32 under the legacy style (wire contract 7.1)."""
    return secrets.token_hex(16 if settings.TOKEN_STYLE == "legacy" else 20)


def issue_pair(
    *,
    application: Application,
    app_user: AppUser,
    now: datetime,
    scope: str = EVERYTHING,
    refresh_scope: str | None = None,
    family: uuid.UUID | None = None,
) -> TokenPair:
    """Store and return a fresh pair for the user. `refresh_scope` is what later refreshes may ask
    (default: the same as `scope`); without `family` the pair begins one.
    """
    pair = TokenPair(access_token=new_token(), refresh_token=new_token(), scope=scope)
    access = AccessToken.objects.create(
        user=app_user,
        application=application,
        token_checksum=digest(pair.access_token),
        expires=now + timedelta(seconds=ACCESS_SECONDS),
        scope=scope,
    )
    RefreshToken.objects.create(
        user=app_user,
        application=application,
        token_checksum=digest(pair.refresh_token),
        token_family=family or uuid.uuid4(),
        access_token=access,
        expires=now + timedelta(days=settings.REFRESH_DAYS),
        scope=refresh_scope or scope,
    )
    return pair


def lock_refresh_token(*, application: Application, token: str) -> RefreshToken | None:
    """The application's refresh token with its user, its whole family locked until the transaction
    ends; None when unknown.
    """
    mine = RefreshToken.objects.filter(application=application, token_checksum=digest(token))
    family = mine.values_list("token_family", flat=True).first()
    if family is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(family)])
    return mine.select_related("user", "application").first()


def rotate(*, old: RefreshToken, scope: str, now: datetime) -> TokenPair:
    """Exchange a locked, unused refresh token for a new pair; earlier access tokens run on (wire
    contract 7.2).
    """
    pair = issue_pair(
        application=old.application,
        app_user=old.user,
        now=now,
        scope=scope,
        refresh_scope=old.scope,
        family=old.token_family,
    )
    _forget_replays(RefreshToken.objects.filter(token_family=old.token_family))
    old.revoked = now
    old.replay = encrypt(json.dumps(asdict(pair))) if settings.REFRESH_GRACE else ""
    old.save(update_fields=["revoked", "replay"])
    return pair


def replayed(*, old: RefreshToken, now: datetime) -> TokenPair | None:
    """The pair a locked, used refresh token was exchanged for, while it is the directly preceding
    one and its grace runs.
    """
    if not old.replay or old.revoked is None:
        return None
    age = now - old.revoked
    if age > timedelta(seconds=settings.REFRESH_GRACE):
        return None
    try:
        kept = json.loads(decrypt(old.replay))
    except InvalidToken:  # its encryption key was retired meanwhile
        return None
    return TokenPair(**{**kept, "expires_in": ACCESS_SECONDS - max(0, int(age.total_seconds()))})


def revoke_family(*, family: uuid.UUID, now: datetime) -> None:
    """Withdraw every refresh and access token of a locked family."""
    tokens = RefreshToken.objects.filter(token_family=family)
    AccessToken.objects.filter(refresh_token__in=tokens).delete()
    tokens.filter(revoked=None).update(revoked=now)
    _forget_replays(tokens)


def revoke_application(*, application: Application, now: datetime) -> None:
    """Withdraw everything an application was given: codes, access and refresh tokens of all its
    users.
    """
    Grant.objects.filter(application=application).delete()
    AccessToken.objects.filter(application=application).delete()
    RefreshToken.objects.filter(application=application, revoked=None).update(revoked=now)
    _forget_replays(RefreshToken.objects.filter(application=application))


def clear_expired(*, now: datetime) -> int:
    """Delete codes and tokens that ran out more than a day ago, and replay records past their
    grace. Returns the rows deleted.
    """
    before = now - timedelta(days=1)
    past_grace = now - timedelta(seconds=settings.REFRESH_GRACE)
    _forget_replays(RefreshToken.objects.filter(revoked__lt=past_grace))
    deleted = 0
    for model in (Grant, RefreshToken, AccessToken):
        deleted += model.objects.filter(expires__lt=before).delete()[0]
    return deleted


def _forget_replays(tokens: QuerySet[RefreshToken]) -> None:
    tokens.exclude(replay="").update(replay="")
