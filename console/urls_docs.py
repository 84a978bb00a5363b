"""Addresses of the console's pages about docs: whole paths, without a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views.docs import docs, docs_page

urlpatterns: list[URLPattern] = [
    path("docs", docs, name="docs"),
    path("docs/<slug:page>", docs_page, name="docs_page"),
]
