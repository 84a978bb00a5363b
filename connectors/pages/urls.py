"""The pages people see on their way to a source and back, without trailing slashes."""

from __future__ import annotations

from django.urls import path

from connectors.pages.callback import callback
from connectors.pages.choose import choose, choose_system

urlpatterns = [
    path("connect/callback", callback),
    path("connect/choose", choose),
    path("connect/choose/<str:system_id>", choose_system),
]
