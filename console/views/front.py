"""The front page, the courtesy addresses, and the page that shows all parts."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from console.views.auth import developer_required

STEPS = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Steps, 24 hours", "coding": [{"code": "66334-4"}]},
    "effectivePeriod": {"start": "2026-11-23T05:00:00Z"},
    "valueQuantity": {"value": 11870, "unit": "steps"},
    "device": {"display": "Fitbit-shaped tracker"},
}
CURL = """curl -G "$CAREWEAVE/fhir/r4/Observation" \\
  -H "Authorization: Bearer $TOKEN" -d code=66334-4"""


def front(request: HttpRequest) -> HttpResponse:
    """What this is, and how to start; who is logged in goes to the console."""
    if isinstance(request.user, User):
        return redirect("/console")
    return render(request, "console/front.html")


def example_answer() -> str:
    """An Observation as the API answers it, for pages that show what an app will read."""
    return json.dumps(STEPS, indent=2)


def quick_start(request: HttpRequest) -> HttpResponse:
    """The documentation's first page."""
    try:
        return redirect("console:docs_page", page="quickstart")
    except NoReverseMatch:
        return redirect("/docs/quickstart")


def favicon(request: HttpRequest) -> HttpResponse:
    """For pages of others' making, which name no icon."""
    return redirect(static("careweave/mark.svg"))


def register(request: HttpRequest) -> HttpResponse:
    return redirect(reverse("account_signup"))


@developer_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every part of the pages once, for whoever builds another page."""
    return render(request, "console/styleguide.html", {"answer": example_answer(), "curl": CURL})
