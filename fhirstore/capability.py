"""What the server does, from the same tables that it runs on: CapabilityStatement (R4, STU3) and
Conformance (DSTU2). Interactions and operations are those that have an address, parameters those
that search can answer. It claims nothing that a test does not exercise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from fhirstore.offers import EXPORT, OF_SYSTEM, OF_TYPES, Served, interactions, operations
from fhirstore.search.clause import common_parameter
from fhirstore.search.controls import references
from fhirstore.search.definitions import (
    COMPARTMENTS,
    SearchParameter,
    compartment_params,
    parameters,
    types,
)
from fhirstore.search.types import string, token, uri

PROJECT = "Careweave"
FHIR_VERSIONS = {"dstu2": "1.0.2", "stu3": "3.0.2", "r4": "4.0.1"}
PATCHES = ("application/json-patch+json", "application/fhir+json")
_DATE = "2026-11-24"
_COMMON = {
    "_id": "Resource-id",
    "_lastUpdated": "Resource-lastUpdated",
    "_tag": "Resource-tag",
    "_profile": "Resource-profile",
    "_security": "Resource-security",
    "_source": "Resource-source",
    "_text": "DomainResource-text",
    "_content": "Resource-content",
    "_list": "",
}
_KINDS = {"id": "token", "updated": "date", "text": "string", "list": "string"}
MODIFIERS = {
    "token": (*token.MODIFIERS, "text", "missing"),
    "string": (*string.MODIFIERS, "missing"),
    "uri": (*uri.MODIFIERS, "missing"),
    "reference": ("identifier", "type", "missing"),
    "date": ("missing",),
    "number": ("missing",),
    "quantity": ("missing",),
    "composite": ("missing",),
}
"""What may stand behind a parameter's colon, by its type; "type" is the name of one."""
_DSTU2_MODIFIERS = frozenset(
    ("missing", "exact", "contains", "not", "text", "in", "not-in", "below", "above", "type")
)


@lru_cache(maxsize=16)
def statement(*, version: str, base: str, served: Served) -> bytes:
    """The statement of a version, as JSON. `served`: which addresses there are."""
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
    if "patch" in interactions(OF_TYPES, version, served):
        about["patchFormat"] = list(PATCHES)
    about["rest"] = [_rest(version, served)]
    return orjson.dumps(about)


def _rest(version: str, served: Served) -> dict[str, Any]:
    found: dict[str, Any] = {
        "mode": "server",
        "documentation": _documentation(),
        "security": {"cors": True},
        "resource": [_resource(version, rtype, served) for rtype in sorted(types(version))],
        "interaction": [{"code": code} for code in interactions(OF_SYSTEM, version, served)],
    }
    everywhere = [_parameter(version, p) for p in _common(version)]
    if "search-system" in interactions(OF_SYSTEM, version, served):
        found["searchParam"] = [
            *everywhere,
            {"name": "_type", "type": "special" if version == "r4" else "token"},
        ]
    if version == "r4":
        found["operation"] = [{"name": EXPORT.name, "definition": EXPORT.definition}]
    else:
        found["operation"] = [
            {"name": o.name, "definition": {"reference": o.definition}}
            for o in (EXPORT, *operations(served))
        ]
    if "compartment" in served("GET", "/Patient/1/Observation")[1]:
        found["compartment"] = [
            f"http://hl7.org/fhir/CompartmentDefinition/{name.lower()}"
            for name in COMPARTMENTS
            if any(compartment_params(version, name, rtype) for rtype in types(version))
        ]
    return found


def _resource(version: str, rtype: str, served: Served) -> dict[str, Any]:
    codes = interactions(OF_TYPES, version, served, rtype)
    told: dict[str, Any] = {
        "type": rtype,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalUpdate": served("PUT", f"/{rtype}")[0] == "update",
        "conditionalDelete": (
            "single" if served("DELETE", f"/{rtype}")[0] == "delete" else "not-supported"
        ),
        "searchInclude": includes(version, rtype),
        "searchRevInclude": list(_referring(version).get(rtype, ())),
        "searchParam": [_parameter(version, p) for p in _searchable(version, rtype)],
    }
    if version != "dstu2":
        told["conditionalRead"] = "full-support"
    if version == "r4":
        offered = [o for o in operations(served) if o.rtype in (rtype, "*")]
        if offered:
            told["operation"] = [{"name": o.name, "definition": o.definition} for o in offered]
    return told


def includes(version: str, rtype: str) -> list[str]:
    """What `_include` takes in a search of a type."""
    found = [f"{rtype}:{code}" for code in references(version, rtype)]
    return ["*", f"{rtype}:*", *found] if found else []


@lru_cache(maxsize=3)
def _referring(version: str) -> Mapping[str, list[str]]:
    """By type what `_revinclude` takes: the parameters of all types that may refer to it."""
    found: dict[str, list[str]] = {rtype: [] for rtype in sorted(types(version))}
    for source in found:
        for code, parameter in references(version, source).items():
            for target in parameter.targets or found:
                if target in found:
                    found[target].append(f"{source}:{code}")
    return found


def _common(version: str) -> Iterator[SearchParameter]:
    for name in _COMMON:
        if parameter := common_parameter(version, name):
            yield parameter


def _searchable(version: str, rtype: str) -> Iterator[SearchParameter]:
    yield from _common(version)
    for parameter in parameters(version, rtype).values():
        if parameter.paths or parameter.parts:
            yield parameter


def _parameter(version: str, parameter: SearchParameter) -> dict[str, Any]:
    kind = _KINDS.get(parameter.type, parameter.type)
    told: dict[str, Any] = {"name": parameter.code, "type": kind}
    if url := _definition(version, parameter):
        told["definition"] = url
    if version == "dstu2":
        modifiers = [m for m in MODIFIERS.get(parameter.type, ()) if m in _DSTU2_MODIFIERS]
        told |= {"modifier": modifiers} if modifiers else {}
        told |= {"target": list(parameter.targets)} if parameter.targets else {}
    return told


def _definition(version: str, parameter: SearchParameter) -> str:
    hl7 = "http://hl7.org/fhir"
    if parameter.code in _COMMON:
        ident = _COMMON[parameter.code]
        return f"{hl7}/SearchParameter/{ident}" if ident and version != "dstu2" else ""
    home = f"{hl7}/us/core" if parameter.id.startswith("us-core-") else hl7
    return f"{home}/SearchParameter/{parameter.id}"


def _documentation() -> str:
    told = (
        f"{kind}: {', '.join(f':{name}' for name in names if name)}"
        for kind, names in MODIFIERS.items()
    )
    notes = ":type: a resource type; :of-type: of identifiers only"
    return f"Modifiers of search parameters by type. {'; '.join(told)} ({notes})."
