"""Registering an application."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import clock
from accounts.applications import create_application
from accounts.developer_changes import note_change
from console import shown_once
from console.applications import slug_of
from console.forms.apps import NewApp
from console.views.auth import developer_of, developer_required


@developer_required
def new(request: HttpRequest) -> HttpResponse:
    """The form; then the credentials page, which shows the secret this once."""
    form = NewApp(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, developer = clock.now(), developer_of(request)
        with transaction.atomic():
            made = create_application(
                developer=developer,
                name=form.cleaned_data["name"],
                redirect_uris=form.cleaned_data["redirect_uris"],
                mode=form.cleaned_data["mode"],
                now=now,
            )
            note_change(
                developer=developer, application=made.application, what="app-created", now=now
            )
        slug = slug_of(made.application)
        shown_once.keep_for_one_look(request, slug=slug, secret=made.client_secret, now=now)
        return redirect("console:app", app=slug)
    return render(request, "console/apps/new.html", {"form": form})
