"""How a page is opened: by an access token in the address or in a posted form, by the key of a page
that is open already, or again by its mark and the cookie (wire contract 8.3, 11).

The token goes no further than the request that brought it. The page's key is kept in the page,
which posts it; and in a cookie for this page alone, so that the address, from which the script
takes the token away, still leads here when the page is loaded again.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from connectors.asked import Asked, asked
from connectors.page_links import PageLink, open_page, page_of
from connectors.pages.browser import Response, set_page_cookie
from connectors.refusals import InvalidToken, LinkGone

COOKIE = "careweave_page"


def asked_by(request: HttpRequest, *, client_id: str = "", now: datetime) -> Asked:
    """Whom the token of this request names, with the app's wishes beside it. Raises
    `InvalidToken`.
    """
    posted = request.method == "POST"
    given = request.POST.dict() if posted else request.GET.dict()
    if not posted and settings.CONNECT_URL_TOKEN == "refuse":
        raise InvalidToken
    return asked(
        token=str(given.get("access_token", "")),
        client_id=client_id or str(given.get("client_id", "")),
        given={name: str(value) for name, value in given.items()},
        now=now,
    )


def opened(request: HttpRequest, *, client_id: str = "", now: datetime) -> PageLink:
    """The page of this request. Raises `InvalidToken`, and `LinkGone` for a page that is over."""
    if request.method == "POST" and "key" in request.POST:
        return page_of(key=request.POST["key"], now=now)
    mark = request.GET.get("page", "")
    if mark and "access_token" not in request.GET:
        page = page_of(key=request.COOKIES.get(COOKIE, ""), now=now)
        if page.mark != mark:
            raise LinkGone
        return page
    wish = asked_by(request, client_id=client_id, now=now)
    return open_page(
        application=wish.application,
        app_user_id=wish.app_user_id,
        redirect_uri=wish.redirect_uri,
        app_state=wish.app_state,
        now=now,
    )


def remember_page(response: Response, page: PageLink, *, path: str) -> Response:
    """Keep the page's key in the browser, for the pages under `path`."""
    return set_page_cookie(response, COOKIE, page.key, path=path)
