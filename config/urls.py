"""The whole public surface. Paths have no slash at their end; config/wsgi.py takes off one."""

from __future__ import annotations

from importlib import import_module

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health

APPS = ("accounts.api.urls", "connectors.api.urls", "connectors.pages.urls", "fhirstore.api.urls")


def _there(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    *(path("", include(module)) for module in APPS if _there(module)),
]
