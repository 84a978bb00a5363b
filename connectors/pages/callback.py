"""`GET /connect/callback`: where every source sends the browser back to (wire contract 8.4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts import clock
from connectors import linking, refusals
from connectors.api.call import connect_call
from connectors.pages.browser import known_browser, origin
from connectors.return_address import return_address


@connect_call("GET", people=True)
def callback(request: HttpRequest) -> HttpResponse:
    """On to the app. Our own page only where no dance of this browser is known, or the app has no
    address.
    """
    try:
        outcome = linking.complete_link(
            state=request.GET.get("state", ""),
            browser=known_browser(request),
            code=request.GET.get("code", ""),
            error=request.GET.get("error", ""),
            error_description=request.GET.get("error_description", ""),
            now=clock.now(),
        )
    except linking.OtherBrowser as other:
        # The same server under another of its names, where the cookie is: once there, no further.
        if other.origin != origin(request):
            return HttpResponseRedirect(f"{other.origin}{request.get_full_path()}")
        raise refusals.OtherBrowser from other
    except linking.StateUsed as used:
        raise refusals.LinkGone from used
    except linking.UnknownState as unknown:
        raise refusals.UnknownReturn from unknown
    if outcome.redirect_uri:
        return HttpResponseRedirect(return_address(outcome))
    values = {"outcome": outcome, "app_name": outcome.application_name}
    return render(request, "connectors/returned.html", values)
