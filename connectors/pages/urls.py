"""The pages people see on their way to a source and back, without trailing slashes."""

from __future__ import annotations

from django.urls import path

from connectors.pages.callback import callback
from connectors.pages.choose import choose, choose_system
from connectors.pages.quick import quick_connect
from connectors.pages.search import marketplace, search
from connectors.pages.theme import theme

urlpatterns = [
    path("search", search),
    path("search/<str:client_id>", search),
    path("connect/marketplace", marketplace),
    path("connect/<int:system_id>", quick_connect),
    path("connect/theme/<str:name>", theme),
    path("connect/callback", callback),
    path("connect/choose", choose),
    path("connect/choose/<str:system_id>", choose_system),
]
