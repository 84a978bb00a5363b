"""The developer's own account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import Application
from console.applications import slug_of
from console.views.auth import developer_of, developer_required


@developer_required
@require_http_methods(["GET", "HEAD"])
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and where to change it."""
    developer = developer_of(request)
    own = Application.objects.filter(user=developer).order_by("name", "pk")[:100]
    values = {
        "developer": developer,
        "apps": [{"name": app.name, "slug": slug_of(app)} for app in own],
    }
    return render(request, "console/account/account.html", values)
