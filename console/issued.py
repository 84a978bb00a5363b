"""What the console makes for a user and shows once: a code, a pair of tokens, a connect link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.app_users import InactiveUser
from accounts.auth_codes import issue_code
from accounts.models import Application, AppUser
from accounts.tokens import issue_pair
from connectors import sessions
from connectors.app_wishes import default_redirect
from connectors.models import System

CODE, TOKEN, LINK = "code", "token", "link"
KINDS = (CODE, TOKEN, LINK)


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A value with its name, and the sentence below it; `id` is its element's on the page."""

    id: str
    name: str
    value: str
    note: str = ""

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What was made: `kind` is one of KINDS; `call` is a request to try it with, as curl; `url` a
    link to follow. To be shown once and stored nowhere.
    """

    kind: str
    title: str
    secrets: tuple[Secret, ...]
    call: str = ""
    url: str = ""

    def __repr__(self) -> str:
        return f"Issued({self.kind!r})"


def issue(
    kind: str,
    *,
    application: Application,
    app_user: AppUser,
    now: datetime,
    system: System | None = None,
) -> Issued:
    """Make one of KINDS for the user. `system` is where a connect link leads, None for the search
    page. Raises `InactiveUser`.
    """
    if not app_user.active:
        raise InactiveUser
    if kind == CODE:
        return _code(application, app_user, now)
    if kind == TOKEN:
        return _tokens(application, app_user, now)
    return _link(application, app_user, now, system)


def _code(application: Application, app_user: AppUser, now: datetime) -> Issued:
    code = Secret(
        id="code",
        name=_("Authorization code"),
        value=issue_code(app_user=app_user, now=now),
        note=_("Works once, within two hours."),
    )
    call = (
        f'curl -X POST "{settings.HOSTS["auth"]}/oauth2/token" \\\n'
        f'  -d client_id={application.client_id} -d client_secret="$CLIENT_SECRET" \\\n'
        '  -d grant_type=authorization_code -d code="$CODE"'
    )
    return Issued(
        kind=CODE, title=_("Copy the code now. It is not shown again."), secrets=(code,), call=call
    )


def _tokens(application: Application, app_user: AppUser, now: datetime) -> Issued:
    pair = issue_pair(application=application, app_user=app_user, now=now)
    return Issued(
        kind=TOKEN,
        title=_("Copy the token now. It is not shown again."),
        secrets=(
            Secret(
                id="access-token",
                name=_("Access token"),
                value=pair.access_token,
                note=_("Works for two hours."),
            ),
            Secret(
                id="refresh-token",
                name=_("Refresh token"),
                value=pair.refresh_token,
                note=_("Gives the next pair, once."),
            ),
        ),
        call=(
            f'curl -G "{settings.HOSTS["api"]}/fhir/r4/Observation" \\\n'
            '  -H "Authorization: Bearer $TOKEN"'
        ),
    )


def _link(
    application: Application, app_user: AppUser, now: datetime, system: System | None
) -> Issued:
    secret = sessions.make_link(
        application=application,
        app_user_id=app_user.pk,
        system=system if system and system.enabled and system.configured else None,
        redirect_uri=default_redirect(application),
        app_state="",
        now=now,
    )
    url = f"{settings.HOSTS['api']}/connect/session/{secret}"
    return Issued(
        kind=LINK,
        title=_("Give this link to the person, or open it yourself."),
        secrets=(
            Secret(
                id="connect-link",
                name=_("Connect link"),
                value=url,
                note=_("Works once, within ten minutes. Make a new one any time."),
            ),
        ),
        url=url,
    )
