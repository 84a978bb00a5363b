"""Addresses of the console's pages about health systems: whole paths, without a slash at the
end."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views import systems

urlpatterns: list[URLPattern] = [
    path("console/systems", systems.systems, name="systems"),
    path("console/systems/<int:system>", systems.system, name="system"),
]
