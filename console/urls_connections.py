"""Addresses of the console's pages about connections: whole paths, without a slash at the end."""

from __future__ import annotations

from django.urls import path

from console.views import connections

_CONNECTIONS = "console/apps/<str:app>/connections"

urlpatterns = [
    path(_CONNECTIONS, connections.connections, name="connections"),
    path(f"{_CONNECTIONS}/<str:c>", connections.connection, name="connection"),
    path(f"{_CONNECTIONS}/<str:c>/disconnect", connections.end, name="connection_end"),
]
