"""`/connect/{id}`: quick connect to one hospital or device, in the app's own colour (wire contract
11.4).
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from accounts.answers import refusal
from connectors.api.call import connect_call
from connectors.catalog.find import system_to_connect
from connectors.pages.browser import browser_secret, is_framed, origin, remember_browser
from connectors.pages.leaving import leave, not_now
from connectors.pages.opening import asked_by, opened, remember_page
from connectors.pages.theme import colour
from connectors.refusals import InvalidToken


@connect_call("GET", "HEAD", people=True)
def quick_connect(request: HttpRequest, system_id: int) -> HttpResponse:
    """What will be shared, and a link on. A bad token is answered in JSON whatever `Accept` says:
    apps tell a good one by it.
    """
    now = clock.now()
    try:
        if settings.QUICK_CONNECT == "redirect":
            wish = asked_by(request, now=now)
            system = system_to_connect(system_id=str(system_id))
            browser = browser_secret(request)
            asker = wish.by(browser=browser, origin=origin(request))
            return remember_browser(leave(system, asker, now=now), browser)
        page = opened(request, now=now)
    except InvalidToken as refused:
        return refusal(refused)
    system = system_to_connect(system_id=str(system_id))
    path = f"/connect/{system.pk}"
    background = colour(request.GET.get("bg", ""))
    values = {
        "app_name": page.application.name,
        "framed": is_framed(request),
        "system": system,
        "href": f"/connect/session/{page.secret}/{system.pk}",
        "background": background,
        "address": f"{path}?page={page.mark}{f'&bg={background}' if background else ''}",
        "back": not_now(page.application, redirect_uri=page.redirect_uri, app_state=page.app_state),
    }
    return remember_page(render(request, "connectors/quick.html", values), page, path=path)
