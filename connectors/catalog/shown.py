"""A catalogue row as programs see it: in the fields of the lists, of the search, and of FHIR (wire
contract 8.1, 11.3, 8.6).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from connectors.models import CLINICAL, DEVICE, System

API_VERSIONS = {"dstu2": "FHIR DSTU2 1.0.2", "stu3": "FHIR STU3 3.0.1", "r4": "FHIR R4 4.0.1"}
DEFAULT_LOGOS = {
    CLINICAL: "systems/health-system-default.png",
    DEVICE: "systems/device-default.png",
}


def logo_url(system: System) -> str:
    """Absolute, on our own origin."""
    logo = system.logo or DEFAULT_LOGOS[system.kind]
    return f"{settings.HOSTS['api']}{settings.STATIC_URL}{logo}"


def listed(system: System) -> dict[str, Any]:
    """The fields of wire contract 8.1; the legacy style has exactly seven."""
    ehr = {} if settings.SEARCH_STYLE == "legacy" else {"ehr": system.ehr}
    return {
        "id": system.pk,
        "name": system.name,
        "resource_url": system.resource_url,
        "logo": logo_url(system),
        "api_version": API_VERSIONS.get(system.fhir_version, ""),
        "status": system.status,
        **ehr,
        "locations": system.locations,
    }


def searched(system: System) -> dict[str, Any]:
    """The fields of wire contract 11.3."""
    return {
        "id": system.pk,
        "name": system.name,
        "address": address_line(system),
        "fhirVersion": system.fhir_version.upper(),
        "ehr": system.ehr,
        "resourceUrl": system.resource_url,
        "logo": logo_url(system),
    }


def organization(system: System) -> dict[str, Any]:
    """As a FHIR Organization (wire contract 8.6)."""
    addresses = [
        {key: value for key, value in address.items() if value}
        for address in _addresses(system)
        if any(address.values())
    ]
    return {
        "resourceType": "Organization",
        "id": str(system.pk),
        "extension": [
            {
                "url": f"{settings.HOSTS['api']}/connect/system/logo",
                "valueUri": logo_url(system),
            }
        ],
        "identifier": [
            {"system": f"{settings.HOSTS['api']}/connect/system", "value": str(system.pk)}
        ],
        "active": True,
        "name": system.name,
        **({"address": addresses} if addresses else {}),
    }


def address_line(system: System) -> str:
    """The first location's address in one line; empty where none is known."""
    for address in _addresses(system):
        parts = (*address["line"], address["city"], address["state"], address["postalCode"])
        return " ".join(part for part in parts if part)
    return ""


def place(system: System) -> str:
    """Town and state of the first location, for people."""
    for address in _addresses(system):
        return ", ".join(part for part in (address["city"], address["state"]) if part)
    return ""


def _addresses(system: System) -> list[dict[str, Any]]:
    """The locations' addresses with all keys; what an operator wrote otherwise is left out."""
    found = []
    for location in system.locations if isinstance(system.locations, list) else []:
        address = location.get("address") if isinstance(location, dict) else None
        if isinstance(address, dict):
            lines = address.get("line")
            found.append(
                {
                    "line": [str(line) for line in lines if line]
                    if isinstance(lines, list)
                    else [],
                    **{key: str(address.get(key) or "") for key in ("city", "state", "postalCode")},
                }
            )
    return found
