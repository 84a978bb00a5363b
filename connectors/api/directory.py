"""`/api/…`: the directory of hospitals for apps that draw their own search (wire contract 11.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.conf import settings
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse

from accounts import clock
from accounts.answers import answer
from accounts.parameters import parameters
from connectors import sessions
from connectors.api.call import connect_call
from connectors.api.caller import bearer_access, bearer_of
from connectors.asked import asked
from connectors.catalog.find import enabled_systems, system_to_connect
from connectors.catalog.search import search_systems, systems_near
from connectors.catalog.shown import listed, searched
from connectors.member_events import member_events
from connectors.models import CLINICAL, System
from connectors.pages.browser import browser_secret, origin, remember_browser
from connectors.pages.leaving import leave
from connectors.refusals import BadFilter, InvalidToken

_NUMBER = re.compile(r"[0-9]{1,9}")


@connect_call("GET", "HEAD", "POST")
def search(request: HttpRequest) -> HttpResponse:
    """20 clinical systems that match `query`, from `offset` on."""
    app_user_id = _known_user(request)
    given = parameters(request)
    offset = given.get("offset", "") or "0"
    if not _NUMBER.fullmatch(offset):
        raise BadFilter("offset", "a number")
    system_type = given.get("system_type", "")
    if given.get("only_health_systems", "").lower() == "true":
        system_type = "HealthSystem"
    found = search_systems(
        query=given.get("query", ""),
        kind=CLINICAL,
        system_type=system_type,
        offset=int(offset),
    )
    if given.get("query", "").strip() and request.method != "HEAD":
        member_events().search_results(app_user_id, len(found.systems), clock.now())
    return _answered(found.systems)


@connect_call("GET", "HEAD")
def near(request: HttpRequest, postal_code: str) -> HttpResponse:
    """Clinical systems at a postal code; where there is none, in its area."""
    _known_user(request)
    return _answered(systems_near(postal_code=postal_code, kind=CLINICAL))


@connect_call("GET", "HEAD")
def every(request: HttpRequest) -> HttpResponse:
    """All clinical systems."""
    _known_user(request)
    rows = enabled_systems(kind=CLINICAL).defer("client_secret").order_by(Lower("name"), "pk")
    return _answered(rows.iterator())


@connect_call("GET")
def start_clinical(request: HttpRequest, system_id: str) -> HttpResponse:
    """Off to the hospital's sign-in, or with `sendRedirectUrlAsResponse=true` the address to send
    the person to.

    A dance ends in the browser it began in, and who asks for an address is not yet the person's
    browser. So the address is a single-use link of ours that leads on to the hospital.
    """
    now = clock.now()
    given = request.GET.dict()
    wish = asked(
        token=bearer_of(request),
        client_id=request.META.get("HTTP_X_CLIENT_ID", "").strip(),
        given=given,
        now=now,
    )
    system = system_to_connect(system_id=system_id, kind=CLINICAL)
    if given.get("sendRedirectUrlAsResponse", "").lower() != "true":
        browser = browser_secret(request)
        asker = wish.by(browser=browser, origin=origin(request))
        return remember_browser(leave(system, asker, now=now), browser)
    secret = sessions.make_link(
        application=wish.application,
        app_user_id=wish.app_user_id,
        system=system,
        redirect_uri=wish.redirect_uri,
        app_state=wish.app_state,
        now=now,
    )
    return answer(
        {
            "system_id": system.pk,
            "system_name": system.name,
            "authorization_url": f"{settings.HOSTS['api']}/connect/session/{secret}",
        }
    )


def _known_user(request: HttpRequest) -> int:
    """The directory is no secret, but these calls are a user's: whose. Raises `InvalidToken`."""
    access = bearer_access(bearer_of(request), client_id=None, now=clock.now())
    if access.app_user_id is None:
        raise InvalidToken
    return access.app_user_id


def _answered(systems: Iterable[System]) -> HttpResponse:
    if settings.SEARCH_STYLE == "legacy":
        return answer({"systemList": {str(system.pk): listed(system) for system in systems}})
    return answer([searched(system) for system in systems])
