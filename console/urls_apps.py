"""Addresses of the console's pages about apps: whole paths, without a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
