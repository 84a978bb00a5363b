"""Pages for addresses that are not there or not allowed: what happened, and where to go on.

A program that asked for no page gets a line of JSON instead.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from accounts.models import User


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, HTTPStatus.NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, HTTPStatus.FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, HTTPStatus.BAD_REQUEST)


def _answer(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    if not request.accepts("text/html") or "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({"error": status.phrase, "status": status.value}, status=status)
    user = getattr(request, "user", None)
    console = isinstance(user, User) and request.path.startswith("/console")
    context = {"layout": f"layout/{'console' if console else 'public'}.html"}
    return render(request, f"{status.value}.html", context, status=status)
