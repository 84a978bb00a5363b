"""What the server does, from the same tables that search runs on: CapabilityStatement (R4, STU3)
and Conformance (DSTU2). It claims nothing that a test does not exercise."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import orjson

from fhirstore.search.clause import common_parameter
from fhirstore.search.definitions import SearchParameter, parameters, types

PROJECT = "Careweave"
FHIR_VERSIONS = {"dstu2": "1.0.2", "stu3": "3.0.2", "r4": "4.0.1"}
INTERACTIONS = (
    "read",
    "vread",
    "update",
    "delete",
    "history-instance",
    "create",
    "search-type",
)
_DATE = "2026-11-24"
_EVERYTHING = {
    "r4": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "stu3": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "dstu2": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
}
_EXPORT = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export"
_COMMON = ("_id", "_lastUpdated", "_tag", "_profile", "_security", "_source")
_KINDS = {"id": "token", "updated": "date"}


@lru_cache(maxsize=16)
def statement(*, version: str, base: str) -> bytes:
    """The statement of a version, as JSON."""
    about: dict[str, Any] = {
        "resourceType": "Conformance" if version == "dstu2" else "CapabilityStatement",
        "url": f"{base}/metadata",
        "name": PROJECT,
        "status": "active",
        "date": _DATE,
        "publisher": PROJECT,
        "kind": "instance",
        "software": {"name": PROJECT},
        "implementation": {"description": PROJECT, "url": base},
        "fhirVersion": FHIR_VERSIONS[version],
    }
    if version != "r4":
        about["acceptUnknown"] = "both"
    about["format"] = ["json"]
    about["rest"] = [_rest(version)]
    return orjson.dumps(about)


def _rest(version: str) -> dict[str, Any]:
    rest: dict[str, Any] = {
        "mode": "server",
        "security": {"cors": True},
        "resource": [_resource(version, rtype) for rtype in sorted(types(version))],
        "interaction": [
            {"code": "transaction"},
            *([] if version == "dstu2" else [{"code": "batch"}]),
        ],
    }
    if version == "r4":
        return rest | {"operation": [{"name": "export", "definition": _EXPORT}]}
    definition = {"reference": _EVERYTHING[version]}
    return rest | {"operation": [{"name": "everything", "definition": definition}]}


def _resource(version: str, rtype: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": rtype,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update" if version == "r4" else "versioned",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": False,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "searchParam": [_parameter(p) for p in _searchable(version, rtype)],
    }
    if version == "r4" and rtype == "Patient":
        told["operation"] = [{"name": "everything", "definition": _EVERYTHING[version]}]
    return told


def _searchable(version: str, rtype: str) -> list[SearchParameter]:
    common = [p for name in _COMMON if (p := common_parameter(version, name))]
    return common + [p for p in parameters(version, rtype).values() if p.paths]


def _parameter(parameter: SearchParameter) -> dict[str, str]:
    kind = _KINDS.get(parameter.type, parameter.type)
    told = {"name": parameter.code, "type": kind}
    if not parameter.code.startswith("_"):
        told["definition"] = f"http://hl7.org/fhir/SearchParameter/{parameter.id}"
    return told
