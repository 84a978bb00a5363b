"""What all connect endpoints have in common: methods, refusals as JSON or as a page, and headers
that keep a token in an address from travelling on (wire contract 8.3).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from accounts.answers import NO_STORE, answer, refusal
from accounts.refusals import Refused, failure
from connectors.pages.refused import refused_page, wants_page

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponse]

HEADERS = {**NO_STORE, "Referrer-Policy": "no-referrer"}


def connect_call(
    *methods: str, people: bool = False
) -> Callable[[View[Arguments]], View[Arguments]]:
    """Make a view of these methods. Whatever it refuses is answered in JSON, or where `people` come
    by and `Accept` names text/html, as a page with the same status.

    No view here relies on a browser's cookie to change data of a user's, so none needs Django's
    check against forged forms.
    """

    def decorated(view: View[Arguments]) -> View[Arguments]:
        @csrf_exempt
        @wraps(view)
        def call(
            request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs
        ) -> HttpResponse:
            if request.method in methods:
                try:
                    response = view(request, *args, **kwargs)
                except Refused as refused:
                    page = people and wants_page(request)
                    response = refused_page(request, refused) if page else refusal(refused)
            else:
                allowed = {"Allow": ", ".join(methods)}
                response = answer(failure("method not allowed"), status=405, headers=allowed)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            if people:
                response.headers["Vary"] = "Accept, Cookie"
            return response

        return call

    return decorated
