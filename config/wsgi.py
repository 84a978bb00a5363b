"""The WSGI application, behind a small translation of what clients send.

Paths (wire contract 2): repeated slashes and one slash at the end are tolerated without a redirect,
which would lose a POST's body and its Authorization header; `%24` arrives decoded. Credential
headers (wire contract 3.2): the server joins `client_id` and `client-id` with a comma when both are
sent; the same value twice counts as one.

The FHIR API is answered by a handler of its own, without the middleware of pages: nothing of it
would act there, and every layer costs time even to step aside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, get_resolver

from config import env
from config.api_paths import is_data_path

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

VERBATIM = ("/admin/", "/static/")
CREDENTIALS = ("HTTP_CLIENT_ID", "HTTP_CLIENT_SECRET")
_SLASHES = re.compile(r"/{2,}")


def normal_path(path: str) -> str:
    """The path as the URL configuration spells it."""
    path = _SLASHES.sub("/", path)
    if path.startswith(VERBATIM) or len(path) < 2:
        return path
    return path.removesuffix("/")


def tolerant(application: Application, *, https: bool) -> Application:
    """The application, called with normal paths and single credential headers. `https` says that
    the outside world reaches us so; no header can say it.
    """

    def call(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if https:
            environ["wsgi.url_scheme"] = "https"
        environ["PATH_INFO"] = normal_path(environ.get("PATH_INFO", "/"))
        for name in CREDENTIALS:
            if "," in environ.get(name, ""):
                values = {value.strip() for value in environ[name].split(",")}
                if len(values) == 1:
                    environ[name] = values.pop()
        return application(environ, start_response)

    return call


class DataHandler(WSGIHandler):
    """Django's handler with the middleware of DATA_MIDDLEWARE and the addresses of DATA_URLCONF,
    and nothing of what it does for others: there is no transaction around these views, they use no
    templates, no `reverse` and no cookies, they are no coroutines, and what fails in them they say
    and log themselves. Connections are looked after when the answer has been sent, as always.
    """

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> HttpResponseBase:
        request = WSGIRequest(environ)
        response: HttpResponseBase = self._middleware_chain(request)  # type: ignore[attr-defined]
        response._resource_closers.append(request.close)  # type: ignore[attr-defined]
        status = f"{response.status_code} {response.reason_phrase}"
        start_response(status, list(response.items()))
        return response

    def load_middleware(self, is_async: bool = False) -> None:
        whole = settings.MIDDLEWARE
        settings.MIDDLEWARE = settings.DATA_MIDDLEWARE
        try:
            super().load_middleware(is_async)
        finally:
            settings.MIDDLEWARE = whole

    def _get_response(self, request: HttpRequest) -> HttpResponseBase:
        # One pattern is for these paths; the resolver's root does as much again as the pattern.
        for pattern in get_resolver(settings.DATA_URLCONF).url_patterns:
            if match := pattern.resolve(request.path_info[1:]):
                request.resolver_match = match
                response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
                return response
        raise Resolver404({"path": request.path_info})


def parted(*, pages: Application, data: Application) -> Application:
    """Each path to its handler."""

    def call(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        handler = data if is_data_path(environ["PATH_INFO"]) else pages
        return handler(environ, start_response)

    return call


env.use_our_settings()
_pages = get_wsgi_application()  # sets Django up, which ours needs
application = tolerant(parted(pages=_pages, data=DataHandler()), https=settings.HTTPS)
