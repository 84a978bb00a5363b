"""Deleting an application: what goes, the typed name, and the end."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.developer_changes import note_change
from console.applications import application_of
from console.forms.apps import TypedName
from console.queries.apps import what_goes
from console.views.auth import developer_of, developer_required
from sync import closing


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, app: str) -> HttpResponse:
    """Says exactly what happens; with the name typed, it does."""
    developer = developer_of(request)
    application = application_of(developer, app)
    form = TypedName(request.POST or None, wanted=application.name)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        with transaction.atomic():
            note_change(developer=developer, application=application, what="app-deleted", now=now)
            closing.close(application=application, now=now)
        messages.success(
            request,
            _(
                "“%(name)s” is deleted. Its keys and tokens work no more; its users' connections "
                "and data are being erased in the background."
            )
            % {"name": application.name},
        )
        return redirect("console:home")
    values = {
        "application": application,
        "app": app,
        "form": form,
        "goes": what_goes(application),
    }
    return render(request, "console/apps/delete.html", values)
