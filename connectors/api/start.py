"""`GET /connect/system/{clinical|device}/{id}`: off to the source's own sign-in (wire contract
8.3).
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import clock
from accounts.models import Application
from connectors.api.call import connect_call
from connectors.api.caller import bearer_access
from connectors.app_wishes import readable_state, redirect_or_default
from connectors.catalog.find import system_to_connect
from connectors.linking import Asker
from connectors.pages.browser import browser_secret, origin, remember_browser
from connectors.pages.leaving import leave
from connectors.refusals import InvalidToken


@connect_call("GET", people=True)
def start(request: HttpRequest, kind: str, system_id: str) -> HttpResponse:
    """The access token in the address names the user; it goes no further than here."""
    now = clock.now()
    if settings.CONNECT_URL_TOKEN == "refuse":
        raise InvalidToken
    access = bearer_access(
        request.GET.get("access_token", ""), client_id=request.GET.get("client_id") or None, now=now
    )
    system = system_to_connect(system_id=system_id, kind=kind)
    if access.app_user_id is None:
        raise InvalidToken
    application = Application.objects.get(pk=access.application_id)
    browser = browser_secret(request)
    asker = Asker(
        app_user_id=access.app_user_id,
        application_id=application.pk,
        browser=browser,
        origin=origin(request),
        redirect_uri=redirect_or_default(application, request.GET.get("redirect_uri", "")),
        app_state=readable_state(request.GET.get("state", "")),
    )
    return remember_browser(leave(system, asker, now=now), browser)
