"""The browser at our connect pages: its cookie, its way here, and whether a person is there."""

from __future__ import annotations

import re
import secrets
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

COOKIE = "careweave_connect"
PATH = "/connect"
_FRAMES = ("iframe", "frame", "embed", "object")
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")
_PREFETCH_HEADERS = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")

Response = TypeVar("Response", bound=HttpResponseBase)


def known_browser(request: HttpRequest) -> str:
    """The secret in the browser's cookie, or empty."""
    value = request.COOKIES.get(COOKIE, "")
    return value if _SECRET.fullmatch(value) else ""


def browser_secret(request: HttpRequest) -> str:
    """The secret this browser has, or a new one for it. It is kept where there is one, so that two
    tabs do not end each other's dance.
    """
    return known_browser(request) or secrets.token_urlsafe(32)


def remember_browser(response: Response, secret: str) -> Response:
    """Set the cookie: not for scripts, only for the connect pages, gone with the browser. An app
    may show these pages in a frame, which takes `SameSite=None`, and that takes https.
    """
    return set_page_cookie(response, COOKIE, secret, path=PATH)


def set_page_cookie(response: Response, name: str, value: str, *, path: str) -> Response:
    """Set a cookie of these pages, as `remember_browser` describes."""
    https = settings.PUBLIC_BASE_URL.startswith("https://")
    response.set_cookie(
        name,
        value,
        path=path,
        httponly=True,
        secure=https,
        samesite="None" if https else "Lax",
    )
    return response


def origin(request: HttpRequest) -> str:
    """Scheme and host under which the browser came, one of the allowed hosts."""
    return f"{request.scheme}://{request.get_host()}"


def is_prefetch(request: HttpRequest) -> bool:
    """Whether a browser fetches this on suspicion, before any person asked for it."""
    said = " ".join(request.META.get(name, "") for name in _PREFETCH_HEADERS).lower()
    return any(word in said for word in ("prefetch", "prerender", "preview"))


def is_framed(request: HttpRequest) -> bool:
    """Whether the browser says that it shows this in a frame."""
    return request.META.get("HTTP_SEC_FETCH_DEST", "") in _FRAMES
