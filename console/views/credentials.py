"""An application's own page: its keys, redirect URLs, mode and name, and what was changed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import applications, clock
from accounts.developer_changes import changes_of, note_change
from accounts.models import Application
from accounts.redirects import redirect_uris
from console import shown_once
from console.applications import application_of, slug_of
from console.change_words import worded
from console.forms.apps import MOST_REDIRECTS, AppName, Rotation
from console.redirect_advice import Advice, advice, redirect_list
from console.views.auth import developer_of, developer_required

CHANGES_SHOWN = 10


@developer_required
@require_http_methods(["GET", "HEAD"])
def credentials(request: HttpRequest, app: str) -> HttpResponse:
    """What the developer's server needs, and a new secret the first time it is looked at."""
    application = application_of(developer_of(request), app)
    secret = shown_once.take(request, slug=app, now=clock.now())
    return _page(request, application, new_secret=secret, typed=request.GET.get("uri", ""))


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: HttpRequest, app: str) -> HttpResponse:
    """Choose how long the old secret works on, then get the new one."""
    application = application_of(developer_of(request), app)
    form = Rotation(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        with transaction.atomic():
            secret = applications.rotate_secret(application=application, grace=form.length, now=now)
            _note(request, application, "secret-rotated")
        shown_once.keep_for_one_look(request, slug=app, secret=secret, now=now)
        return redirect("console:app", app=app)
    values = {"application": application, "app": app, "form": form}
    return render(request, "console/apps/rotate.html", values)


@developer_required
@require_POST
def end_previous(request: HttpRequest, app: str) -> HttpResponse:
    """The old secret ends now."""
    application = application_of(developer_of(request), app)
    with transaction.atomic():
        applications.end_previous_secret(application=application)
        _note(request, application, "previous-secret-ended")
    messages.success(request, _("The previous secret works no more."))
    return redirect("console:app", app=app)


@developer_required
@require_POST
def change_redirects(request: HttpRequest, app: str) -> HttpResponse:
    """Form fields: `add` (one or several URLs), or `remove` or `first` with a registered one."""
    application = application_of(developer_of(request), app)
    uris = list(redirect_uris(application))
    typed, first, gone = (request.POST.get(name, "") for name in ("add", "first", "remove"))
    if "add" in request.POST:
        added = redirect_list(typed)
        problems = [bad for uri in added if (bad := advice(uri, mode=application.mode))]
        if problems or not added or len(uris) + len(added) > MOST_REDIRECTS:
            return _page(request, application, typed=typed, problems=problems, refused=True)
        uris, what = [*uris, *added], "redirect-added"
        done = _("The redirect URL is added.")
    elif first in uris:
        uris, what = [first, *(uri for uri in uris if uri != first)], "redirect-default"
        done = _("The default redirect URL is changed.")
    elif gone in uris and len(uris) > 1:
        uris, what = [uri for uri in uris if uri != gone], "redirect-removed"
        done = _("The redirect URL is removed.")
    else:
        messages.error(request, _("An application keeps at least one redirect URL."))
        return redirect("console:app", app=app)
    with transaction.atomic():
        applications.change_redirect_uris(application=application, uris=uris)
        _note(request, application, what)
    messages.success(request, done)
    return redirect("console:app", app=app)


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_mode(request: HttpRequest, app: str) -> HttpResponse:
    """What the other mode means, what stands in its way, and the button."""
    application = application_of(developer_of(request), app)
    other = Application.LIVE if application.mode == Application.TEST else Application.TEST
    obstacles = [bad for uri in redirect_uris(application) if (bad := advice(uri, mode=other))]
    if request.method == "POST" and not obstacles and request.POST.get("mode") == other:
        with transaction.atomic():
            applications.change_mode(application=application, mode=other)
            _note(request, application, f"mode-{other}")
        live = other == Application.LIVE
        messages.success(
            request,
            _("The application is live.") if live else _("The application is in test mode."),
        )
        return redirect("console:app", app=app)
    values = {"application": application, "app": app, "other": other, "obstacles": obstacles}
    return render(request, "console/apps/mode.html", values)


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def change_name(request: HttpRequest, app: str) -> HttpResponse:
    """Another name."""
    application = application_of(developer_of(request), app)
    form = AppName(request.POST or None, initial={"name": application.name})
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            applications.rename(application=application, name=form.cleaned_data["name"])
            _note(request, application, "name-changed")
        messages.success(request, _("The name is saved."))
        return redirect("console:app", app=app)
    values = {"application": application, "app": app, "form": form}
    return render(request, "console/apps/name.html", values)


def _page(
    request: HttpRequest,
    application: Application,
    *,
    new_secret: str = "",
    typed: str = "",
    problems: list[Advice] | None = None,
    refused: bool = False,
) -> HttpResponse:
    now = clock.now()
    ends = application.previous_secret_expires
    values = {
        "application": application,
        "app": slug_of(application),
        "new_secret": new_secret,
        "api_address": settings.PUBLIC_BASE_URL,
        "previous_ends": ends if ends and ends > now else None,
        "redirects": redirect_uris(application),
        "typed": typed,
        "problems": problems or [],
        "page_has_errors": refused,
        "changes": [
            {
                "at": row.at,
                "email": row.email,
                "words": worded(row.what),
                "user": row.app_user,
            }
            for row in changes_of(application, most=CHANGES_SHOWN)
        ],
    }
    return render(request, "console/apps/credentials.html", values)


def _note(request: HttpRequest, application: Application, what: str) -> None:
    note_change(
        developer=developer_of(request), application=application, what=what, now=clock.now()
    )
