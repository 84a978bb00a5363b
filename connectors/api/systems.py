"""`/connect/system/clinical` and `/connect/system/device`: what can be connected (wire contract
8.1, 8.2).
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts import clock
from accounts.answers import answer
from accounts.client_auth import authenticate_client
from accounts.parameters import parameters
from connectors.api.call import connect_call
from connectors.catalog.find import enabled_systems
from connectors.models import CLINICAL, DEVICE
from connectors.refusals import BadFilter

PAGE = 20
API_VERSIONS = {"dstu2": "FHIR DSTU2 1.0.2", "stu3": "FHIR STU3 3.0.1", "r4": "FHIR R4 4.0.1"}
DEFAULT_LOGOS = {
    CLINICAL: "systems/health-system-default.png",
    DEVICE: "systems/device-default.png",
}
_NUMBER = re.compile(r"[0-9]{1,9}")
_COLUMNS = (
    "id",
    "kind",
    "name",
    "resource_url",
    "logo",
    "fhir_version",
    "status",
    "ehr",
    "locations",
)


@connect_call("GET", "HEAD", "POST")
def clinical_systems(request: HttpRequest) -> HttpResponse:
    return _listed(request, CLINICAL)


@connect_call("GET", "HEAD", "POST")
def devices(request: HttpRequest) -> HttpResponse:
    return _listed(request, DEVICE)


def _listed(request: HttpRequest, kind: str) -> HttpResponse:
    given = parameters(request)
    authenticate_client(given, now=clock.now())
    rows = enabled_systems(kind=kind, system_type=given.get("systemType", "")).values(*_COLUMNS)
    if offset := given.get("offset", ""):
        if not _NUMBER.fullmatch(offset):
            raise BadFilter("offset", "a number")
        rows = rows[int(offset) : int(offset) + PAGE]
    return answer([_shown(row) for row in rows])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A catalogue row in the contract's fields; the legacy style has exactly seven."""
    logo = row["logo"] or DEFAULT_LOGOS[row["kind"]]
    ehr = {} if settings.SEARCH_STYLE == "legacy" else {"ehr": row["ehr"]}
    return {
        "id": row["id"],
        "name": row["name"],
        "resource_url": row["resource_url"],
        "logo": f"{settings.HOSTS['api']}{settings.STATIC_URL}{logo}",
        "api_version": API_VERSIONS.get(row["fhir_version"], ""),
        "status": row["status"],
        **ehr,
        "locations": row["locations"],
    }
