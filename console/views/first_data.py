"""From nothing to first data: make a test user, let it sign in at a source, see what arrives."""

from __future__ import annotations

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock
from accounts.developer_changes import note_change
from accounts.models import AppUser, User
from connectors import sessions
from connectors.catalog.find import enabled_systems, system_to_connect
from connectors.refusals import NotSetUp, UnknownSystem
from console.applications import application_of
from console.connection_state import state_of
from console.queries.arrivals import arrivals_of
from console.sample_users import make_test_user
from console.views.auth import developer_of, developer_required

HOSPITAL, WEARABLE = 4706, 4709
"""Where the first steps lead: the simulators whose accounts their pages name."""
ANY_SYSTEM = 0
"""Instead of a system: the person chooses from the list."""

leads_to_sandbox = csp_update({"form-action": [settings.SANDBOX_URL]} if settings.SANDBOX else {})
"""For pages with a button of `connect`: browsers apply a page's form policy to where the post leads
in the end."""


@developer_required
@require_POST
def make_user(request: HttpRequest, app: str) -> HttpResponse:
    """A new test user, sample-001 and so on; back to where the button was."""
    developer = developer_of(request)
    application = application_of(developer, app)
    now = clock.now()
    with transaction.atomic():
        user = make_test_user(application=application, now=now)
        note_change(
            developer=developer,
            application=application,
            app_user_id=user.pk,
            what="test-user-created",
            now=now,
        )
    messages.success(request, _("%(user)s is there.") % {"user": user.app_user_id})
    return redirect("console:home")


@developer_required
@require_POST
def connect(request: HttpRequest, app: str, user: int, system: int) -> HttpResponse:
    """Off to the source's sign-in as this user, over a session link of its own; `system` 0 leads to
    the list. It ends at `arrived`.
    """
    person = _user(developer_of(request), app, user)
    if not person.active:
        messages.error(request, _("This user is deactivated. Activate it to connect."))
        return redirect("console:home")
    try:
        chosen = None if system == ANY_SYSTEM else system_to_connect(system_id=str(system))
    except (NotSetUp, UnknownSystem) as refused:
        raise Http404("no system that can be connected") from refused
    back = reverse("console:arrived", kwargs={"app": app, "user": user})
    secret = sessions.make_link(
        application=person.application,
        app_user_id=person.pk,
        system=chosen,
        redirect_uri=f"{settings.PUBLIC_BASE_URL}{back}",
        app_state="",
        now=clock.now(),
    )
    return redirect(f"/connect/session/{secret}")


@leads_to_sandbox
@developer_required
@require_http_methods(["GET", "HEAD"])
def arrived(request: HttpRequest, app: str, user: int) -> HttpResponse:
    """Back from the source: what happened, and the first data as it comes in. With `part` in the
    query only the part that changes, for htmx.
    """
    person = _user(developer_of(request), app, user)
    failed = request.GET.get("success") == "false"
    now, found = clock.now(), arrivals_of(person)
    wearable = WEARABLE if not found.has(WEARABLE) and simulated(WEARABLE) else None
    hospital = HOSPITAL if simulated(HOSPITAL) else ANY_SYSTEM
    values = {
        "application": person.application,
        "app": app,
        "person": person,
        "failed": failed,
        "said": request.GET.get("error_description", "")[:200],
        "error": request.GET.get("error", "")[:64],
        "found": found,
        "rows": [(row, state_of(row, now=now)) for row in found.connections],
        "again": wearable if wearable and found.has(HOSPITAL) else hospital,
        "wearable": wearable,
    }
    part = bool(request.headers.get("HX-Request"))
    name = "arriving" if part else "arrived"
    return render(request, f"console/home/{name}.html", values)


def simulated(system: int) -> bool:
    """Whether this system leads to its simulator on this server."""
    return enabled_systems().filter(pk=system, simulator=True).exclude(client_id="").exists()


def _user(developer: User, app: str, number: int) -> AppUser:
    application = application_of(developer, app)
    person = AppUser.objects.filter(application=application, pk=number).first()
    if person is None:
        raise Http404("no such user")
    person.application = application
    return person
