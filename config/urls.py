"""The whole public surface. Paths have no slash at their end; config/wsgi.py takes off one."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import health

handler400 = "console.views.errors.bad_request"
handler403 = "console.views.errors.forbidden"
handler404 = "console.views.errors.not_found"

urlpatterns = [
    # First: it answers for every path under its prefixes, and a hundred others need not be tried.
    path("", include("fhirstore.api.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", include("console.urls_staff")),
    path("admin/", admin.site.urls),
    path("", include("console.urls_accounts")),
    path("", include("console.urls")),
    path("", include("accounts.api.urls")),
    path("", include("connectors.api.urls")),
    path("", include("connectors.pages.urls")),
]
