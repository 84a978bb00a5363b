"""Which paths programs call: they carry their own credentials, and need nothing that pages need."""

from __future__ import annotations

DATA = ("/fhir/dstu2", "/fhir/stu3", "/fhir/r4", "/dstu2", "/stu3", "/r4")
"""Nothing but FHIR is answered here."""
API = (
    *DATA,
    "/fhir/",
    "/user-management/",
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/connect/api/",
    "/connect/system/",
    "/connect/push/",
    "/api/",
    "/bulk-data/",
    "/healthz",
    "/readyz",
    "/metrics",
)


def is_api_path(path: str) -> bool:
    """Whether the path is called by programs, not by people."""
    return path.startswith(API) or path == "/connect/session"


def is_data_path(path: str) -> bool:
    """Whether the path belongs to the FHIR API."""
    return path.startswith(DATA)
