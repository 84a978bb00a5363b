"""For whom an app asks for a connection, and with which wishes: what an access token and the
parameters beside it say (wire contract 8.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.access import AccessRefused, access_for_token
from accounts.models import Application
from connectors.app_wishes import readable_state, redirect_or_default
from connectors.linking import Asker
from connectors.refusals import InvalidToken


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A user of an application; `redirect_uri` is a registered one, or empty where it has none."""

    application: Application
    app_user_id: int
    redirect_uri: str
    app_state: str

    def by(self, *, browser: str, origin: str) -> Asker:
        """The same, by a browser that is known by its cookie's secret and came under `origin`."""
        return Asker(
            app_user_id=self.app_user_id,
            application_id=self.application.pk,
            browser=browser,
            origin=origin,
            redirect_uri=self.redirect_uri,
            app_state=self.app_state,
        )


def asked(*, token: str, client_id: str, given: Mapping[str, str], now: datetime) -> Asked:
    """What the token says, of this client where one is named, with `redirect_uri` and `state` of
    `given`. Raises `InvalidToken` and `BadState`.
    """
    try:
        access = access_for_token(token, client_id=client_id or None, now=now)
    except AccessRefused as error:
        raise InvalidToken from error
    if access.app_user_id is None:
        raise InvalidToken
    application = Application.objects.get(pk=access.application_id)
    return Asked(
        application=application,
        app_user_id=access.app_user_id,
        redirect_uri=redirect_or_default(application, given.get("redirect_uri", "")),
        app_state=readable_state(given.get("state", "")),
    )
