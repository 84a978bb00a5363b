"""`/connect/choose`: a plain list to choose a hospital or device from; works without scripts.

The visit in the address is no secret: it opens nothing without the browser's cookie. Going on is a
link, not a form: browsers apply a page's form policy to the redirect that follows a post, and that
one leads to the source.
"""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp_replace
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from connectors.api.call import connect_call
from connectors.catalog.find import enabled_systems, system_to_connect
from connectors.linking import Asker
from connectors.models import CLINICAL, DEVICE, Connection, ConnectVisit, System
from connectors.pages.browser import is_prefetch, known_browser, origin
from connectors.pages.leaving import leave, not_now
from connectors.sessions import visit_of

MOST = 50
LONGEST_QUERY = 100


@csp_replace({"frame-ancestors": [NONE]})
@connect_call("GET", "HEAD", people=True)
def choose(request: HttpRequest) -> HttpResponse:
    """The list, narrowed by the words in `q` and the `kind`."""
    visit = _visit(request)
    query = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:LONGEST_QUERY]
    kind = request.GET.get("kind", "")
    kind = kind if kind in (CLINICAL, DEVICE) else ""
    found = list(_matching(query, kind)[: MOST + 1])
    connected = Connection.objects.filter(
        app_user_id=visit.app_user_id, status__in=Connection.LIVE
    ).values_list("system_id", flat=True)
    values = {
        "visit": visit,
        "application": visit.application,
        "query": query,
        "kind": kind,
        "systems": found[:MOST],
        "more": len(found) > MOST,
        "connected": set(connected),
        "kinds": (("", "all"), (CLINICAL, "clinical"), (DEVICE, "device")),
        "back": not_now(
            visit.application, redirect_uri=visit.redirect_uri, app_state=visit.app_state
        ),
    }
    response = render(request, "connectors/choose.html", values)
    response.headers["X-Frame-Options"] = "DENY"
    return response


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


def _matching(query: str, kind: str) -> QuerySet[System]:
    """Systems that can be connected and whose name has every word, by name."""
    found = enabled_systems(kind=kind).exclude(client_id="").exclude(name="")
    words = Q()
    for word in query.split():
        words &= Q(name__icontains=word)
    return found.filter(words).order_by("name", "pk")
