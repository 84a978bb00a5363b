"""The web application less this or that, to see what each part costs: for gunicorn, as
`tests.benchmarks.variants:shipped` and so on. Each is run in processes of its own.

whole        as shipped
no_audit     the token is checked, the call not written down
no_middleware
neither      without audit and middleware: parsing, compiling and searching are left
view         a Django view with nothing but the yardstick's statement and splice
wsgi         the same as a bare WSGI function
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import env
from tests.benchmarks.yardstick import Yardstick, asked

NAMES = ("whole", "no_audit", "no_middleware", "neither", "view", "wsgi")

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]

_yardsticks: dict[tuple[int, int], Yardstick] = {}
urlpatterns: list[Any] = []


def _yardstick() -> Yardstick:
    """One a thread, as Django has its connections."""
    import threading

    key = os.getpid(), threading.get_ident()
    if key not in _yardsticks:
        _yardsticks[key] = Yardstick(env.text("DATABASE_URL"), env.text("ONEUP_PUBLIC_BASE_URL"))
    return _yardsticks[key]


def _wsgi(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    query = environ.get("QUERY_STRING", "")
    kind, fid = asked(environ["PATH_INFO"] + (f"?{query}" if query else ""))
    body = _yardstick().answer(kind, environ["HTTP_AUTHORIZATION"][7:].encode(), fid)
    start(
        "200 OK" if body else "404 Not Found",
        [("Content-Type", "application/fhir+json"), ("Content-Length", str(len(body)))],
    )
    return [body]


def _view(request: HttpRequest, path: str) -> HttpResponse:
    kind, fid = asked(request.get_full_path())
    body = _yardstick().answer(kind, request.META["HTTP_AUTHORIZATION"][7:].encode(), fid)
    return HttpResponse(body, content_type="application/fhir+json")


def with_length(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """The one thing of the middlewares that connections need to be kept open."""

    def call(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return call


def _django(*, audit: bool = True, middleware: bool = True, urls: str = "") -> Application:
    env.use_our_settings()
    django.setup()
    if not middleware:
        settings.DATA_MIDDLEWARE = ["tests.benchmarks.variants.with_length"]
    if urls:
        settings.DATA_URLCONF = urls
    from config.wsgi import application

    if not audit:
        _without_audit()
    return application


def _without_audit() -> None:
    from accounts import access, claims

    access._TOKEN_AND_AUDIT_SQL = access._TOKEN_SQL
    claims._CALL = claims._CALL.partition(", audited as")[0]


def application(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """The variant that the environment names."""
    return _application(environ, start)


def _chosen(name: str) -> Application:
    if name == "wsgi":
        return _wsgi
    if name == "view":
        urlpatterns.append(path("<path:path>", _view))
        return _django(middleware=False, urls="tests.benchmarks.variants")
    return _django(
        audit=name in ("whole", "no_middleware"), middleware=name in ("whole", "no_audit")
    )


_application = _chosen(env.choice("BENCHMARK_VARIANT", *NAMES))
