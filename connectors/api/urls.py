"""The connect endpoints that programs call, and the links they give to people, without trailing
slashes.
"""

from __future__ import annotations

from django.urls import path

from connectors.api import connections, directory, providers, session, start, systems
from connectors.models import CLINICAL, DEVICE

urlpatterns = [
    path("api/search", directory.search),
    path("api/systems/<str:postal_code>", directory.near),
    path("api/all-systems", directory.every),
    path("api/clinical/<str:system_id>", directory.start_clinical),
    path("connect/system/provider", providers.providers),
    path("connect/system/provider/search", providers.providers),
    path("connect/system/clinical", systems.clinical_systems),
    path("connect/system/device", systems.devices),
    path("connect/system/clinical/<str:system_id>", start.start, {"kind": CLINICAL}),
    path("connect/system/device/<str:system_id>", start.start, {"kind": DEVICE}),
    path("connect/session", session.make_session),
    path("connect/session/<str:secret>", session.follow_session),
    path("connect/session/<str:secret>/<str:system_id>", session.leave_page),
    path("connect/api/connections", connections.connection_list),
    path("connect/api/connections/<str:public_id>", connections.one_connection),
    path("connect/api/connections/<str:public_id>/refresh", connections.refresh),
    path("connect/api/connections/<str:public_id>/data", connections.connection_data_of),
    path("connect/api/connections/<str:public_id>/ledger", connections.ledger),
    path("connect/api/on-demand-ingest", connections.on_demand_ingest),
    path("connect/api/data", connections.user_data),
]
