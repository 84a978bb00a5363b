"""Leaving our pages: to the source, or back to the app with what happened."""

from __future__ import annotations

import logging
from datetime import datetime

from django.http import HttpResponse, HttpResponseRedirect

from accounts.models import Application
from connectors.errors import ConnectorError
from connectors.linking import Asker, Outcome, oauth_code, start_link
from connectors.models import System
from connectors.refusals import SourceAway
from connectors.return_address import return_address

logger = logging.getLogger(__name__)


def leave(system: System, asker: Asker, *, now: datetime) -> HttpResponse:
    """Send the browser to the source; back to the app where the source cannot be asked. Raises
    `SourceAway` for an app that has no address to return to.
    """
    try:
        return HttpResponseRedirect(start_link(system=system, asker=asker, now=now))
    except ConnectorError as error:
        logger.warning(
            "a link could not be started", extra={"system": system.pk, "reason": error.code}
        )
        if not asker.redirect_uri:
            raise SourceAway from error
        outcome = Outcome(
            redirect_uri=asker.redirect_uri,
            app_state=asker.app_state,
            system_name=system.name,
            application_name="",
            error=oauth_code(error),
            error_description=str(error),
        )
        return HttpResponseRedirect(return_address(outcome))


def not_now(application: Application, *, redirect_uri: str, app_state: str) -> str:
    """Where "back to the app" leads a person who connects nothing; empty where the app has no
    address.
    """
    if not redirect_uri:
        return ""
    return return_address(
        Outcome(
            redirect_uri=redirect_uri,
            app_state=app_state,
            system_name="",
            application_name=application.name,
            error="access_denied",
            error_description="the person chose nothing",
        )
    )
