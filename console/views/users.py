"""An application's users: the list, a new one, and one that is deactivated or activated."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.app_users import UserExists, UserRefused, change_app_user, create_app_user
from accounts.developer_changes import note_change
from accounts.models import AppUser
from console.applications import application_of
from console.forms.users import NewUser
from console.queries.user import user_of
from console.queries.users import CONNECTED, STATES, list_users
from console.views.auth import developer_of, developer_required


@developer_required
@require_http_methods(["GET", "HEAD"])
def users(request: HttpRequest, app: str) -> HttpResponse:
    """Who are the app's people, and who has trouble?"""
    application = application_of(developer_of(request), app)
    values = {
        "application": application,
        "app": app,
        "users": list_users(application, request.GET, now=clock.now()),
        "states": STATES,
        "connections": CONNECTED,
        "typed": request.GET.get("q", "").strip(),
        "state": request.GET.get("state", ""),
        "connection": request.GET.get("connection", ""),
    }
    return render(request, "console/users/list.html", values)


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_user(request: HttpRequest, app: str) -> HttpResponse:
    """One field; then the new user's page."""
    application = application_of(developer_of(request), app)
    form = NewUser(
        request.POST or None, initial={"app_user_id": request.GET.get("app_user_id", "")}
    )
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["app_user_id"]
        try:
            with transaction.atomic():
                user = create_app_user(
                    application=application, app_user_id=typed, active=True, now=clock.now()
                )
                _note(request, user, "user-created")
        except UserExists:
            form.add_error("app_user_id", _("There is a user with this id already."))
        except UserRefused as refusal:
            form.add_error("app_user_id", str(refusal.body["error"]))
        else:
            messages.success(request, _("%(id)s is created.") % {"id": user.app_user_id})
            return redirect("console:user", app=app, user=user.pk)
    existing = (
        AppUser.objects.filter(
            application=application, app_user_id=form.data.get("app_user_id", "")
        ).first()
        if form.errors
        else None
    )
    values = {"application": application, "app": app, "form": form, "existing": existing}
    return render(request, "console/users/new.html", values, status=422 if form.errors else 200)


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def deactivate(request: HttpRequest, app: str, user: int) -> HttpResponse:
    """Says exactly what happens; with the button, it does. A deactivated user is activated here."""
    application = application_of(developer_of(request), app)
    found = user_of(application, user)
    if request.method == "POST":
        active = request.POST.get("active") == "true"
        with transaction.atomic():
            change_app_user(application=application, oneup_user_id=str(found.pk), active=active)
            _note(request, found, "user-activated" if active else "user-deactivated")
        words = _("%(id)s is active.") if active else _("%(id)s is deactivated.")
        messages.success(request, words % {"id": found.app_user_id})
        return redirect("console:user", app=app, user=user)
    values = {"application": application, "app": app, "user_shown": found}
    return render(request, "console/users/deactivate.html", values)


def _note(request: HttpRequest, user: AppUser, what: str) -> None:
    note_change(
        developer=developer_of(request),
        application=user.application,
        app_user_id=user.pk,
        what=what,
        now=clock.now(),
    )
