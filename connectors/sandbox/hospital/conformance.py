"""What the hospital's server says of itself: /metadata with the OAuth addresses."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.sandbox.hospital.fhir.shared import Resource
from connectors.sandbox.hospital.hospital import Hospital
from connectors.sandbox.hospital.search import SUPPORTED, WHOSE

_KINDS = {
    **dict.fromkeys(WHOSE, "reference"),
    "_lastUpdated": "date",
    "date": "date",
}
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_READ_ONLY = ("Practitioner", "Organization", "Location", "Binary")


def conformance(hospital: Hospital, *, base: str, oauth: str) -> Resource:
    """The Conformance (DSTU2) or CapabilityStatement of a hospital called at `base`."""
    renderer = hospital.renderer
    dstu2 = renderer.version == "dstu2"
    addresses = [
        {"url": name, "valueUri": f"{oauth}/{name}"} for name in ("authorize", "token", "revoke")
    ]
    statement: Resource = {
        "resourceType": "Conformance" if dstu2 else "CapabilityStatement",
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{hospital.name}, simulated</div>',
        },
        "status": "active",
        "date": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        "publisher": "Careweave sandbox",
        "kind": "instance",
        "software": {"name": "Careweave sandbox"},
        "implementation": {"description": hospital.name, "url": base},
        "fhirVersion": renderer.fhir_version,
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "extension": [{"url": _OAUTH, "extension": addresses}],
                    "cors": False,
                    "service": [
                        {
                            "coding": [
                                {
                                    "system": _service(renderer.version),
                                    "code": "SMART-on-FHIR",
                                }
                            ],
                            "text": "OAuth2 using SMART-on-FHIR",
                        }
                    ],
                },
                "resource": [
                    *(
                        _type(name, searched=True)
                        for name in ("Patient", *sorted(renderer.patient_element))
                    ),
                    *(_type(name, searched=False) for name in _READ_ONLY),
                ],
            }
        ],
    }
    if renderer.version != "r4":
        statement["acceptUnknown"] = "extensions"
    return statement


def smart_configuration(*, oauth: str) -> Resource:
    """`.well-known/smart-configuration`, which servers have from STU3 on (smart-app-launch 1.0)."""
    return {
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "revocation_endpoint": f"{oauth}/revoke",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [
            "launch/patient",
            "openid",
            "fhirUser",
            "offline_access",
            "patient/*.read",
        ],
        "capabilities": [
            "launch-standalone",
            "client-confidential-symmetric",
            "context-standalone-patient",
            "permission-offline",
            "permission-patient",
        ],
    }


def _service(version: str) -> str:
    if version == "r4":
        return "http://terminology.hl7.org/CodeSystem/restful-security-service"
    return "http://hl7.org/fhir/restful-security-service"


def _type(name: str, *, searched: bool) -> Resource:
    found: Resource = {"type": name, "interaction": [{"code": "read"}]}
    if searched:
        found["interaction"].append({"code": "search-type"})
        found["searchParam"] = [
            {"name": parameter, "type": _KINDS.get(parameter, "token")}
            for parameter in (("_id",) if name == "Patient" else SUPPORTED)
        ]
    return found
