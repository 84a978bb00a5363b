"""Addresses of the console's pages about the sandbox: whole paths, without a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views import sandbox

urlpatterns: list[URLPattern] = [
    path("console/sandbox", sandbox.sandbox, name="sandbox"),
    path("console/sandbox/fault", sandbox.fault, name="sandbox_fault"),
    path("console/sandbox/clear", sandbox.clear, name="sandbox_clear"),
    path("console/sandbox/result", sandbox.result, name="sandbox_result"),
    path("console/sandbox/clock", sandbox.clock_on, name="sandbox_clock"),
]
