"""The CapabilityStatement claims what there is, and there is what it claims."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement as R4
from fhir.resources.STU3.capabilitystatement import CapabilityStatement as STU3

from fhirstore.capability import MODIFIERS
from fhirstore.offers import OF_SYSTEM, OF_TYPES, OPERATIONS
from fhirstore.search.definitions import types
from tests.fhirstore.fhir_client import Fhir

pytestmark = pytest.mark.django_db

VERSIONS = ("dstu2", "stu3", "r4")
SOME = ("Patient", "Observation", "DocumentReference", "Subscription", "ValueSet")


def _rest(fhir: Fhir, version: str) -> dict[str, Any]:
    (rest,) = fhir.get(f"/{version}/metadata")["rest"]
    found: dict[str, Any] = rest
    return found


def _resources(fhir: Fhir, version: str) -> list[dict[str, Any]]:
    return [r for r in _rest(fhir, version)["resource"] if r["type"] in SOME]


def test_it_is_valid(fhir: Fhir) -> None:
    R4.model_validate(fhir.get("/r4/metadata"))
    STU3.model_validate(fhir.get("/stu3/metadata"))


def test_it_is_not_made_twice(fhir: Fhir) -> None:
    fhir.get("/r4/metadata")
    first = fhir.last.content
    fhir.get("/r4/metadata")
    assert fhir.last.content == first
    assert fhir.get("/fhir/r4/metadata")["url"].endswith("/fhir/r4/metadata")


@pytest.mark.parametrize("version", VERSIONS)
def test_interactions_that_it_claims_are_there(fhir: Fhir, version: str) -> None:
    offers = {offer.code: offer for offer in (*OF_TYPES, *OF_SYSTEM)}
    rest = _rest(fhir, version)
    claimed = [(i["code"], "Patient") for i in rest["interaction"]]
    for resource in _resources(fhir, version):
        claimed += [(i["code"], resource["type"]) for i in resource["interaction"]]
    assert len(claimed) > 35
    for code, rtype in claimed:
        offer = offers[code]
        path = f"/{version}{offer.path.format(t=rtype)}"
        fhir.call(offer.method, path, expect=None)
        # There is no such resource, or no body: but the address knows the method.
        assert fhir.last.status_code in (200, 400, 404), (code, path, fhir.last.content)
        if fhir.last.status_code == 404:
            assert f"{rtype}/1 is not known" in fhir.last.content.decode()


@pytest.mark.parametrize("version", VERSIONS)
def test_operations_that_it_claims_are_there(fhir: Fhir, version: str) -> None:
    fhir.store(version, {"resourceType": "Patient", "id": "1"})
    rest = _rest(fhir, version)
    known = {operation.name: operation for operation in OPERATIONS}
    claimed = [(o["name"], "Patient") for o in rest.get("operation", ())]
    for resource in _resources(fhir, version):
        claimed += [(o["name"], resource["type"]) for o in resource.get("operation", ())]
    names = {name for name, _ in claimed}
    assert {"everything", "lastn", "docref", "export", "validate"} <= names
    assert all(r["versioning"] == "versioned-update" for r in _resources(fhir, version))
    for name, rtype in claimed:
        if name == "export":
            fhir.get(f"/{version}/$export")
            continue
        operation = known[name]
        fhir.call(operation.method, f"/{version}{operation.path.format(t=rtype)}", expect=None)
        assert fhir.last.status_code in (200, 400), (name, fhir.last.content)


@pytest.mark.parametrize("version", VERSIONS)
def test_includes_that_it_claims_are_understood(fhir: Fhir, version: str) -> None:
    for resource in _resources(fhir, version):
        for name, claimed in (
            ("_include", resource["searchInclude"]),
            ("_revinclude", resource["searchRevInclude"]),
        ):
            for value in claimed:
                path = f"/{version}/{resource['type']}?_id=none&{name}={value}"
                assert fhir.get(path, prefer="handling=strict")["total"] == 0


@pytest.mark.parametrize("version", VERSIONS)
def test_modifiers_that_it_claims_are_understood(fhir: Fhir, version: str) -> None:
    examples = {
        "token": ("Patient", "identifier"),
        "string": ("Patient", "name"),
        "uri": ("ValueSet", "url"),
        "reference": ("Observation", "subject"),
        "date": ("Patient", "birthdate"),
        "number": ("ImmunizationRecommendation", "dose-number"),
        "quantity": ("Observation", "value-quantity"),
        "composite": ("Observation", "code-value-quantity"),
    }
    values = {"missing": "false", "of-type": "urn:s|c|v", "in": "", "not-in": ""}
    rest = _rest(fhir, version)
    told = rest["documentation"]
    for kind, modifiers in MODIFIERS.items():
        rtype, code = examples[kind]
        if rtype == "ImmunizationRecommendation" and version == "r4":
            rtype, code = "RiskAssessment", "probability"
        for modifier in filter(None, modifiers):
            assert f":{modifier}" in told
            spelt = "Patient" if modifier == "type" else modifier
            value = values.get(modifier, "x")
            fhir.get(f"/{version}/{rtype}?{code}:{spelt}={value}")


def test_patches_and_conditions(fhir: Fhir) -> None:
    told = fhir.get("/r4/metadata")
    assert told["patchFormat"] == ["application/json-patch+json", "application/fhir+json"]
    for resource in _resources(fhir, "r4"):
        assert resource["conditionalCreate"] is True
        assert resource["conditionalUpdate"] is True
        assert resource["conditionalRead"] == "full-support"
        assert resource["conditionalDelete"] == "single"
    assert "patchFormat" not in fhir.get("/dstu2/metadata")


@pytest.mark.parametrize("version", VERSIONS)
def test_compartments_that_it_claims_are_there(fhir: Fhir, version: str) -> None:
    claimed = [url.rpartition("/")[2] for url in _rest(fhir, version)["compartment"]]
    assert "patient" in claimed
    names = {name.lower(): name for name in types(version)}
    for name in claimed:
        assert fhir.get(f"/{version}/{names[name]}/1/*")["total"] == 0


def test_what_is_said_of_patients_in_r4(fhir: Fhir) -> None:
    (patient,) = [r for r in _rest(fhir, "r4")["resource"] if r["type"] == "Patient"]
    found = {p["name"]: p for p in patient["searchParam"]}
    assert found["birthdate"]["type"] == "date"
    assert found["birthdate"]["definition"] == (
        "http://hl7.org/fhir/SearchParameter/individual-birthdate"
    )
    assert found["race"]["definition"] == (
        "http://hl7.org/fhir/us/core/SearchParameter/us-core-race"
    )
    assert found["_id"]["definition"] == "http://hl7.org/fhir/SearchParameter/Resource-id"
    assert "Patient:general-practitioner" in patient["searchInclude"]
    assert {"Observation:subject", "Provenance:target"} <= set(patient["searchRevInclude"])
    assert "everything" in {o["name"] for o in patient["operation"]}


def test_dstu2_tells_modifiers_and_targets(fhir: Fhir) -> None:
    (patient,) = [r for r in _rest(fhir, "dstu2")["resource"] if r["type"] == "Patient"]
    found = {p["name"]: p for p in patient["searchParam"]}
    assert {"exact", "contains", "missing"} <= set(found["name"]["modifier"])
    assert found["careprovider"]["target"] == ["Organization", "Practitioner"]
