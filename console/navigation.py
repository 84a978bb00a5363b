"""What the console's sidebar shows: a context processor, so that every page has it.

`nav` is read only where a template asks for it. A page of an app has `app` (its slug) among its
path's arguments; elsewhere the app visited last stays chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts import clock
from accounts.models import Application, AppUser, User
from connectors.models import Connection, System
from console.applications import slug_of
from console.connection_state import TROUBLED
from console.words import grouped

THEMES = ("light", "dark")
LAST_APP = "console_app"
SWITCHER_LENGTH = 50


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the sidebar; `count` is grey at its right."""

    label: str
    url: str
    current: bool
    count: str = ""


@dataclass(frozen=True, kw_only=True)
class AppChoice:
    """An application in the switcher."""

    slug: str
    name: str
    test: bool
    url: str


@dataclass(frozen=True, kw_only=True)
class Navigation:
    """The sidebar. `app` is the chosen application, None for who has none; `test_mode` tells that
    the page is about an app in test mode."""

    general: list[Entry]
    app: AppChoice | None
    apps: list[AppChoice]
    app_entries: list[Entry]
    configure: list[Entry]
    foot: list[Entry]
    new_app_url: str
    account_url: str
    email: str
    test_mode: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The context of all pages: `now`, `theme` ("light", "dark" or empty for the system's), `nav`
    for who is logged in, `demo` outside production."""
    theme = request.COOKIES.get("theme", "")
    return {
        "now": clock.now(),
        "theme": theme if theme in THEMES else "",
        "demo": not settings.PRODUCTION,
        "nav": SimpleLazyObject(lambda: _navigation(request)),
    }


def _navigation(request: HttpRequest) -> Navigation | None:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return None
    applications = list(Application.objects.filter(user=user).order_by("name")[:SWITCHER_LENGTH])
    slug = _slug_in_path(request)
    wanted = slug or request.session.get(LAST_APP, "")
    chosen = next((app for app in applications if slug_of(app) == wanted), None)
    if chosen is None and applications and not slug:
        chosen = applications[0]
    page = _Page(request.path)
    systems = System.objects.filter(enabled=True).count()
    return Navigation(
        general=page.entries(
            (_("Home"), "home", (), ""),
            (_("Health systems"), "systems", (), grouped(systems)),
            *([(_("Sandbox"), "sandbox", (), "")] if settings.SANDBOX else []),
        ),
        app=_choice(chosen) if chosen else None,
        apps=[_choice(app) for app in applications],
        app_entries=_app_entries(page, chosen) if chosen else [],
        configure=(
            page.entries((_("Credentials"), "app", (slug_of(chosen),), "")) if chosen else []
        ),
        foot=page.entries((_("Documentation"), "docs", (), "")),
        new_app_url=_url("app_new"),
        account_url=_url("account"),
        email=user.email,
        test_mode=bool(slug and chosen and chosen.mode == Application.TEST),
    )


def _app_entries(page: _Page, app: Application) -> list[Entry]:
    slug = (slug_of(app),)
    users = AppUser.objects.filter(application=app).count()
    connections = (
        Connection.objects.filter(app_user__application=app)
        .exclude(status=Connection.DISCONNECTED)
        .aggregate(all=Count("id"), failing=Count("id", filter=TROUBLED))
    )
    failing = connections["failing"]
    return page.entries(
        (_("Users"), "users", slug, grouped(users)),
        (
            _("Connections"),
            "connections",
            slug,
            _("%(count)s failing") % {"count": grouped(failing)}
            if failing
            else grouped(connections["all"]),
        ),
        (_("Explorer"), "explorer", slug, ""),
    )


def _choice(app: Application) -> AppChoice:
    slug = slug_of(app)
    return AppChoice(
        slug=slug, name=app.name, test=app.mode == Application.TEST, url=_url("users", slug)
    )


def _slug_in_path(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None or match.namespace != "console":
        return ""
    return str(match.kwargs.get("app", ""))


def _url(name: str, *arguments: str) -> str:
    """The address of a console page; empty where this installation does not have it."""
    try:
        return reverse(f"console:{name}", args=arguments)
    except NoReverseMatch:
        return ""


class _Page:
    """The page being shown: tells which entries exist, and which one is the present."""

    WHOLE = ("home", "app")  # other pages lie below their addresses

    def __init__(self, path: str) -> None:
        self._path = path

    def entries(self, *lines: tuple[str, str, tuple[str, ...], str]) -> list[Entry]:
        found = []
        for label, name, arguments, count in lines:
            url = _url(name, *arguments)
            if not url:
                continue
            below = name not in self.WHOLE and self._path.startswith(f"{url}/")
            current = self._path == url or below
            found.append(Entry(label=label, url=url, current=current, count=count))
        return found
