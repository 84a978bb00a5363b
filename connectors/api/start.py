"""`GET /connect/system/{clinical|device}/{id}`: off to the source's own sign-in (wire contract
8.3).
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import clock
from connectors.api.call import connect_call
from connectors.asked import asked
from connectors.catalog.find import system_to_connect
from connectors.pages.browser import browser_secret, origin, remember_browser
from connectors.pages.leaving import leave
from connectors.refusals import InvalidToken


@connect_call("GET", people=True)
def start(request: HttpRequest, kind: str, system_id: str) -> HttpResponse:
    """The access token in the address names the user; it goes no further than here."""
    now = clock.now()
    if settings.CONNECT_URL_TOKEN == "refuse":
        raise InvalidToken
    wish = asked(
        token=request.GET.get("access_token", ""),
        client_id=request.GET.get("client_id", ""),
        given=request.GET.dict(),
        now=now,
    )
    system = system_to_connect(system_id=system_id, kind=kind)
    browser = browser_secret(request)
    asker = wish.by(browser=browser, origin=origin(request))
    return remember_browser(leave(system, asker, now=now), browser)
