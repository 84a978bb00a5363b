"""Chained searches (hl7.org/fhir/R4/search.html#chaining)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.tables import REFUSED, check, coded, observation, resource
from tests.fhirstore.fhir_client import Fhir

RESOURCES = [
    resource("Organization", "clinic", name="Clinic", partOf={"reference": "Organization/trust"}),
    resource("Organization", "trust", name="Trust"),
    resource(
        "Patient",
        "ann",
        gender="female",
        birthDate="1970-01-01",
        managingOrganization={"reference": "Organization/clinic"},
    ),
    resource("Patient", "bob", gender="male"),
    resource("Practitioner", "bob", gender="female"),
    observation("a", status="final", subject={"reference": "Patient/ann"}),
    observation(
        "b",
        status="final",
        subject={"reference": "Patient/bob"},
        performer=[{"reference": "Practitioner/bob"}],
    ),
    observation("lost", status="final", subject={"reference": "Patient/gone"}),
    observation("c", status="amended", code=coded("x")),
]


@pytest.mark.parametrize("version", ["dstu2", "stu3", "r4"])
def test_chains(fhir: Fhir, version: str) -> None:
    check(
        fhir,
        version,
        "Observation",
        RESOURCES,
        {
            "subject:Patient.gender=female": "a",
            "patient.gender=female": "a",
            "patient.gender=female,male": "a b",
            "patient.gender:not=female": "b",
            "patient.birthdate=lt1980": "a",
            "patient.birthdate:missing=true": "b",
            "patient._id=bob": "b",
            "performer:Practitioner.gender=female": "b",
            "performer:Patient.gender=female": "",
            "patient.organization.name=cli": "a",
            "patient.organization.partof.name=trust": "a",
            "patient.organization:Organization.partof:Organization.name:exact=Trust": "a",
            "patient.organization=clinic": "a",
            "patient.gender=male&status=final": "b",
            "patient.gender=male&performer:Practitioner.gender=male": "",
            "status.name=x": REFUSED,
            "patient.birthdate=abc": REFUSED,
        },
    )


def _within(*inner: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"contained": list(inner), **members}


SHELL = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Inner", "given": ["Ida"]}],
    "gender": "female",
    "birthDate": "1950-05-05",
    "identifier": [{"system": "urn:mrn", "value": "7"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/bob"}],
}
OFFICE = {
    "resourceType": "Organization",
    "id": "o",
    "name": "Office",
    "partOf": {"reference": "#t"},
}
TRUST = {"resourceType": "Organization", "id": "t", "name": "Inner Trust"}
INSIDE = [
    *RESOURCES,
    observation("in", status="final", subject={"reference": "#p"}, **_within(SHELL, OFFICE, TRUST)),
    observation(
        "man",
        status="final",
        subject={"reference": "#x"},
        **_within({"resourceType": "Patient", "id": "x", "gender": "male"}),
    ),
    observation("unused", status="final", subject={"reference": "Patient/bob"}, **_within(SHELL)),
    observation("nowhere", status="final", subject={"reference": "#q"}, **_within(SHELL)),
    observation(
        "staff",
        status="final",
        performer=[{"reference": "#d"}],
        **_within({"resourceType": "Practitioner", "id": "d", "gender": "female"}),
    ),
]


@pytest.mark.parametrize("version", ["stu3", "r4"])
def test_chains_go_into_contained_resources(fhir: Fhir, version: str) -> None:
    check(
        fhir,
        version,
        "Observation",
        INSIDE,
        {
            "subject:Patient.gender=female": "a in",
            "patient.gender=male": "b man unused",
            "patient.gender=female,male": "a b in man unused",
            "patient.gender:not=female": "b man unused",
            "patient.name=inn": "in",
            "patient.name=inn&patient.gender=female": "in",
            "patient.name=inn&patient.gender=male": "",
            "patient.name:exact=Inner": "in",
            "patient.given:contains=d": "in",
            "patient.identifier=urn:mrn|7": "in",
            "patient.identifier=7": "in",
            "patient.birthdate=1950-05": "in",
            "patient.birthdate=lt1960": "in",
            "patient.birthdate=gt1960": "a",
            "patient.birthdate:missing=true": "b man unused",
            "patient.birthdate:missing=false": "a in",
            "patient._id=p": "",
            "patient.organization.name=off": "in",
            "patient.organization.name=cli": "a",
            "patient.organization.partof.name=inner": "in",
            "patient.organization.partof.name=trust": "a",
            "patient.general-practitioner=Practitioner/bob": "in",
            "patient.general-practitioner:Practitioner.gender=female": "in",
            "performer:Practitioner.gender=female": "b staff",
            "performer:Patient.gender=female": "",
            "patient.name=inn&status=final": "in",
        },
    )


def test_what_is_contained_changes_with_its_container(fhir: Fhir) -> None:
    def found(query: str) -> list[str]:
        bundle = fhir.get(f"/r4/MedicationRequest?{query}")
        return [entry["resource"]["id"] for entry in bundle.get("entry", [])]

    def request(code: str) -> dict[str, Any]:
        return resource(
            "MedicationRequest",
            "m",
            status="active",
            intent="order",
            subject={"reference": "Patient/ann"},
            medicationReference={"reference": "#drug"},
            contained=[{"resourceType": "Medication", "id": "drug", "code": coded(code)}],
        )

    fhir.put("/r4/MedicationRequest/m", request("aspirin"), expect=201)
    assert found("medication.code=aspirin") == ["m"]
    assert found("medication:Medication.code=aspirin&_contained=false") == ["m"]
    fhir.put("/r4/MedicationRequest/m", request("ibuprofen"))
    assert found("medication.code=aspirin") == []
    assert found("medication.code=ibuprofen") == ["m"]
    assert found("medication=drug") == []
