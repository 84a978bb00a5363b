"""`/connect/session`: links for users without a token in any address (wire contract 9)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts import clock
from accounts.answers import answer
from accounts.app_users import InactiveUser, find_app_user
from accounts.client_auth import authenticate_client
from accounts.parameters import parameters
from connectors import page_links, sessions
from connectors.api.call import connect_call
from connectors.app_wishes import readable_state, registered_redirect
from connectors.catalog.find import system_to_connect
from connectors.pages.browser import browser_secret, is_prefetch, remember_browser


@connect_call("POST")
def make_session(request: HttpRequest) -> HttpResponse:
    """A new link, for the client's own server."""
    now = clock.now()
    given = parameters(request)
    application = authenticate_client(given, now=now)
    user = find_app_user(
        application=application,
        app_user_id=given.get("app_user_id", ""),
        oneup_user_id=given.get("oneup_user_id", ""),
    )
    if not user.active:
        raise InactiveUser
    system_id = given.get("system_id", "")
    secret = sessions.make_link(
        application=application,
        app_user_id=user.pk,
        system=system_to_connect(system_id=system_id) if system_id else None,
        redirect_uri=registered_redirect(application, given.get("redirect_uri", "")),
        app_state=readable_state(given.get("state", "")),
        now=now,
    )
    return answer(
        {
            "success": True,
            "url": f"{settings.HOSTS['api']}/connect/session/{secret}",
            "expires_in": int(sessions.LINK_LIFE.total_seconds()),
        }
    )


@connect_call("GET", "HEAD", people=True)
def follow_session(request: HttpRequest, secret: str) -> HttpResponse:
    """A person follows the link. Only that uses it up: no HEAD, and no prefetch, which is told to
    throw its answer away.
    """
    now = clock.now()
    if request.method == "HEAD" or is_prefetch(request):
        sessions.look_at_link(secret=secret, now=now)
        return HttpResponse(status=200 if request.method == "HEAD" else 503)
    browser = browser_secret(request)
    visit, system_id = sessions.use_link(secret=secret, browser=browser, now=now)
    onwards = "/connect/choose" if system_id is None else f"/connect/choose/{system_id}"
    return remember_browser(HttpResponseRedirect(f"{onwards}?visit={visit.public_id}"), browser)


@connect_call("GET", "HEAD", people=True)
def leave_page(request: HttpRequest, secret: str, system_id: str) -> HttpResponse:
    """A person follows a link of the search page, the marketplace or quick connect, in the top
    window. The first browser to do so is the only one that may.
    """
    now = clock.now()
    if request.method == "HEAD" or is_prefetch(request):
        page_links.look_at_page(secret=secret, now=now)
        return HttpResponse(status=200 if request.method == "HEAD" else 503)
    system = system_to_connect(system_id=system_id)
    browser = browser_secret(request)
    visit = page_links.leave_page(secret=secret, browser=browser, now=now)
    onwards = f"/connect/choose/{system.pk}?visit={visit.public_id}"
    return remember_browser(HttpResponseRedirect(onwards), browser)
