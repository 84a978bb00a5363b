"""What every answer carries, and what only pages for people need.

Sessions, forms' protection, signed-in users and messages belong to pages. API paths carry their own
credentials on every call, so these middlewares step aside there: no cookie is read or set, and no
time is spent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.gzip import GZipMiddleware

from config.api_paths import is_api_path

GetResponse = Callable[[HttpRequest], HttpResponseBase]

FRAMED = re.compile(
    r"/search(/[^/]*)?|/connect/(marketplace|[0-9]+|system/(clinical|device)/[^/]*)"
)
"""Pages that an app may show in a frame of its own; which app, ONEUP_FRAME_ANCESTORS says."""


def is_api(request: HttpRequest) -> bool:
    """Whether the path is called by programs, not by people."""
    return is_api_path(request.path_info)


def may_be_framed(request: HttpRequest) -> bool:
    """Whether the path is one of those that apps show in frames (wire contract 8.3, 11)."""
    return FRAMED.fullmatch(request.path_info) is not None


class EveryAnswer:
    """For all requests: our own hosts only. For all answers: their length, no guessing of content
    types, and no frames but for what may be framed.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises DisallowedHost, answered with 400
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and response.status_code not in (204, 304):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        if not may_be_framed(request):
            response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response


class PagePolicy(CSPMiddleware):
    """The Content-Security-Policy: no inline script or style anywhere, frames by path."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if may_be_framed(request) and not hasattr(response, "_csp_replace"):
            response._csp_replace = {"frame-ancestors": settings.FRAME_ANCESTORS.split()}
        return super().process_response(request, response)


class PageCompression(GZipMiddleware):
    """Pages are compressed; FHIR answers compress themselves, others are left to the proxy, and
    static files have a compressed copy."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        return response if is_api(request) else super().process_response(request, response)


class PageSessions(SessionMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        if not is_api(request):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        return response if is_api(request) else super().process_response(request, response)


class PageForms(CsrfViewMiddleware):
    def process_request(self, request: HttpRequest) -> Any:
        return None if is_api(request) else super().process_request(request)

    def process_view(
        self, request: HttpRequest, callback: Any, args: Any, kwargs: Any
    ) -> HttpResponseForbidden | None:
        if is_api(request):
            return None
        return super().process_view(request, callback, args, kwargs)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        return response if is_api(request) else super().process_response(request, response)


class PageAuthentication(AuthenticationMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        if not is_api(request):
            super().process_request(request)


class PageMessages(MessageMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        if not is_api(request):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        return response if is_api(request) else super().process_response(request, response)
