"""A user's resources of one type: a ready-made query of the explorer."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import Application
from console.applications import application_of
from console.explorer.examples import best_version, newest_first
from console.explorer.line import VERSIONS, BadLine, Line, read_line
from console.queries.explorer import answer_to, numbered
from console.views.auth import developer_of, developer_required
from console.views.explorer import Address, Choice
from fhirstore.counts import count_by_version
from fhirstore.rtypes import BY_LOWER_CASE


@require_GET
@developer_required
def data_type(request: HttpRequest, app: str, user: int, rtype: str) -> HttpResponseBase:
    """Query: `version`, by default the one with the most resources; `q` of another page."""
    application = application_of(developer_of(request), app)
    person = numbered(application, str(user))
    if person is None or BY_LOWER_CASE.get(rtype.lower()) != rtype:
        raise Http404("no such user or type")
    counts = count_by_version(owner=person.pk).get(rtype, {})
    asked = request.GET.get("version", "")
    version = asked if asked in VERSIONS else best_version(counts)
    line = _line(request.GET.get("q", ""), version=version, rtype=rtype)
    address = Address(app, person, "table")
    shown = answer_to(
        line,
        application=application,
        person=person,
        now=clock.now(),
        address=lambda other: address(other, view="json"),
    )
    here = reverse("console:data_type", args=[app, person.pk, rtype])
    context = {
        "application": application,
        "live": application.mode == Application.LIVE,
        "person": person,
        "rtype": rtype,
        "version": VERSIONS[line.version],
        "shown": shown,
        "explorer_url": address(str(line)),
        "following": _page(here, shown.following) if shown.following else "",
        "first": here if "q" in request.GET else "",
        "versions": [
            Choice(
                label=f"{label} {counts[name]:,}" if name in counts else label,
                url=f"{here}?version={name}",
                current=name == line.version,
            )
            for name, label in VERSIONS.items()
        ],
    }
    return render(request, "console/explorer/data_type.html", context)


def _line(text: str, *, version: str, rtype: str) -> Line:
    """The page that is asked for, or the first."""
    try:
        line = read_line(text or newest_first(version=version, rtype=rtype), version=version)
    except BadLine as error:
        raise Http404("no such page") from error
    if line.rtype != rtype:
        raise Http404("no such page")
    return line


def _page(here: str, following: str) -> str:
    return f"{here}?q={quote(following, safe='/:$?,|')}"
