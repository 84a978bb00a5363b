"""What every answer of the FHIR API carries, all in one: what `config.middleware.EveryAnswer`,
Django's SecurityMiddleware and CorsMiddleware say to answers that are never framed and nearly never
called from another origin's page.
"""

from __future__ import annotations

from typing import cast

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

from config.middleware import EveryAnswer, GetResponse

OF_DOCUMENTS = ("Referrer-Policy", "Cross-Origin-Opener-Policy")
"""What only a document has an effect on, and JSON is none."""
MOST_HOSTS = 100
"""Names of ours that are kept: with a wildcard among ALLOWED_HOSTS clients choose them."""


class DataAnswers:
    """For all requests: our own hosts only, and CORS where a page asks. For all answers: their
    length, and the headers of security, which are the same each time and so are asked for once.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._answer = get_response
        self._shared = cast("GetResponse", CorsMiddleware(get_response))
        self._hosts: dict[str, None] = {}
        self._fixed: dict[bool, dict[str, tuple[str, str]]] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get("HTTP_HOST", "") not in self._hosts:
            self._check_host(request)
        if "HTTP_ORIGIN" in request.META or request.method == "OPTIONS":
            response = self._shared(request)
        else:
            response = self._answer(request)
            # What is said to another origin would differ (fetch.spec.whatwg.org, CORS and caches).
            varying = response.headers.get("Vary")
            _put(response, "Vary", f"{varying}, origin" if varying else "origin")
        response.headers._store.update(self._fixed_of(request))
        if (
            isinstance(response, HttpResponse)
            and response.status_code not in (204, 304)
            and "content-length" not in response.headers._store
        ):
            _put(response, "Content-Length", str(len(response.content)))
        return response

    def _check_host(self, request: HttpRequest) -> None:
        """Raises DisallowedHost, answered with 400; a host that is ours need not be looked at
        again."""
        request.get_host()
        if len(self._hosts) >= MOST_HOSTS:
            self._hosts.clear()
        self._hosts[request.META.get("HTTP_HOST", "")] = None

    def _fixed_of(self, request: HttpRequest) -> dict[str, tuple[str, str]]:
        secure = request.is_secure()
        if secure not in self._fixed:
            empty = HttpResponse(status=204)
            del empty["Content-Type"]
            secured = cast("GetResponse", SecurityMiddleware(lambda _: empty))
            said = EveryAnswer(secured)(request)
            self._fixed[secure] = {
                name.lower(): (name, value)
                for name, value in said.items()
                if name not in OF_DOCUMENTS
            }
        return self._fixed[secure]


def _put(response: HttpResponseBase, name: str, value: str) -> None:
    """Puts a header where setting it would, which looks for line breaks in it each time."""
    response.headers._store[name.lower()] = (name, value)
