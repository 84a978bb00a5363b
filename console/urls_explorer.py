"""Addresses of the console's pages about explorer: whole paths, without a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern, path

from console.views.data_type import data_type
from console.views.explorer import explorer

urlpatterns: list[URLPattern] = [
    path("console/apps/<slug:app>/explorer", explorer, name="explorer"),
    path("console/apps/<slug:app>/users/<int:user>/data/<str:rtype>", data_type, name="data_type"),
]
