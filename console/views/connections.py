"""An application's connections: the list, one's page, and its end."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.app_users import InactiveUser
from accounts.developer_changes import note_change
from accounts.models import Application
from connectors.connections import delete_data, disconnect
from connectors.models import DEVICE, Connection
from console.applications import application_of
from console.forms.connections import Disconnect
from console.issued import LINK, Issued, issue
from console.queries.connection import (
    DEFAULT_RANGE,
    RANGES,
    connection_of,
    connection_page,
)
from console.queries.connections import Segment, list_connections
from console.queries.user import FHIR_NAMES
from console.sync_request import ask_now
from console.views.auth import developer_of, developer_required

RANGE_WORDS = {
    "1d": gettext_lazy("24 hours"),
    "7d": gettext_lazy("7 days"),
    "30d": gettext_lazy("30 days"),
    "all": gettext_lazy("All"),
}


@developer_required
@require_http_methods(["GET", "HEAD"])
def connections(request: HttpRequest, app: str) -> HttpResponse:
    """Which connections are stale, failing or waiting for the person?"""
    application = application_of(developer_of(request), app)
    values = {
        "application": application,
        "app": app,
        "connections": list_connections(application, request.GET, now=clock.now()),
        "typed": request.GET.get("q", "").strip(),
        "show": request.GET.get("show", ""),
    }
    return render(request, "console/connections/list.html", values)


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def connection(request: HttpRequest, app: str, c: str) -> HttpResponse:
    """Why is my data missing? Form field `do`: sync, or link (shown in the answer, and never
    again).
    """
    application = application_of(developer_of(request), app)
    found = connection_of(application, c)
    issued = None
    if request.method == "POST":
        if request.POST.get("do") == LINK:
            issued = _link(request, application, found)
        else:
            answer = ask_now(found, now=clock.now())
            messages.add_message(request, answer.level, answer.words)
        if issued is None:
            return redirect("console:connection", app=app, c=c)
    shown = request.GET.get("range", "")
    shown = shown if shown in RANGES else DEFAULT_RANGE
    before = request.GET.get("before", "")
    row = int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None
    now = clock.now()
    values = {
        "application": application,
        "app": app,
        "connection": found,
        "page": connection_page(
            found,
            shown=shown,
            before=row,
            now=now,
        ),
        "ranges": [
            Segment(label=str(words), url=f"?range={name}#lanes", current=name == shown)
            for name, words in RANGE_WORDS.items()
        ],
        "kind": kind_words(found),
        "before": row,
        "issued": issued,
    }
    return render(request, "console/connections/connection.html", values)


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, app: str, c: str) -> HttpResponse:
    """Says exactly what happens; with the button, it does."""
    application = application_of(developer_of(request), app)
    found = connection_of(application, c)
    name = found.system.name or found.public_id
    form = Disconnect(request.POST or None, wanted=name)
    if request.method == "POST" and form.is_valid():
        now = clock.now()
        note_change(
            developer=developer_of(request),
            application=application,
            app_user_id=found.app_user_id,
            what="data-deleted" if form.deletes else "disconnected",
            now=now,
        )
        disconnect(found, now=now)
        if form.deletes:
            delete_data(found, now=now)
            words = _("%(name)s is disconnected, and what came through it is deleted.")
        else:
            words = _("%(name)s is disconnected. What came through it stays.")
        messages.success(request, words % {"name": name})
        return redirect("console:user", app=app, user=found.app_user_id)
    values = {"application": application, "app": app, "connection": found, "form": form}
    status = 422 if form.errors else 200
    return render(request, "console/connections/end.html", values, status=status)


def kind_words(found: Connection) -> str:
    """ "hospital, FHIR R4" or "wearable"."""
    fhir = FHIR_NAMES.get(found.system.fhir_version, "")
    if found.system.kind == DEVICE:
        return _("wearable")
    return _("hospital, FHIR %(version)s") % {"version": fhir} if fhir else _("hospital")


def _link(request: HttpRequest, application: Application, found: Connection) -> Issued | None:
    try:
        return issue(
            LINK,
            application=application,
            app_user=found.app_user,
            system=found.system,
            now=clock.now(),
        )
    except InactiveUser:
        messages.error(request, _("This user is deactivated and gets no connect links."))
        return None
