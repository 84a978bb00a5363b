"""The OAuth dance with an outside system, as two functions (wire contract 8.3, 8.4).

An attempt is single use, lives ten minutes and is bound to a user, an app and a browser: without
the last, a link passed on would put a stranger's record into the account of who made it. The
network is used between transactions, never within one.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

from accounts.digests import digest
from connectors import dance
from connectors.errors import ConnectorError, Denied, Malformed, RateLimited, Unavailable
from connectors.member_events import member_events
from connectors.models import Connection, LinkAttempt, System

LIFE = timedelta(minutes=10)

_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_DESCRIPTION = 200
_SAID = {
    "access_denied": "the person or the source did not agree",
    "temporarily_unavailable": "the source does not answer at the moment",
    "server_error": "the source answered with an error",
    "invalid_request": "the source sent no code",
}


@dataclass(frozen=True, kw_only=True)
class Asker:
    """For whom a dance is danced. `browser` is the browser cookie's secret, `origin` the scheme and
    host that the browser used, `redirect_uri` one that the app registered, or empty where it has
    none.
    """

    app_user_id: int
    application_id: int
    browser: str
    origin: str
    redirect_uri: str
    app_state: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a dance ended. With `error` empty it is a success, and `iss` is the source. The texts are
    safe to show; `redirect_uri` is where the browser belongs now, empty where the app has none.
    """

    redirect_uri: str
    app_state: str
    system_name: str
    application_name: str
    iss: str = ""
    error: str = ""
    error_description: str = ""

    @property
    def success(self) -> bool:
        return not self.error


class LinkingError(Exception):
    """A return from a source that ends no dance of this browser: nobody is redirected to an app."""


class UnknownState(LinkingError):
    """No dance has this state."""


class StateUsed(LinkingError):
    """The dance of this state is over."""


class OtherBrowser(LinkingError):
    """The dance was begun in another browser, at `origin`."""

    def __init__(self, origin: str) -> None:
        super().__init__("begun in another browser")
        self.origin = origin


def callback_url() -> str:
    """The one redirect URI that we register with every source."""
    return f"{settings.HOSTS['api']}/connect/callback"


def start_link(*, system: System, asker: Asker, now: datetime) -> str:
    """Begin a dance: the URL at the source to send this browser to. Raises `ConnectorError` when
    the source cannot be asked for it; nothing is begun then.
    """
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    url = dance.authorization_url(
        system, state=state, code_challenge=challenge, redirect_uri=callback_url()
    )
    with transaction.atomic():
        LinkAttempt.objects.create(
            state_digest=digest(state),
            browser_digest=digest(asker.browser),
            app_user_id=asker.app_user_id,
            application_id=asker.application_id,
            system=system,
            code_verifier=verifier,
            redirect_uri=asker.redirect_uri,
            app_state=asker.app_state,
            origin=asker.origin,
            created=now,
            expires=now + LIFE,
        )
        member_events().system_selected(asker.app_user_id, system, now)
    return url


def complete_link(
    *,
    state: str,
    browser: str,
    code: str,
    error: str,
    error_description: str,
    now: datetime,
) -> Outcome:
    """End the dance of this state: exchange the code, store the connection and, after commit, queue
    its first sync. Every failure of the source is an `Outcome` too.

    Raises `UnknownState`, `OtherBrowser` (the dance goes on where it was begun) and `StateUsed`.
    """
    attempt = (
        LinkAttempt.objects.select_related("system", "application")
        .filter(state_digest=digest(state))
        .first()
    )
    if attempt is None:
        raise UnknownState
    if not hmac.compare_digest(digest(browser), attempt.browser_digest):
        raise OtherBrowser(attempt.origin)
    verifier = attempt.code_verifier.reveal()
    claimed = LinkAttempt.objects.filter(pk=attempt.pk, used_at=None)
    if not claimed.update(used_at=now, code_verifier=""):
        raise StateUsed
    if now >= attempt.expires:
        late = "the sign-in took longer than ten minutes"
        return _failed(attempt, "invalid_request", late, now=now)
    if error or not code:
        return _refused(attempt, error or "invalid_request", error_description, now=now)
    try:
        grant = dance.exchange_code(
            attempt.system,
            code=code,
            code_verifier=verifier,
            redirect_uri=callback_url(),
            now=now,
        )
        _check_storable(grant)
    except ConnectorError as problem:
        return _failed(attempt, oauth_code(problem), str(problem), now=now)
    if not _connect(attempt, grant, now=now):
        return _ended(attempt, "access_denied", "the user's data was erased meanwhile")
    return _outcome(attempt, iss=grant.iss)


def _check_storable(grant: dance.TokenGrant) -> None:
    """A source chooses these texts; they must fit our columns."""
    named = (grant.account, grant.base, grant.iss)
    if any("\x00" in text for text in (*named, grant.scope)) or any(
        len(text) > longest for text, longest in zip(named, (255, 500, 500), strict=True)
    ):
        raise Malformed("the sign-in named an account that is no account")


def _connect(attempt: LinkAttempt, grant: dance.TokenGrant, *, now: datetime) -> bool:
    """Store the grant as a new connection, or as the renewal of the one to the same account. False
    where the attempt was taken back meanwhile, which an erasure of the user's data does.
    """
    tokens = {
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "token_expires_at": grant.expires_at,
        "scope": grant.scope,
        "iss": grant.iss,
    }
    with transaction.atomic():
        if not LinkAttempt.objects.select_for_update().filter(pk=attempt.pk).exists():
            return False
        connection, created = Connection.objects.select_for_update().get_or_create(
            app_user_id=attempt.app_user_id,
            system_id=attempt.system_id,
            base=grant.base,
            account=grant.account,
            defaults={
                **tokens,
                "public_id": f"c_{secrets.token_hex(8)}",
                "connected_at": now,
                "next_sync_at": now,
            },
        )
        if not created:
            changed = {**tokens, **_renewed(connection, now=now)}
            for name, value in changed.items():
                setattr(connection, name, value)
            connection.save(update_fields=list(changed))
        member_events().authorized(connection, now)
        # Robust: the connection is due anyway, so a queue that is away only costs the haste.
        pk = connection.pk
        transaction.on_commit(lambda: async_task(settings.FIRST_SYNC_TASK, pk), robust=True)
    return True


def _renewed(connection: Connection, *, now: datetime) -> dict[str, object]:
    """The other columns of a connection that got new tokens: due at once, its errors forgotten. A
    run and a refresh that still use the old tokens lose their claims. What a source asked us to
    wait for, and what staff parked, stays.
    """
    live = connection.status in Connection.LIVE
    told_to_wait = connection.last_error_code == RateLimited.code
    return {
        "status": Connection.PENDING,
        "connected_at": connection.connected_at if live else now,
        "next_sync_at": now,
        "held_until": connection.held_until if told_to_wait else None,
        "token_generation": connection.token_generation + 1,
        "refresh_lease_until": None,
        "lease_until": None,
        "lease_id": None,
        "failures": 0,
        "last_error_code": "",
        "last_error_message": "",
        "last_error_at": None,
    }


def _refused(attempt: LinkAttempt, error: str, description: str, *, now: datetime) -> Outcome:
    """What a source wrote into the return address, made harmless."""
    if not _ERROR_CODE.fullmatch(error):
        error = "server_error"
    return _failed(attempt, error, description, now=now)


def _failed(attempt: LinkAttempt, error: str, description: str, *, now: datetime) -> Outcome:
    """An end without a connection, told to the user's record, unless that was erased meanwhile."""
    with transaction.atomic():
        if LinkAttempt.objects.select_for_update().filter(pk=attempt.pk).exists():
            member_events().not_established(attempt.app_user_id, attempt.system, error, now)
    return _ended(attempt, error, description)


def _ended(attempt: LinkAttempt, error: str, description: str) -> Outcome:
    printable = "".join(c if c.isprintable() else " " for c in description)
    return _outcome(
        attempt,
        error=error,
        error_description=printable.strip()[:_LONGEST_DESCRIPTION] or _SAID.get(error, error),
    )


def _outcome(attempt: LinkAttempt, **result: str) -> Outcome:
    return Outcome(
        redirect_uri=attempt.redirect_uri,
        app_state=attempt.app_state,
        system_name=attempt.system.name,
        application_name=attempt.application.name,
        **result,
    )


def oauth_code(problem: ConnectorError) -> str:
    """The OAuth error code under which an app is told of a source's failure (RFC 6749 4.1.2.1)."""
    if isinstance(problem, Denied):
        return problem.error if _ERROR_CODE.fullmatch(problem.error) else "server_error"
    if isinstance(problem, Unavailable | RateLimited):
        return "temporarily_unavailable"
    return "server_error"
