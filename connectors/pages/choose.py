"""`/connect/choose`: a plain list to choose a hospital or device from; works without scripts.

The visit in the address is no secret: it opens nothing without the browser's cookie. Going on is a
link, not a form: browsers apply a page's form policy to the redirect that follows a post, and that
one leads to the source.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from connectors.api.call import connect_call
from connectors.catalog.find import system_to_connect
from connectors.linking import Asker
from connectors.models import ConnectVisit
from connectors.pages.browser import is_prefetch, known_browser, origin
from connectors.pages.finding import finding
from connectors.pages.leaving import leave, not_now
from connectors.sessions import visit_of


@connect_call("GET", "HEAD", people=True)
def choose(request: HttpRequest) -> HttpResponse:
    """The list, narrowed by the words in `q` and the `kind`."""
    visit = _visit(request)
    values = {
        **finding(
            given=request.GET.dict(),
            app_user_id=visit.app_user_id,
            href=lambda system_id: f"/connect/choose/{system_id}?visit={visit.public_id}",
            now=clock.now(),
        ),
        "app_name": visit.application.name,
        "method": "get",
        "action": "/connect/choose",
        "hidden": {"visit": visit.public_id},
        "back": not_now(
            visit.application, redirect_uri=visit.redirect_uri, app_state=visit.app_state
        ),
    }
    return render(request, "connectors/find.html", values)


@connect_call("GET", people=True)
def choose_system(request: HttpRequest, system_id: str) -> HttpResponse:
    """Off to the chosen source."""
    if is_prefetch(request):
        return HttpResponse(status=503)
    visit = _visit(request)
    asker = Asker(
        app_user_id=visit.app_user_id,
        application_id=visit.application_id,
        browser=known_browser(request),
        origin=origin(request),
        redirect_uri=visit.redirect_uri,
        app_state=visit.app_state,
    )
    return leave(system_to_connect(system_id=system_id), asker, now=clock.now())


def _visit(request: HttpRequest) -> ConnectVisit:
    return visit_of(
        browser=known_browser(request), public_id=request.GET.get("visit", ""), now=clock.now()
    )
