"""One user's page, and what can be made there: a code, a token, a connect link."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.app_users import InactiveUser
from accounts.developer_changes import note_change
from accounts.models import Application, AppUser
from connectors.models import Connection
from console.applications import application_of
from console.issued import KINDS, Issued, issue
from console.queries.connections import Segment
from console.queries.user import user_of, user_page
from console.queries.user_story import SHOWN
from console.sync_request import ask_now
from console.views.auth import developer_of, developer_required


@developer_required
@require_http_methods(["GET", "HEAD", "POST"])
def user(request: HttpRequest, app: str, user: int) -> HttpResponse:
    """What is connected, what arrived, who reads it? Form fields: `make` (code, token, link; shown
    in the answer, and never again), or `sync` with a connection's id.
    """
    application = application_of(developer_of(request), app)
    found = user_of(application, user)
    issued = None
    if request.method == "POST":
        kind = request.POST.get("make", "")
        if kind not in KINDS:
            _sync(request, found, request.POST.get("sync", ""))
            return redirect("console:user", app=app, user=user)
        issued = _issue(request, kind, application, found)
        if issued is None:
            return redirect("console:user", app=app, user=user)
    shown = request.GET.get("show", "")
    values = {
        "application": application,
        "app": app,
        "user_shown": found,
        "page": user_page(found, shown=shown, now=clock.now()),
        "segments": [
            Segment(
                label=str(words),
                url=f"?show={name}#story" if name else f"{request.path}#story",
                current=name == shown,
            )
            for name, words in SHOWN.items()
        ],
        "issued": issued,
    }
    return render(request, "console/users/user.html", values)


def _issue(
    request: HttpRequest, kind: str, application: Application, app_user: AppUser
) -> Issued | None:
    now = clock.now()
    try:
        with transaction.atomic():
            issued = issue(kind, application=application, app_user=app_user, now=now)
            note_change(
                developer=developer_of(request),
                application=application,
                app_user_id=app_user.pk,
                what=f"{kind}-issued",
                now=now,
            )
            return issued
    except InactiveUser:
        messages.error(request, _("This user is deactivated and gets no codes, tokens or links."))
        return None


def _sync(request: HttpRequest, app_user: AppUser, public_id: str) -> None:
    connection = (
        Connection.objects.select_related("system", "app_user")
        .filter(app_user=app_user, public_id=public_id.replace("\x00", ""))
        .first()
    )
    if connection is not None:
        answer = ask_now(connection, now=clock.now())
        messages.add_message(request, answer.level, answer.words)
