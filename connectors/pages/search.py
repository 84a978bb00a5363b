"""`/search` and `/connect/marketplace`: find a hospital or device, in a frame of the app's or alone
(wire contract 11.1, 11.2).

Going on is a link into the top window, for sources refuse frames. Searching on is a form that posts
the page's key, so it works where cookies are blocked and without scripts.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from connectors.api.call import connect_call
from connectors.page_links import PageLink
from connectors.pages.browser import is_framed
from connectors.pages.finding import finding
from connectors.pages.leaving import not_now
from connectors.pages.opening import opened, remember_page

SEARCH, MARKETPLACE = "/search", "/connect/marketplace"
_WISHES = ("client_id", "redirect_uri", "state")


@connect_call("GET", "HEAD", "POST", people=True)
def search(request: HttpRequest, client_id: str = "") -> HttpResponse:
    """The page; without a token it waits for the one that its parent frame sends."""
    if request.method != "POST" and not {"access_token", "page"} & request.GET.keys():
        return _waiting(request, client_id)
    page = opened(request, client_id=client_id, now=clock.now())
    return _found(request, page, path=SEARCH, framed=is_framed(request))


@connect_call("GET", "HEAD", "POST", people=True)
def marketplace(request: HttpRequest) -> HttpResponse:
    """The same list for a low frame, without head and foot."""
    page = opened(request, now=clock.now())
    return _found(request, page, path=MARKETPLACE, framed=True)


def _found(request: HttpRequest, page: PageLink, *, path: str, framed: bool) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    values = {
        **finding(
            given=given.dict(),
            app_user_id=page.app_user_id,
            href=lambda system_id: f"/connect/session/{page.secret}/{system_id}",
            now=clock.now(),
        ),
        "app_name": page.application.name,
        "framed": framed,
        "method": "post",
        "action": path,
        "hidden": {"key": page.key},
        "address": f"{path}?page={page.mark}",
        "top": True,
        "back": not_now(page.application, redirect_uri=page.redirect_uri, app_state=page.app_state),
    }
    return remember_page(render(request, "connectors/find.html", values), page, path=path)


def _waiting(request: HttpRequest, client_id: str) -> HttpResponse:
    wishes = {name: request.GET[name] for name in _WISHES if request.GET.get(name)}
    if client_id:
        wishes["client_id"] = client_id
    values = {"action": SEARCH, "hidden": wishes, "framed": is_framed(request)}
    return render(request, "connectors/waiting.html", values)
